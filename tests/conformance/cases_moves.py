"""Cases of functions that copy elements to other places and to other dtypes."""

from collections.abc import Iterator
from random import Random
from typing import Any

import numpy as np
from case import Case
from operands import ALL, COMPLEX, EVERY, FLOATS, INTEGERS, NUMBERS, POOL, Pools, View, Views, layout_of, plain

INEXACT = ["float16", *FLOATS, *COMPLEX]
CASES = 12  # of each function and dtype


def cases(pools: Pools, views: Views) -> Iterator[Case]:
    for name, make in FUNCTIONS.items():
        for dtype in NUMBERS if make is triangle else EVERY:
            random = Random(f"{name} {dtype}")
            for _ in range(CASES):
                case = Case(pools, random, name, dtype)
                make(case, views, random)
                if case.results and case.dst is None and name in INTO_DST:
                    with_dst(case, random)
                yield case
    for dtype in [*ALL, "float16"]:
        random = Random(f"Convert {dtype}")
        for to in ALL if dtype == "float16" else [*ALL, "float16"]:
            for _ in range(4):
                case = Case(pools, random, "Convert", dtype)
                convert(case, to, views, random)
                yield case


def with_dst(case: Case, random: Random) -> None:
    """At times a dst, at times one across the first operand."""
    view, way = layout_of(case.results[0].shape, random), random.random()
    if view.reach > POOL // 2:
        return
    if way < 0.25:
        case.into(view, case.dtype)
    elif way < 0.5 and view.reach:
        case.overlap(OF_DTYPE.get(case.function, 0), view)


def operand(case: Case, view: View) -> np.ndarray:
    return case.operand(f"{case.dtype} hard", view)


def single(case: Case, views: Views, random: Random, least: int = 0) -> np.ndarray:
    """An operand of at least so many axes."""
    return operand(case, random.choice([view for view, _ in views.singles if len(view.shape) >= least]))


def axis_of(a: np.ndarray, random: Random) -> int:
    return random.randrange(-a.ndim, a.ndim)


def copied(case: Case, views: Views, random: Random) -> None:
    case.results = [single(case, views, random).copy()]


def copied_to(case: Case, views: Views, random: Random) -> None:
    """An operand that broadcasts to dst, or that lies across it."""
    _, other, dst = random.choice(views.pairs)
    if random.random() < 0.4:
        other, dst = random.choice(views.singles)
    try:
        np.broadcast_to(np.zeros(other.shape), dst.shape)
    except ValueError:
        case.error = "shape"
    a = operand(case, other)
    case.into(dst, case.dtype)
    if case.error:
        return
    if random.random() < 0.4 and dst.reach:
        case.dst = None
        case.overlap(0, dst)
        if case.dst is None:
            case.into(dst, case.dtype)
    case.results = [np.broadcast_to(a, dst.shape)]


def filled(case: Case, views: Views, random: Random) -> None:
    """The one element, everywhere."""
    a = operand(case, plain(()))
    dst = random.choice(views.singles)[1]
    case.into(dst, case.dtype)
    case.results = [np.full(dst.shape, a)]


def several(case: Case, views: Views, random: Random, stacked: bool) -> tuple[list[np.ndarray], int]:
    """Two or three operands that differ at most on one axis."""
    first = random.choice([view for view, _ in views.singles if view.shape or stacked])
    axis = random.randrange(-len(first.shape) - stacked, len(first.shape) + stacked)
    arrays = [operand(case, first)]
    for _ in range(random.randint(1, 2)):
        shape = list(first.shape)
        if not stacked and random.random() < 0.6:
            shape[axis] = random.randint(0, 3)
        elif random.random() < 0.1:
            shape = [*shape, 2]
        arrays.append(operand(case, plain(tuple(shape))))
    return arrays, axis


def concatenated(case: Case, views: Views, random: Random) -> None:
    arrays, axis = several(case, views, random, False)
    case.parameters["axis"] = axis
    try:
        case.results = [np.concatenate(arrays, axis)]
    except ValueError:
        case.error = "shape"


def stacked(case: Case, views: Views, random: Random) -> None:
    arrays, axis = several(case, views, random, True)
    axis = min(max(axis, -arrays[0].ndim - 1), arrays[0].ndim)
    case.parameters["axis"] = axis
    try:
        case.results = [np.stack(arrays, axis)]
    except ValueError:
        case.error = "shape"


def tiled(case: Case, views: Views, random: Random) -> None:
    a = single(case, views, random)
    repeats = [random.choice([0, 1, 1, 2, 3]) for _ in range(random.randint(1, min(a.ndim + 1, 3)))]
    case.parameters["repeats"] = repeats
    case.results = [np.tile(a, repeats)]


def repeated(case: Case, views: Views, random: Random) -> None:
    a = single(case, views, random, 1)
    case.parameters |= {"repeats": random.randint(0, 3), "axis": axis_of(a, random)}
    case.results = [np.repeat(a, case.parameters["repeats"], case.parameters["axis"])]


def rolled(case: Case, views: Views, random: Random) -> None:
    a = single(case, views, random, 1)
    case.parameters |= {"shift": random.randint(-20, 20), "axis": axis_of(a, random)}
    case.results = [np.roll(a, case.parameters["shift"], case.parameters["axis"])]


def indices(case: Case, length: int, random: Random) -> np.ndarray:
    """Another operand, of indices into an axis: negative ones count from its end, and few lie outside."""
    n = random.randint(0, 6) if length else 0
    chosen = [random.randrange(-length, length) for _ in range(n)]
    if n and random.random() < 0.1:
        chosen[-1] = random.choice([length, -length - 1])
    return case.given("index", np.array(chosen, np.int64).reshape(random.choice([(n,), (n, 1), (1, n)])))


def taken(case: Case, views: Views, random: Random) -> None:
    a = operand(case, random.choice([view for view, _ in views.singles if view.reach and view.shape]))
    axis = axis_of(a, random)
    index = indices(case, a.shape[axis], random)
    case.parameters["axis"] = axis
    try:
        case.results = [np.take(a, index, axis)]
    except IndexError:
        case.error = "index"


def taken_along(case: Case, views: Views, random: Random) -> None:
    a = single(case, views, random, 1)
    axis = axis_of(a, random)
    n = a.shape[axis]
    shape = list(a.shape)
    shape[axis] = random.randint(0, 3) if n else 0
    size = int(np.prod(shape))
    index = case.given("index", np.array([random.randrange(-n, n) for _ in range(size)], np.int64).reshape(shape))
    case.parameters["axis"] = axis
    case.results = [np.take_along_axis(a, index, axis)]


def chosen(case: Case, views: Views, random: Random) -> None:
    """By a mask, from two operands: all three broadcast."""
    a, b, mask, _ = random.choice(views.triples)
    case.operand("bool hard", mask)
    operand(case, a)
    operand(case, b)
    case.results = [np.where(*case.arrays())]


def compressed(case: Case, views: Views, random: Random) -> None:
    a = single(case, views, random, 1)
    axis = axis_of(a, random)
    length = a.shape[axis]
    mask = case.given("mask", np.array([random.random() < 0.5 for _ in range(length)], bool))
    case.parameters["axis"] = axis
    case.results = [np.compress(mask, a, axis)]


def masked(case: Case, views: Views, random: Random) -> None:
    """The elements under a mask, on one axis."""
    view, _ = random.choice(views.singles)
    a = operand(case, view)
    mask = case.operand("bool hard", view)
    case.results = [a[mask]]


def put_masked(case: Case, views: Views, random: Random) -> None:
    """Values under a mask, as many as there are or one for all."""
    dst = random.choice(views.singles)[1]
    result = case.into(dst, case.dtype)
    mask = case.operand("bool hard", random.choice([dst, plain(dst.shape)]))
    values = operand(case, plain(random.choice([(), (int(mask.sum()),), (int(mask.sum()) + 2,)])))
    try:
        result[mask] = values
    except ValueError:
        case.error = "shape"
        return
    case.results = [result]


def put(case: Case, views: Views, random: Random) -> None:
    """Values at indices into the elements in C order."""
    dst = random.choice([dst for _, dst in views.singles if dst.reach])
    result = case.into(dst, case.dtype)
    index = indices(case, result.size, random)
    values = operand(case, plain(random.choice([(), index.shape])))
    try:
        np.put(result, index, np.broadcast_to(values, index.shape))
    except IndexError:
        case.error = "index"
        return
    case.results = [result]


def put_along(case: Case, views: Views, random: Random) -> None:
    dst = random.choice([dst for _, dst in views.singles if dst.reach and dst.shape])
    result = case.into(dst, case.dtype)
    axis = axis_of(result, random)
    n, shape = result.shape[axis], list(result.shape)
    shape[axis] = random.randint(0, n)
    index = case.given(
        "index",
        np.argsort(np.broadcast_to(np.arange(n)[::-1], result.swapaxes(axis, -1).shape)).swapaxes(axis, -1)[
            tuple(map(slice, shape))
        ],
    )
    values = operand(case, plain(random.choice([(), tuple(shape)])))
    case.parameters["axis"] = axis
    np.put_along_axis(result, index, values, axis)
    case.results = [result]


def several_indices(case: Case, shape: tuple[int, ...], random: Random) -> list[np.ndarray]:
    """Operands of indices into some of the first axes, which broadcast."""
    n = random.randint(1, min(2, len(shape)))
    of = [random.choice([(), (3,), (2, 1)]), random.choice([(3,), (2, 3), (1,)])]
    return [
        case.given(
            "index",
            np.array([random.randrange(-shape[d], shape[d]) for _ in range(int(np.prod(of[d])))], np.int64).reshape(of[d]),
        )
        for d in range(n)
    ]


def gathered(case: Case, views: Views, random: Random) -> None:
    a = operand(case, random.choice([view for view, _ in views.singles if view.reach and view.shape]))
    case.results = [a[tuple(several_indices(case, a.shape, random))].copy()]


def scattered(case: Case, views: Views, random: Random) -> None:
    result = case.into(random.choice([dst for _, dst in views.singles if dst.reach and dst.shape]), case.dtype)
    indices = tuple(several_indices(case, result.shape, random))
    values = operand(case, plain(random.choice([(), result[indices].shape])))
    result[indices] = values
    case.results = [result]


def triangle(case: Case, views: Views, random: Random) -> None:
    a = single(case, views, random, 2)
    case.parameters["k"] = random.randint(-3, 3)
    case.results = [{"Tril": np.tril, "Triu": np.triu}[case.function](a, case.parameters["k"])]


def meshed(case: Case, views: Views, random: Random) -> None:
    case.results = list(
        np.meshgrid(*(operand(case, layout_of((random.randint(0, 4),), random)) for _ in range(random.randint(1, 3))))
    )


def padded(case: Case, views: Views, random: Random) -> None:
    a = single(case, views, random)
    value = operand(case, plain(()))
    widths = [[random.randint(0, 2), random.randint(0, 2)] for _ in a.shape]
    if a.size > 60:
        widths = [[1, 0]] * a.ndim
    case.parameters["widths"] = widths
    case.results = [np.pad(a, widths, constant_values=value[()]) if a.ndim else a.copy()]


def repeated_each(case: Case, views: Views, random: Random) -> None:
    a = single(case, views, random, 1)
    axis = axis_of(a, random)
    counts = [random.randint(0, 3) for _ in range(a.shape[axis])]
    case.parameters |= {"counts": counts, "axis": axis}
    case.results = [np.repeat(a, counts, axis)]


def non_zero(case: Case, views: Views, random: Random) -> None:
    a = single(case, views, random, 1)
    case.results = list(np.nonzero(a))


def flat_non_zero(case: Case, views: Views, random: Random) -> None:
    case.results = [np.flatnonzero(single(case, views, random))]


def arg_where(case: Case, views: Views, random: Random) -> None:
    case.results = [np.argwhere(single(case, views, random))]


def convert(case: Case, to: str, views: Views, random: Random) -> None:
    """Of floats to integers those that are in range: what others become, C leaves to the machine."""
    view = random.choice(views.singles)[0]
    kind = "tame" if case.dtype in INEXACT and to in INTEGERS else "hard"
    if (kind == "tame" and to.startswith("u")) or (to == "int8" and case.dtype in INEXACT):
        kind = "unit"
    a = case.operand(f"{case.dtype} {kind}", view)
    case.parameters["to"] = to
    with np.errstate(all="ignore"):
        case.results = [a.astype(to)]
    if to in INTEGERS and kind == "unit" and np.any(a.real < 0):
        case.results = [np.trunc(a.real).astype("int64").astype(to)]


FUNCTIONS: dict[str, Any] = {
    "Copy": copied,
    "CopyTo": copied_to,
    "Fill": filled,
    "Concatenate": concatenated,
    "Stack": stacked,
    "Tile": tiled,
    "Repeat": repeated,
    "RepeatEach": repeated_each,
    "Roll": rolled,
    "Pad": padded,
    "Take": taken,
    "TakeAlongAxis": taken_along,
    "Gather": gathered,
    "Scatter": scattered,
    "Tril": triangle,
    "Triu": triangle,
    "Meshgrid": meshed,
    "CopyF": copied,
    "Put": put,
    "PutAlongAxis": put_along,
    "PutMask": put_masked,
    "Where": chosen,
    "Select": masked,
    "Compress": compressed,
    "NonZero": non_zero,
    "FlatNonZero": flat_non_zero,
    "ArgWhere": arg_where,
}
INTO_DST = "Concatenate Stack Tile Repeat RepeatEach Roll Pad Take TakeAlongAxis Gather Where Select Compress".split()
OF_DTYPE = {"Where": 1}  # which operand has the function's dtype, if not the first
