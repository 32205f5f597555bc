"""The picture of kernels: a panel for each size, a row for each operation, and how many times faster than NumPy each is."""

import io
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from benchmarks import kernel_goals
from benchmarks.kernel_goals import times
from benchmarks.picture import OTHERS, OURS, TEXT

Row = dict[str, Any]

_WIDTH, _HEIGHT = 9.6, 5.6  # inches
_LEAST, _MOST = 0.008, 200  # times NumPy, of all panels; who lies beyond is drawn at the edge
_DTYPE = "float64"
_TITLE = "How many times faster than NumPy, one thread each, float64 in shared memory"
_LEGEND = "Dot: the best instruction set here; circle: AVX2; cross: gonum; bar: the goal. Dashed: NumPy. Logarithmic."


def draw(results: dict[str, Any]) -> str:
    """The picture as SVG, the same bytes for the same results."""
    rows = [row for row in results["rows"] if row["dtype"] == _DTYPE and " x " not in row["size"]]
    labels = list(dict.fromkeys(row["label"] for row in rows))
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
            _draw_panel(panel, size, labels, [row for row in rows if row["size"] == size], results["instructions"])
        axes[0][0].set_yticks(range(len(labels)), labels)
        for label in axes[0][0].get_yticklabels():
            label.set(color=TEXT)
        figure.text(0.01, 0.965, _TITLE, fontsize=9.5, fontweight="bold")
        figure.text(0.01, 0.925, _LEGEND, fontsize=8)
        figure.subplots_adjust(left=0.215, right=0.985, top=0.86, bottom=0.06, wspace=0.06)
        svg = io.StringIO()
        figure.savefig(svg, format="svg", transparent=True, metadata={"Date": None, "Creator": None, "Title": _TITLE})
        plt.close(figure)
    return svg.getvalue()


def _draw_panel(panel: Axes, size: str, labels: list[str], rows: list[Row], sets: dict[str, str]) -> None:
    panel.set_xscale("log")
    panel.set_xlim(_LEAST, _MOST)
    panel.set_ylim(len(labels) - 0.4, -0.9)
    panel.set_title(f"{size} elements", fontsize=9.5, color=TEXT, loc="left", fontweight="bold")
    panel.axvline(1, color=OTHERS, linewidth=0.9, linestyle=(0, (4, 3)))
    for row in rows:
        y = labels.index(row["label"])
        least = kernel_goals.least(row, sets)
        goal = least.avx512 if sets["ours"] == "AVX-512" else least.avx2
        if goal is not None:
            panel.plot([goal, goal], [y - 0.35, y + 0.35], color=OTHERS, linewidth=1.4)
        if "gonum" in row:
            panel.plot(_within(times(row, "numpy", "gonum")), y, "x", color=OTHERS, markersize=4)
        if "avx2" in row:
            panel.plot(_within(times(row, "numpy", "avx2")), y, "o", color=OURS, fillstyle="none", markersize=5)
        panel.plot(_within(times(row, "numpy", "ours")), y, "o", color=OURS, markersize=5)
    panel.xaxis.set_major_locator(LogLocator(10, numticks=6))
    panel.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g} x"))
    panel.xaxis.set_minor_locator(NullLocator())
    panel.tick_params(axis="x", colors=TEXT, length=3, labelsize=7.5)
    panel.tick_params(axis="y", length=0)
    for side, spine in panel.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(OTHERS)


def _within(x: float) -> float:
    return min(max(x, _LEAST), _MOST)
