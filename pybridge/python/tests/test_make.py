"""NumPy's constructors for shared arrays, and that what they return behaves as NumPy's arrays do."""

import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

import samebytes as sb

DTYPES = [
    "?",
    "i1",
    "<u8",
    "f2",
    "f4",
    ">f8",
    "c8",
    "c16",
    "M8[ns]",
    "m8[D]",
    "S5",
    "U3",
    "V4",
    [("a", "i1"), ("b", "f8", (2,))],
]


def names(directory: Path) -> list[str]:
    return sorted(os.listdir(directory))


def same(made: sb.ndarray, expected: np.ndarray[Any, np.dtype[Any]]) -> None:
    assert type(made) is sb.ndarray and made.name is not None and sb.stat(made.name).temporary
    assert (made.dtype, made.shape) == (expected.dtype, expected.shape)
    assert (made.flags.c_contiguous, made.flags.f_contiguous) == (expected.flags.c_contiguous, expected.flags.f_contiguous)
    np.testing.assert_array_equal(made, expected)


CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("zeros", (3,), {}),
    ("zeros", ((2, 3), "i4", "F"), {}),
    ("zeros", ((), "M8[s]"), {}),
    ("zeros", ((0, 3),), {"dtype": "S4"}),
    ("ones", ((2, 3),), {}),
    ("ones", ((2, 3), int), {"order": "F"}),
    ("ones", (3, bool), {}),
    ("full", ((2, 3), 7), {}),
    ("full", ((2, 3), [1, 2, 3]), {"dtype": "f4"}),
    ("full", (2, "abc"), {}),
    ("full", (2, np.datetime64("2020-01-01")), {}),
    ("array", ([[1, 2], [3, 4]],), {}),
    ("array", ([1, 2],), {"dtype": "c8", "ndmin": 3}),
    ("array", (np.arange(6).reshape(2, 3).T,), {}),
    ("array", (np.arange(6).reshape(2, 3),), {"order": "F"}),
    ("array", (["a", "bcd"],), {}),
    ("array", (5,), {}),
    ("asarray", ([1.5],), {}),
    ("arange", (5,), {}),
    ("arange", (1, 9, 2), {"dtype": "f4"}),
    ("arange", (1.5,), {}),
    ("linspace", (0, 1, 5), {}),
    ("linspace", (0, 10), {"num": 4, "endpoint": False, "dtype": int}),
    ("linspace", ([0, 1], [2, 3], 4), {"axis": -1}),
    ("eye", (3,), {}),
    ("eye", (3, 5, 2, "i2", "F"), {}),
    ("eye", (5, 3, -2), {}),
    ("eye", (3, 3, 7), {}),
    ("eye", (2,), {"k": -5}),
    ("zeros_like", (np.ones((2, 3), "i4", "F"),), {}),
    ("zeros_like", ([1, 2],), {"dtype": "f4", "shape": (2, 2)}),
    ("ones_like", (np.ones((2, 3), "i4"),), {"order": "F"}),
    ("ones_like", (np.ones((2, 3), "c8")[:, ::-2],), {}),
    ("full_like", (np.ones((2, 3), "i4", "F"), 7), {"order": "C"}),
    ("full_like", (np.ones(2, "U2"), "xy"), {}),
]


@pytest.mark.parametrize(("name", "args", "kwargs"), CALLS, ids=str)
def test_as_numpy(name: str, args: Any, kwargs: Any, segments: Path) -> None:
    same(getattr(sb, name)(*args, **kwargs), getattr(np, name)(*args, **kwargs))
    assert names(segments) == []


def test_empty_is_zero(segments: Path) -> None:
    same(sb.empty((2, 3), "i4", "F"), np.zeros((2, 3), "i4", "F"))
    same(sb.empty_like(np.ones((2, 3), "f4", "F")), np.zeros((2, 3), "f4", "F"))
    same(sb.empty_like([1, 2, 3], shape=4), np.zeros(4, int))


def test_asarray_copies_only_what_is_not_shared(segments: Path) -> None:
    a = sb.zeros((2, 3))
    assert sb.asarray(a) is a and sb.asarray(a, float, "C") is a
    for other in (sb.asarray(a, "f4"), sb.asarray(a, order="F"), sb.asarray(a.copy()), sb.array(a)):
        assert other.name not in (None, a.name)


def test_refused(segments: Path) -> None:
    for make in (
        lambda: sb.array([object()]),
        lambda: sb.zeros(3, object),
        lambda: sb.full(3, None),
        lambda: sb.zeros(3, "S"),
        lambda: sb.zeros_like([None]),
    ):
        with pytest.raises(sb.DTypeError):
            make()
    for shape in (-1, (2, -3), (1 << 40, 1 << 40), (1,) * 65, "3"):
        with pytest.raises(sb.ShapeError):
            sb.zeros(shape)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="order"):
        sb.zeros(3, order="K")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="order"):
        sb.zeros_like([1], order="X")  # type: ignore[arg-type]
    with pytest.raises(sb.NoSpaceError):
        sb.zeros(1 << 60, "u1")
    assert names(segments) == []


@given(
    array=npst.arrays(
        st.sampled_from([np.dtype(d) for d in DTYPES if d != "V4" and not isinstance(d, list)]),
        npst.array_shapes(min_dims=0, min_side=0, max_side=4),
        elements=None,
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_array_is_a_copy(array: Any, segments: Path) -> None:
    made = sb.array(array)
    same(made, np.array(array))
    if array.size:
        assert not np.shares_memory(made, array)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("order", ["C", "F"])
def test_protocols(dtype: Any, order: Any, segments: Path) -> None:
    a = sb.zeros((2, 3), dtype, order)
    plain = np.asarray(a, copy=False)
    assert type(plain) is np.ndarray and np.shares_memory(plain, a) and plain.strides == a.strides
    interface = a.__array_interface__
    assert (
        interface["data"][0] == plain.ctypes.data
        and interface["typestr"] == np.zeros(1, dtype).__array_interface__["typestr"]
    )
    if a.dtype.kind not in "mM":  # for which Python's buffers have no word
        view = memoryview(a)
        assert (view.shape, view.strides, view.readonly) == (a.shape, a.strides, False)
        assert bytes(view) == np.zeros((2, 3), dtype, order).tobytes()
    if a.dtype.kind in "?biufc" and a.dtype.isnative:
        assert np.shares_memory(np.from_dlpack(a), a)
        assert np.from_dlpack(a).strides == a.strides
    for got in (a.copy(), np.array(a), a.astype(a.dtype)):
        assert not np.shares_memory(got, a)


def test_read_only_is_honoured(segments: Path) -> None:
    sb.create("x", 3)[:] = 5
    a = sb.attach("x", "r")
    assert memoryview(a).readonly and a.__array_interface__["data"][1]
    with pytest.raises(ValueError, match=r"read-only|readonly"):
        np.asarray(a)[0] = 6
    try:
        other = np.from_dlpack(a)
    except BufferError:  # of NumPy before it could say so
        return
    with pytest.raises(ValueError, match="read-only"):
        other[0] = 6


def test_results_are_ordinary(segments: Path) -> None:
    a = sb.ones((2, 3))
    for result in (a + 1, a.sum(axis=0), np.sqrt(a), a @ a.T, a == 1, np.concatenate([a, a]), np.stack([a])):
        assert getattr(result, "name", None) is None
        result[...] = 9
    for result in (a.copy(), a[a > 0], np.sort(a), a[[0, 1]], a.astype("f4")):
        assert result.name is None and result.version == 0
        result[...] = 9
        with pytest.raises(sb.NoControlError):
            result.publish()
    assert (a == 1).all()


def test_tqdm_and_others_see_lengths(segments: Path) -> None:
    a = sb.arange(5)
    assert len(a) == 5 and [int(x) for x in a] == list(range(5)) and sum(a) == 10
    assert math.isclose(np.mean(sb.linspace(0, 1, 11)), 0.5)


def test_repr(segments: Path) -> None:
    a = sb.create("x", (2, 2), "i4")
    assert repr(a) == "ndarray([[0, 0],\n         [0, 0]], dtype=int32, name='x')"
    assert repr(a[0]) == "ndarray([0, 0], dtype=int32, name='x')" and str(a) == "[[0 0]\n [0 0]]"
    assert repr(a[0, 0, ...]) == "ndarray(0, dtype=int32, name='x')" and f"{a[0]}" == "[0 0]"
    for plain in (a.copy(), a[:0].copy(), a + 1, a[0, 0]):
        assert repr(plain) == repr(np.array(plain)[()] if np.ndim(plain) == 0 else np.array(plain))
    assert np.array_equal(eval(repr(a.copy()), {"array": np.array, "int32": np.int32}), a)
    big = sb.zeros(10**6)
    assert len(repr(big)) < 200 and repr(big).endswith(f", name={big.name!r})")
    with np.printoptions(override_repr=lambda array: "mine"):
        assert repr(a) == "mine"


def test_empty_has_spare_memory_as_it_is(segments: Path) -> None:
    a = sb.full(1 << 16, 7.0)
    del a
    b = sb.empty(1 << 16)
    assert (b == 7).all()
    del b
    c = sb.zeros(1 << 16)
    assert not c.any()
