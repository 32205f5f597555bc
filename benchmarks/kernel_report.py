"""The tables of kernels.json: those of docs/explain/kernels.md, and all that a run prints."""

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks import kernel_goals, machine
from benchmarks.kernel_goals import times
from benchmarks.report import Results, duration, table

Row = dict[str, Any]


def summed_up(results: Results) -> str:
    """What docs/explain/kernels.md shows: how many times faster than NumPy."""
    rows, sets = results["rows"], results["instructions"]
    elementwise = [row for row in rows if " x " not in row["size"]]
    products = [row for row in rows if " x " in row["size"]]
    met = [goal["met"] for goal in results["goals"]]
    return "\n\n".join(
        [
            _heading(results),
            "![NumPy's time by ours, by operation and size](../../benchmarks/kernels.svg)",
            _by_size(elementwise, sets),
            _two_goroutines(elementwise),
            _products(products, sets),
            f"Of {len(met)} goals {sum(met)} are met. Those that are not:",
            _missed(results["goals"]),
        ]
    )


def full(results: Results) -> str:
    """Every row with its times."""
    sizes = list(dict.fromkeys(row["size"] for row in results["rows"]))
    of_sizes = [[row for row in results["rows"] if row["size"] == size] for size in sizes]
    met = [goal["met"] for goal in results["goals"]]
    return "\n\n".join(
        [
            _heading(results),
            *(_times(rows, results["instructions"]) for rows in of_sizes),
            f"Of {len(met)} goals {sum(met)} are met. Those that are not:",
            _missed(results["goals"]),
        ]
    )


def _heading(results: Results) -> str:
    sets = results["instructions"]
    return (
        f"{results['date']}, {machine.line(results['machine'])}. Ours: {sets['ours']}; NumPy: {sets['numpy']}, "
        f"OpenBLAS for {sets['openblas']}."
    )


def _by_size(rows: list[Row], sets: Mapping[str, str]) -> str:
    sizes = list(dict.fromkeys(row["size"] for row in rows))
    lines = []
    for label, dtype, cells in _lines(rows):
        lines.append([label, dtype, *(_cell(cells[size], sets) if size in cells else "" for size in sizes)])
    return table([f"NumPy's time / ours, {sets['ours']} (AVX2)", "", *sizes], lines)


def _lines(rows: list[Row]) -> Iterator[tuple[str, str, dict[str, Row]]]:
    """Rows of one class and dtype together, by their sizes, in the order of the classes."""
    found: dict[str, dict[str, dict[str, Row]]] = {}
    for row in rows:
        found.setdefault(row["label"], {}).setdefault(row["dtype"], {})[row["size"]] = row
    for label, by_dtype in found.items():
        for dtype, cells in by_dtype.items():
            yield label, dtype, cells


def _cell(row: Row, sets: Mapping[str, str]) -> str:
    least = kernel_goals.least(row, sets)
    factor = least.avx512 if sets["ours"] == "AVX-512" else least.avx2
    measured = times(row, "numpy", "ours")
    text = _digits(measured)
    if factor is not None:
        text = f"**{text}**" if round(measured, 2) >= factor else f"{text} < {factor:g}"
    return f"{text} ({_digits(times(row, 'numpy', 'avx2'))})" if "avx2" in row else text


def _two_goroutines(rows: list[Row]) -> str:
    shown = [row for row in rows if "halves" in row]
    sizes = list(dict.fromkeys(row["size"] for row in shown))
    lines = []
    for label, dtype, cells in _lines(shown):
        line = [label, dtype]
        for size in sizes:
            row = cells.get(size)
            line += [_times_of(row, "ours", "two"), _times_of(row, "halves", "two")] if row else ["", ""]
        lines.append(line)
    heads = [head for size in sizes for head in (f"{size}: one / two", "halves / two")]
    return table(["two goroutines beside one, and beside two halves", "", *heads], lines) if lines else ""


def _products(rows: list[Row], sets: Mapping[str, str]) -> str:
    lines = [
        [
            row["label"],
            row["dtype"],
            row["size"],
            duration(row["ours"]["best_s"]),
            _cell(row, sets),
            _times_of(row, "numpy_two", "two"),
            _times_of(row, "gonum", "ours"),
            _times_of(row, "gonum_two", "two"),
        ]
        for row in rows
    ]
    heads = ["", "size", "ours", "NumPy / ours (AVX2)", "two threads each", "gonum / ours", "two threads each"]
    return table(["product of matrices", *heads], lines) if lines else ""


def _times(rows: list[Row], sets: Mapping[str, str]) -> str:
    lines = []
    for row in rows:
        least = kernel_goals.least(row, sets)
        goals = [factor for factor in (least.avx2 if "avx2" in row else None, least.avx512) if factor is not None]
        if sets["ours"] != "AVX-512":
            goals = [least.avx2] if least.avx2 is not None else []
        columns = [column for column, factor in (("avx2", least.avx2), ("ours", least.avx512)) if factor and column in row]
        if sets["ours"] != "AVX-512":
            columns = ["ours"] if goals else []
        met = [times(row, "numpy", column) >= factor for column, factor in zip(columns, goals, strict=True)]
        lines.append(
            [
                row["label"],
                row["dtype"],
                _time(row, "numpy"),
                _time(row, "ours"),
                _times_of(row, "numpy", "ours"),
                _times_of(row, "numpy", "avx2"),
                " / ".join(f"{factor:g}" for factor in goals),
                " / ".join("met" if of else "missed" for of in met),
                _times_of(row, "numpy", "gonum"),
                _times_of(row, "numpy_two" if "numpy_two" in row else "ours", "two"),
                _times_of(row, "halves", "two"),
                f"{row['traffic'] / row['two']['best_s'] / 2**30:.1f}",
            ]
        )
    heads = ["", "NumPy", "ours", "NumPy / ours", "AVX2", "goal", "", "gonum", "one / two", "halves / two", "GiB/s of two"]
    return table([rows[0]["size"], *heads], lines)


def _time(row: Row, column: str) -> str:
    """The least, and by how much the median is more."""
    of = row[column]
    return f"{duration(of['best_s'])} +{of['median_s'] / of['best_s'] - 1:.0%}"


def _times_of(row: Row, column: str, beside: str) -> str:
    return _digits(times(row, column, beside)) if column in row and beside in row else ""


def _digits(x: float) -> str:
    return f"{x:.2f}" if x < 9.995 else f"{x:.1f}" if x < 99.95 else f"{x:.0f}"


def _missed(goals: list[Row]) -> str:
    lines = [[goal["goal"], goal["expected"], goal["measured"]] for goal in goals if not goal["met"]]
    return table(["missed", "expected", "measured"], lines)
