"""Handles: pickles and JSON of arrays in segments, and copies of them."""

import copy
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

import samebytes as sb
from samebytes import _handle

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
Array = np.ndarray[Any, np.dtype[Any]]
STRUCT = [("a", "i1"), ("b", "<f8", (2,)), ("c", [("d", "U3"), ("e", "M8[ns]")])]


def address(array: Array) -> int:
    return int(array.__array_interface__["data"][0])


def same_memory(one: Array, other: Array) -> bool:
    """Whether two arrays are the same elements, not others that are equal."""
    whole = (one.shape, one.strides, one.dtype) == (other.shape, other.strides, other.dtype)
    return whole and (address(one) == address(other) or one.size == 0)


def passed(array: Array, protocol: int = 5) -> Any:
    return pickle.loads(pickle.dumps(array, protocol))


def views(a: Array) -> dict[str, Array]:
    """Views of an array of shape (4, 6)."""
    fixed = a.view()
    fixed.flags.writeable = False
    return {
        "whole": a,
        "slice": a[1:3],
        "slice of slice": a[1:, 2:][:2, ::2],
        "transposed": a.T,
        "backwards": a[::-1, ::-2],
        "one element": a[2, 3, ...],
        "no elements": a[4:, 2:2],
        "new axis": a[:, None, 3],
        "reshaped": a.reshape(2, 12)[:, 5:],
        "other type": a.view("u1")[:, 3:9],
        "diagonal": np.lib.stride_tricks.as_strided(a, (4,), (56,), subok=True),
        "broadcast": np.broadcast_to(a[1], (3, 6), subok=True),
        "read-only": fixed,
    }


def test_each_view_in_each_protocol(segments: Path) -> None:
    a = sb.create("x", (4, 6))
    a[:] = np.arange(24).reshape(4, 6)
    for what, view in views(a).items():
        for protocol in PROTOCOLS:
            data = pickle.dumps(view, protocol)
            assert len(data) <= 200, (what, protocol)
            got = pickle.loads(data)
            assert type(got) is sb.ndarray and got.name == "x", what
            np.testing.assert_array_equal(got, view, what)
            assert got.flags.writeable == view.flags.writeable, what
            if got.flags.writeable:
                assert same_memory(got, view), what


def test_a_handle_is_as_long_whatever_it_names(segments: Path) -> None:
    a = sb.create("x", (1 << 20, 3), "u1")
    assert len(pickle.dumps(a)) <= 200
    several = pickle.dumps(np.array_split(a, 8))
    assert len(several) < 1500
    for got, part in zip(pickle.loads(several), np.array_split(a, 8), strict=True):
        assert same_memory(got, part)


@pytest.mark.parametrize(
    "dtype",
    ["?", "f2", "M8[ns]", "m8[25us]", "M8", "S5", "U3", "c16", ">f8", "V7", STRUCT, np.dtype(STRUCT, align=True)],
    ids=str,
)
@pytest.mark.parametrize("order", ["C", "F"])
def test_dtypes(dtype: Any, order: Any, segments: Path) -> None:
    a = sb.create("x", (2, 3), dtype, order)
    for got in (passed(a), passed(a, 0), sb.from_json(sb.to_json(a))):
        assert same_memory(got, a)
    if a.dtype.names:
        for field in a.dtype.names:
            assert same_memory(passed(a[field]), a[field])
        for names in (["c", "a"], ["a", "c"]):  # out of order, and with a gap
            assert same_memory(passed(a[names]), a[names])
            assert same_memory(sb.from_json(sb.to_json(a[names])), a[names])


def test_titles_of_fields(segments: Path) -> None:
    a = sb.create("x", 3, [(("a title", "a"), "i4"), ("b", "i4")])
    assert passed(a).dtype.fields == a.dtype.fields == sb.from_json(sb.to_json(a)).dtype.fields
    assert passed(a[["b", "a"]]).dtype.fields == a[["b", "a"]].dtype.fields


@st.composite
def chains(draw: st.DrawFn) -> tuple[np.dtype[Any], tuple[int, ...], str, list[Any]]:
    """An array, and what to do to it for a view of a view of it."""
    dtype = np.dtype(draw(st.sampled_from(["i1", "<f8", ">i4", "c16", "S3", "M8[s]", "i4,f8", STRUCT])))
    shape = draw(npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5))
    steps = draw(st.lists(st.sampled_from(["index", "T", "swap", "flip", "field", "ravel", "axis"]), max_size=4))
    return dtype, shape, draw(st.sampled_from("CF")), [(step, draw(st.data())) for step in steps]


def step(view: Array, what: str, data: st.DataObject) -> Array:
    match what:
        case "index":
            index = npst.basic_indices(view.shape, allow_newaxis=True, allow_ellipsis=True)
            return np.ndarray.__getitem__(view, data.draw(index)) if view.ndim else view
        case "T":
            return view.T
        case "swap" if view.ndim > 1:
            return view.swapaxes(0, -1)
        case "flip" if view.ndim:
            return view[::-1]
        case "field" if view.dtype.names:
            return view[data.draw(st.sampled_from(view.dtype.names))]
        case "ravel" if view.flags.c_contiguous:
            return view.reshape(-1)
        case "axis":
            return view[..., None]
    return view


@given(chain=chains(), protocol=st.sampled_from(PROTOCOLS))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
def test_views_of_views(chain: Any, protocol: int, segments: Path) -> None:
    dtype, shape, order, steps = chain
    view: Any = sb.create(None, shape, dtype, order)
    np.asarray(view).reshape(-1, order="A").view("u1")[:] = 3
    for what, data in steps:
        after = step(view, what, data)
        if isinstance(after, sb.ndarray):  # and no element
            view = after
    assert same_memory(passed(view, protocol), view)
    assert same_memory(sb.from_json(sb.to_json(view)), view)


def test_received_twice_is_one_mapping(segments: Path) -> None:
    a = sb.create("x", 3)
    data = pickle.dumps([a, a[1:]])
    del a
    sb.warm(0)
    sb.warm(128 << 20)
    one, two = pickle.loads(data), pickle.loads(data)
    one[0][1] = 5
    assert one[1][0] == two[0][1] == two[1][0] == 5
    assert Path("/proc/self/maps").read_text().count(str(segments)) == 1


def test_ordinary_memory_pickles_as_numpy(segments: Path) -> None:
    a = sb.create("x", (3, 4))
    a[:] = 5
    for protocol in PROTOCOLS:
        for ordinary in (a.copy(), a[a > 0], np.sort(a), a + 1):
            got = passed(ordinary, protocol)
            assert type(got) is type(ordinary) and np.array_equal(got, ordinary)
            got[...] = 7
        assert getattr(passed(a.copy(), protocol), "name", None) is None
    assert (a == 5).all()
    with pytest.raises(sb.NoControlError, match="ordinary memory"):
        sb.to_json(a.copy())
    with pytest.raises(sb.NoControlError, match="ordinary memory"):
        _ = a.copy().handle


def test_copies_are_independent(segments: Path) -> None:
    """As NumPy's: of this class, in ordinary memory."""
    a = sb.create("x", (3, 4), order="F")
    a[:] = 5
    for made in (copy.copy(a), copy.deepcopy(a), copy.deepcopy({"a": a})["a"], copy.copy(a[1:])):
        assert type(made) is sb.ndarray and made.name is None
        made[:] = 7
    assert (a == 5).all() and copy.copy(a).flags.f_contiguous == copy.copy(np.asfortranarray(a)).flags.f_contiguous
    both = copy.deepcopy([a, a])
    assert both[0] is both[1]


def test_handle_says_where(segments: Path) -> None:
    a = sb.create("x", (4, 6), "<i4")
    handle = a[1:, ::2].handle
    assert handle[3:] == (24, (3, 3), (24, 8), np.dtype("<i4"), False)
    assert handle.name == "x" and handle.id == sb.stat("x").id
    assert handle.domain == (segments / ".samebytes").read_text().strip()
    text = json.loads(sb.to_json(a[1:, ::2]))
    assert list(text) == ["samebytes", "domain", "name", "id", "offset", "shape", "strides", "dtype", "readonly"]
    assert text["samebytes"] == 1 and text["id"] == handle.id.hex() and text["dtype"] == "<i4"
    assert same_memory(pickle.loads(pickle.dumps(a[1:, ::2])), a[1:, ::2])


def test_stale(segments: Path) -> None:
    a = sb.create("x", 3)
    pickled, text = pickle.dumps(a), sb.to_json(a)
    sb.delete("x")
    for opened in (lambda: pickle.loads(pickled), lambda: sb.from_json(text)):
        with pytest.raises(sb.StaleError, match=r"'x'.*deleted"):
            opened()
    b = sb.create("x", 3)
    for opened in (lambda: pickle.loads(pickled), lambda: sb.from_json(text)):
        with pytest.raises(sb.StaleError, match=r"'x'.*another array"):
            opened()
    with pytest.raises(LookupError):
        pickle.loads(pickled)
    assert same_memory(passed(b), b)


def test_another_domain(segments: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a = sb.create("x", 3)
    pickled = pickle.dumps(a)
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.setenv("SAMEBYTES_DIR", str(other))
    with pytest.raises(sb.NotExistError, match=r"domain.*none"):
        pickle.loads(pickled)
    b = sb.create("x", 3)
    pickle.dumps(b)  # which makes the domain
    with pytest.raises(sb.NotExistError, match="domain"):
        pickle.loads(pickled)
    sb.delete("x")
    monkeypatch.setenv("SAMEBYTES_DIR", str(segments))
    assert same_memory(pickle.loads(pickled), a)


def test_the_domain_is_made_once(segments: Path, python: Callable[[str], Any]) -> None:
    code = "a = sb.create(None, 3); say('ready'); input(); say(a.handle.domain); input()"
    programs = [python(code) for _ in range(6)]
    for program in programs:
        assert program.line() == "ready"
    for program in programs:
        program.say()
    assert len({program.line() for program in programs}) == 1
    for program in programs:
        program.say()
        program.process.wait()


@pytest.mark.parametrize("text", [b"", b"0" * 31 + b"\n", b"g" * 32 + b"\n", b"0" * 33 + b"\n"])
def test_a_damaged_domain(text: bytes, segments: Path) -> None:
    a = sb.create("x", 3)
    (segments / ".samebytes").write_bytes(text)
    with pytest.raises(sb.BrokenError, match="hexadecimal"):
        pickle.dumps(a)
    (segments / ".samebytes").unlink()
    (segments / ".samebytes").symlink_to("nowhere")
    with pytest.raises(sb.AccessError, match="symbolic link"):
        pickle.dumps(a)


def test_a_deleted_domain_is_another_one(segments: Path) -> None:
    a = sb.create("x", 3)
    pickled = pickle.dumps(a)
    (segments / ".samebytes").unlink()
    with pytest.raises(sb.NotExistError, match="domain"):
        pickle.loads(pickled)
    assert same_memory(passed(a), a)


def test_read_only(segments: Path) -> None:
    sb.create("x", (3, 4))[:] = 5
    r = sb.attach("x", "r")
    got = passed(r[1:])
    with pytest.raises(ValueError, match="read-only"):
        got[0, 0] = 6
    with pytest.raises(ValueError):
        got.flags.writeable = True
    assert got.sum() == 40 and got.handle.readonly
    with pytest.raises(sb.ReadOnlyError):
        got.publish()


def test_rows_of_an_array_that_grows(segments: Path) -> None:
    a = sb.create("x", (10, 3), capacity=100)
    rows = pickle.dumps(a[8:10])
    a = a.resize(5)
    got = pickle.loads(rows)  # the bytes are there still
    assert got.shape == (2, 3) and not got.any()
    a = a.resize(20)
    assert passed(a).shape == (20, 3) and "[:, :]" in repr(passed(a).lock)
    assert "[8:10, :]" in repr(pickle.loads(rows).lock)
    with a.lock[8:9], pytest.raises(sb.DeadlockError):
        pickle.loads(rows).lock.acquire()
    with a.lock[10:12], pickle.loads(rows).lock:
        pass
    with pytest.raises(sb.LayoutError, match="2400"):
        sb.from_json(sb.to_json(a).replace('"offset": 0', '"offset": 2400'))


def test_files_by_path(tmp_path: Path, segments: Path) -> None:
    a = sb.create_file(tmp_path / "disk.npy", (3, 4))
    assert same_memory(passed(a[1:]), a[1:]) and passed(a).name is None
    with pytest.raises(sb.BadNameError, match=r"disk\.npy"):
        sb.to_json(a)
    pickled = pickle.dumps(a)
    (tmp_path / "disk.npy").unlink()
    with pytest.raises(sb.StaleError, match="deleted"):
        pickle.loads(pickled)
    np.save(tmp_path / "disk.npy", np.ones((3, 4)))
    with pytest.raises(sb.StaleError, match="another array"):
        pickle.loads(pickled)


def test_plain_files(tmp_path: Path, segments: Path) -> None:
    path = tmp_path / "plain.npy"
    np.save(path, np.arange(12.0).reshape(3, 4))
    a = sb.attach_file(path)
    pickled = pickle.dumps(a[:, 1])
    assert pickle.loads(pickled).tolist() == [1, 5, 9]
    np.save(tmp_path / "new.npy", np.zeros((3, 4)))
    os.replace(tmp_path / "new.npy", path)
    with pytest.raises(sb.StaleError, match="another array"):
        pickle.loads(pickled)
    np.save(segments / "plain", np.arange(3.0))
    os.rename(segments / "plain.npy", segments / "plain")
    b = sb.attach("plain")
    assert same_memory(passed(b[1:]), b[1:]) and same_memory(sb.from_json(sb.to_json(b)), b)


def test_trusted_segments_stay_so_in_pickles_alone(segments: Path) -> None:
    sb.create("x", 3, mode=0o666)
    a = sb.attach("x", trust=True)
    assert same_memory(passed(a), a)
    text = sb.to_json(a)
    with pytest.raises(sb.AccessError, match="0666"):
        sb.from_json(text)
    assert same_memory(sb.from_json(text, trust=True), a)


def test_an_unrelated_process(segments: Path) -> None:
    a = sb.create("x", (4, 6))
    code = "import pickle, sys, samebytes; pickle.load(sys.stdin.buffer)[:] = 7"
    subprocess.run([sys.executable, "-c", code], input=pickle.dumps(a[1:3, ::2]), check=True, timeout=60)
    assert a[1:3, ::2].tolist() == [[7, 7, 7]] * 2 and a.sum() == 42


def test_a_subclass_stays_one(segments: Path) -> None:
    a = sb.create("x", 3).view(Mine)
    assert type(passed(a)) is Mine and same_memory(passed(a), a)


class Mine(sb.ndarray):
    pass


def test_nothing_leaks(segments: Path) -> None:
    descriptors = None
    for i in range(10_000):
        name = "x" if i % 2 else None
        a = sb.create(name, 16)
        b = pickle.loads(pickle.dumps(a[3:]))
        b[0] = i
        assert a[3] == i
        if name:
            sb.delete(name)
        del a, b
        if descriptors is None:
            descriptors = len(os.listdir("/proc/self/fd"))
    assert len(os.listdir("/proc/self/fd")) == descriptors
    assert os.listdir(segments) == [".samebytes"]
    assert str(segments) not in Path("/proc/self/maps").read_text()


words = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 70), 1 << 70)
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from(["<f8", "|u1"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["itemsize", "fields", "a"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(
    changes=st.dictionaries(
        st.sampled_from(["offset", "shape", "strides", "dtype", "name", "readonly", "x"]), words, max_size=3
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300, deadline=None)
def test_any_json_is_a_handle_or_an_error(changes: dict[str, Any], segments: Path) -> None:
    a: Any = sb.create(None, (4, 6), "u1")
    text = json.dumps(json.loads(sb.to_json(a)) | changes)
    try:
        got = sb.from_json(text)
    except sb.Error:
        return
    low, high = np.lib.array_utils.byte_bounds(got)
    assert got.size == 0 or address(a) <= low <= high <= address(a) + a.nbytes


@given(
    shape=st.lists(st.integers(-1, 7), max_size=3),
    strides=st.lists(st.integers(-30, 30), max_size=3),
    offset=st.integers(-1, 30),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=500, deadline=None)
def test_bounds_are_those_of_each_element(shape: list[int], strides: list[int], offset: int, segments: Path) -> None:
    """Against a look at every element's place."""
    a: Any = sb.create(None, 24, "u1")
    a[:] = np.arange(24)
    text = json.dumps(json.loads(sb.to_json(a)) | {"shape": shape, "strides": strides, "offset": offset})
    try:
        got = sb.from_json(text)
    except sb.Error:
        got = None
    fits = len(shape) == len(strides) and min(shape, default=0) >= 0 and 0 <= offset <= 24
    places = (
        [offset + sum(i * s for i, s in zip(index, strides, strict=False)) for index in np.ndindex(*shape)] if fits else []
    )
    assert (got is not None) == (fits and all(0 <= place < 24 for place in places))
    if got is not None:
        assert got.ravel().tolist() == places


def test_a_deleted_array_is_not_given_away(segments: Path) -> None:
    a = sb.create("x", 3)
    sb.delete("x")
    with pytest.raises(sb.StaleError, match="deleted"):
        pickle.dumps(a)
    sb.create("x", 3)
    with pytest.raises(sb.StaleError, match="deleted"):
        pickle.dumps(a[1:])
    assert (copy.deepcopy(a) == a).all()


@given(st.data())
@settings(deadline=None)
def test_any_payload_is_a_handle_or_an_error(data: st.DataObject) -> None:
    handle = _handle.Handle(
        "0a" * 16, "x", bytes(16), 8, (2, 3), (-300, 8), np.dtype(data.draw(st.sampled_from(["<f8", STRUCT]))), False
    )
    payload = bytearray(_handle.pack(handle))
    assert _handle.unpack(bytes(payload)) == handle
    for _ in range(data.draw(st.integers(1, 3))):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    try:
        changed = _handle.unpack(bytes(payload[: data.draw(st.integers(0, len(payload)))]))
    except sb.Error:
        return
    assert _handle.unpack(_handle.pack(changed)) == changed
