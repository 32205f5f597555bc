"""Cases of functions that share elements: NumPy's element at each index, for every dtype's itemsize alike."""

from collections.abc import Iterator
from random import Random
from typing import Any

import numpy as np
from case import Case
from operands import COMPLEX, EVERY, NUMBERS, RECORD, Pools, Views

CASES = 13  # of each function and dtype


def cases(pools: Pools, views: Views) -> Iterator[Case]:
    for name, view in FUNCTIONS.items():
        for dtype in COMPLEX if name in ("RealPart", "ImagPart") else NUMBERS if view is viewed else EVERY:
            random = Random(f"{name} {dtype}")
            for _ in range(CASES):
                case = Case(pools, random, name, dtype)
                a = case.operand(f"{dtype} hard", random.choice(views.singles)[0])
                given(case, view(a, case.parameters, random))
                yield case
    yield from fields(pools, views)


def fields(pools: Pools, views: Views) -> Iterator[Case]:
    random = Random("Field")
    for _ in range(3 * CASES):
        case = Case(pools, random, "Field", "record")
        a = case.operand("record hard", random.choice(views.singles)[0])
        case.parameters["name"] = name = random.choice([*RECORD.names, "nothing"])
        given(case, a[name] if name in RECORD.names else "dtype")
        yield case


def given(case: Case, result: Any) -> None:
    """Notes what NumPy gave: arrays, or the kind of error."""
    if isinstance(result, str):
        case.error = result
    else:
        case.results = result if isinstance(result, list) else [result]


def axis_of(a: np.ndarray, random: Random) -> int:
    return random.randrange(-a.ndim, a.ndim) if a.ndim else 0


def bad_axis(a: np.ndarray, random: Random) -> int:
    """An axis, or none."""
    return axis_of(a, random) if a.ndim and random.random() < 0.9 else random.choice([a.ndim, -a.ndim - 1])


def sliced(a: np.ndarray, parameters: dict[str, Any], random: Random) -> Any:
    """Indices as [start, stop, step] with null for what is open, an integer, "newaxis" or "ellipsis"."""
    spec: list[Any] = []
    skipped = random.randint(0, a.ndim) if random.random() < 0.25 else 0
    first = random.randint(0, a.ndim - skipped)  # of the axes that an ellipsis stands for
    for axis, length in enumerate(a.shape):
        if random.random() < 0.15 and a.ndim + spec.count("newaxis") < 7:
            spec.append("newaxis")
        if axis == first and skipped:
            spec.append("ellipsis")
        if not first <= axis < first + skipped:
            spec.append(indexed(length, random))
    parameters["index"] = spec
    words = {"newaxis": np.newaxis, "ellipsis": ...}
    index = tuple(slice(*x) if isinstance(x, list) else words.get(x, x) for x in spec)
    try:
        return np.asarray(a[index])
    except IndexError:
        return "index"


def indexed(length: int, random: Random) -> Any:
    """An index into an axis: of ranges, those that lie in it and don't end before they start."""
    if random.random() < 0.25 and length > 0:
        return random.randrange(-length, length) if random.random() < 0.95 else length
    step = random.choice([1, 1, 2, 3, -1, -1, -2])
    start, stop = sorted(random.randint(0, length) for _ in range(2))
    if step < 0:
        start, stop = stop - 1, start - 1
        if start < 0 or stop < 0:
            return [start if start >= 0 and random.random() < 0.5 else None, None, step]
    if start < length and random.random() < 0.3:
        start -= length
    return [start, stop, step]


def transposed(a: np.ndarray, parameters: dict[str, Any], random: Random) -> Any:
    if random.random() < 0.2:
        return a.transpose()
    axes = [axis - random.choice([0, a.ndim]) for axis in random.sample(range(a.ndim), a.ndim)]
    if axes and random.random() < 0.1:
        axes[0] = axes[-1] if len(axes) > 1 else 1
    parameters["axes"] = axes
    try:
        return a.transpose(axes)
    except ValueError:
        return "shape"


def moved(a: np.ndarray, parameters: dict[str, Any], random: Random) -> Any:
    parameters["from"], parameters["to"] = bad_axis(a, random), bad_axis(a, random)
    try:
        return np.moveaxis(a, parameters["from"], parameters["to"])
    except ValueError:
        return "shape"


def swapped(a: np.ndarray, parameters: dict[str, Any], random: Random) -> Any:
    parameters["from"], parameters["to"] = bad_axis(a, random), bad_axis(a, random)
    try:
        return np.swapaxes(a, parameters["from"], parameters["to"])
    except ValueError:
        return "shape"


def reshaped(a: np.ndarray, parameters: dict[str, Any], random: Random) -> Any:
    """A shape of as many elements, at times with a -1, at times of others."""
    rest, shape = a.size, []
    while rest > 1 and len(shape) < 4:
        length = random.choice([n for n in range(1, rest + 1) if rest % n == 0])
        shape.append(length)
        rest //= length
    shape = [*shape, rest] if rest != 1 else shape
    if shape and random.random() < 0.3:
        shape[random.randrange(len(shape))] = -1
    if random.random() < 0.1:
        shape = [*shape, 2]
    parameters["shape"] = shape
    try:
        a.reshape(shape)
    except ValueError:
        return "shape"
    try:
        return a.reshape(shape, copy=False)
    except ValueError:
        return "layout"


def raveled(a: np.ndarray, parameters: dict[str, Any], random: Random) -> Any:
    try:
        return a.reshape(a.size, copy=False)
    except ValueError:
        return "layout"


def squeezed(a: np.ndarray, parameters: dict[str, Any], random: Random) -> Any:
    if random.random() < 0.4 or a.ndim == 0:
        return np.squeeze(a)
    parameters["axes"] = sorted({bad_axis(a, random) for _ in range(random.randint(1, 2))})
    try:
        return np.squeeze(a, tuple(parameters["axes"]))
    except ValueError:
        return "shape"


def expanded(a: np.ndarray, parameters: dict[str, Any], random: Random) -> Any:
    n = random.randint(1, 2)
    parameters["axes"] = [
        random.randrange(-a.ndim - n, a.ndim + n) if random.random() < 0.9 else a.ndim + n for _ in range(n)
    ]
    try:
        return np.expand_dims(a, tuple(parameters["axes"]))
    except ValueError:
        return "shape"


def broadcast(a: np.ndarray, parameters: dict[str, Any], random: Random) -> Any:
    shape = [random.choice([1, 2, 3]) if length == 1 else length for length in a.shape]
    if len(shape) < 6 and random.random() < 0.5:
        shape.insert(0, random.choice([0, 1, 2, 3]))
    if shape and random.random() < 0.15:
        shape[-1] += 1
    parameters["shape"] = shape
    try:
        return np.broadcast_to(a, shape)
    except ValueError:
        return "shape"


def flipped(a: np.ndarray, parameters: dict[str, Any], random: Random) -> Any:
    if random.random() < 0.3:
        return np.flip(a)
    parameters["axes"] = [bad_axis(a, random)]
    try:
        return np.flip(a, parameters["axes"][0])
    except ValueError:
        return "shape"


def turned(a: np.ndarray, parameters: dict[str, Any], random: Random) -> Any:
    parameters |= {"k": random.randint(-5, 5), "axis1": bad_axis(a, random), "axis2": bad_axis(a, random)}
    try:
        return np.rot90(a, parameters["k"], (parameters["axis1"], parameters["axis2"]))
    except ValueError:
        return "shape"


def diagonal(a: np.ndarray, parameters: dict[str, Any], random: Random) -> Any:
    parameters |= {"offset": random.randint(-2, 2), "axis1": axis_of(a, random), "axis2": axis_of(a, random)}
    try:
        return np.diagonal(a, parameters["offset"], parameters["axis1"], parameters["axis2"])
    except ValueError:
        return "shape"


def split(a: np.ndarray, parameters: dict[str, Any], random: Random) -> Any:
    if a.ndim == 0:
        parameters |= {"axis": 0, "sections": 1}
        return "shape"
    parameters["axis"] = axis_of(a, random)
    length = a.shape[parameters["axis"]]
    if random.random() < 0.5:
        parameters["sections"] = random.randint(1, max(length, 1))
        try:
            return list(np.split(a, parameters["sections"], parameters["axis"]))
        except ValueError:
            return "shape"
    parameters["indices"] = sorted(random.randint(0, length) for _ in range(random.randint(1, 3)))
    return list(np.split(a, parameters["indices"], parameters["axis"]))


def windows(a: np.ndarray, parameters: dict[str, Any], random: Random) -> Any:
    n = random.randint(1, 2)
    axes = [axis_of(a, random) for _ in range(n)]
    if a.ndim == 0:
        axes = []
    parameters["axes"] = axes
    parameters["window"] = [random.randint(1, max(a.shape[axis], 1) + (random.random() < 0.1)) for axis in axes]
    try:
        found = np.lib.stride_tricks.sliding_window_view(a, tuple(parameters["window"]), tuple(axes))
    except ValueError:
        return "shape"
    return found if found.size <= 2000 else found[..., :0]


def real(a: np.ndarray, parameters: dict[str, Any], random: Random) -> Any:
    return a.real


def imaginary(a: np.ndarray, parameters: dict[str, Any], random: Random) -> Any:
    return a.imag


def viewed(a: np.ndarray, parameters: dict[str, Any], random: Random) -> Any:
    """As a dtype that is no larger: larger ones need not be aligned in NumPy."""
    parameters["to"] = random.choice([dtype for dtype in NUMBERS if np.dtype(dtype).itemsize <= a.itemsize])
    try:
        return a.view(parameters["to"])
    except ValueError:
        return "view"


FUNCTIONS = {
    "View": viewed,
    "Slice": sliced,
    "Transpose": transposed,
    "MoveAxis": moved,
    "SwapAxes": swapped,
    "Reshape": reshaped,
    "Ravel": raveled,
    "Squeeze": squeezed,
    "ExpandDims": expanded,
    "BroadcastTo": broadcast,
    "Flip": flipped,
    "Rot90": turned,
    "Diagonal": diagonal,
    "Split": split,
    "SlidingWindow": windows,
    "RealPart": real,
    "ImagPart": imaginary,
}
