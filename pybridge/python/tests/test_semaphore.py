"""Semaphores: how many are inside, and what deaths give back."""

import gc
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import samebytes as sb

Start = Callable[[str], Any]

# Enters s so often. a counts who is inside, the most that were, and all that ever were.
ENTER = """
def enter(s, a, rounds):
    for _ in range(rounds):
        with s:
            inside = a.atomic.add(0, 1)
            while inside > (most := a.atomic.load(1)):
                a.atomic.compare_and_swap(1, most, inside)
            a.atomic.add(2, 1)
            os.sched_yield()
            a.atomic.add(0, -1)
"""


def enter(s: sb.Semaphore, a: sb.ndarray, rounds: int) -> None:
    names: dict[str, Any] = {"os": os}
    exec(ENTER, names)
    names["enter"](s, a, rounds)


def hold(python: Start, n: int) -> Any:
    """A process that holds n permits of s until killed."""
    child = python(f"s = sb.Semaphore.attach('s'); [s.acquire() for _ in range({n})]; say('held'); input()")
    assert child.line() == "held"
    return child


def test_counts(segments: Path) -> None:
    s = sb.Semaphore.create("s", 2)
    assert s.get_value() == 2 and s.acquire() and s.acquire(False) and s.get_value() == 0
    assert not s.acquire(False) and not s.acquire(timeout=0.002) and not s.acquire(timeout=0)
    for free in (1, 2, 3):  # two that it holds, and a new one
        s.release()
        assert s.get_value() == free
    assert np.load(segments / "s")[:3].tolist() == [3, 0, 0]
    with s:
        assert s.get_value() == 2
    s.acquire()
    s.release(5)
    assert s.get_value() == 7 and np.load(segments / "s")[:3].tolist() == [7, 0, 0]
    assert s.acquire() and s.acquire()
    s.release(2)
    assert s.get_value() == 7
    for wrong in (0, -1, 1 << 31):
        with pytest.raises(ValueError):
            s.release(wrong)
    for wrong in ({"timeout": -2}, {"blocking": False, "timeout": 1}):
        with pytest.raises(ValueError):
            s.acquire(**wrong)
    sb.attach("s")[0] = (1 << 31) - 1
    with pytest.raises(sb.FullError):
        s.release()


def test_bounded(segments: Path, python: Start) -> None:
    s = sb.BoundedSemaphore.create("s", 2)
    assert type(sb.Semaphore.attach("s")) is sb.BoundedSemaphore
    with pytest.raises(sb.NotOwnerError):
        s.release()
    assert s.acquire()
    with pytest.raises(sb.NotOwnerError):
        s.release(2)
    assert s.get_value() == 1
    s.release()
    child = hold(python, 1)
    with pytest.raises(sb.NotOwnerError):  # it is another's
        s.release()
    child.kill()
    assert s.get_value() == 2


def test_lets_in_no_more(segments: Path, python: Start) -> None:
    s, a, rounds = sb.Semaphore.create("s", 2), sb.create("a", 3, "i8"), 300
    child = python(ENTER + f"\nenter(sb.Semaphore.attach('s'), sb.attach('a'), {rounds}); say('done')")
    pid = os.fork()
    if pid == 0:
        enter(s, a, rounds)
        os._exit(0)
    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(enter, s, a, rounds) for _ in range(2)]:
            done.result()
    assert os.waitpid(pid, 0)[1] == 0 and child.line() == "done"
    assert a[0] == 0 and a[1] <= 2 and a[2] == 4 * rounds and s.get_value() == 2


def test_a_killed_holder_gives_back(segments: Path, python: Start) -> None:
    s = sb.Semaphore.create("s", 3)
    child = hold(python, 3)
    assert not s.acquire(False)
    with ThreadPoolExecutor(1) as thread:
        waits = thread.submit(s.acquire)
        child.kill()
        assert waits.result()
    assert s.get_value() == 2
    hold(python, 2).kill()
    child = hold(python, 0)  # in the dead one's row
    assert s.get_value() == 2
    child.kill()
    hold(python, 2).kill()
    hold(python, 1)
    assert s.get_value() == 1


def test_killed_anywhere(segments: Path, python: Start) -> None:
    s, a = sb.Semaphore.create("s", 2), sb.create("a", 3, "i8")
    for _ in range(4):
        children = [python(ENTER + "\nenter(sb.Semaphore.attach('s'), sb.attach('a'), 10**9)") for _ in range(2)]
        before = a[2]
        while a[2] < before + 100:
            os.sched_yield()
        for child in children:
            child.kill()
        assert s.get_value() == 2 and s.acquire() and s.acquire() and not s.acquire(False)
        s.release(2)


def test_a_forked_child_holds_none(segments: Path) -> None:
    s, b = sb.Semaphore.create("s", 2), sb.BoundedSemaphore.create("b", 1)
    s.acquire()
    b.acquire()
    pid = os.fork()
    if pid == 0:
        good = s.get_value() == 1 and s.acquire() and s.get_value() == 0
        try:
            b.release()
        except sb.NotOwnerError:
            os._exit(0 if good else 1)
        os._exit(2)
    assert os.waitpid(pid, 0)[1] == 0
    assert s.get_value() == 1 and b.get_value() == 0
    b.release()
    s.release()
    assert s.get_value() == 2


def test_the_last_reference_gives_back(segments: Path) -> None:
    s = sb.Semaphore.create("s", 1)
    s.acquire()
    again = sb.Semaphore.attach("s")
    del s
    gc.collect()
    assert again.get_value() == 0
    del again
    gc.collect()
    assert sb.Semaphore.attach("s").get_value() == 1


def test_more_threads_than_locks(segments: Path) -> None:
    s = sb.Semaphore.create("s", 1, slots=1)
    inside = 0

    def work() -> None:
        nonlocal inside
        for _ in range(5):
            with s:
                inside += 1
                assert inside == 1
                inside -= 1

    with ThreadPoolExecutor(10) as threads:
        for done in [threads.submit(work) for _ in range(10)]:
            done.result()
    assert s.get_value() == 1


def test_a_permit_made_for_one_that_waits(segments: Path, python: Start) -> None:
    s = sb.Semaphore.create("s", 0)
    child = python("s = sb.Semaphore.attach('s'); say('waits'); s.acquire(); say('got')")
    assert child.line() == "waits"
    s.release()
    assert child.line() == "got"


def test_a_signals_handler_in_the_midst_of_a_change(segments: Path) -> None:
    s = sb.Semaphore.create("s", 1)

    def handler() -> int:
        with pytest.raises(sb.DeadlockError):
            s.acquire()
        return threading.get_ident()

    assert s._locked(handler) == threading.get_ident()
    with s:
        assert s.get_value() == 0
