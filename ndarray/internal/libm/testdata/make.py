"""Writes points.txt: a function's name, its operands, and its result by NumPy, in long double but for complex special values.

python make.py > points.txt, on a machine whose long double has 64 bits of mantissa.
"""

import numpy as np

np.seterr(all="ignore")
rng = np.random.default_rng(1)
MAX = np.finfo(float).max
ONE = {
    "exp": (-745, 709.78), "exp2": (-1074, 1023.99), "log": (0, MAX), "log2": (0, MAX), "log10": (0, MAX), "sinh": (-710.4, 710.4), "cosh": (-710.4, 710.4),
    "sin": (-MAX, MAX), "cos": (-MAX, MAX), "tan": (-MAX, MAX), "arcsin": (-1, 1), "arccos": (-1, 1),
}  # fmt: skip
TWO = ["power", "hypot", "arctan2"]
COMPLEX = "exp log log10 sqrt sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh".split()
SPECIAL = [0.0, -0.0, 1.0, -1.0, 2.5, np.inf, -np.inf, np.nan, 800.0, -1e300, 1e-300]


def near(x: float) -> float:
    return x + rng.choice([-1, 1]) * 2.0 ** -rng.integers(1, 53)


def points(low: float, high: float, n: int) -> list[float]:
    """Points of all sizes, near 0 and 1, and near multiples of π/2."""
    found: list[float] = []
    while len(found) < n:
        size = 2.0 ** rng.integers(-1070, 1023)
        some = (
            rng.normal(), rng.normal() * 10, rng.normal() * size, near(0), near(1), near(-1), rng.uniform(low / 2, high / 2),
            float(rng.integers(-(10**6), 10**6)) * np.pi / 2, float(rng.integers(0, 2**52)) * np.pi / 2, low, high,
        )  # fmt: skip
        found += [float(x) for x in some if low <= x <= high]
    return found[:n]


def show(name: str, *values: float) -> None:
    print(name, *(float(v).hex() for v in values))


for name, (low, high) in ONE.items():
    for x in points(low, high, 66):
        show(name, x, getattr(np, name)(np.longdouble(x)))
for name in TWO:
    x = points(0 if name == "power" else -1e300, 1e300, 150)
    y = rng.permutation(points(-400 if name == "power" else -1e300, 400 if name == "power" else 1e300, 150))
    for a, b in zip(x, y, strict=True):
        show(name, a, b, getattr(np, name)(np.longdouble(a), np.longdouble(b)))
for name in COMPLEX:
    f = getattr(np, name)
    for x in SPECIAL:
        for y in SPECIAL:
            w = f(np.array(complex(x, y)))
            show("special_" + name, x, y, w.real, w.imag)
    for x, y in zip(points(-20, 20, 40), rng.permutation(points(-20, 20, 40)), strict=False):
        w = f(np.array(complex(x, y), np.clongdouble))
        show("complex_" + name, x, y, w.real, w.imag)
