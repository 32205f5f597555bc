"""a.atomic: one call for many elements, each changed at once for all who look."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import samebytes as sb
from samebytes._core import Mapping

Start = Callable[[str], Any]


@pytest.mark.parametrize("dtype", ["i4", "i8", "u4", "u8"])
def test_operations(dtype: str, segments: Path) -> None:
    a = sb.create("x", (3, 4), dtype)
    limits = np.iinfo(a.dtype)
    assert a.atomic.add((2, -1), 5) == 5 == a[2, 3]
    assert type(a.atomic.load((2, 3))) is a.dtype.type
    assert a.atomic.store((0, 0), limits.max) is None and a[0, 0] == limits.max
    assert a.atomic.add((0, 0), 1) == limits.min == a[0, 0]  # wraps around
    assert a.atomic.compare_and_swap((2, 3), 5, 6) and not a.atomic.compare_and_swap((2, 3), 5, 7)
    assert a.atomic.load((2, 3)) == 6


def test_many_elements_in_one_call(segments: Path) -> None:
    a = sb.create("x", (3, 4), "i4")
    rows, columns = np.array([[0], [2]]), np.array([1, 3, -4])
    got = a.atomic.add((rows, columns), [10, 20, 30])
    assert got.tolist() == [[10, 20, 30]] * 2 and got.dtype == a.dtype
    assert a.tolist() == [[30, 10, 0, 20], [0, 0, 0, 0], [30, 10, 0, 20]]
    assert a.atomic.add(([0, 0, 0], 2), 1).tolist() == [1, 2, 3]  # one after the other
    assert a.atomic.load((1, np.arange(4))).tolist() == [0] * 4
    a.atomic.store((slice_of := np.arange(3), slice_of), [7, 8, 9])
    assert a.diagonal().tolist() == [7, 8, 9]
    assert a.atomic.compare_and_swap((np.arange(3), np.arange(3)), [7, 0, 9], -1).tolist() == [True, False, True]
    assert a.diagonal().tolist() == [-1, 8, -1]
    assert a.atomic.load((np.array([], int), 0)).shape == (0,) == a.atomic.add(([], 0), 1).shape


@pytest.mark.parametrize(
    "view", [lambda a: a[::-1, 1::2], lambda a: a.T, lambda a: a[2], lambda a: a.reshape(-1)[3:], lambda a: a]
)
def test_views(view: Any, segments: Path) -> None:
    a = sb.create("x", (4, 6), "i8", order="F")
    a[...] = np.arange(24).reshape(4, 6)
    v = view(a)
    if v.name is None:  # a reshape that copied
        return
    grid = tuple(np.indices(v.shape))
    np.testing.assert_array_equal(v.atomic.load(grid), v)
    v.atomic.add(grid, np.ones(v.shape, int))
    assert a.sum() == 23 * 24 // 2 + v.size


def test_zero_axes(segments: Path) -> None:
    a = sb.create("x", (), "i8")
    assert a.atomic.add((), 3) == 3 == a[()]


def test_threads_and_processes_lose_nothing(segments: Path, python: Start) -> None:
    a = sb.create("x", 10, "u8")
    child = python("""
        a = sb.attach("x")
        for _ in range(2000):
            a.atomic.add(np.arange(10), 1)
            a.atomic.add(3, 1)
        say("done")
    """)

    def work() -> None:
        for _ in range(2000):
            a.atomic.add(3, 1)
            seen = a.atomic.load(4)
            while not a.atomic.compare_and_swap(4, seen, seen + np.uint64(1)):
                seen = a.atomic.load(4)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert child.line() == "done"
    assert a.tolist() == [2000, 2000, 2000, 8000, 6000, 2000, 2000, 2000, 2000, 2000]


def test_a_large_call(segments: Path) -> None:
    a = sb.create("x", 100_000, "i4")
    assert (a.atomic.add(np.arange(100_000), 2) == 2).all() and (a == 2).all()


def test_wrong_indices(segments: Path) -> None:
    a = sb.create("x", (3, 4), "i4")
    for index in ((3, 0), (0, -5), 0, (0, 0, 0), (np.array([0, 3]), 0), ([0, -4], 0), (True, 0), (np.array([True]), 0), ([0.5], 0),
                  (0, 1 << 70)):  # fmt: skip
        for use in (a.atomic.load, lambda i: a.atomic.add(i, 1)):
            with pytest.raises(IndexError):
                use(index)
    for wrong in ((slice(None), 0), ("x", 0), (0.0, 0), (None, 0)):
        with pytest.raises((IndexError, TypeError)):
            a.atomic.load(wrong)
    with pytest.raises((IndexError, ValueError)):
        a.atomic.load((np.arange(2), np.arange(3)))
    assert not a.any()


def test_wrong_values(segments: Path) -> None:
    a = sb.create("x", 3, "u4")
    for value in (-1, 1 << 32, 1 << 70, np.array([0, -1, 0]), np.uint64(1 << 40)):
        with pytest.raises(OverflowError):
            a.atomic.store(np.arange(3), value)
    for value in (1.0, "1", None, True, [1.5, 2, 3]):
        with pytest.raises(TypeError):
            a.atomic.add(np.arange(3), value)
    with pytest.raises(ValueError):
        a.atomic.store(np.arange(3), [1, 2])
    with pytest.raises(OverflowError):
        a.atomic.compare_and_swap(0, 0, -1)
    assert not a.any()


def test_wrong_arrays(segments: Path) -> None:
    for name, dtype in enumerate(["f8", "i2", "?", ">i4", "M8[s]", "S4"]):
        with pytest.raises(sb.DTypeError):
            sb.create(f"x{name}", 3, dtype).atomic  # noqa: B018
    packed = sb.create("packed", 3, [("a", "i1"), ("b", "i4")])
    with pytest.raises(sb.LayoutError):
        packed["b"].atomic  # noqa: B018
    a = sb.create("y", 3, "i4")
    with pytest.raises(sb.NoControlError, match="ordinary memory"):
        a.copy().atomic  # noqa: B018
    r = sb.attach("y", "r")
    assert r.atomic.load(1) == 0
    for use in (lambda: r.atomic.add(0, 1), lambda: r.atomic.store(0, 1), lambda: r.atomic.compare_and_swap(0, 0, 1)):
        with pytest.raises(sb.ReadOnlyError):
            use()


def test_a_plain_file(segments: Path) -> None:
    np.save(segments / "plain.npy", np.arange(4))
    a = sb.attach("plain.npy")
    assert a.atomic.add(3, 1) == 4 == np.load(segments / "plain.npy")[3]


def test_the_extension_checks_what_it_is_given(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(64))
    with open(path, "r+b") as file:
        m, r = Mapping(file.fileno(), 64, True), Mapping(file.fileno(), 64, False)

    def at(*offsets: int) -> bytes:
        return b"".join(offset.to_bytes(8, "little", signed=True) for offset in offsets)

    out = bytearray(16)
    for arguments in [
        (0, 8, at(64), b"", b"", out), (0, 8, at(-8), b"", b"", out), (0, 8, at(4), b"", b"", out), (0, 4, at(2), b"", b"", out),
        (0, 2, at(0), b"", b"", out), (4, 8, at(0), b"", b"", out), (-1, 8, at(0), b"", b"", out), (0, 8, b"123", b"", b"", out),
        (0, 8, at(0, 8, 16), b"", b"", out), (1, 8, at(0), b"1234", b"", out), (3, 8, at(0), bytes(8), bytes(4), out),
        (2, 8, at(0, 0, 0), bytes(24), b"", out),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match="aligned elements"):
            m.atomic(*arguments)
    with pytest.raises(ValueError):
        r.atomic(1, 8, at(0), bytes(8), b"", out)
    m.atomic(2, 8, at(8, 8), (5).to_bytes(8, "little") * 2, b"", out)
    assert path.read_bytes()[8] == 10
