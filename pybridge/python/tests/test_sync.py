"""Sync objects: what all kinds share, mutexes, events and counters."""

import asyncio
import gc
import os
import signal
import struct
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import samebytes as sb

Start = Callable[[str], Any]

# A kind as it is in the control block, how to make it with 4 slots, how to open it, and its state at first.
KINDS: list[tuple[int, Callable[..., Any], Callable[..., Any], list[int]]] = [
    (1, sb.Mutex.create, sb.Mutex.attach, [0]),
    (2, sb.RLock.create, sb.RLock.attach, [0]),
    (3, lambda name, **o: sb.Semaphore.create(name, 3, **o), sb.Semaphore.attach, [3, 0, 0, 0, 0, 0]),
    (4, lambda name, **o: sb.BoundedSemaphore.create(name, 3, **o), sb.BoundedSemaphore.attach, [3, 3, 0, 0, 0, 0]),
    (5, sb.Event.create, sb.Event.attach, [0]),
    (6, sb.Condition.create, sb.Condition.attach, [0] * 16),
    (7, lambda name, **o: sb.Barrier.create(name, 2, **o), sb.Barrier.attach, [2, 0, 0, 0, 0, 0, 0, 0]),
    (8, lambda name, **o: sb.Counter.create(name, -5, **o), sb.Counter.attach, [-5]),
]
each = pytest.mark.parametrize(("kind", "create", "attach", "state"), KINDS, ids=[str(k[0]) for k in KINDS])


def taken(lock: Any) -> bool:
    """Whether another thread holds it."""
    with ThreadPoolExecutor(1) as thread:
        if not thread.submit(lock.acquire, False).result():
            return True
        thread.submit(lock.release).result()
        return False


def forked(work: Callable[[], None]) -> None:
    """Does the work in a forked child, and fails if it fails there."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as error:
            os.write(2, f"{error!r}\n".encode())
            os._exit(1)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0


@each
def test_the_state_is_an_array(kind: int, create: Any, attach: Any, state: list[int], segments: Path) -> None:
    made = create("x", slots=4)
    assert made.name == "x" and "'x'" in repr(made)
    assert np.load(segments / "x").tolist() == sb.attach("x").tolist() == state
    assert sb.attach("x").dtype == np.int64
    block = (segments / "x").read_bytes()[-4096:]
    assert struct.unpack_from("<I", block, 12) == (kind,)
    assert struct.unpack_from("<I", block, 52) == (0 if kind in (1, 2, 6) else 2,)  # whether a death leaves a mark
    again = attach("x")
    assert type(again) is type(made)
    with pytest.raises(sb.ExistError):
        create("x")
    del made, again
    sb.delete("x")


@each
def test_objects_of_another_kind(kind: int, create: Any, attach: Any, state: list[int], segments: Path) -> None:
    sb.create("array", 1, "i8")
    np.save(segments / "plain.npy", np.zeros(1, "i8"))
    create("mine")
    for other, create_other, _, _ in KINDS:
        create_other(f"o{other}")
        if other == kind or (kind, other) == (3, 4):  # Semaphore.attach opens both
            attach(f"o{other}")
            continue
        with pytest.raises(sb.DTypeError, match="expected the kind"):
            attach(f"o{other}")
    for name, error in [("array", sb.DTypeError), ("plain.npy", sb.NoControlError), ("/", sb.BadNameError)]:
        with pytest.raises(error):
            attach(name)
    with pytest.raises(sb.NotExistError, match="did you mean mine"):
        attach("mime")
    with pytest.raises(sb.BadNameError):
        create("/")
    for slots in (-5, 0, 257):
        with pytest.raises(sb.FullError):
            create("slots", slots=slots)
    for wrong in ({"mode": 0o1000}, {"mode": -1}):
        with pytest.raises(ValueError):
            create("mode", **wrong)
    with pytest.raises(ValueError):
        attach("mine", "w")


@each
def test_too_few_words(kind: int, create: Any, attach: Any, state: list[int], segments: Path) -> None:
    sb.create("x", len(state) - 1 or (1, 1), "i8", slots=4)
    sb.create("f", len(state), "f8", slots=4)
    for name in "xf":
        with open(segments / name, "r+b") as file:
            file.seek(-4096 + 12, os.SEEK_END)
            file.write(bytes([kind]))
    gc.collect()
    getattr(sb, "warm", lambda n: None)(0)
    with pytest.raises(sb.BrokenError, match="words of state"):
        attach("x")
    with pytest.raises(sb.DTypeError):
        attach("f")


def test_numbers_that_are_none(segments: Path) -> None:
    for make, n in [
        (sb.Semaphore.create, -1),
        (sb.Semaphore.create, 1 << 31),
        (sb.BoundedSemaphore.create, -1),
        (sb.Barrier.create, 0),
        (sb.Barrier.create, 1 << 16),
    ]:
        with pytest.raises(ValueError, match="expected"):
            make("x", n)
    with pytest.raises(OverflowError):
        sb.Counter.create("x", 1 << 63)
    with pytest.raises(ValueError):
        sb.Mutex.create("x", recover="never")  # type: ignore[arg-type]
    assert list(segments.iterdir()) == []
    barrier = sb.Barrier.create("b", 2)
    for parties in (0, -1, 1 << 16):
        sb.attach("b")[0] = parties
        with pytest.raises(sb.BrokenError, match="parties"):
            sb.Barrier.attach("b")
    assert barrier.parties == 2


def test_readers_look_and_do_not_touch(segments: Path) -> None:
    made = [create(f"o{kind}") for kind, create, _, _ in KINDS]
    mutex, rlock, semaphore, _, event, condition, barrier, counter = (a(f"o{k}", "r") for k, _, a, _ in KINDS)
    assert semaphore.get_value() == 3 and not event.is_set() and not event.wait(0) and counter.value == -5
    assert counter.wait_for(lambda v: v == -5) == -5 and barrier.n_waiting == 0 and not barrier.broken
    for refused in (
        *(lock.acquire for lock in (mutex, rlock, semaphore, condition)),
        *(event.set, event.clear, counter.add, lambda: setattr(counter, "value", 1)),
        *(barrier.wait, barrier.abort, barrier.reset, semaphore.release, condition.wait, condition.notify, mutex.locked),
    ):
        with pytest.raises(sb.ReadOnlyError):
            refused()
    assert len(made) == 8


def test_without_a_name_it_is_temporary(segments: Path) -> None:
    for _, create, attach, _ in KINDS:
        made = create(None)
        assert made.name.startswith("_")
        attach(made.name)
        assert len(list(segments.iterdir())) == 1
        del made
        gc.collect()
        assert list(segments.iterdir()) == []


def test_mutex_processes_and_threads_exclude_each_other(segments: Path, python: Start) -> None:
    m, a, rounds = sb.Mutex.create("m"), sb.create("a", 1, "i8"), 2000

    def work() -> None:
        for _ in range(rounds):
            with m:
                a[0] = a[0] + 1

    child = python(f"""
        m, a = sb.Mutex.attach("m"), sb.attach("a")
        for _ in range({rounds}):
            m.acquire()
            a[0] = a[0] + 1
            m.release()
        say("done")
    """)
    pid = os.fork()
    if pid == 0:
        work()
        os._exit(0)
    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(work), threads.submit(work)]:
            done.result()
    assert os.waitpid(pid, 0)[1] == 0 and child.line() == "done"
    assert a[0] == 4 * rounds


def test_mutex_of_a_thread(segments: Path) -> None:
    m = sb.Mutex.create("m")
    assert not m.locked()
    with pytest.raises(sb.NotOwnerError):
        m.release()
    with m:
        assert m.locked() and taken(m) and taken(sb.Mutex.attach("m")) and taken(sb.attach("m").lock)
        with pytest.raises(sb.DeadlockError):
            m.acquire()
        with ThreadPoolExecutor(1) as thread:
            with pytest.raises(sb.NotOwnerError):
                thread.submit(m.release).result()
            assert not thread.submit(m.acquire, True, 0.002).result()
            with pytest.raises(sb.DeadlineError):
                thread.submit(m.recover(0.002).__enter__).result()
    assert not m.locked() and not taken(m)
    for timeout in (-1, None, 0, 1e300):
        assert m.acquire(timeout=timeout)
        m.release()
    for wrong in ({"timeout": -2}, {"blocking": False, "timeout": 1}):
        with pytest.raises(ValueError):
            m.acquire(**wrong)


@pytest.mark.parametrize("kind", [sb.Mutex, sb.RLock, sb.Condition])
def test_a_killed_holder(kind: Any, segments: Path, python: Start) -> None:
    m = kind.create("m")
    child = python(f"m = sb.{kind.__name__}.attach('m'); m.acquire(); say('held'); input()")
    assert child.line() == "held" and not m.acquire(False)
    with ThreadPoolExecutor(1) as thread:
        waits = thread.submit(m.acquire)
        child.kill()
        with pytest.raises(sb.OwnerDiedError, match="recover"):
            waits.result()
    for again in (m.acquire, lambda: m.acquire(False), m.__enter__):
        with pytest.raises(sb.OwnerDiedError):
            again()
    assert m.locked()
    with pytest.raises(sb.NotOwnerError):
        m.release()
    with pytest.raises(ZeroDivisionError), m.recover() as died:
        assert died
        1 / 0  # noqa: B018
    with pytest.raises(sb.OwnerDiedError):
        m.acquire()
    with m.recover() as died:
        assert died and m.locked()
    with m.recover() as died:
        assert not died
    with m:
        pass


def test_a_killed_holder_where_that_leaves_no_mark(segments: Path, python: Start) -> None:
    m = sb.Mutex.create("m", recover="always")
    child = python("m = sb.Mutex.attach('m'); m.acquire(); say('held'); input()")
    assert child.line() == "held"
    child.kill()
    with m:
        pass


def test_mutex_of_tasks(segments: Path) -> None:
    m, n = sb.Mutex.create("m"), 0

    async def work() -> None:
        nonlocal n
        for _ in range(20):
            async with m:
                before = n
                await asyncio.sleep(0)
                n = before + 1

    async def three() -> None:
        await asyncio.gather(work(), work(), work())

    asyncio.run(three())
    assert n == 60 and not m.locked()


def test_ctrl_c(segments: Path, python: Start) -> None:
    holder = sb.Mutex.create("m")
    with holder:
        for what in ("Mutex.attach('m').acquire()", "Semaphore.create('s', 0).acquire()", "Event.create('e').wait()",
                     "Barrier.create('b', 2).wait()", "Counter.create('c').wait_for(bool)"):  # fmt: skip
            child = python(f"""
                try:
                    say("waits")
                    sb.{what}
                except KeyboardInterrupt:
                    say("interrupted")
            """)
            assert child.line() == "waits"
            child.process.send_signal(signal.SIGINT)
            assert child.line() == "interrupted"
            child.kill()
            for entry in segments.iterdir():
                if entry.name != "m":
                    if entry.name == "b":
                        assert sb.Barrier.attach("b").broken
                    entry.unlink()


def test_rlock(segments: Path) -> None:
    r = sb.RLock.create("r")
    other = sb.RLock.attach("r")
    with pytest.raises(sb.NotOwnerError):
        r.release()
    for _ in range(3):
        assert r.acquire()
    with other:  # the same thread, so the same holder
        assert taken(r)
    with r.recover() as died:
        assert not died
    with ThreadPoolExecutor(1) as thread, pytest.raises(sb.NotOwnerError):
        thread.submit(r.release).result()
    for _ in range(3):
        assert taken(r) and taken(other) and r.locked()
        r.release()
    assert not taken(r)
    with pytest.raises(sb.NotOwnerError):
        r.release()
    with pytest.raises(ValueError):
        r.acquire(False, 1)


def test_rlock_recover_within_itself(segments: Path, python: Start) -> None:
    r = sb.RLock.create("r")
    child = python("r = sb.RLock.attach('r'); r.acquire(); r.acquire(); say('held'); input()")
    assert child.line() == "held"
    child.kill()
    with r.recover() as died, r.recover() as still:
        assert died and still
    with r:
        pass


def test_a_forked_child_holds_nothing(segments: Path) -> None:
    m, r = sb.Mutex.create("m"), sb.RLock.create("r")

    def child() -> None:
        for lock in (m, r):
            with pytest.raises(sb.NotOwnerError):
                lock.release()
            assert not lock.acquire(False) and lock.locked()

    with m, r, r:
        forked(child)
        r.release()
        assert taken(r)
        r.acquire()
    assert not m.locked() and not r.locked()


def test_event(segments: Path, python: Start) -> None:
    e = sb.Event.create("e")
    assert not e.is_set() and not e.wait(0) and not e.wait(0.002) and not e.wait(-1)
    children = [
        python("e = sb.Event.attach('e', mode='r'); say('waits'); say(e.wait()); input(); say(e.is_set())") for _ in range(2)
    ]
    assert [child.line() for child in children] == ["waits"] * 2
    e.set()
    assert [child.line() for child in children] == ["True"] * 2
    assert e.wait() and e.wait(0) and e.is_set()
    e.clear()
    for child in children:
        child.say()
        assert child.line() == "False"
    with ThreadPoolExecutor(1) as thread:
        waits = thread.submit(e.wait)
        python("sb.Event.attach('e').set()")
        assert waits.result()


def test_event_one_that_dies_before_it_wakes(segments: Path) -> None:
    e = sb.Event.create("e")
    with ThreadPoolExecutor(1) as thread:
        waits = thread.submit(e.wait)
        sb.attach("e")[0] = 7
        assert waits.result()


def test_counter(segments: Path, python: Start) -> None:
    c, rounds = sb.Counter.create("c", 5), 1000
    assert c.value == 5 and c.add() == 6 and c.add(-6) == 0
    with pytest.raises(sb.DeadlineError):
        c.wait_for(lambda value: value > 0, 0.002)

    def add() -> None:
        for _ in range(rounds):
            c.add()

    python(f"""
        c = sb.Counter.attach("c")
        for _ in range({rounds}):
            c.add(2)
    """)
    forks = os.fork()
    if forks == 0:
        add()
        os._exit(0)
    thread = threading.Thread(target=add)
    thread.start()
    assert c.wait_for(lambda value: value >= 4 * rounds) == 4 * rounds
    thread.join()
    os.waitpid(forks, 0)
    c.value = -3
    assert c.value == -3 and sb.Counter.attach("c").value == -3
    c.value = (1 << 63) - 1
    assert c.add() == -1 << 63  # as int64 does
    for wrong in (1 << 63, -(1 << 63) - 1):
        with pytest.raises(OverflowError):
            c.add(wrong)
    with pytest.raises(ZeroDivisionError):
        c.wait_for(lambda value: 1 / 0)
