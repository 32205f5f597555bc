"""Arrays that grow in place: shapes here, in the file and in other openings, and what stays whole when the grower is killed."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import samebytes as sb

Start = Callable[[str], Any]


def in_file(path: Path) -> Any:
    """What another reader of .npy files finds."""
    return np.load(path)


def test_resize(segments: Path) -> None:
    a = sb.create("x", (2, 3), "i4", capacity=100)
    b = sb.attach("x")
    a[1, 2] = 7
    old, before = a[1], 2
    for n in (5, 100, 1, 0, 40, 3):
        a = a.resize(n)
        b = b.refresh()
        assert a.shape == b.shape == in_file(segments / "x").shape == sb.stat("x").shape == (n, 3)
        assert not b[before:].any()
        b[:] = 9  # to be zero when they come back
        before = n
    assert old.shape == (3,)
    assert (a.refresh() == a).all() and sb.attach("x").shape == (3, 3)


def test_append(segments: Path) -> None:
    a = sb.create("x", (0, 2), capacity=1000)
    block = np.array([[3.0, 4], [5, 6]])
    a = a.append([1, 2])
    a = a.append(block)
    a = a.append(block.T)
    assert a.tolist() == in_file(segments / "x").tolist() == [[1, 2], [3, 4], [5, 6], [3, 5], [4, 6]]
    assert a.version == 3
    a = a.append(a[1:3])
    assert a[5:].tolist() == block.tolist()
    one = sb.create("one", 0, "i8", capacity=4).append(5).append([6, 7])
    assert one.tolist() == [5, 6, 7]


@pytest.mark.parametrize("dtype", ["S3", "U2", [("x", "f8"), ("y", "i1")], "c16", ">i4", "M8[s]", "f2"])
def test_any_dtype_grows_by_zeros(dtype: Any, segments: Path) -> None:
    a = sb.create("x", 4, dtype, capacity=9)
    a.view("u1")[:] = 255
    a = a.resize(0).resize(9)
    assert a.dtype == np.dtype(dtype) and not a.view("u1").any()
    assert sb.attach("x").dtype == a.dtype and in_file(segments / "x").shape == (9,)


def test_refused(segments: Path) -> None:
    fixed, grows = sb.create("fixed", 2, "i4"), sb.create("grows", 2, "i4", capacity=10)
    reader = sb.attach("grows", "r")
    ordinary = grows.copy()
    cases: list[tuple[type[sb.Error], Callable[[], object]]] = [
        (sb.LayoutError, lambda: fixed.resize(3)),
        (sb.NoSpaceError, lambda: grows.resize(11)),
        (sb.ShapeError, lambda: grows.resize(-1)),
        (sb.ReadOnlyError, lambda: reader.resize(1)),
        (sb.ShapeError, lambda: grows.append(np.zeros((1, 2)))),
        (sb.NoSpaceError, lambda: grows.append(np.zeros(9))),
        (sb.NoControlError, lambda: ordinary.resize(3)),
        (sb.NoControlError, lambda: ordinary.append([1])),
        (sb.NoControlError, lambda: ordinary.refresh()),
        (sb.ShapeError, lambda: sb.create("y", 5, capacity=4)),
        (sb.ShapeError, lambda: sb.create("y", 5, capacity=-1)),
        (sb.LayoutError, lambda: sb.create("y", (), capacity=4)),
        (sb.LayoutError, lambda: sb.create("y", (5, 5), order="F", capacity=9)),
    ]
    for error, call in cases:
        with pytest.raises(error):
            call()
    with pytest.raises(TypeError):
        grows.resize(2.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError):
        grows.append(["no number"])
    with grows.lock[0], pytest.raises(sb.DeadlockError):
        grows.resize(3)
    assert grows.refresh().shape == (2,) and sb.stat("grows").locks == ()


def test_waits_for_the_lock(segments: Path) -> None:
    a = sb.create("x", 2, capacity=10)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with a.rlock[1]:
            held.set()
            done.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    with pytest.raises(sb.DeadlineError):
        a.append([1], timeout=0.01)
    done.set()
    assert a.append([1], timeout=60).shape == (3,)
    thread.join()


def test_locks_of_a_grown_array(segments: Path) -> None:
    """The lock on all is on all rows that there will be; one on some rows is on those."""
    a = sb.create("x", (0, 2), capacity=10)
    everything = a.lock
    b = a.append(np.ones((4, 2)))
    with everything:
        assert sb.stat("x").locks == (sb.LockInfo((slice(0, 4), slice(0, 2)), "exclusive", 0, True),)
        assert not other_thread(b.lock[3].acquire, False)
    with b.lock[1:3]:
        assert other_thread(take, b[3].lock) and other_thread(take, b.lock[0]) and not other_thread(b[2].lock.acquire, False)
        assert not other_thread(a.lock.acquire, False)
    c = b.append([[5, 6]])
    with b.lock, pytest.raises(sb.DeadlockError):  # all that there was is all that there is
        c[4].lock.acquire()
    with b[:, 1].lock:  # type: ignore[attr-defined]
        assert not other_thread(c.lock[4].acquire, False) and other_thread(take, c[4, 0:1].lock)  # type: ignore[attr-defined]
    with b[0:4, 1].lock[0:2]:  # type: ignore[attr-defined]
        assert other_thread(take, c.lock[2:])


def other_thread(work: Callable[..., Any], *args: Any) -> Any:
    out: list[Any] = []
    thread = threading.Thread(target=lambda: out.append(work(*args)))
    thread.start()
    thread.join()
    return out[0]


def take(lock: Any) -> bool:
    taken = lock.acquire(False)
    if taken:
        lock.release()
    return bool(taken)


def test_go_and_python_grow_the_same(segments: Path, peer: Path) -> None:
    """What Python makes Go reads with its own parser: tests/peer describes it."""
    import json
    import subprocess

    a = sb.create("x", (2, 3), "f8", capacity=50)
    a.append([[1, 2, 3]])[:2] = 7
    seen = json.loads(subprocess.run([peer, "describe", "x", "float64"], capture_output=True, check=True).stdout)
    assert seen["shape"] == [3, 3] and seen["elements"] == [7.0] * 6 + [1, 2, 3]


def test_killed_while_appending(segments: Path, python: Start) -> None:
    """Rows, each full of its number: what is there is whole, in the file too."""
    a = sb.create("x", (0, 8), "i8", capacity=1 << 20)
    for _ in range(10):
        child = python("""
            a = sb.attach("x")
            for i in range(10**9):
                a = a.append(np.full(8, len(a) + 1))
                say("ready") if i == 3 else None
        """)
        assert child.line() == "ready"
        child.kill()
        with a.lock.recover():
            pass
        a = a.refresh()
        found = in_file(segments / "x")
        assert found.shape == a.shape and (found == np.arange(1, len(a) + 1)[:, None]).all()
    assert len(a) > 30
