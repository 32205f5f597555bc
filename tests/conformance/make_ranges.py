"""Writes ranges.json: calls of NumPy's arange, linspace, logspace, geomspace, eye, tri, tril and triu, and the arrays they return.

ndarray/ranges_test.go reads it. Numbers are elements in hex, little-endian, so that not a bit is lost.
"""

import json
from pathlib import Path

import numpy as np

INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
FLOATS = ["float32", "float64"]

rng = np.random.default_rng(20240301)
cases = []


def raw(a):
    return np.ascontiguousarray(a).astype(a.dtype.newbyteorder("<")).tobytes().hex()


def add(call, dtype, args, n, result):
    assert result.dtype == dtype, (call, dtype, result.dtype)
    cases.append(
        {
            "call": call,
            "dtype": dtype,
            "args": raw(np.array(args, dtype)),
            "n": n,
            "shape": list(result.shape),
            "result": raw(result),
        }
    )


def arange(dtype, start, stop, step):
    start, stop, step = np.array([start, stop, step], dtype)
    add("Arange", dtype, [start, stop, step], 0, np.arange(start, stop, step, dtype=dtype))


for dtype in INTEGERS:
    info = np.iinfo(dtype)
    signed = info.min < 0
    for start, stop, step in [
        (0, 10, 1),
        (0, 10, 3),
        (1, 10, 3),
        (5, 5, 1),
        (0, 1, 100),
        (info.max - 5, info.max, 2),
        (3, 100, 97),
        (2, 127, 31),
    ]:
        arange(dtype, start, stop, step)
    if signed:
        for start, stop, step in [
            (10, 0, -1),
            (10, 0, -3),
            (-5, 5, 2),
            (5, -5, -2),
            (0, 10, -1),
            (10, 0, 1),
            (info.min, info.min + 7, 3),
        ]:
            arange(dtype, start, stop, step)
for dtype in FLOATS:
    for start, stop, step in [
        (0, 1, 0.1),
        (0, 0.3, 0.1),
        (1, 2, 0.3),
        (5, 1, -0.7),
        (0, -1, 1),
        (0, 1, -1),
        (0, 1, np.inf),
        (0, -1, np.inf),
        (-0.0, 1, 0.5),
        (2, 2, 1),
        (1e10, 1e10 + 5, 1),
    ]:
        arange(dtype, start, stop, step)
    for _ in range(150):
        start, width = rng.uniform(-100, 100), rng.uniform(-10, 10)
        arange(dtype, start, start + width, width / rng.uniform(0.5, 30))
    for start, stop in [
        (0, 1),
        (0, 0),
        (1, -1),
        (-0.0, -1),
        (0, 5e-324),
        (0, 1e-45),
        (-3.5, 1e10),
        (1e308, -1e308),
        (0, np.inf),
        (np.nan, 1),
    ]:
        for n in [0, 1, 2, 3, 7]:
            with np.errstate(all="ignore"):
                start, stop = (float(np.dtype(dtype).type(x)) for x in (start, stop))
                add("Linspace", dtype, [start, stop], n, np.linspace(start, stop, n, dtype=dtype))
    for _ in range(150):
        start, stop = (float(np.dtype(dtype).type(x)) for x in rng.uniform(-100, 100, 2))
        n = int(rng.integers(2, 30))
        add("Linspace", dtype, [start, stop], n, np.linspace(start, stop, n, dtype=dtype))
    for start, stop, n in [
        (0, 3, 4),
        (-3, 3, 7),
        (0, 1, 5),
        (2, 2, 3),
        (-300, 300, 61),
        (1.5, 0.25, 9),
        (0, 1, 1),
        (0, 1, 0),
    ]:
        with np.errstate(all="ignore"):
            add("Logspace", dtype, [start, stop], n, np.logspace(start, stop, n, dtype=dtype))
    for start, stop, n in [
        (1, 1000, 4),
        (1, 256, 9),
        (-1000, -1, 4),
        (0.1, 1e5, 13),
        (3, 3, 4),
        (7, 11, 1),
        (2, 3, 0),
        (1e-30, 1e30, 11),
    ]:
        start, stop = (float(np.dtype(dtype).type(x)) for x in (start, stop))
        add("Geomspace", dtype, [start, stop], n, np.geomspace(start, stop, n, dtype=dtype))
for dtype in ["int16", "float32", "complex128"]:
    for n, m in [(0, 0), (3, 3), (2, 5), (5, 2), (1, 4), (3, 0)]:
        for k in [0, 1, -1, 3, -3, 10, -10]:
            add("Eye", dtype, [n, m, k], 0, np.eye(n, m, k, dtype=dtype))
            add("Tri", dtype, [n, m, k], 0, np.tri(n, m, k, dtype=dtype))
            counted = (np.arange(2 * n * m) + 1).astype(dtype).reshape(2, n, m)
            add("Tril", dtype, [n, m, k], 0, np.tril(counted, k))
            add("Triu", dtype, [n, m, k], 0, np.triu(counted, k))

about = f"Calls and their results in NumPy {np.__version__}. args and result are elements in hex, little-endian; n is the number of elements asked for. Tril and Triu are of 1, 2, 3, ... in the shape (2, args[0], args[1])."
lines = ",\n".join(json.dumps(case) for case in cases)
Path(__file__).with_name("ranges.json").write_text(f'{{"about": {json.dumps(about)},\n"cases": [\n{lines}\n]}}\n')
print(len(cases), "cases")
