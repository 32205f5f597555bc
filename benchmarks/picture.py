"""The pictures of the hand-over, of calls and of streams: a panel for each size, a dot for each method, on a background light or dark.

All panels of a picture span the same factor of time and begin at the same distance before the floor, so that equal places are
equal multiples of the floor.
"""

import io
from typing import Any, NamedTuple

import matplotlib
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from benchmarks.report import duration

Row = dict[str, Any]

# Mid-tones, which are read on white and on GitHub's dark background alike; test_report.py computes their contrast.
TEXT = "#757d88"
OTHERS = "#757d88"
OURS = "#cf5a16"

_WIDTH, _HEIGHT = 9.6, 3.7  # inches


class _Picture(NamedTuple):
    title: str
    legend: str
    methods: tuple[str, ...]  # from the top; those that were not measured are left out
    floors: tuple[tuple[str, str], ...]  # the first one that was measured at a size, with what the panel calls it
    # How far panels reach from the floor, as factors: to the left, and to the right with room for the slowest one's figure.
    before: float
    beyond: float


_DOTS = "Dot: median; line: 10th to 90th percentile; circle: both processes bound to one CPU;"
_HANDOVER = _Picture(
    "Time to hand an array to a running worker, have it doubled there, and get it back",
    f"{_DOTS} floor: the doubling alone. Logarithmic.",
    (
        "manager",
        "pool",
        "pickle",
        "shared_memory_attached",
        "shared_memory_kept",
        "samebytes_python_python",
        "samebytes_python_go",
        "samebytes_go_python",
    ),
    (("floor", "floor"),),
    2.6,
    9_000,
)
_CALLS = _Picture(
    "Time to call a function of another process that doubles an array in place, or does nothing",
    f"{_DOTS} dashed: the doubling alone, or two futexes in C. Logarithmic.",
    (
        "grpc",
        "ray",
        "pool",
        "pickle",
        "zeromq",
        "socket",
        "samebytes_connected",
        "samebytes_launched",
        "samebytes_go_python",
    ),
    (("alone", "doubling"), ("futex", "futex")),
    2.6,
    6_000,
)
_STREAMS = _Picture(
    "Time from sending an item to a process that sleeps until it has it",
    "Dot: median; line: 10th to 90th percentile; circle: both processes bound to one CPU; dashed: a futex in C. Logarithmic.",
    (
        "queue",
        "zeromq",
        "socket",
        "iceoryx2_polling",
        "iceoryx2",
        "samebytes_python_python",
        "samebytes_python_go",
        "samebytes_go_python",
        "samebytes_go_go",
    ),
    (("wake", "futex"),),
    2.6,
    2_000_000,
)
_LARGER = 1.35  # the factor of time that a dot's radius and a gap take


def draw(results: dict[str, Any]) -> str:
    """The picture of the hand-over as SVG, the same bytes for the same results."""
    return _draw(_HANDOVER, results["handover"])


def draw_calls(results: dict[str, Any]) -> str:
    """The picture of calls, likewise."""
    return _draw(_CALLS, results["calls"])


def draw_streams(results: dict[str, Any]) -> str:
    """The picture of streams to one receiver, likewise."""
    return _draw(_STREAMS, [row for row in results["stream_latency"] if row["receivers"] == 1])


def _draw(picture: _Picture, rows: list[Row]) -> str:
    labels = {row["method"]: row["label"] for row in rows}
    methods = [method for method in picture.methods if method in labels]
    sizes = list(dict.fromkeys(row["size"] for row in rows))
    settings: dict[Any, Any] = {
        "svg.hashsalt": "samebytes",
        "font.size": 8.5,
        "text.color": TEXT,
        "font.family": "DejaVu Sans",
    }
    with matplotlib.rc_context(settings):
        figure, axes = plt.subplots(1, len(sizes), figsize=(_WIDTH, _HEIGHT), sharey=True, squeeze=False)
        for panel, size in zip(axes[0], sizes, strict=True):
            _draw_panel(picture, methods, panel, size, [row for row in rows if row["size"] == size])
        _name_rows(axes[0][0], [labels[method] for method in methods], methods)
        figure.text(0.01, 0.95, picture.title, fontsize=9.5, fontweight="bold")
        figure.text(0.01, 0.89, picture.legend, fontsize=8)
        figure.subplots_adjust(left=0.235, right=0.995, top=0.77, bottom=0.08, wspace=0.06)
        svg = io.StringIO()
        figure.savefig(svg, format="svg", transparent=True, metadata={"Date": None, "Creator": None, "Title": picture.title})
        plt.close(figure)
    return svg.getvalue()


def _draw_panel(picture: _Picture, methods: list[str], panel: Axes, size: str, rows: list[Row]) -> None:
    free = {row["method"]: row for row in rows if not row["one_cpu"]}
    bound = {row["method"]: row for row in rows if row["one_cpu"]}
    method, name = next(floor for floor in picture.floors if floor[0] in free)
    floor = free[method]["median_s"]
    panel.set_xscale("log")
    panel.set_xlim(floor / picture.before, floor * picture.beyond)
    panel.set_ylim(len(methods) - 0.4, -0.9)
    panel.set_title(size, fontsize=9.5, color=TEXT, loc="left", fontweight="bold")
    panel.axvline(floor, color=OTHERS, linewidth=0.9, linestyle=(0, (4, 3)))
    panel.text(floor * _LARGER, -0.6, f"{name} {duration(floor)}", va="center", fontsize=7.5)
    for y, method in enumerate(methods):
        if method not in free:  # not measured at this size
            continue
        row, color = free[method], _color(method)
        panel.plot([row["p10_s"], row["p90_s"]], [y, y], color=color, linewidth=1.4, solid_capstyle="round")
        panel.plot(row["median_s"], y, "o", color=color, markersize=6 if _ours(method) else 5)
        beyond = max(row["p90_s"], row["median_s"] * _LARGER)
        if method in bound:
            panel.plot(bound[method]["median_s"], y, "o", color=color, fillstyle="none", markersize=5)
            beyond = max(beyond, bound[method]["median_s"] * _LARGER)
        panel.text(beyond * 1.2, y, duration(row["median_s"]), color=color, va="center", fontweight=_weight(method))
    panel.xaxis.set_major_locator(LogLocator(10, numticks=5))
    panel.xaxis.set_major_formatter(FuncFormatter(lambda x, _: _tick(x)))
    panel.xaxis.set_minor_locator(NullLocator())
    panel.tick_params(axis="x", colors=TEXT, length=3, labelsize=7.5)
    panel.tick_params(axis="y", length=0)
    for side, spine in panel.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(OTHERS)


def _name_rows(panel: Axes, labels: list[str], methods: list[str]) -> None:
    panel.set_yticks(range(len(labels)), labels)
    for label, method in zip(panel.get_yticklabels(), methods, strict=True):
        label.set(color=_color(method), fontweight=_weight(method))


def _tick(seconds: float) -> str:
    for unit, name in ((1, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= unit * 0.999:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds * 1e9:.0f} ns"


def _ours(method: str) -> bool:
    return method.startswith("samebytes")


def _color(method: str) -> str:
    return OURS if _ours(method) else OTHERS


def _weight(method: str) -> str:
    return "bold" if _ours(method) else "normal"
