"""Sync objects that Go and Python share: each excludes, wakes and counts the other, and outlives it."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import samebytes as sb
from samebytes import _control

Start = Callable[..., Any]

# How Python makes what `peer make KIND NAME 3` makes, and opens it.
KINDS: dict[str, tuple[Callable[[str], Any], Callable[[str], Any]]] = {
    "mutex": (sb.Mutex.create, sb.Mutex.attach),
    "rlock": (sb.RLock.create, sb.RLock.attach),
    "semaphore": (lambda name: sb.Semaphore.create(name, 3), sb.Semaphore.attach),
    "bounded": (lambda name: sb.BoundedSemaphore.create(name, 3), sb.BoundedSemaphore.attach),
    "event": (sb.Event.create, sb.Event.attach),
    "condition": (sb.Condition.create, sb.Condition.attach),
    "barrier": (lambda name: sb.Barrier.create(name, 3), sb.Barrier.attach),
    "counter": (lambda name: sb.Counter.create(name, 3), sb.Counter.attach),
}


def done(program: Any) -> None:
    """Waits for a program's good end."""
    assert program.process.wait(60) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_both_make_the_same_file(kind: str, go: Start, segments: Path) -> None:
    create, attach = KINDS[kind]
    done(go("make", kind, "go", 3))
    create("python")
    a, b = ((segments / name).read_bytes() for name in ("go", "python"))
    tables = len(a) - 4096 - _control.SLOTS * (_control.PARTICIPANT.size + _control.BOXES_PER_SLOT * 64)
    blocks = [x[-4096:-4040] + x[-4096 + 80 :] for x in (a, b)]  # without id and creation time
    assert len(a) == len(b) and a[:tables] == b[:tables] and blocks[0] == blocks[1]
    assert type(attach("go")) is type(attach("python"))


def test_mutex(go: Start, python: Start, segments: Path) -> None:
    m, a, rounds = sb.Mutex.create("m"), sb.create("a", 1, "i8"), 2000
    others = [
        go("mutex", "m", "a", rounds),
        go("mutex", "m", "a", rounds),
        python(f"""
            m, a = sb.Mutex.attach("m"), sb.attach("a")
            for _ in range({rounds}):
                with m:
                    a[0] += 1
        """),
    ]
    for _ in range(rounds):
        with m:
            a[0] += 1
    for other in others:
        done(other)
    assert a[0] == 4 * rounds


@pytest.mark.parametrize("kind", ["mutex", "rlock", "condition"])
def test_who_holds_a_lock_and_is_killed(kind: str, go: Start, python: Start, segments: Path) -> None:
    create, attach = KINDS[kind]
    m = create("m")
    n = 3 if kind == "rlock" else 1
    holder = go("keep", kind, "m", n)
    assert holder.line() == "held" and not m.acquire(False) and m.locked()
    holder.say()
    assert holder.line() == "free"
    with m:
        other = go("keep", kind, "m", n)
    assert other.line() == "held"
    other.kill()
    with pytest.raises(sb.OwnerDiedError):
        m.acquire()
    died = go("keep", kind, "m", 1)
    assert died.line() == "died"
    with m.recover() as mend:
        assert mend
    child = python(f"m = sb.{type(m).__name__}.attach('m'); m.acquire(); say('held'); input()")
    assert child.line() == "held"
    waits = go("keep", kind, "m", 1)
    child.kill()
    assert waits.line() == "died"
    with m.recover() as mend:
        assert mend
    assert go("keep", kind, "m", 1).line() == "held"
    assert attach("m").locked()


def test_semaphore(go: Start, python: Start, segments: Path) -> None:
    s, a, rounds = sb.Semaphore.create("s", 2), sb.create("a", 3, "i8"), 300
    others = [go("semaphore", "s", "a", rounds), go("semaphore", "s", "a", rounds)]
    for _ in range(rounds):
        with s:
            inside = a.atomic.add(0, 1)
            while inside > (most := a.atomic.load(1)):
                a.atomic.compare_and_swap(1, most, inside)
            a.atomic.add(2, 1)
            a.atomic.add(0, -1)
    for other in others:
        done(other)
    assert a[0] == 0 and a[1] <= 2 and a[2] == 3 * rounds and s.get_value() == 2


def test_a_semaphores_holders_are_killed(go: Start, python: Start, segments: Path) -> None:
    done(go("make", "bounded", "s", 2))
    s = sb.Semaphore.attach("s")
    assert type(s) is sb.BoundedSemaphore
    holder = go("keep", "semaphore", "s", 2)
    assert holder.line() == "held" and s.get_value() == 0 and not s.acquire(False)
    with pytest.raises(sb.NotOwnerError):
        s.release()
    with ThreadPoolExecutor(1) as thread:
        waits = thread.submit(s.acquire)
        holder.kill()
        assert waits.result()
    waits_too = go("keep", "semaphore", "s", 2)  # for the one that this process holds
    s.release()
    assert waits_too.line() == "held"
    waits_too.say()
    assert waits_too.line() == "free"
    child = python("s = sb.Semaphore.attach('s'); s.acquire(); s.acquire(); say('held'); input()")
    assert child.line() == "held"
    last = go("keep", "semaphore", "s", 2)
    child.kill()
    assert last.line() == "held" and s.get_value() == 0


def test_condition_turns(go: Start, segments: Path) -> None:
    c, a, turns = sb.Condition.create("c"), sb.create("a", 1, "i8"), 300
    other = go("condition", "c", "a", turns)
    for _ in range(turns):
        with c:
            assert c.wait_for(lambda: a[0] % 2 == 0, 60)
            a[0] += 1
            c.notify()
    done(other)
    assert a[0] == 2 * turns


def test_condition_notifies_the_oldest(go: Start, python: Start, segments: Path) -> None:
    c = sb.Condition.create("c")
    wait = "c = sb.Condition.attach('c'); c.acquire(); c.wait(); c.release(); say('notified')"

    def until_awaited(n: int) -> None:
        while True:
            with c:
                if sum(word != 0 for word in c._all()[::2]) == n:  # alive or not
                    return
            os.sched_yield()

    waiters = []
    for n, start in enumerate([lambda: go("await", "c"), lambda: python(wait)] * 3):
        waiters.append(start())
        until_awaited(n + 1)
    with c:
        c.notify(1)
    assert waiters[0].line() == "notified"
    until_awaited(5)
    waiters[1].kill()  # the dead absorb nothing
    waiters[2].kill()
    with c:
        c.notify(1)
    assert waiters[3].line() == "notified"
    done(go("notify", "c", 2))
    assert waiters[4].line() == waiters[5].line() == "notified"


def test_barrier(go: Start, python: Start, segments: Path) -> None:
    b, rounds = sb.Barrier.create("b", 3), 100
    first = go("barrier", "b", rounds)
    second = python(f"b = sb.Barrier.attach('b'); [say(b.wait()) for _ in range({rounds})]")
    for _ in range(rounds):
        assert {b.wait(), int(first.line()), int(second.line())} == {0, 1, 2}
    done(first)
    done(second)


def test_a_barriers_parties_are_killed(go: Start, python: Start, segments: Path) -> None:
    done(go("make", "barrier", "b", 3))
    b = sb.Barrier.attach("b")

    def until_arrived(n: int) -> None:
        while b.n_waiting != n:
            os.sched_yield()

    waits = go("barrier", "b", 1)
    until_arrived(1)
    child = python("sb.Barrier.attach('b').wait()")
    until_arrived(2)
    child.kill()
    assert waits.line() == "broken"
    with pytest.raises(sb.BarrierBrokenError, match="died"):
        b.wait()
    b.reset()
    victim = go("barrier", "b", 1)
    until_arrived(1)
    with ThreadPoolExecutor(1) as thread:
        here = thread.submit(b.wait)
        until_arrived(2)
        victim.kill()
        with pytest.raises(sb.BarrierBrokenError, match="died"):
            here.result()
    b.reset()
    waits = go("barrier", "b", 1)
    until_arrived(1)
    b.abort()
    assert waits.line() == "broken"


def test_event(go: Start, segments: Path) -> None:
    e = sb.Event.create("e")
    waits = go("event", "e", "wait")
    with ThreadPoolExecutor(1) as thread:
        here = thread.submit(e.wait)
        done(go("event", "e", "set"))
        assert here.result() and waits.line() == "set"
    e.clear()
    waits = go("event", "e", "wait")
    e.set()
    assert waits.line() == "set"


def test_counter(go: Start, segments: Path) -> None:
    c, rounds = sb.Counter.create("c"), 500
    others = [go("counter", "c", rounds, 3 * rounds + 1) for _ in range(2)]
    for _ in range(rounds):
        c.add()
    assert c.wait_for(lambda value: value >= 3 * rounds, 60) == 3 * rounds
    c.add()
    assert [other.line() for other in others] == [str(3 * rounds + 1)] * 2
