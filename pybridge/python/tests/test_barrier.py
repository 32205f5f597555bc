"""Barriers: who passes together, and what breaks them."""

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import samebytes as sb

Start = Callable[[str], Any]

WAIT = """
try:
    say(sb.Barrier.attach("b").wait())
except sb.BarrierBrokenError:
    say("broken")
input()
"""


def until_arrived(b: sb.Barrier, n: int) -> None:
    while b.n_waiting != n:
        os.sched_yield()


def passes(b: sb.Barrier) -> None:
    """Has the barrier pass once, by threads."""
    assert not b.broken
    with ThreadPoolExecutor(b.parties) as threads:
        assert sorted(f.result() for f in [threads.submit(b.wait, 60) for _ in range(b.parties)]) == list(range(b.parties))
    assert b.n_waiting == 0


def arrive(threads: ThreadPoolExecutor, b: sb.Barrier, n: int, timeout: float | None = None) -> Future[int]:
    """A party that waits, as the n-th."""
    waits = threads.submit(b.wait, timeout)
    until_arrived(b, n)
    return waits


@pytest.fixture
def threads() -> Any:
    with ThreadPoolExecutor(4) as executor:
        yield executor


def test_passes(segments: Path) -> None:
    b = sb.Barrier.create("b", 3)
    assert b.parties == 3
    for _ in range(20):
        passes(b)
    one = sb.Barrier.create("one", 1)
    assert one.wait() == 0 and one.wait(0) == 0
    assert issubclass(sb.BarrierBrokenError, threading.BrokenBarrierError)


def test_keeps_processes_in_step(segments: Path, python: Start) -> None:
    b, a, phases = sb.Barrier.create("b", 3), sb.create("a", 3, "i8"), 200
    child = python(f"""
        b, a = sb.Barrier.attach("b"), sb.attach("a")
        for phase in range({phases}):
            a[0] = phase + 1
            b.wait()
            assert phase + 1 <= a.min() and a.max() <= phase + 2
        say("done")
    """)

    def work(me: int) -> None:
        for phase in range(phases):
            a[me] = phase + 1
            b.wait()
            assert phase + 1 <= a.min() and a.max() <= phase + 2

    pid = os.fork()
    if pid == 0:
        work(1)
        os._exit(0)
    work(2)
    assert os.waitpid(pid, 0)[1] == 0 and child.line() == "done"


def test_a_killed_party_breaks_it(segments: Path, python: Start, threads: ThreadPoolExecutor) -> None:
    b = sb.Barrier.create("b", 3)
    child = python(WAIT)
    until_arrived(b, 1)
    waits = arrive(threads, b, 2)
    child.kill()
    with pytest.raises(sb.BarrierBrokenError, match="died"):
        waits.result()
    assert b.broken and b.n_waiting == 0
    with pytest.raises(sb.BarrierBrokenError, match="died"):
        b.wait()
    b.reset()
    passes(b)

    child = python(WAIT)
    until_arrived(b, 1)
    child.kill()
    assert python(WAIT).line() == "broken"  # in the dead one's row
    assert b.broken


def test_a_timeout_breaks_it(segments: Path, threads: ThreadPoolExecutor) -> None:
    b = sb.Barrier.create("b", 3)
    waits = arrive(threads, b, 1)
    with pytest.raises(sb.DeadlineError):
        b.wait(0.002)
    with pytest.raises(sb.BarrierBrokenError, match="gave up"):
        waits.result()
    assert b.broken and b.n_waiting == 0
    b.reset()
    passes(b)
    with pytest.raises(sb.DeadlineError):
        b.wait(0)


def test_ctrl_c_breaks_it(segments: Path, python: Start, threads: ThreadPoolExecutor) -> None:
    b = sb.Barrier.create("b", 3)
    child = python("""
        try:
            sb.Barrier.attach("b").wait()
        except KeyboardInterrupt:
            say("interrupted")
    """)
    until_arrived(b, 1)
    waits = arrive(threads, b, 2)
    child.process.send_signal(signal.SIGINT)
    assert child.line() == "interrupted"
    with pytest.raises(sb.BarrierBrokenError, match="gave up"):
        waits.result()


def test_abort_and_reset(segments: Path, threads: ThreadPoolExecutor) -> None:
    b = sb.Barrier.create("b", 2)
    b.reset()  # nobody is there
    passes(b)
    for how, match in ((b.abort, "aborted"), (b.reset, "reset"), (lambda: (b.abort(), b.reset()), "reset|aborted")):
        waits = arrive(threads, b, 1)
        how()
        with pytest.raises(sb.BarrierBrokenError, match=match):
            waits.result()
        b.reset()
        passes(b)
    b.abort()
    b.abort()
    with pytest.raises(sb.BarrierBrokenError):
        b.wait()


# After a generation g that one waits in: what passed, reset (less g) and broken say once it can look.
@pytest.mark.parametrize(
    ("passed", "reset", "broken", "good"),
    [
        (1, 0, 0, True),
        (2, 0, 0, True),
        (1, 2, 0, True),
        (1, 0, 1, True),
        (0, 1, 0, False),
        (2, 1, 0, False),
        (0, 2, 0, False),
        (3, 2, 0, False),  # nobody can tell
        (0, 0, 2, False),
        (0, 1, 1, False),  # half a reset of a broken one
    ],
)
def test_slow_to_look(passed: int, reset: int, broken: int, good: bool, segments: Path, threads: ThreadPoolExecutor) -> None:
    b = sb.Barrier.create("b", 2)
    passes(b)
    state = sb.attach("b")
    waits = arrive(threads, b, 1)
    with state.lock:
        now = state[1:3].max()
        state[3] = broken
        if reset:
            state[2] = now + reset
        if passed:
            state[1] = now + passed
        state.publish()
    if good:
        assert waits.result() == 0
    else:
        with pytest.raises(sb.BarrierBrokenError):
            waits.result()


def test_no_arrival_is_taken_for_one_65536_generations_later(segments: Path) -> None:
    b = sb.Barrier.create("b", 2)
    state = sb.attach("b")
    passes(b)
    state[1] += (1 << 16) - 1
    assert b.n_waiting == 0
    passes(b)
    assert not state[4:].any()
