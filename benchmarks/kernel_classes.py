"""The operations whose kernels are measured, each with what NumPy does for it. The Go half is peer/kernel_classes.go.

`python -m benchmarks.kernel_classes` times NumPy's halves on segments, as lines of stdin ask for, as bench-peer does Go's: it
reads a job and answers seconds, in JSON, until stdin closes. In a process of its own, NumPy's OpenBLAS has the threads that the
environment says.
"""

import json
import math
import signal
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import samebytes as sb

Array = NDArray[Any]
Call = Callable[[], object]

FLOATS = ("float64", "float32")
NUMBERS = ("float64", "float32", "int32", "uint8")

# The numbers of scaling and of the fused expression, as in peer/kernel_classes.go.
FACTOR = 3
C0, C1, C2 = 0.25, 0.5, 0.125
ALPHA = 0.75


class Kernel(NamedTuple):
    label: str
    dtypes: tuple[str, ...]
    inputs: str  # a and b from 1/2 to 2, c from -10 to 10, m of bools, for a call of `numpy` in that order
    numpy: Callable[..., Call]  # given the inputs and the result: what is timed
    large: tuple[str, ...] = ()  # the dtypes that are measured with the largest size too
    gonum: tuple[str, ...] = ()
    result: str = "same"  # its dtype; sum: that of NumPy's sum
    length: str = "all"  # elements of the result: all, side (of a square), one
    matrices: bool = False  # sizes are their sides
    error: str = "none"  # how far results may lie apart: none, few (units in the last place), order (of additions)
    halves: bool = True  # the work can be cut in two


def _fused(a: Array, b: Array, x: Array, out: Array) -> Call:
    def call() -> None:
        np.add(a * x, b * (C0 + x * (C1 + x * C2)), out)

    return call


def _axpy(x: Array, y: Array, out: Array) -> Call:
    def call() -> None:
        np.multiply(x, ALPHA, out)
        np.add(y, out, out)

    return call


def _sort(a: Array, out: Array) -> Call:
    def call() -> None:
        np.copyto(out, a)
        out.sort()

    return call


def _square(a: Array) -> Array:
    side = math.isqrt(a.size)
    return a.reshape(side, side)


def _one(out: Array) -> Array:
    return out[:1].reshape(())


KERNELS = {
    "add": Kernel("a + b", NUMBERS, "ab", lambda a, b, out: partial(np.add, a, b, out), NUMBERS, ("float64",)),
    "add_inplace": Kernel("a += b", FLOATS, "ab", lambda a, b, out: partial(np.add, out, b, out), FLOATS, ("float64",)),
    "sub": Kernel("a - b", NUMBERS, "ab", lambda a, b, out: partial(np.subtract, a, b, out), (), ("float64",)),
    "mul": Kernel("a * b", NUMBERS, "ab", lambda a, b, out: partial(np.multiply, a, b, out), (), ("float64",)),
    "scale": Kernel("3 * a", NUMBERS, "a", lambda a, out: partial(np.multiply, a, FACTOR, out), FLOATS, ("float64",)),
    "axpy": Kernel("b + 0.75 * a", FLOATS, "ab", _axpy, FLOATS, ("float64",)),
    "sqrt": Kernel("sqrt", FLOATS, "a", lambda a, out: partial(np.sqrt, a, out), FLOATS),
    "div": Kernel("a / b", FLOATS, "ab", lambda a, b, out: partial(np.divide, a, b, out), FLOATS, ("float64",)),
    "exp": Kernel("exp", FLOATS, "c", lambda c, out: partial(np.exp, c, out), FLOATS, error="few"),
    "log": Kernel("log", FLOATS, "a", lambda a, out: partial(np.log, a, out), FLOATS, error="few"),
    "sin": Kernel("sin", FLOATS, "c", lambda c, out: partial(np.sin, c, out), error="few"),
    "tanh": Kernel("tanh", FLOATS, "c", lambda c, out: partial(np.tanh, c, out), error="few"),
    "sum": Kernel(
        "sum",
        NUMBERS,
        "a",
        lambda a, out: partial(np.sum, a, out=_one(out)),
        FLOATS,
        ("float64",),
        result="sum",
        length="one",
        error="order",
    ),
    "var": Kernel(
        "var",
        FLOATS,
        "a",
        lambda a, out: partial(np.var, a, out=_one(out)),
        FLOATS,
        ("float64",),
        length="one",
        error="order",
    ),
    "max": Kernel("max", NUMBERS, "a", lambda a, out: partial(np.max, a, out=_one(out)), NUMBERS, ("float64",), length="one"),
    "argmax": Kernel(
        "argmax",
        NUMBERS,
        "a",
        lambda a, out: partial(np.argmax, a, out=_one(out)),
        FLOATS,
        ("float64",),
        result="int64",
        length="one",
    ),
    "sum_axis0": Kernel(
        "sum over axis 0",
        FLOATS,
        "a",
        lambda a, out: partial(np.sum, _square(a), 0, out=out),
        FLOATS,
        length="side",
        error="order",
    ),
    "sum_axis1": Kernel(
        "sum over axis 1",
        FLOATS,
        "a",
        lambda a, out: partial(np.sum, _square(a), 1, out=out),
        FLOATS,
        length="side",
        error="order",
    ),
    "transpose": Kernel(
        "transposed copy", NUMBERS, "a", lambda a, out: partial(np.copyto, _square(out), _square(a).T), FLOATS
    ),
    "less": Kernel("a < b", NUMBERS, "ab", lambda a, b, out: partial(np.less, a, b, out), result="bool"),
    # It makes an array, which is faster than two np.copyto into one, the second with a mask.
    "where": Kernel("where", NUMBERS, "mab", lambda m, a, b, out: partial(np.where, m, a, b), FLOATS),
    "fused": Kernel("a*x + b*(c0 + x*(c1 + x*c2))", FLOATS, "abc", _fused, FLOATS),
    "to_float64": Kernel(
        "as float64", ("float32", "int32"), "a", lambda a, out: partial(np.copyto, out, a), ("float32",), result="float64"
    ),
    "to_float32": Kernel(
        "as float32",
        ("float64",),
        "a",
        lambda a, out: partial(np.copyto, out, a, casting="same_kind"),
        ("float64",),
        result="float32",
    ),
    "sort": Kernel("sort", ("float64", "float32", "int32"), "a", _sort, halves=False),
    "matmul": Kernel(
        "matmul",
        FLOATS,
        "ab",
        lambda a, b, out: partial(np.matmul, _square(a), _square(b), _square(out)),
        gonum=FLOATS,
        matrices=True,
        error="order",
    ),
    "dense": Kernel(
        "mat.Dense.Mul",
        ("float64",),
        "ab",
        lambda a, b, out: partial(np.matmul, _square(a), _square(b), _square(out)),
        gonum=("float64",),
        matrices=True,
        error="order",
        halves=False,
    ),
}


def result_dtype(kernel: Kernel, dtype: str) -> str:
    if kernel.result == "sum":
        return {"int32": "int64", "uint8": "uint64"}.get(dtype, dtype)
    return dtype if kernel.result == "same" else kernel.result


def elements(kernel: Kernel, n: int) -> int:
    """Of an operand."""
    return n * n if kernel.matrices else n


def result_elements(kernel: Kernel, n: int) -> int:
    if kernel.length == "one":
        return 2  # each half has one
    return math.isqrt(n) if kernel.length == "side" else elements(kernel, n)


def traffic(kernel: Kernel, dtype: str, n: int) -> int:
    """Bytes that a call reads and writes at least."""
    read = sum(1 if name == "m" else np.dtype(dtype).itemsize for name in kernel.inputs) * elements(kernel, n)
    return read + result_elements(kernel, n) * np.dtype(result_dtype(kernel, dtype)).itemsize


def call(kernel: Kernel, arrays: Mapping[str, Array]) -> Call:
    """NumPy's half, on arrays with the names of a job's."""
    inputs = [arrays["mask" if name == "m" else name] for name in kernel.inputs]
    return kernel.numpy(*inputs, arrays["out"])


def _sample(job: Mapping[str, Any], once: Call) -> dict[str, Any]:
    def run(calls: int) -> float:
        start = time.perf_counter_ns()
        for _ in repeat(None, calls):
            once()
        return (time.perf_counter_ns() - start) / 1e9

    calls, took = int(job["calls"]), 0.0
    if not calls:
        calls, took = 1, run(1)
        while took < job["target"] / 2 and calls < 1 << 20:
            calls *= 2
            took = run(calls)
    if job["warm"]:
        run(calls)
    return {"calls": calls, "took": took, "seconds": [run(calls) / calls for _ in range(job["samples"])]}


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one that asks ends this
    opened: dict[str, Array] = {}
    print("ready", flush=True)
    for line in sys.stdin:
        job = json.loads(line)
        answer: dict[str, Any] = {"calls": 0, "seconds": []}
        if job.get("close"):
            opened.clear()
        else:
            names = job["arrays"]
            for name in names.values():
                if name not in opened:
                    opened[name] = np.asarray(sb.attach(name))  # plain, since a subclass takes longer
            answer = _sample(job, call(KERNELS[job["class"]], {role: opened[name] for role, name in names.items()}))
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
