"""How notebooks show an array: where its elements are, and a small picture of them."""

import math
from typing import Any

import numpy as np

from samebytes._segment import Segment

CELLS = 32  # on each axis of the picture, at most: what lies between is not looked at
_SIDE = 160  # pixels of the picture's longer side
_LEAST = 6  # of a cell's


def page(array: np.ndarray[Any, np.dtype[Any]], segment: Segment | None) -> str:
    """A table and, for numbers, a picture in SVG, without scripts."""
    from html import escape  # as notebooks have it already

    order = "C" if array.flags.c_contiguous else "F" if array.flags.f_contiguous else "strided"
    rows = {
        "shape": " x ".join(map(str, array.shape)) or "one element",
        "dtype": str(array.dtype),
        "layout": f"{order}, strides {array.strides}, {array.nbytes:,} bytes",
    }
    if segment is None:
        rows["memory"] = "ordinary"
    else:
        rows["name" if segment.name else "path"] = segment.name or segment.path
        rows["opened"] = "for reading and writing" if segment.writable else "for reading"
    table = "".join(f"<tr><th style='text-align:left'>{key}</th><td>{escape(what)}</td></tr>" for key, what in rows.items())
    return f"<div style='display:flex;gap:1em;align-items:flex-start'><table>{table}</table>{picture(array)}</div>"


def picture(array: np.ndarray[Any, np.dtype[Any]]) -> str:
    """The last two axes, at the first position of the others, as cells from dark for the least to light for the greatest; those that
    are not finite are grey. Empty for what is not numbers, or has none."""
    if array.dtype.kind not in "biufcmM" or array.size == 0:
        return ""
    plane = np.asarray(array)
    plane = plane[(0,) * max(plane.ndim - 2, 0)].reshape(1, -1) if plane.ndim < 2 else plane[(0,) * (plane.ndim - 2)]
    plane = plane[tuple(slice(None, None, math.ceil(n / CELLS)) for n in plane.shape)]
    values = np.abs(plane) if plane.dtype.kind == "c" else plane.view("i8") if plane.dtype.kind in "mM" else plane
    levels = values.astype(float)
    finite = levels[np.isfinite(levels)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    with np.errstate(all="ignore"):
        levels = (levels - low) / (high - low) if high > low else np.where(np.isfinite(levels), 0.5, np.nan)
    height, width = levels.shape
    cell = max(_SIDE // max(height, width), _LEAST)
    cells = "".join(
        f"<rect x='{x * cell}' y='{y * cell}' width='{cell}' height='{cell}' fill='{_colour(level)}'/>"
        for y, line in enumerate(levels.tolist())
        for x, level in enumerate(line)
    )
    size = f"width='{width * cell}' height='{height * cell}'"
    return f"<svg xmlns='http://www.w3.org/2000/svg' {size} shape-rendering='crispEdges'>{cells}</svg>"


_DARK, _LIGHT = (68, 1, 84), (253, 231, 37)  # the ends of matplotlib's viridis


def _colour(level: float) -> str:
    if not math.isfinite(level):
        return "#999"
    return "#" + "".join(f"{round(a + (b - a) * level):02x}" for a, b in zip(_DARK, _LIGHT, strict=True))
