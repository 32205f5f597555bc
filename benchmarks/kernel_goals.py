"""How far ahead of NumPy kernels must be. A goal that is missed is shown and fails nothing, as in goals.py."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from benchmarks.goals import verdict

Row = dict[str, Any]


class Least(NamedTuple):
    """NumPy's time by ours, at least: with AVX2, and with AVX-512."""

    avx2: float | None
    avx512: float | None


def _both(x: float) -> Least:
    return Least(x, x)


# By size, for all dtypes that are not named.
_SIMPLE = {"1 Ki": Least(4, 5), "64 Ki": Least(1.3, 1.4)}
_SCALE = {"1 Ki": Least(4, 5), "64 Ki": Least(1.6, 2), "64 Mi": _both(1.4)}
_ROOTS = {"1 Ki": Least(2.5, 5), "64 Ki": Least(1.9, 3.8), "64 Mi": Least(2, 3)}
_EXPONENTIALS = {"1 Ki": Least(1.4, 3), "64 Ki": Least(0.9, 1.5), "64 Mi": _both(1.2)}
_EXTREMES = {"1 Ki": _both(3), "64 Ki": Least(1.5, 1.8), "64 Mi": _both(1.2)}
_SORT = {size: _both(0.5) for size in ("1 Ki", "64 Ki", "1 Mi")}

LEAST: dict[str, dict[str, Least]] = {
    "add": _SIMPLE | {"64 Mi": _both(1.4)},
    "add_inplace": _SIMPLE | {"64 Mi": _both(1)},
    "sub": _SIMPLE,
    "mul": _SIMPLE,
    "scale": _SCALE,
    "axpy": {"1 Ki": _both(10), "64 Ki": Least(2.5, 3), "64 Mi": _both(2)},
    "sqrt": _ROOTS,
    "div": _ROOTS,
    "exp": _EXPONENTIALS,
    "log": _EXPONENTIALS,
    "sum": {"1 Ki": _both(20), "64 Ki": _both(4), "64 Mi": _both(2.2)},
    "var": {"1 Ki": _both(60), "64 Ki": _both(7), "64 Mi": _both(10)},
    "max": _EXTREMES,
    "argmax": _EXTREMES,
    "sum_axis0": {"1 Ki": _both(5), "64 Ki": _both(1.8), "64 Mi": _both(1.1)},
    "sum_axis1": {"1 Ki": _both(5), "64 Ki": _both(3), "64 Mi": _both(2.5)},
    "transpose": {"1 Ki": _both(1.4), "64 Ki": _both(2.5), "64 Mi": _both(3.8)},
    "where": {"1 Ki": _both(10), "64 Ki": _both(5), "64 Mi": _both(5)},
    "fused": {"1 Ki": _both(10), "64 Ki": Least(1.5, 2), "64 Mi": _both(2.5)},
    "sort": _SORT,
}
LEAST_FLOAT32 = {name: {"64 Ki": Least(1.3, 3)} for name in ("exp", "log")}

# Of OpenBLAS, which has kernels of its own for each processor: those with AVX-512, and others.
_CORES_AVX512 = ("SkylakeX", "Cooperlake", "SapphireRapids")
_PRODUCTS = ("512 x 512", "1024 x 1024")
_PRODUCT_OF_DENSE = 0.95

# Two goroutines beside two that work on a half each, and beside one; gonum's products with our BLAS beside those without. What is
# equal is not measured as equal: so much is left for that.
_OF_HALVES = 0.9
_AS_FAST = 0.95


def least(row: Row, instructions: Mapping[str, str]) -> Least:
    """The goals of a row, None where there is none."""
    if row["class"] in ("matmul", "dense"):
        if row["size"] not in _PRODUCTS:
            return Least(None, None)
        if instructions["openblas"] in _CORES_AVX512:
            return Least(None, _PRODUCT_OF_DENSE if row["class"] == "dense" else 0.9)
        return Least(0.95, 1.6)
    of_class = dict(LEAST.get(row["class"], {}))
    if row["dtype"] == "float32":
        of_class |= LEAST_FLOAT32.get(row["class"], {})
    size = "64 Mi" if row["size"] == "16 Mi" else row["size"]
    return of_class.get(size, Least(None, None))


def judge(results: Mapping[str, Any]) -> list[Row]:
    """The goals of all rows, each with what was measured and whether it was met."""
    goals = []
    best = results["instructions"]["ours"]
    for row in results["rows"]:
        name = f"{row['label']}, {row['dtype']}, {row['size']}"
        avx2, avx512 = least(row, results["instructions"])
        columns = [("ours", best, avx512 if best == "AVX-512" else avx2)]
        columns += [("avx2", "AVX2", avx2)] if "avx2" in row else []
        for column, instruction_set, factor in columns:
            if factor is not None:
                goals.append(_ahead(f"{name}, {instruction_set}, beside NumPy", times(row, "numpy", column), factor))
        if "halves" in row:
            goals.append(_ahead(f"{name}, two goroutines beside two halves", times(row, "halves", "two"), _OF_HALVES))
        goals.append(_ahead(f"{name}, two goroutines beside one", times(row, "ours", "two"), _AS_FAST))
        if row["class"] == "dense":
            goals.append(_ahead(f"{name}, beside gonum alone", times(row, "gonum", "ours"), _AS_FAST))
            goals.append(_ahead(f"{name}, two threads each, beside gonum alone", times(row, "gonum_two", "two"), _AS_FAST))
        if row["class"] in ("matmul", "dense") and row["size"] in _PRODUCTS:
            factor = avx512 if best == "AVX-512" else avx2
            if factor is not None:
                goals.append(_ahead(f"{name}, two threads each, beside NumPy", times(row, "numpy_two", "two"), factor))
    return goals


def times(row: Row, column: str, beside: str) -> float:
    """How many times faster the second column is than the first."""
    return float(row[column]["best_s"] / row[beside]["best_s"])


def _ahead(name: str, measured: float, factor: float) -> Row:
    return verdict(name, f">= {factor:g} x", f"{measured:.3g} x", round(measured, 2) >= factor)
