"""NumPy's constructors, what their results are, and how arrays are shown and saved."""

import os
import re
import xml.dom.minidom
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import samebytes as sb

DTYPES = [
    "?",
    "i1",
    "u2",
    "i4",
    "u8",
    "f2",
    "f4",
    "f8",
    "c8",
    "c16",
    "S5",
    "U3",
    "M8[ns]",
    "m8[s]",
    "V7",
    ">i4",
    [("a", "i2"), ("b", "f8", 3)],
]


def same(a: Any, b: Any) -> bool:
    """Whether an array in a segment is what NumPy made, in all but memory."""
    assert isinstance(a, sb.ndarray) and a.name is not None and a.flags.writeable
    return bool(
        a.shape == b.shape
        and a.dtype == b.dtype
        and (a.flags.c_contiguous, a.flags.f_contiguous) == (b.flags.c_contiguous, b.flags.f_contiguous)
        and a.tobytes("A") == b.tobytes("A")
    )


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("order", ["C", "F"])
def test_as_numpy(dtype: Any, order: Any, segments: Path) -> None:
    for shape in (3, (2, 3), (), (0, 4), (np.int64(2), 1, 2)):
        assert same(sb.zeros(shape, dtype, order), np.zeros(shape, dtype, order))
        e = sb.empty(shape, dtype, order)
        assert (e.shape, e.dtype, e.flags.fnc) == ((n := np.empty(shape, dtype, order)).shape, n.dtype, n.flags.fnc)
        z = np.zeros(shape, dtype, order)
        assert same(sb.zeros_like(z), np.zeros_like(z))
        assert same(sb.array(z), z.copy("K")) and same(sb.array(z, order="C"), z.copy("C"))
        assert sb.empty_like(z).dtype == z.dtype
        if np.dtype(dtype).kind in "?iufc":
            assert same(sb.ones(shape, dtype, order), np.ones(shape, dtype, order))
            assert same(sb.full_like(z, 1), np.full_like(z, 1)) and same(sb.ones_like(z, "f4"), np.ones_like(z, "f4"))
    assert sb.list() != []
    del e
    assert [name for name in os.listdir(segments) if name[0] == "_"] == []


def test_defaults(segments: Path) -> None:
    assert same(sb.arange(5), np.arange(5)) and same(sb.arange(1, 2, 0.25, dtype="f4"), np.arange(1, 2, 0.25, dtype="f4"))
    assert same(sb.full((2, 2), 7), np.full((2, 2), 7)) and same(sb.full(2, [1.5, 2]), np.full(2, [1.5, 2]))
    assert same(sb.array([[1, 2], [3, 4]], ndmin=3), np.array([[1, 2], [3, 4]], ndmin=3))
    assert same(sb.zeros_like([[1, 2]], shape=(3, 1)), np.zeros_like([[1, 2]], shape=(3, 1)))
    strided = np.arange(24).reshape(2, 3, 4).transpose(1, 0, 2)[:, :, ::2]
    assert (sb.array(strided) == strided).all() and sb.array(strided).flags.c_contiguous
    for bad in (lambda: sb.zeros(-1), lambda: sb.zeros((1 << 62, 1 << 62))):
        with pytest.raises(sb.ShapeError):
            bad()
    for object_ in (lambda: sb.zeros(3, object), lambda: sb.array([{}]), lambda: sb.empty(3, "nonsense")):
        with pytest.raises(sb.DTypeError):
            object_()
    with pytest.raises(ValueError, match="order"):
        sb.array([1], order="X")  # type: ignore[arg-type]


def test_empty_has_spare_memory_as_it_is(segments: Path) -> None:
    a = sb.full(1 << 16, 7.0)
    del a
    b = sb.empty(1 << 16)
    assert (b == 7).all()
    del b
    c = sb.zeros(1 << 16)
    assert not c.any()


def test_what_arithmetic_makes_is_ordinary(segments: Path) -> None:
    a = sb.arange(6).reshape(2, 3)
    assert a.name is not None  # a view
    for made in (a + 1, a.sum(axis=0), np.sqrt(a), a @ a.T, a > 2):
        assert type(made) is np.ndarray
    for made in (a.copy(), a[[0, 1]], a[a > 2], np.sort(a), np.concatenate([a, a])):
        assert getattr(made, "name", None) is None
    assert type(a.sum()) is np.int64 and (np.add(a, 1, out=a) is a)


def test_protocols(segments: Path) -> None:
    a = sb.arange(6.0).reshape(2, 3)
    assert np.asarray(a, copy=False).base is not None and np.shares_memory(np.asarray(a), a)
    assert memoryview(a).shape == (2, 3) and a.__array_interface__["shape"] == (2, 3)
    assert np.shares_memory(np.from_dlpack(a), a)
    sb.create("x", 3)
    reader = sb.attach("x", mode="r")
    assert not reader.flags.writeable and memoryview(reader).readonly
    assert not np.from_dlpack(reader).flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        reader[0] = 1


def test_repr(segments: Path) -> None:
    a = sb.create("prices", (2, 2), "i4")
    assert repr(a).replace(" ", "").replace("\n", "") == "ndarray([[0,0],[0,0]],dtype=int32,name='prices')"
    assert repr(a[0]) == "ndarray([0, 0], dtype=int32, name='prices')" and repr(a.copy()).endswith("dtype=int32)")
    assert repr(a + 1).startswith("array(") and str(a[0]) == "[0 0]"


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_html(dtype: Any, segments: Path) -> None:
    for shape in ((), 0, 5, (3, 4), (2, 100, 1000)):
        a = sb.zeros(shape, dtype)
        html = a._repr_html_()
        xml.dom.minidom.parseString(html.replace("&nbsp;", " "))
        assert str(a.name) in html and "script" not in html and len(html) < 150_000
        assert ("<rect" in html) == (a.dtype.kind in "biufcmM" and a.size > 0)


def test_html_shows_values_and_escapes(segments: Path) -> None:
    a = sb.array([[0.0, 1.0], [np.nan, np.inf]])
    fills = re.findall(r"fill='(#\w+)'", a._repr_html_())
    assert fills == ["#440154", "#fde725", "#999", "#999"]
    assert "&lt;" in sb.zeros(2, [("<b>", "i4")])._repr_html_()
    assert "ordinary" in a.copy()._repr_html_()
    assert sb.array([True, False])._repr_html_().count("<rect") == 2


def test_save(segments: Path, tmp_path: Path) -> None:
    for a in (
        sb.arange(6).reshape(2, 3),
        sb.zeros((2, 3), "f4", "F"),
        sb.arange(10)[::2],
        sb.zeros(2, [("a", "i2"), ("b", "S3")]),
    ):
        path = tmp_path / "saved"
        a.save(path)
        np.save(tmp_path / "numpy.npy", np.asarray(a))
        assert path.read_bytes() == (tmp_path / "numpy.npy").read_bytes()
        assert sorted(os.listdir(tmp_path)) == ["numpy.npy", "saved"]
    before = path.read_bytes()
    with pytest.raises(OSError, match="nowhere"):
        a.save(tmp_path / "nowhere" / "x")
    with pytest.raises(sb.DTypeError):
        a.copy().astype(object).save(path)
    assert path.read_bytes() == before
    b = sb.create_file(tmp_path / "file.npy", 3)
    b[:] = 1
    b.flush()
    with pytest.raises(sb.NoControlError):
        b.copy().flush()
