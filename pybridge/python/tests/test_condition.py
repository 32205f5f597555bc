"""Conditions: who is notified, and what deaths, timeouts and signals leave."""

import os
import queue
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import samebytes as sb

Start = Callable[[str], Any]

WAIT = """
c = sb.Condition.attach("c")
with c:
    say(c.wait())
"""


def words(c: sb.Condition) -> list[int]:
    """What the rows of those say that wait, or have and not left yet, alive or not."""
    return [word for word in c._all()[::2] if word]


def until_awaited(c: sb.Condition, n: int, dead: int = 0) -> None:
    """Returns once so many wait beside the one that died with that word."""
    while True:
        with c:
            if sum(word != dead for word in words(c)) == n:
                return
        os.sched_yield()


class Waiters:
    """Threads that wait, and say so when they wake."""

    def __init__(self, c: sb.Condition) -> None:
        self.c, self.woken, self.threads = c, queue.Queue[tuple[int, Any]](), list[threading.Thread]()

    def start(self, who: int, n: int, dead: int = 0) -> None:
        """Returns once it waits, as the youngest of n."""

        def work() -> None:
            with self.c:
                try:
                    result: Any = self.c.wait()
                except Exception as error:
                    result = error
                self.woken.put((who, result))

        self.threads.append(threading.Thread(target=work))
        self.threads[-1].start()
        until_awaited(self.c, n, dead)

    def next(self, n: int) -> list[int]:
        """Who woke, of so many."""
        found = [self.woken.get(timeout=60) for _ in range(n)]
        assert all(result is True for _, result in found)
        return sorted(who for who, _ in found)

    def join(self) -> None:
        for thread in self.threads:
            thread.join()


def notify(c: sb.Condition, n: int) -> None:
    with c:
        c.notify(n)


def test_the_oldest_are_notified_and_no_more(segments: Path) -> None:
    c = sb.Condition.create("c")
    waiters = Waiters(c)
    for who in range(6):
        waiters.start(who, who + 1)
    notify(c, 0)
    notify(c, 1)
    assert waiters.next(1) == [0]
    until_awaited(c, 5)
    notify(c, 2)
    assert waiters.next(2) == [1, 2]
    until_awaited(c, 3)
    waiters.start(6, 4)  # in the first row, but the youngest
    notify(c, 2)
    assert waiters.next(2) == [3, 4]
    until_awaited(c, 2)
    assert waiters.woken.empty()
    with c:
        c.notify_all()
        c.notify_all()
    assert waiters.next(2) == [5, 6]
    waiters.join()
    notify(c, 100)  # nobody
    assert not words(c)


def test_not_held(segments: Path) -> None:
    c = sb.Condition.create("c")
    for call in (c.wait, c.notify, c.notify_all, lambda: c.wait_for(lambda: False), c.release):
        with pytest.raises(sb.NotOwnerError):
            call()
    with c, ThreadPoolExecutor(1) as thread:
        with pytest.raises(sb.NotOwnerError):
            thread.submit(c.notify).result()
        with pytest.raises(ValueError):
            c.notify(-1)
    assert not words(c)


def test_timeouts(segments: Path) -> None:
    c = sb.Condition.create("c")
    with c:
        assert not c.wait(0.002) and not c.wait(0) and not c.wait(-1)
        assert c.locked() and not c.wait_for(lambda: False, 0.002) and c.wait_for(lambda: "yes") == "yes"
    waiters = Waiters(c)
    waiters.start(1, 1)
    notify(c, 1)  # which those that have left do not absorb
    assert waiters.next(1) == [1]
    waiters.join()


def test_wait_gives_free_what_was_acquired_more_than_once(segments: Path) -> None:
    c = sb.Condition.create("c")
    with ThreadPoolExecutor(1) as thread, c, c:
        told = thread.submit(notify, c, 1)
        while not told.done():
            c.wait(0.01)
        with ThreadPoolExecutor(1) as other:
            assert not other.submit(c.acquire, False).result()
            c.release()
            assert not other.submit(c.acquire, False).result()
            c.acquire()
    assert not c.locked()


def test_the_dead_absorb_nothing(segments: Path, python: Start) -> None:
    c = sb.Condition.create("c")
    child = python(WAIT)
    until_awaited(c, 1)
    (dead,) = words(c)
    waiters = Waiters(c)
    waiters.start(1, 2)
    child.kill()
    notify(c, 1)
    assert waiters.next(1) == [1]
    child = python(WAIT)  # in the dead one's row
    until_awaited(c, 1, dead)
    waiters.start(2, 2, dead)
    notify(c, 1)
    assert child.line() == "True"
    notify(c, 1)
    assert waiters.next(1) == [2]
    waiters.join()


@pytest.mark.parametrize("says", ["", "c.notify_all();"])
def test_a_holder_killed_while_others_wait(segments: Path, python: Start, says: str) -> None:
    c = sb.Condition.create("c")
    waiters = Waiters(c)
    waiters.start(0, 1)
    child = python(f"c = sb.Condition.attach('c'); c.acquire(); {says} say('held'); input()")
    assert child.line() == "held"
    child.kill()
    _, error = waiters.woken.get(timeout=60)
    waiters.join()
    assert isinstance(error, sb.OwnerDiedError)
    with pytest.raises(sb.OwnerDiedError):
        c.acquire()
    with c.recover() as died:
        assert died
    with c:
        pass


def test_more_wait_than_there_are_rows(segments: Path) -> None:
    c = sb.Condition.create("c", slots=2)
    waiters = Waiters(c)
    for who in range(4):
        waiters.start(who, who + 1)
    with c:
        with pytest.raises(sb.FullError, match="at most 4"):
            c.wait()
        c.notify_all()
    assert waiters.next(4) == [0, 1, 2, 3]
    waiters.join()


def test_ctrl_c_in_wait_holds_the_lock_again(segments: Path, python: Start) -> None:
    c = sb.Condition.create("c")
    child = python("""
        c = sb.Condition.attach("c")
        with c:
            try:
                c.wait()
            except KeyboardInterrupt:
                c.notify()  # which needs the lock
                say("interrupted")
        say("left")
        input()
    """)
    until_awaited(c, 1)
    child.process.send_signal(signal.SIGINT)
    assert child.line() == "interrupted" and child.line() == "left"
    with c:
        assert not words(c)


def test_turns(segments: Path, python: Start) -> None:
    c, a, turns = sb.Condition.create("c"), sb.create("a", 1, "i8"), 300
    child = python(f"""
        c, a = sb.Condition.attach("c"), sb.attach("a")
        for _ in range({turns}):
            with c:
                c.wait_for(lambda: a[0] % 2 == 1)
                a[0] += 1
                c.notify()
        say("done")
    """)
    for _ in range(turns):
        with c:
            assert c.wait_for(lambda: a[0] % 2 == 0, 60)
            a[0] += 1
            c.notify()
    assert child.line() == "done" and a[0] == 2 * turns
