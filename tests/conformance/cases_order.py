"""Cases of functions that sort and search, and of products of vectors and matrices."""

from collections.abc import Iterator
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np
import truth
from case import Case
from operands import EVERY, FLOATS, NUMBERS, Pools, View, Views, layout_of, plain

CASES = 18  # of each function and dtype
HARD = ("hard", "tame")


def cases(pools: Pools, views: Views) -> Iterator[Case]:
    for name, make in {
        "Sort": sort,
        "ArgSort": argsort,
        "SortStable": sort,
        "SortTo": sort,
        "Partition": partition,
        "ArgPartition": partition,
        "SearchSorted": search,
        "Unique": unique,
        "IsIn": is_in,
        "Intersect": sets,
        "Union": sets,
        "Difference": sets,
    }.items():
        for dtype in EVERY:
            random = Random(f"{name} {dtype}")
            for k in range(CASES):
                case = Case(pools, random, name, dtype)
                long = [plain(shape) for shape in ((640,), (2, 300), (300, 2))]
                view = long[k] if k < len(long) else random.choice(views.singles)[0]
                make(case, view, random)
                yield case
    for name in ("Dot", "MatMul"):
        for dtype in NUMBERS:
            random = Random(f"{name} {dtype}")
            for _ in range(CASES):
                yield product(Case(pools, random, name, dtype), views, random)


def pool_of(case: Case, random: Random) -> str:
    return f"{case.dtype} {random.choice(('hard', 'tame', 'gaps') if case.dtype in FLOATS else HARD)}"


def axis_of(case: Case, view: View, random: Random) -> int:
    """An axis, or none."""
    ndim = len(view.shape)
    axis = random.randrange(-ndim, ndim) if ndim and random.random() < 0.95 else random.choice([ndim, -ndim - 1])
    case.parameters["axis"] = axis
    if not -ndim <= axis < ndim:
        case.error = "shape"
    return axis


def sort(case: Case, view: View, random: Random) -> None:
    case.agreement = "equal"
    a, axis = case.operand(pool_of(case, random), view), axis_of(case, view, random)
    if not case.error:
        case.results = [np.sort(a, axis, stable=True)]


def argsort(case: Case, view: View, random: Random) -> None:
    a, axis = case.operand(pool_of(case, random), view), axis_of(case, view, random)
    if not case.error:
        case.results = [np.argsort(a, axis, stable=True)]


def partition(case: Case, view: View, random: Random) -> None:
    """The result is sorted: so is what is before and after kth, if the test sorts it."""
    case.agreement = "equal"
    a, axis = case.operand(pool_of(case, random), view), axis_of(case, view, random)
    if case.error:
        return
    length = a.shape[axis]
    case.parameters["kth"] = kth = random.randrange(-length, length + (random.random() < 0.1)) if length else 0
    if not -length <= kth < length:  # which NumPy takes of arrays without elements
        case.error = "index"
        return
    case.results = [np.sort(a, axis, stable=True)]


def search(case: Case, view: View, random: Random) -> None:
    """Places of any array in a sorted one."""
    n = random.choice([0, 1, 5, 40])
    haystack = np.sort(case._pools[pool_of(case, random)][:n])
    a = case.given(f"{case.dtype} sorted", haystack)
    values = case.operand(pool_of(case, random), view)
    side = random.choice(["left", "right"])
    case.parameters["right"] = side == "right"
    case.results = [np.asarray(np.searchsorted(a, values, side))]


def unique(case: Case, view: View, random: Random) -> None:
    a = case.operand(pool_of(case, random), view)
    case.agreement = "equal"
    case.results = list(np.unique(a, return_index=True, return_inverse=True, return_counts=True))
    case.results[2] = case.results[2].ravel()


def is_in(case: Case, view: View, random: Random) -> None:
    a, values = case.operand(pool_of(case, random), view), case.operand(pool_of(case, random), plain((20,)))
    case.results = [np.isin(a, values)]


def sets(case: Case, view: View, random: Random) -> None:
    case.agreement = "equal"
    operands = [case.operand(f"{case.dtype} tame", each) for each in (view, plain((30,)))]
    case.results = [{"Intersect": np.intersect1d, "Union": np.union1d, "Difference": np.setdiff1d}[case.function](*operands)]


def product(case: Case, views: Views, random: Random) -> Case:
    """Of vectors for Dot; for MatMul of matrices, and of stacks of them that broadcast."""
    n, m, k = (random.choice([0, 1, 2, 3, 5, 9]) for _ in range(3))
    k = random.choice([k, k, 20])
    shapes: tuple[tuple[int, ...], tuple[int, ...]] = ((k,), (k,))
    if case.function == "MatMul":
        stacks = random.choice([((), ()), ((), ()), ((2,), ()), ((), (3,)), ((2, 1), (3,)), ((0,), ())])
        shapes = (*stacks[0], n, k), (*stacks[1], k, m)
        if random.random() < 0.15:
            shapes = random.choice([((k,), shapes[1]), (shapes[0], (k,))])
    if random.random() < 0.1:
        shapes = shapes[0], (*shapes[1][:-1], shapes[1][-1] + 1) if len(shapes[1]) == 1 else (*shapes[1][:-2], k + 1, m)
    for shape in shapes:
        case.operand(f"{case.dtype} tame", layout_of(shape, random))
    a, b = case.arrays()
    try:
        with np.errstate(all="ignore"):
            result = np.asarray(np.dot(a, b) if case.function == "Dot" else np.matmul(a, b))
    except ValueError:
        case.error = "shape"
        return case
    if case.function == "MatMul" and random.random() < 0.3:
        case.into(layout_of(result.shape, random), str(result.dtype))
    case.results = [result]
    if result.dtype.kind in "fc":
        case.agreement = "within"
        case.results, case.within = inexact(a, b, result)
    return case


def inexact(a: np.ndarray, b: np.ndarray, result: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    """Exact products, and how far from them the sum of rounded ones may be in any order: n+1 roundings of the sum of magnitudes."""
    rows = a if a.ndim > 1 else a[np.newaxis]
    columns = b if b.ndim > 1 else b[:, np.newaxis]
    eps = Fraction(float(np.finfo(result.dtype).eps))
    stack = np.broadcast_shapes(rows.shape[:-2], columns.shape[:-2])
    rows = np.broadcast_to(rows, (*stack, *rows.shape[-2:]))
    columns = np.broadcast_to(columns, (*stack, *columns.shape[-2:]))
    exact: list[Any] = []
    within: list[float] = []
    for ix in np.ndindex(stack):
        for row in rows[ix].tolist():
            for column in columns[ix].T.tolist() if columns[ix].size else [[]] * columns.shape[-1]:
                value, bound = scalar_product(row, column, result.dtype)
                exact.append(value)
                count = 2 if result.dtype.kind == "c" else 1
                within += [truth.above(bound * eps * (count * len(row) + 1))] * count
    return [np.array(exact, result.dtype).reshape(result.shape)], np.array(within)


def scalar_product(row: list[Any], column: list[Any], dtype: np.dtype) -> tuple[Any, Fraction]:
    pairs = [(split(x), split(y)) for x, y in zip(row, column, strict=True)]
    re = truth.exact_sum(term for (a, b), (c, d) in pairs for term in (a * c, -b * d))
    im = truth.exact_sum(term for (a, b), (c, d) in pairs for term in (a * d, b * c))
    size = truth.exact_sum((abs(a) + abs(b)) * (abs(c) + abs(d)) for (a, b), (c, d) in pairs)
    part = np.dtype(f"f{dtype.itemsize // 2}") if dtype.kind == "c" else dtype
    value = truth.nearest(re, part)
    return (complex(value, truth.nearest(im, part)) if dtype.kind == "c" else value), size


def split(x: Any) -> tuple[Fraction, Fraction]:
    return Fraction(x.real), Fraction(x.imag)
