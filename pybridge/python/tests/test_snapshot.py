"""Snapshots: never torn by who locks, whatever the writers do."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import samebytes as sb

Start = Callable[[str], Any]


def test_snapshot_is_an_ordinary_copy(segments: Path) -> None:
    a = sb.create("x", (3, 4), order="F")
    a[...] = np.arange(12).reshape(3, 4)
    for view in (a, a[1:, ::2], a.T, a[0, 0:1], a[2:2], sb.attach("x", "r")):
        s = view.snapshot()
        assert type(s) is np.ndarray and not np.shares_memory(s, a) and s.flags.writeable
        np.testing.assert_array_equal(s, view)
    assert a.snapshot().flags.f_contiguous
    assert sb.create("y", ()).snapshot().shape == () and sb.create("z", (0, 3)).snapshot().shape == (0, 3)


def test_snapshot_of_what_has_no_locks(segments: Path) -> None:
    np.save(segments / "plain.npy", np.zeros(3))
    for a in (sb.attach("plain.npy"), sb.create("x", 3).copy()):
        with pytest.raises(sb.NoControlError):
            a.snapshot()


@pytest.mark.parametrize("mode", ["r+", "r"])
def test_m04_never_torn(mode: Any, segments: Path, python: Start) -> None:
    a = sb.create("x", 4096, "i8")
    pause = "np.arange(1 << 14)" if mode == "r" else "pass"  # who cannot lock waits for a gap
    child = python(f"""
        a = sb.attach("x")
        say("writes")
        for i in range(10**9):
            with a.lock:
                a[:] = i
            {pause}
    """)
    assert child.line() == "writes"
    r = sb.attach("x", mode)
    seen = set()
    for _ in range(2000):
        s = r.snapshot(timeout=60)
        assert s.min() == s.max()
        seen.add(int(s[0]))
    assert len(seen) > 1
    child.kill()
    assert a.shape == r.shape


def test_snapshot_waits_for_writers(segments: Path) -> None:
    a = sb.create("x", 4)
    r = sb.attach("x", "r")
    held, done = threading.Event(), threading.Event()

    def write() -> None:
        with a.lock[1:3]:
            held.set()
            done.wait()
            a[1:3] = 7

    thread = threading.Thread(target=write)
    thread.start()
    held.wait()
    for array in (a, r):
        for timeout in (0, 0.005, 0.05):
            with pytest.raises(sb.DeadlineError):
                array.snapshot(timeout)
        assert array[3:].snapshot().tolist() == [0]  # of which nobody writes
    with a.rlock[3]:
        done.set()
        assert r.snapshot(60).tolist() == a.snapshot(60).tolist() == [0, 7, 7, 0]
    thread.join()
    with pytest.raises(ValueError):
        a.snapshot(float("nan"))


def test_the_writer_itself_may_take_one(segments: Path) -> None:
    a = sb.create("x", 4)
    with a.lock:
        a[1] = 5
        assert a.snapshot(timeout=60).tolist() == [0, 5, 0, 0]


@pytest.mark.parametrize("mode", ["r+", "r"])
def test_snapshot_of_what_a_dead_writer_left(mode: Any, segments: Path, python: Start) -> None:
    a = sb.create("x", 4)
    b = sb.attach("x", mode)
    child = python("a = sb.attach('x'); a.lock[1:3].acquire(); say('held'); input()")
    assert child.line() == "held"
    child.kill()
    for _ in range(2):
        with pytest.raises(sb.OwnerDiedError, match=r"\[1:3\]"):
            b.snapshot()
    assert b[3:].snapshot().tolist() == [0]
    with a.lock.recover():
        pass
    assert b.snapshot().tolist() == [0] * 4


@pytest.mark.parametrize("mode", ["r+", "r"])
def test_snapshot_where_deaths_leave_no_marks(mode: Any, segments: Path, python: Start) -> None:
    a = sb.create("x", 4, recover="always")
    child = python("a = sb.attach('x'); a.lock.acquire(); say('held'); input()")
    assert child.line() == "held"
    child.kill()
    assert sb.attach("x", mode).snapshot(timeout=60).tolist() == [0] * 4
    with a.lock:
        pass


def test_changes(segments: Path) -> None:
    a = sb.create("x", 1)
    a.publish()
    changes = a.changes(timeout=60)
    a.publish()
    assert next(changes) == 2

    def publish() -> None:
        for _ in range(50):
            a.publish()

    thread = threading.Thread(target=publish)
    thread.start()
    versions = []
    for version in changes:
        versions.append(version)
        if version == 52:
            break
    thread.join()
    assert versions == sorted(set(versions))
    for timeout in (0, 0.01):
        with pytest.raises(sb.DeadlineError):
            for _ in a.changes(timeout):
                raise AssertionError("nobody published")


def test_changes_of_a_reader_and_of_nothing(segments: Path) -> None:
    a = sb.create("x", 1)
    changes = sb.attach("x", "r").changes()
    a.publish()
    assert next(changes) == 1
    with pytest.raises(sb.NoControlError):
        a.copy().changes()


def test_changes_in_asyncio(segments: Path) -> None:
    import asyncio

    a = sb.create("x", 1)

    async def follow() -> list[int]:
        versions = []
        async for version in a.changes():
            versions.append(version)
            if version == 20:
                break
        return versions

    async def main() -> None:
        followers = [asyncio.create_task(follow()) for _ in range(3)]
        await asyncio.sleep(0)
        for _ in range(20):
            a.publish()
            await asyncio.sleep(0)
        for versions in await asyncio.gather(*followers):
            assert versions == sorted(set(versions)) and versions[-1] == 20
        with pytest.raises(sb.DeadlineError):
            async for _ in a.changes(timeout=0.01):
                raise AssertionError("nobody published")
        cancelled = asyncio.create_task(follow())
        await asyncio.sleep(0)
        cancelled.cancel()
        assert isinstance((await asyncio.gather(cancelled, return_exceptions=True))[0], asyncio.CancelledError)

    asyncio.run(main())
    for thread in threading.enumerate():
        if thread.name == "samebytes-wait":
            thread.join()
