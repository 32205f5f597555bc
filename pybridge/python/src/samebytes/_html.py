"""What notebooks show of an array: how it lies in memory, and a small picture or the first of its elements.

Only so many elements are looked at, however many there are, and every text is escaped. The picture is SVG within the page: no script, no
style of its own, nothing loaded.
"""

import html
import math
from typing import Any

import numpy as np

_MOST = 24  # cells of the picture along an axis, and elements along each axis of a table, see _TABLE
_TABLE = 6
_CELL = 8  # pixels
_TEXT = 40  # characters of an element

# Colours from low to high, dark to light: viridis at every eighth, by Stefan van der Walt and Nathaniel Smith (CC0).
_COLOURS = ("440154", "46327e", "365c8d", "277f8e", "1fa187", "4ac16d", "a0da39", "fde725")
_NO_NUMBER = "bbbbbb"

_Plain = np.ndarray[Any, np.dtype[Any]]


def page(array: Any) -> str:
    """The array as HTML."""
    plain = np.asarray(array)
    sample = _sampled(plain, _MOST)
    numbers = _as_numbers(sample)
    picture = _table(_sampled(plain, _TABLE)) if numbers is None else _heat_map(numbers)
    where = array.name if array.name is not None else "ordinary memory"
    title = f"<b>{html.escape(where)}</b>&nbsp; {html.escape(str(plain.dtype))}, shape {plain.shape}"
    rows = [("strides", f"{plain.strides} bytes, {_order(plain)}"), ("bytes", f"{plain.nbytes:,}"), ("version", str(array.version))]
    if not plain.flags.writeable:
        rows.append(("access", "read-only"))
    if numbers is not None and numbers.size:
        rows.append(("seen", _range_of(numbers)))
    layout = "".join(f"<tr><td>{label}</td><td>{html.escape(text)}</td></tr>" for label, text in rows)
    return f"<div>{title}<table><tr><td>{picture}</td><td><table>{layout}</table></td></tr></table></div>"


def _order(plain: _Plain) -> str:
    if plain.flags.c_contiguous:
        return "in C order"
    return "in Fortran order" if plain.flags.f_contiguous else "not contiguous"


def _sampled(plain: _Plain, most: int) -> _Plain:
    """Up to most evenly spaced elements along each of the last two axes, of the first position on all others."""
    first = plain[(0,) * max(0, plain.ndim - 2)] if 0 not in plain.shape else plain.reshape(-1)[:0]
    for axis, length in enumerate(first.shape):
        if length > most:
            first = first.take(np.linspace(0, length - 1, most).astype(np.intp), axis)
    return np.atleast_2d(first)


def _as_numbers(sample: _Plain) -> _Plain | None:
    """Numbers that can be shown as colours, or None where the elements are none."""
    kind = sample.dtype.kind
    if kind in "mM":
        numbers = sample.astype(np.int64).astype(float)
        numbers[np.isnat(sample)] = math.nan
        return numbers
    if kind == "c":
        sample = np.abs(sample)
    return sample.astype(float) if kind in "biufc" else None


def _range_of(numbers: _Plain) -> str:
    """The least and the greatest."""
    finite = numbers[np.isfinite(numbers)]
    return f"{finite.min():.6g} to {finite.max():.6g}" if finite.size else "no number"


def _heat_map(numbers: _Plain) -> str:
    """A square of colour for each number; grey for what is none."""
    rows, columns = numbers.shape
    if not numbers.size:
        return "no elements"
    finite = np.isfinite(numbers)
    low, high = (float(numbers[finite].min()), float(numbers[finite].max())) if finite.any() else (0.0, 0.0)
    scale = (high / 2 - low / 2) or 1.0  # halved, as the difference of two numbers may be none
    with np.errstate(all="ignore"):
        levels = np.nan_to_num((numbers / 2 - low / 2) / scale).clip(0, 1) * (len(_COLOURS) - 1)
    cells = "".join(
        f'<rect x="{x * _CELL}" y="{y * _CELL}" width="{_CELL}" height="{_CELL}" '
        f'fill="#{_COLOURS[round(float(levels[y, x]))] if finite[y, x] else _NO_NUMBER}"/>'
        for y in range(rows)
        for x in range(columns)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{columns * _CELL}" height="{rows * _CELL}" '
        f'shape-rendering="crispEdges">{cells}</svg>'
    )


def _table(sample: _Plain) -> str:
    """The elements as text."""
    if not sample.size:
        return "no elements"
    rows = ("".join(f"<td>{html.escape(_shortened(str(element)))}</td>" for element in row) for row in sample)
    return "<table>" + "".join(f"<tr>{row}</tr>" for row in rows) + "</table>"


def _shortened(text: str) -> str:
    return text if len(text) <= _TEXT else text[: _TEXT - 1] + "…"
