"""The tables and the pictures of results.json and kernels.json: `python -m benchmarks.report` puts them into the documents, and with
`--check` says whether the documents have them already.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import machine

Results = dict[str, Any]
Row = dict[str, Any]

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks/results.json"
KERNELS = ROOT / "benchmarks/kernels.json"
PICTURE = ROOT / "benchmarks/handover.svg"
PICTURE_OF_CALLS = ROOT / "benchmarks/calls.svg"
PICTURE_OF_STREAMS = ROOT / "benchmarks/streams.svg"
PICTURE_OF_KERNELS = ROOT / "benchmarks/kernels.svg"
PAGE_OF_KERNELS = ROOT / "docs/explain/kernels.md"

BEGIN = "<!-- generated: make bench -->"
BEGIN_KERNELS = "<!-- generated: make bench-kernels -->"
END = "<!-- end of generated -->"


def duration(seconds: float) -> str:
    """Three digits and a unit."""
    for unit, name in ((1, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= unit * 0.9995:
            return f"{_digits(seconds / unit)} {name}"
    return f"{_digits(seconds * 1e9)} ns"


def _digits(x: float) -> str:
    decimals = 0 if x >= 99.95 else 1 if x >= 9.995 else 2
    return f"{x:.{decimals}f}"


def brief(results: Results) -> str:
    """What the project's README shows: the picture, and medians."""
    sizes = list(dict.fromkeys(row["size"] for row in results["handover"]))
    cells: dict[str, dict[str, str]] = {}
    for row in results["handover"]:
        if not row["one_cpu"]:
            cell = duration(row["median_s"])
            if row["method"].startswith("samebytes"):
                cell = f"**{cell}** ({_times(row['faster_than_pickle'])})"
            cells.setdefault(row["label"], {})[row["size"]] = cell
    lines = [[label, *(by_size[size] for size in sizes)] for label, by_size in cells.items()]
    return "\n".join(
        [
            "![Round trip of an array to a worker and back, by size and method](benchmarks/handover.svg)",
            "",
            table(["round trip, median", *sizes], lines),
            "",
            "In brackets: times faster than pickle over a Pipe. Each trip follows the last at once: after a",
            "pause of more than 50 µs both sides sleep, and waking them costs what it costs the methods above at 8 KiB.",
            f"{results['date']}, {machine.line(results['machine'])}.",
            "`make bench` prints this and more, [benchmarks](benchmarks/README.md) explains it.",
        ]
    )


def full(results: Results) -> str:
    """Everything that was measured, which is what benchmarks/README.md shows and a run prints."""
    parts = [f"{results['date']}, {machine.line(results['machine'])}."]
    if results.get("packages"):
        parts.append(f"Compared with {results['packages']}.")
    parts += results["skipped"]
    parts += [table for key, tables in SECTIONS.items() for table in tables(results.get(key, []))]
    return "\n\n".join(parts)


def _by_size(rows: list[Row], table: Callable[[str, list[Row]], str]) -> list[str]:
    return [table(size, [row for row in rows if row["size"] == size]) for size in dict.fromkeys(row["size"] for row in rows)]


def _handover(size: str, rows: list[Row]) -> str:
    lines = [
        [
            row["label"] + (", one CPU" if row["one_cpu"] else ""),
            duration(row["median_s"]),
            _spread(row),
            str(row["samples"]),
            _times(row["to_floor"]),
            _times(row["faster_than_pickle"]),
        ]
        for row in rows
    ]
    return table([size, "median", "p10 to p90", "samples", "/ floor", "pickle /"], lines)


def _compared(head: str, rows: list[Row]) -> str:
    labels = {row["item"]: row["label"] for row in rows}
    lines = [
        [
            f"{row['language']}: {row['label']}",
            duration(row["median_s"]),
            _spread(row),
            f"{_times(row['ratio'])} {labels[row['beside']]}" if row["beside"] else "",
        ]
        for row in rows
    ]
    return table([head, "median", "p10 to p90", "beside"], lines)


def _contended(rows: list[Row]) -> str:
    lines = [
        [
            f"{row['processes']} processes, {row['label']}",
            f"{row['median_per_second']:,}",
            f"{row['least_per_second']:,} to {row['most_per_second']:,}",
            f"{row['fewest']:.0%}",
            _times(row["to_mp_lock"]),
        ]
        for row in rows
    ]
    return table(["lock, count and unlock", "median a second", "least to most", "least lucky", "/ mp.Lock"], lines)


def _calls(size: str, rows: list[Row]) -> str:
    beside = rows[0]["to_futex"] is not None  # a round trip of as little, which there is none of with an array
    lines = [
        [
            row["label"] + (", one CPU" if row["one_cpu"] else ""),
            duration(row["median_s"]),
            _spread(row),
            duration(row["p99_s"]),
            str(row["samples"]),
            _times(row["to_futex"]) if beside else "" if row["above_s"] is None else duration(row["above_s"]),
        ]
        for row in rows
    ]
    head = f"call with {size}" if rows[0]["nbytes"] else "empty call"
    return table([head, "median", "p10 to p90", "p99", "samples", "/ futex" if beside else "above the work"], lines)


def _callers(rows: list[Row]) -> str:
    lines = [
        [
            f"{row['label']}, {row['callers']} {'caller' if row['callers'] == 1 else 'callers'}",
            f"{row['median_per_second']:,}",
            f"{row['least_per_second']:,} to {row['most_per_second']:,}",
        ]
        for row in rows
    ]
    return table(["empty calls", "median a second", "least to most"], lines)


def _deaths(rows: list[Row]) -> str:
    lines = [
        [f"{row['waiter']} waits", *(duration(row[key]) for key in ("median_s", "p99_s", "most_s")), str(row["samples"])]
        for row in rows
    ]
    return table(["from SIGKILL of the holder to the next one", "median", "p99", "most", "kills"], lines)


def _split(rows: list[Row]) -> str:
    lines = [
        [
            row["label"],
            duration(row["median_s"]),
            _spread(row),
            f"{row['own_bytes'] / 2**20:.0f} MiB",
            _times(row["to_pickled"]),
        ]
        for row in rows
    ]
    head = f"Pool.map(sum, np.array_split(a, 8)) of {rows[0]['size']}"
    return table([head, "median", "p10 to p90", "a worker's own memory", "/ pickled"], lines)


def _stream_latency(size: str, rows: list[Row]) -> str:
    lines = [
        [
            row["label"] + _to(row) + (", one CPU" if row["one_cpu"] else ""),
            duration(row["median_s"]),
            _spread(row),
            duration(row["p99_s"]),
            str(row["samples"]),
            _times(row["to_futex"]),
            _times(row["to_wake"]),
            "" if row["iceoryx2"] is None else _times(row["iceoryx2"]),
        ]
        for row in rows
    ]
    heads = ["median", "p10 to p90", "p99", "samples", "/ half a round trip", "/ one wake", "iceoryx2 /"]
    return table([f"from sending {size} to who slept", *heads], lines)


def _stream_throughput(size: str, rows: list[Row]) -> str:
    lines = [
        [
            row["label"] + _to(row) + (f", {row['batch']} at once" if row["batch"] > 1 else ""),
            f"{row['median_per_second']:,}",
            f"{row['least_per_second']:,} to {row['most_per_second']:,}",
            f"{row['gib_per_second']:g}",
            "" if row["iceoryx2"] is None else _times(row["iceoryx2"]),
        ]
        for row in rows
    ]
    return table([f"items of {size}", "median a second", "least to most", "GiB a second", "/ iceoryx2"], lines)


def _to(row: Row) -> str:
    return "" if row["receivers"] == 1 else f", to {row['receivers']}"


def _stream_cost(rows: list[Row]) -> str:
    lines = [
        [
            f"{row['label']}, {row['side']}",
            f"{row['faults']:g}",
            "" if row["allocations"] is None else f"{row['allocations']:g}",
            f"{row['kept_bytes']:g}",
            f"{row['most_bytes']:,.0f}",
        ]
        for row in rows
    ]
    heads = ["page faults", "allocations in Go", "bytes that stay", "most bytes at a time"]
    return table([f"an item of {rows[0]['size']}, after the ring's second round", *heads], lines)


def _goals(rows: list[Row]) -> str:
    lines = [[row["goal"], row["expected"], row["measured"], "met" if row["met"] else "**missed**"] for row in rows]
    return table(["goal", "expected", "measured", ""], lines)


# The tables of a run's rows, by the rows' key in the results. A section without rows was not measured, and has no table.
SECTIONS: dict[str, Callable[[list[Row]], list[str]]] = {
    "handover": lambda rows: _by_size(rows, _handover),
    "access": lambda rows: [_compared("open and touch", rows)] if rows else [],
    "loops": lambda rows: [_compared("add, an element", rows)] if rows else [],
    "fresh": lambda rows: _by_size(rows, lambda size, of: _compared(f"create and fill {size}", of)),
    "imports": lambda rows: [_compared("in a new interpreter", rows)] if rows else [],
    "wake": lambda rows: [_compared("one way", rows)] if rows else [],
    "locks": lambda rows: [_compared("lock and unlock, nobody else", rows)] if rows else [],
    "contended": lambda rows: [_contended(rows)] if rows else [],
    "deaths": lambda rows: [_deaths(rows)] if rows else [],
    "values": lambda rows: [_compared("values and arrays of samebytes.mp", rows)] if rows else [],
    "split": lambda rows: [_split(rows)] if rows else [],
    "npy": lambda rows: _by_size(rows, lambda size, of: _compared(f".npy, {size} of float64 unless it says otherwise", of)),
    "calls": lambda rows: _by_size(rows, _calls),
    "callers": lambda rows: [_callers(rows)] if rows else [],
    "stream_latency": lambda rows: _by_size(rows, _stream_latency),
    "stream_throughput": lambda rows: _by_size(rows, _stream_throughput),
    "stream_cost": lambda rows: [_stream_cost(rows)] if rows else [],
    "goals": lambda rows: [_goals(rows)] if rows else [],
}


def _spread(row: Row) -> str:
    return f"{duration(row['p10_s'])} to {duration(row['p90_s'])}"


def _times(ratio: float) -> str:
    return f"{ratio:.3g} x" if ratio < 1000 else f"{ratio:.0f} x"


def table(heads: list[str], lines: list[list[str]]) -> str:
    """A table in Markdown, its columns lined up for those who read it in a terminal; all but the first to the right."""
    widths = [max(len(line[i]) for line in [heads, *lines]) for i in range(len(heads))]

    def line(cells: list[str]) -> str:
        return "| " + " | ".join([cells[0].ljust(widths[0]), *map(str.rjust, cells[1:], widths[1:])]) + " |"

    rule = "|" + "-" * (widths[0] + 2) + "|" + "".join("-" * (w + 1) + ":|" for w in widths[1:])
    return "\n".join([line(heads), rule, *map(line, lines)])


DOCUMENTS: dict[Path, Callable[[Results], str]] = {ROOT / "README.md": brief, ROOT / "benchmarks/README.md": full}


def filled(document: Path, results: Results) -> str:
    """The document's text with the tables between its marks."""
    return _put(document, BEGIN, DOCUMENTS[document](results))


def _put(document: Path, mark: str, tables: str) -> str:
    text = document.read_text()
    before, begin, rest = text.partition(mark)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{document.relative_to(ROOT)}: expected the lines {mark} and {END}")
    return f"{before}{mark}\n{tables}\n{END}{after}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a document differs")
    args = parser.parse_args()
    stale = outdated()
    if not args.check:
        for path, text in stale.items():
            path.write_text(text)
        return 0
    for path in stale:
        print(f"{path.relative_to(ROOT)} is not what the results give: run python -m benchmarks.report", file=sys.stderr)
    return 1 if stale else 0


def outdated() -> dict[Path, str]:
    """The documents, and the pictures, that are not what the results give, each with what they give."""
    from benchmarks import kernel_picture, kernel_report, picture  # matplotlib takes half a second; a short run needs none

    results, kernels = json.loads(RESULTS.read_text()), json.loads(KERNELS.read_text())
    given = {document: filled(document, results) for document in DOCUMENTS} | {PICTURE: picture.draw(results)}
    if results.get("calls"):
        given[PICTURE_OF_CALLS] = picture.draw_calls(results)
    if results.get("stream_latency"):
        given[PICTURE_OF_STREAMS] = picture.draw_streams(results)
    given[PAGE_OF_KERNELS] = _put(PAGE_OF_KERNELS, BEGIN_KERNELS, kernel_report.summed_up(kernels))
    given[PICTURE_OF_KERNELS] = kernel_picture.draw(kernels)
    return {path: text for path, text in given.items() if not path.exists() or path.read_text() != text}


if __name__ == "__main__":
    sys.exit(main())
