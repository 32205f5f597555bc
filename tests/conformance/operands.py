"""What make_ndarray.py gives to functions: pools of values of each dtype, and views of them, which hypothesis draws.

A view is a shape, strides and an offset, all in elements, over a window of a pool. Both are the same in every run.
"""

import math
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, NamedTuple

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

POOL = 640  # elements of a pool; no view reaches further

INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
FLOATS = ["float32", "float64"]
COMPLEX = ["complex64", "complex128"]
REALS = INTEGERS + FLOATS
NUMBERS = REALS + COMPLEX
ALL = ["bool", *NUMBERS]
TIMES = ["datetime64[D]", "timedelta64[ns]"]
RECORD = np.dtype([("mass", "float64"), ("phase", "complex64"), ("count", "int32"), ("x", "int16"), ("y", "uint16")])
EVERY = [*ALL, "float16", *TIMES]  # what functions take that don't reckon


class View(NamedTuple):
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int
    reach: int  # elements from the lowest to the highest

    def of(self, memory: np.ndarray) -> np.ndarray:
        """The view of memory's first elements."""
        strides = [stride * memory.itemsize for stride in self.strides]
        return np.ndarray(self.shape, memory.dtype, memory, self.offset * memory.itemsize, strides)

    def distinct(self) -> bool:
        """Whether each element lies under one index, so that it can be written."""
        return all(stride != 0 or length <= 1 for length, stride in zip(self.shape, self.strides, strict=True))


def plain(shape: tuple[int, ...]) -> View:
    """All of a memory in C order."""
    strides, n = [], 1
    for length in reversed(shape):
        strides.append(n)
        n *= max(length, 1)
    return View(shape, tuple(reversed(strides)), 0, math.prod(shape))


def layout_of(shape: tuple[int, ...], random: Random) -> View:
    """A view of a shape that hypothesis did not draw: matrices in C order, transposed, with steps, backwards."""
    view = plain(shape)
    if not shape or 0 in shape:
        return view
    way = random.random()
    if way < 0.3:  # the last axes in Fortran order
        rows = shape[-2] if len(shape) > 1 else 1
        strides = (*view.strides[:-2], 1, rows) if len(shape) > 1 else view.strides
        return view._replace(strides=strides)
    if way < 0.5 and view.reach < 300:  # every second element
        return View(shape, tuple(2 * stride for stride in view.strides), 0, 2 * view.reach)
    if way < 0.6:
        return View(shape, tuple(-stride for stride in view.strides), view.reach - 1, view.reach)
    return view


# Ways to go along an axis: the step, and whether it stays on one element, as a broadcast axis does.
STEPS = [1, 1, 1, 1, 1, 2, 3, -1, -1, -2, 0]


@st.composite
def view_of(draw: Callable[[Any], Any], shape: tuple[int, ...], writable: bool = False) -> View:
    """A view of this shape: its axes in any order in memory, backwards, with steps, broadcast, with room between them."""
    order = draw(st.permutations(range(len(shape)))) if draw(st.booleans()) else range(len(shape))[::-1]
    strides, offset, reach = [0] * len(shape), 0, 1
    for axis in order:  # from the fastest to the slowest
        step = draw(st.sampled_from(STEPS[:-1] if writable else STEPS))
        strides[axis] = reach * step
        span = reach * abs(step) * max(shape[axis] - 1, 0)
        if step < 0:
            offset += span
        reach += span
    if math.prod(shape) == 0:
        return View(shape, tuple(strides), 0, 0)
    if reach > POOL // 2:
        return plain(shape)
    return View(shape, tuple(strides), offset, reach)


def small(shape: tuple[int, ...]) -> bool:
    return math.prod(shape) <= 128


@st.composite
def groups(draw: Callable[[Any], Any], count: int) -> tuple[View, ...]:
    """Views that broadcast against each other, and after them one that can take the result."""
    shapes = draw(
        npst.mutually_broadcastable_shapes(num_shapes=count, min_dims=0, max_dims=5, min_side=0, max_side=6).filter(
            lambda drawn: small(drawn.result_shape)
        )
    )
    views = [draw(view_of(shape)) for shape in shapes.input_shapes]
    return (*views, draw(view_of(shapes.result_shape, writable=True)))


@st.composite
def singles(draw: Callable[[Any], Any]) -> tuple[View, View]:
    """A view, and one of the same shape that can take a result."""
    shape = draw(npst.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=9).filter(small))
    return draw(view_of(shape)), draw(view_of(shape, writable=True))


def drawn(strategy: st.SearchStrategy[Any], count: int) -> list[Any]:
    """The different things that hypothesis draws, the same in every run. Of views without elements, which it likes, a fourth."""
    found = []

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(value: Any) -> None:
        found.append(value)

    collect()
    different = list(dict.fromkeys(found))
    empty = [views for views in different if views[-1].reach == 0]
    return [views for views in different if views[-1].reach > 0] + empty[::4]


class Views:
    """The views that cases choose from."""

    def __init__(self) -> None:
        self.singles: list[tuple[View, View]] = drawn(singles(), 1200)
        self.pairs: list[tuple[View, View, View]] = drawn(groups(2), 1200)
        self.triples: list[tuple[View, ...]] = drawn(groups(3), 300)

    def apart(self, random: Random) -> tuple[View, View]:
        """Two views whose shapes don't broadcast."""
        while True:
            first, second = random.choice(self.singles)[0], random.choice(self.singles)[0]
            try:
                np.broadcast_shapes(first.shape, second.shape)
            except ValueError:
                return first, second


def bits(dtype: str) -> int:
    return np.dtype(dtype).itemsize * 8


def _whole(dtype: str, random: Random) -> Iterator[int]:
    """Extremes, small numbers, and numbers of any length."""
    info = np.iinfo(dtype)
    extremes = [info.min, info.min + 1, info.max, info.max - 1, info.max // 2, 0, 1, 2, 3, 7, 10]
    if info.min < 0:
        extremes += [-1, -2, -3, -7, info.min // 2]
    while True:
        if random.random() < 0.4:
            yield random.choice(extremes)
        else:
            value = random.getrandbits(random.randint(1, bits(dtype) - (info.min < 0)))
            yield -value if info.min < 0 and random.random() < 0.5 else value


def _specials(dtype: str) -> list[float]:
    info = np.finfo(dtype)
    tiny, smallest, most, eps = (float(x) for x in (info.tiny, info.smallest_subnormal, info.max, info.eps))
    positive = [
        0.0,
        1.0,
        0.5,
        2.0,
        3.0,
        1.5,
        2.5,
        10.0,
        1 + eps,
        1 - eps / 2,
        eps,
        tiny,
        smallest,
        5 * smallest,
        tiny - smallest,
    ]
    positive += [
        most,
        most / 2,
        math.inf,
        math.pi,
        math.pi / 2,
        math.e,
        1e-5,
        1e5,
        88.7,
        709.5,
        2.0**24 + 1,
        4503599627370497.5,
    ]
    return [math.nan, *positive, *(-x for x in positive)]


def _tame(dtype: str, random: Random) -> float:
    """A number that is far from overflow, in few digits or in all of them."""
    way = random.random()
    if way < 0.2:
        return float(random.randint(-20, 20))
    if way < 0.4:
        return random.randint(-400, 400) / 16
    return random.uniform(-1, 1) * 2.0 ** random.randint(-8, 8)


def _hard(dtype: str, random: Random) -> float:
    if random.random() < 0.35:
        return random.choice(_specials(dtype))
    if random.random() < 0.5:
        return _tame(dtype, random)
    most = math.log2(float(np.finfo(dtype).max))
    return random.choice([-1, 1]) * random.uniform(1, 2) * 2.0 ** random.uniform(1 - most, most - 1)


def _pool(kind: str, dtype: str, random: Random, count: int) -> np.ndarray:
    if dtype == "bool":
        return np.array([random.random() < 0.5 for _ in range(count)])
    if dtype == "record":
        records = np.empty(count, RECORD)
        for name in RECORD.names:
            records[name] = _pool(kind, str(RECORD[name]), random, count)
        return records
    if dtype in TIMES:
        ticks = _pool(kind, "int64", random, count)
        if kind in ("hard", "gaps"):
            ticks[::5] = np.iinfo("int64").min  # NaT
        return ticks.view(dtype)
    if dtype in INTEGERS:
        low = int(np.iinfo(dtype).min)
        values = _whole(dtype, random)
        match kind:
            case "hard":
                return np.array([next(values) for _ in range(count)], dtype)
            case "tame" | "wide" | "gaps":
                return np.array([random.randint(max(low, -9), 9) for _ in range(count)], dtype)
            case "bits":  # to shift by
                return np.array([random.randint(0 if low == 0 else -2, bits(dtype) + 2) for _ in range(count)], dtype)
            case "power":
                return np.array([random.randint(0, 9) for _ in range(count)], dtype)
        raise ValueError(kind)
    if dtype in COMPLEX:
        part = "float32" if dtype == "complex64" else "float64"
        parts = _pool(kind, part, random, 2 * count)
        return parts.view(dtype)
    with np.errstate(over="ignore"):
        match kind:
            case "hard":
                return np.array([_hard(dtype, random) for _ in range(count)], dtype)
            case "tame":
                return np.array([_tame(dtype, random) for _ in range(count)], dtype)
            case "wide":  # sums lose digits
                return np.array(
                    [_tame(dtype, random) * 2.0 ** random.choice([0, 0, 12, -12, 30]) for _ in range(count)], dtype
                )
            case "spread":  # over all that functions treat in ways of their own
                return np.array([random.choice([-1, 1]) * 2.0 ** random.uniform(-30, 10) for _ in range(count)], dtype)
            case "gaps":  # where there is nothing known
                return np.array(
                    [
                        random.choice([math.nan, math.nan, 0.0]) if random.random() < 0.3 else _tame(dtype, random)
                        for _ in range(count)
                    ],
                    dtype,
                )
            case "unit":
                return np.array([random.uniform(-1, 1) for _ in range(count)], dtype)
    raise ValueError(kind)


class Pools:
    """The memories that operands are windows of, by dtype and kind: made when first asked for."""

    def __init__(self) -> None:
        self.made: dict[str, np.ndarray] = {}

    def __getitem__(self, name: str) -> np.ndarray:
        """A pool by its name, as "float64 hard"."""
        if name not in self.made:
            dtype, kind = name.split()
            self.made[name] = _pool(kind, dtype, Random(name), POOL)
            self.made[name].flags.writeable = False
        return self.made[name]

    def add(self, name: str, values: np.ndarray) -> None:
        """Another memory, of whatever length."""
        self.made[name] = values
