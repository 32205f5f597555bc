"""Writes print.json: arrays, and the text that NumPy's str and repr give for them.

ndarray/format_test.go reads it. Run with the NumPy whose texts are wanted; the same NumPy writes the same bytes.
"""

import json
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import as_strided

INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
FLOATS = ["float16", "float32", "float64"]
COMPLEX = ["complex64", "complex128"]
NAMES = {
    "precision": "Precision",
    "threshold": "Threshold",
    "edgeitems": "EdgeItems",
    "linewidth": "LineWidth",
    "suppress": "Suppress",
}

rng = np.random.default_rng(20240229)
cases = []


def add(name, base, shape=None, strides=None, offset=0, **options):
    """Adds base, or the elements of base that shape and strides (in elements, not bytes) reach from an offset."""
    base = np.ascontiguousarray(base).reshape(np.shape(base))
    a = base
    if shape is not None:
        size = base.dtype.itemsize
        a = as_strided(base.ravel()[offset:], shape, [s * size for s in strides])
    case = {
        "name": name,
        "dtype": base.dtype.name,
        "data": base.astype(base.dtype.newbyteorder("<")).tobytes().hex(),
        "shape": list(a.shape),
    }
    if shape is not None:
        case |= {"strides": list(strides), "offset": offset}
    if options:
        case["options"] = {NAMES[k]: v for k, v in options.items()}
        case["options"] |= {"Precision": -1} if options.get("precision") == 0 else {}
    with np.printoptions(**options):
        case["str"] = str(a)
        if not options:
            case["repr"] = repr(a)
    cases.append(case)


def floats(dtype, n, low, high):
    """Random numbers of both signs whose exponents of ten are from low to high."""
    return (rng.choice([-1, 1], n) * 10.0 ** rng.uniform(low, high, n)).astype(dtype)


def scalars():
    for dtype in ["bool", *INTEGERS]:
        for value in [0, 1, 100]:
            add("one element, no axis", np.array(value).astype(dtype))
    values = [
        0.0,
        -0.0,
        1,
        -1.5,
        0.1,
        1 / 3,
        1e-4,
        9.9e-5,
        1e-7,
        999,
        1000,
        999999,
        1e6,
        1e7,
        123456789,
        9.99e15,
        1e16,
        1.5e20,
        np.nan,
        np.inf,
        -np.inf,
    ]
    for dtype in FLOATS:
        for value in values:
            add("one element, no axis", np.array(value).astype(dtype))
    for dtype in COMPLEX:
        for value in values:
            add("one element, no axis", np.array(complex(value, -2.5)).astype(dtype))
            add("one element, no axis", np.array(complex(0, value)).astype(dtype))
        add("one element, no axis", np.array(complex(-0.0, 1)).astype(dtype))


def whole():
    for dtype in ["bool", *INTEGERS, *FLOATS, *COMPLEX]:
        for shape in [(0,), (2, 0), (0, 3, 1), (1,), (2, 3), (2, 1, 3), (2, 2, 2, 2)]:
            n = int(np.prod(shape))
            values = rng.integers(0, 2 if dtype == "bool" else 120, n)
            if dtype[0] in "ifc":
                values = values - 60
            add("small", values.astype(dtype).reshape(shape))
    for dtype in INTEGERS:
        info = np.iinfo(dtype)
        add("limits", np.array([info.min, 0, info.max], dtype))
        add("wrapped", rng.integers(info.min, info.max, 60, dtype, endpoint=True))
        add("wrapped rows", rng.integers(info.min, info.max, (2, 2, 30), dtype, endpoint=True))
    add("all true", np.array([True, True]))
    add("wrapped", rng.integers(0, 2, 70).astype(bool))
    add("as many axes as there may be", np.arange(2).reshape((1,) * 63 + (2,)))
    add("as many axes as there may be", np.full((1,) * 64, 2.5, "float32"))
    for n in range(20, 30):
        add("lines that end near the limit", np.arange(100, 100 + n))
        add("dtype near the limit", np.arange(n, dtype="int16"))
        add("dtype near the limit", np.arange(n, dtype="float32") / 2)


def special():
    nan, inf = np.nan, np.inf
    for dtype in FLOATS + COMPLEX:
        for values in [
            [nan],
            [inf],
            [-inf],
            [nan, inf],
            [nan, -inf],
            [1, nan],
            [1, inf],
            [1, -inf],
            [-1, inf],
            [100.25, nan, -inf],
            [1e-5, nan],
            [1e-5, -inf, 1],
            [-0.0],
            [0, -0.0],
            [-0.0, nan],
            [0, 0],
            [0, 1e-5],
            [0, 1e-4],
            [1e-4, 1],
            [1e-4, 0.1],
            [0.1, 100],
            [0.1, 100.1],
            [1, 1000],
            [1, 1000.5],
            [1, 1001],
            [999, 1],
            [9999, 10],
            [99999, 100],
            [999999, 1000],
            [1e6, 1e4],
            [1e7, 1e6],
            [99999999, 1e7],
            [1e8, 1e7],
            [0.123456789, 12.5],
            [1e-8, 2e-8],
            [5e-324, 1],
        ]:
            add("special floats", np.array(values).astype(dtype))
    for dtype in COMPLEX:
        for values in [
            [1 + 2j, nan * 1j],
            [complex(inf, -inf), 1],
            [complex(1, nan), complex(-1, 1e-5)],
            [1e-9 + 1j, 1 + 1e9j],
            [complex(-0.0, -0.0), complex(0, 12.25)],
            [1j, -1j],
            [100 + 0.5j, 2 - 10.25j],
        ]:
            add("special complex", np.array(values).astype(dtype))
    add("exponents of several lengths", np.array([1e100, 1.0, -1e-300]))
    add("largest and smallest", np.array([np.finfo("f8").max, np.finfo("f8").tiny, 5e-324]))
    add("largest and smallest", np.array([np.finfo("f4").max, np.finfo("f4").tiny, np.float32(1e-45)]))
    add("ties", np.array([0.5, 1.5, 2.5, -0.5]), precision=0)
    add("ties", np.array([0.125, 0.375, 2.625]), precision=2)
    add("a power of two between two decimals", np.array([0.015625, 1], "f2"))
    add("a power of two between two decimals", np.array([0.015625, 3e4], "f2"))
    add("rounding carries", np.array([0.999999999, 9.999999999]))
    add("rounding carries", np.array([9.999999999e-5, 9.999999999e9]))
    add("powers of two", 2.0 ** np.arange(-40, 40))
    add("powers of two", np.float32(2) ** np.arange(-40, 40, dtype="f4"), precision=20)
    add("powers of two", 2.0 ** np.arange(-1074, 1024, 7), precision=30)


def drawn():
    for dtype in FLOATS + COMPLEX:
        for low, high in [(-1, 1), (-3, 0), (0, 3), (-4, -1), (0, 7), (5, 9), (-9, 9), (-2, 2), (-40, 30)]:
            for shape in [(3,), (2, 4), (17,)]:
                n = int(np.prod(shape))
                values = floats(dtype, n, low, high)
                if dtype in COMPLEX:
                    values = values + np.dtype(dtype).type(1j) * floats(dtype, n, low, high).real
                add("drawn", np.nan_to_num(values).astype(dtype).reshape(shape))
        for precision in [1, 3, 6, 12, 17, 25]:
            for suppress in [False, True]:
                values = floats(dtype, 5, -6, 4)
                add("drawn, other precision", values.astype(dtype), precision=precision, suppress=suppress)
                add(
                    "few digits, other precision",
                    np.round(np.abs(values), 2).astype(dtype),
                    precision=precision,
                    suppress=suppress,
                )
    for linewidth in [1, 10, 20, 40, 200]:
        add("other width", floats("float64", 12, -1, 2).reshape(2, 6), linewidth=linewidth)
        add("other width", np.arange(30), linewidth=linewidth)


def summarised():
    for dtype in ["bool", "int16", "int64", "uint8", "float32", "float64", "complex128"]:
        base = rng.integers(0, 100, 40).astype(dtype) if dtype == "bool" or dtype[0] in "iu" else floats(dtype, 40, -2, 2)
        if dtype == "bool":
            base = base.astype("u1") % 2 == 0
        for shape, strides, offset in [
            ((1000,), (0,), 3),
            ((1001,), (0,), 3),
            ((10**9,), (0,), 0),
            ((10**6, 10**3), (0, 0), 1),
            ((1, 2000), (0, 0), 0),
            ((2000, 1), (0, 0), 0),
            ((7, 200), (5, 0), 0),
            ((6, 200), (6, 0), 0),
            ((200, 6), (0, 5), 0),
            ((200, 7), (0, 5), 0),
            ((8, 8, 20), (3, 2, 0), 0),
            ((4, 2, 200), (7, 1, 0), 0),
            ((40, 7, 7), (0, 2, 3), 0),
            ((2, 7, 1, 100), (1, 2, 9, 0), 0),
            ((3, 500), (-1, 0), 39),
            ((500, 8), (0, -4), 39),
            ((500, 0), (0, 1), 0),
        ]:
            add("summarised", base, shape, strides, offset)
        add("other threshold", base, threshold=10)
        add("other threshold and edges", base.reshape(5, 8), threshold=10, edgeitems=2)
        add("other threshold and edges", base.reshape(5, 8), threshold=39, edgeitems=1)
        add("wide", base, threshold=39, edgeitems=15)
    base = np.arange(24)
    add("reversed", base, (4, 6), (-6, -1), 23)
    add("Fortran order", base, (4, 6), (1, 4), 0)
    add("windows", base, (5, 4), (1, 1), 2)
    add("every other", base.astype("float32") / 3, (3, 2), (8, -2), 2)


with np.errstate(over="ignore", under="ignore"):
    scalars()
    whole()
    special()
    drawn()
    summarised()
about = f"Arrays and their texts in NumPy {np.__version__}. data are the elements in hex, little-endian; without strides they are the array, in C order; strides and offset count elements."
lines = ",\n".join(json.dumps(case) for case in cases)
Path(__file__).with_name("print.json").write_text(f'{{"about": {json.dumps(about)},\n"cases": [\n{lines}\n]}}\n')
print(len(cases), "cases")
