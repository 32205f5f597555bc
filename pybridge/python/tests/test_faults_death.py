"""The faults of a process's death that the other tests of locks do not have, of docs/reference/faults.md."""

import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import samebytes as sb

Start = Callable[[str], Any]

HOLD = "a = sb.attach('x'); a.lock.acquire(); say('holds'); input()"


def died(a: sb.ndarray) -> None:
    """Fails unless the last holder's death is seen, and mends."""
    with pytest.raises(sb.OwnerDiedError):
        a.lock.acquire(timeout=60)
    with a.lock.recover(timeout=60):
        pass


def test_d02_a_large_holder(segments: Path, python: Start) -> None:
    """The kernel takes long to free its memory: it holds until it can write no more."""
    a = sb.create("x", 4, "i8")
    child = python("""
        import threading
        memory = np.ones(1 << 30, "u1")
        a = sb.attach("x")
        a.lock.acquire()
        def write():
            while True:
                a[0] += 1
        say("holds")
        write()
    """)
    assert child.line() == "holds"
    child.process.kill()
    with pytest.raises(sb.OwnerDiedError):
        a.lock.acquire(timeout=60)
    last = a[0]
    child.process.wait()
    assert a[0] == last
    with a.lock.recover():
        pass


def test_d06_holder_and_waiters_killed(segments: Path, python: Start) -> None:
    a = sb.create("x", 4)
    holder = python(HOLD)
    holder.line()
    waiters = [python("a = sb.attach('x'); say('waits'); a.lock.acquire()") for _ in range(3)]
    for waiter in waiters:
        waiter.line()
    while sum(lock.state == "waiting for exclusive" for lock in sb.stat("x").locks) < 3:
        os.sched_yield()
    for child in (holder, *waiters):
        child.process.kill()
    died(a)
    with a.lock:
        pass


def test_d09_the_row_is_taken_at_once(segments: Path, python: Start) -> None:
    """Of a dead holder whose row another process has by now."""
    a = sb.create("x", 4)
    holder = python(HOLD)
    holder.line()
    holder.kill()
    heir = python("a = sb.attach('x'); say(a.lock.mapping.row); input()")
    assert heir.line() == "1"
    died(a)


def test_d10_the_generation_wraps(segments: Path, python: Start) -> None:
    """The low 20 bits of how often a row was taken are part of the identity: here the holder's are 0."""
    a = sb.create("x", 4)
    control = a.lock.mapping.control
    assert control is not None
    with (segments / "x").open("r+b") as f:
        f.seek(control.control_offset + 128)  # row 1
        f.write(((1 << 20) - 1).to_bytes(4, "little"))
    for _ in range(2):
        holder = python("a = sb.attach('x'); a.lock.acquire(); say(a.lock.mapping.row); input()")
        assert holder.line() == "1"
        assert not a.lock.acquire(timeout=0.05)
        holder.kill()
        died(a)


def fork_and_kill(work: Callable[[], object]) -> None:
    """Runs the work again and again in a forked child, until that is killed after up to a millisecond."""
    begun, begins = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            sb.warm(0)
            work()
            os.write(begins, b"x")
            while True:
                work()
        finally:
            os._exit(1)
    os.close(begins)
    assert os.read(begun, 1) == b"x"
    os.close(begun)
    end = time.perf_counter_ns() + random.randrange(2_000_000)
    while time.perf_counter_ns() < end:
        pass
    os.kill(child, 9)
    assert os.waitpid(child, 0)[1] == 9


def test_d14_d15_killed_while_joining_and_leaving(segments: Path) -> None:
    """Any moment: rows are free afterwards, and others join."""
    sb.create("x", 4, slots=2)
    for _ in range(200):
        sb.warm(0)
        fork_and_kill(lambda: sb.attach("x"))
        a = sb.attach("x")
        assert a.lock.mapping.row == 0
        with a.lock:
            pass
        assert sum(p.alive for p in sb.stat("x").participants) == 1
        del a


def test_d16_d17_killed_while_creating(segments: Path) -> None:
    """Any moment: there is no name, or a whole segment."""

    def create() -> None:
        sb.create("x", (64, 64), capacity=128)
        sb.delete("x")

    found = rounds = 0
    while rounds < 200 or not found:
        rounds += 1
        fork_and_kill(create)
        names = os.listdir(segments)
        assert names in ([], ["x"])
        if names:
            found += 1
            assert sb.attach("x").resize(70).shape == np.load(segments / "x").shape == (70, 64)
            sb.delete("x")


def test_d21_abort(segments: Path, python: Start) -> None:
    a = sb.create("x", 4)
    child = python("""
        a = sb.attach("x")
        a.lock.acquire()
        say("holds")
        os.abort()
    """)
    assert child.line() == "holds"
    died(a)
    assert child.process.wait() == -6


def test_f08_another_opening_is_closed(segments: Path, python: Start) -> None:
    """POSIX locks would go with it."""
    a = sb.create("x", 4)
    with a.lock:
        assert np.load(segments / "x").shape == (4,)
        with open(segments / "x", "r+b"):
            pass
        child = python("a = sb.attach('x'); say(a.lock.acquire(timeout=0.05), sb.stat('x').participants[0].alive)")
        assert child.line() == "False True"
