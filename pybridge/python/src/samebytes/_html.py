"""What notebooks show of an array: how it lies in memory, and a small picture or the first of its elements.

Only so many elements are looked at, however many there are, and every text is escaped. The picture is SVG within the page: no
script, no style of its own, nothing loaded.
"""

import html
import math
from typing import Any

import numpy as np

_CELLS = 24  # most of the picture along an axis
_ELEMENTS = 6  # most of a table along an axis
_SIDE, _LARGEST = 192, 24  # pixels: of the picture, and of a cell
_TEXT = 40  # characters of an element

# Colours from low to high, dark to light: eight of viridis, by Stefan van der Walt and Nathaniel Smith (CC0). Between them is
# mixed.
_COLOURS = np.array(
    [
        (0x44, 0x01, 0x54), (0x46, 0x32, 0x7E), (0x36, 0x5C, 0x8D), (0x27, 0x7F, 0x8E),
        (0x1F, 0xA1, 0x87), (0x4A, 0xC1, 0x6D), (0xA0, 0xDA, 0x39), (0xFD, 0xE7, 0x25),
    ]
)  # fmt: skip
_NO_NUMBER = 0xBB  # grey

_Plain = np.ndarray[Any, np.dtype[Any]]


def page(array: Any) -> str:
    """The array as HTML."""
    plain = np.asarray(array)
    sample = _sampled(plain, _CELLS)
    numbers = _as_numbers(sample)
    picture = _table(_sampled(plain, _ELEMENTS)) if numbers is None else _heat_map(numbers)
    where = array.name if array.name is not None else "ordinary memory"
    title = f"<b>{html.escape(where)}</b>&nbsp; {html.escape(str(plain.dtype))}, shape {plain.shape}"
    rows = [
        ("strides", f"{plain.strides} bytes, {_order(plain)}"),
        ("bytes", f"{plain.nbytes:,}"),
        ("version", str(array.version)),
    ]
    if not plain.flags.writeable:
        rows.append(("access", "read-only"))
    if numbers is not None and numbers.size:
        rows.append(("shown", _range_of(sample, numbers)))
    layout = "".join(f"<tr><td>{label}</td><td>{html.escape(text)}</td></tr>" for label, text in rows)
    return f"<div>{title}<table><tr><td>{picture}</td><td><table>{layout}</table></td></tr></table></div>"


def _order(plain: _Plain) -> str:
    if plain.flags.c_contiguous:
        return "in C order"
    return "in Fortran order" if plain.flags.f_contiguous else "not contiguous"


def _sampled(plain: _Plain, most: int) -> _Plain:
    """Up to most evenly spaced elements along each of the last two axes, of the first position on all others."""
    first = plain[(0,) * max(0, plain.ndim - 2)] if 0 not in plain.shape else plain.reshape(-1)[:0]
    if first.ndim:
        first = first[np.ix_(*(np.linspace(0, n - 1, min(n, most)).astype(np.intp) for n in first.shape))]
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


def _range_of(sample: _Plain, numbers: _Plain) -> str:
    """The least and the greatest; of complex numbers their absolute values."""
    finite = np.isfinite(numbers)
    if not finite.any():
        return "no number"
    if sample.dtype.kind in "mM":
        if np.datetime_data(sample.dtype)[0] == "generic":
            return "no unit"
        return f"{sample[finite].min()} to {sample[finite].max()}"
    return f"{numbers[finite].min():.6g} to {numbers[finite].max():.6g}"


def _heat_map(numbers: _Plain) -> str:
    """A square of colour for each number; grey for what is none."""
    if not numbers.size:
        return "no elements"
    finite = np.isfinite(numbers)
    halves = numbers / 2  # as the difference of two numbers may be none
    low, high = (halves[finite].min(), halves[finite].max()) if finite.any() else (0.0, 0.0)
    levels = np.where(finite, halves - low, 0) / ((high - low) or 1.0) * (len(_COLOURS) - 1)
    channels = [np.interp(levels, range(len(_COLOURS)), channel) for channel in _COLOURS.T]
    colours = np.where(finite[..., None], np.stack(channels, -1), _NO_NUMBER).astype(np.uint8)
    rows, columns = numbers.shape
    cell = min(_LARGEST, _SIDE // max(rows, columns))
    cells = "".join(
        f'<rect x="{x * cell}" y="{y * cell}" width="{cell}" height="{cell}" fill="#{colours[y, x].tobytes().hex()}"/>'
        for y in range(rows)
        for x in range(columns)
    )
    size = f'width="{columns * cell}" height="{rows * cell}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} shape-rendering="crispEdges">{cells}</svg>'


def _table(sample: _Plain) -> str:
    """The elements as text."""
    if not sample.size:
        return "no elements"
    rows = ("".join(f"<td>{html.escape(_shortened(str(element)))}</td>" for element in row) for row in sample)
    return "<table>" + "".join(f"<tr>{row}</tr>" for row in rows) + "</table>"


def _shortened(text: str) -> str:
    return text if len(text) <= _TEXT else text[: _TEXT - 1] + "…"
