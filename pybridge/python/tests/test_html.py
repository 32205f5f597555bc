"""What notebooks show of an array: well-formed, escaped, small, and right."""

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import samebytes as sb

LARGEST = np.finfo(float).max


def page(array: Any) -> ET.Element:
    text = array._repr_html_()
    assert len(text) < 60_000
    root = ET.fromstring(text.replace("&nbsp;", "\xa0"))
    assert {tag.tag.rpartition("}")[2] for tag in root.iter()} <= {"div", "b", "table", "tr", "td", "svg", "rect"}
    return root


def colours(root: ET.Element) -> list[str]:
    return [rect.attrib["fill"] for rect in root.iter("{http://www.w3.org/2000/svg}rect")]


def text(root: ET.Element) -> str:
    return " ".join(root.itertext())


@pytest.mark.parametrize(
    "array",
    [
        np.zeros(()), np.zeros(3), np.zeros((0, 3)), np.zeros((3, 0)), np.zeros((2, 0, 3)), np.zeros((4, 5, 6)),
        np.ones((1,) * 64),
        np.array([np.nan, np.inf, -np.inf]), np.full((2, 2), np.nan), np.array([-LARGEST, 0, LARGEST]), np.array([1 + 2j, 3j]),
        np.array(["NaT", "2020-01-01"], "M8[D]"), np.array([1, 2], "m8[s]"), np.array(["NaT"], "M8[s]"), np.zeros(3, "?"),
        np.array(["a<b", "&" * 100]), np.array([b"\x00<"]), np.zeros(3, "V4"), np.zeros(3, "f2"), np.zeros(3, ">i4"),
        np.zeros((2, 2), [("a", "i4"), ("b", "S3", (2,))]), np.arange(6).reshape(2, 3).T,
        np.array([2**63], "u8"), np.zeros(3, "g"),
    ],
    ids=lambda array: f"{array.dtype} {array.shape}"[:40],
)  # fmt: skip
def test_any_array(array: Any, segments: Path) -> None:
    for made in (sb.array(array), sb.array(array).copy()):
        root = page(made)
        assert str(array.dtype) in text(root) and f"shape {array.shape}" in text(root)
        assert (made.name or "ordinary memory") in text(root)


def test_colours_say_the_numbers(segments: Path) -> None:
    a = sb.create("x", (2, 3))
    a[:] = [[0, 1, 2], [3, np.nan, 7]]
    found = colours(page(a))
    assert (found[0], found[5], found[4]) == ("#440154", "#fde725", "#bbbbbb") and len(set(found)) == 6
    assert "0 to 7" in text(page(a)) and "version 0" in text(page(a))
    a.publish()
    assert "version 1" in text(page(a))
    assert set(colours(page(sb.full((2, 2), 5.0)))) == {"#440154"}


def test_few_of_many_are_looked_at(segments: Path) -> None:
    big = np.broadcast_to(np.float64(1), (1 << 29, 1 << 29)).view(sb.ndarray)  # more than any memory
    assert len(colours(page(big))) == 24 * 24 and "read-only" in text(page(big))
    assert len(colours(page(sb.zeros((5, 10**6))))) == 24 * 5


def test_text_is_escaped(segments: Path) -> None:
    a = sb.array(["<script>alert(1)</script>", "&amp;"])
    assert "<script>alert(1)</script>" in text(page(a)) and "&amp;" in text(page(a))
    field = sb.zeros(1, [("<b onload='x'>", "i4")])
    assert "<b onload='x'>" in text(page(field))


def test_closed_arrays_show_their_text_alone(segments: Path) -> None:
    a = sb.create("x", 3)
    a.close()
    assert a._repr_html_() is None
