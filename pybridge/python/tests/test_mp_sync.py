"""The sync objects of samebytes.mp: what the standard ones do, and what they do not: names, pickles anywhere, deaths."""

import os
import pickle
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import samebytes as sb
from samebytes import mp

Start = Callable[[str], Any]

MAKERS: dict[str, Callable[..., Any]] = {
    "Lock": mp.Lock,
    "RLock": mp.RLock,
    "Semaphore": mp.Semaphore,
    "BoundedSemaphore": mp.BoundedSemaphore,
    "Condition": mp.Condition,
    "Event": mp.Event,
    "Barrier": lambda **name: mp.Barrier(2, **name),
    "Value": lambda **name: mp.Value("i", 3, **name),
    "Array": lambda **name: mp.Array("d", [1, 2], **name),
    "RawValue": lambda **name: mp.RawValue("i", 3, **name),
    "RawArray": lambda **name: mp.RawArray("d", [1, 2], **name),
}


def forked(work: Callable[[], object]) -> None:
    """Does the work in a forked child, and fails if it fails there."""
    child = mp.get_context("fork").Process(target=work)
    child.start()
    child.join()
    assert child.exitcode == 0


@pytest.mark.parametrize("kind", MAKERS)
def test_names(kind: str, segments: Path) -> None:
    named, temporary = MAKERS[kind](name="x"), MAKERS[kind]()
    assert named.name == "x" and temporary.name != "x"
    assert sorted(os.listdir(segments)) == sorted(["x", temporary.name])
    with pytest.raises(sb.ExistError):
        MAKERS[kind](name="x")
    with pytest.raises(sb.BadNameError):
        MAKERS[kind](name="a/b")
    del named, temporary
    assert os.listdir(segments) == ["x"]
    again = mp.attach("x")
    assert again.name == "x"
    if kind not in ("RawValue", "RawArray"):  # of whose missing lock the segment knows nothing
        assert type(again).__name__ in (kind, "Synchronized", "SynchronizedArray")


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_are_handles(kind: str, protocol: int, segments: Path) -> None:
    made = MAKERS[kind](name="x")
    pickled = pickle.dumps(made, protocol)
    assert len(pickled) < 400
    again = pickle.loads(pickled)
    assert again.name == "x"
    if isinstance(made, mp.synchronize.Event):
        made.set()
        assert again is made and again.is_set()
    sb.delete("x")
    with pytest.raises(sb.StaleError, match="deleted"):
        pickle.loads(pickled)
    other = MAKERS[kind](name="x")
    with pytest.raises(sb.StaleError, match="another segment"):
        pickle.loads(pickled)
    assert other.name == "x"


def test_to_an_unrelated_process(segments: Path, python: Start) -> None:
    event, condition, barrier, values = mp.Event(), mp.Condition(mp.Lock()), mp.Barrier(2), mp.Array("i", 3)
    other = python("""
        import pickle
        event, condition, barrier, values = pickle.loads(bytes.fromhex(input()))
        event.wait()
        with condition:
            values[:] = [1, 2, 3]
            condition.notify()
        say(barrier.wait())
    """)
    other.say(pickle.dumps((event, condition, barrier, values)).hex())
    with condition:
        event.set()
        assert condition.wait(60)
        assert values[:] == [1, 2, 3]
    assert {barrier.wait(), int(other.line())} == {0, 1}


def test_lock(segments: Path) -> None:
    lock = mp.Lock()
    assert repr(lock) == "<Lock(owner=None)>" and not lock.locked()
    assert lock.acquire() and not lock.acquire(False) and not lock.acquire(timeout=0.01) and not lock.acquire(True, -1)
    assert repr(lock) == "<Lock(owner=MainProcess)>" and lock.locked()
    forked(lambda: check(repr(lock) == "<Lock(owner=SomeOtherProcess)>" and not lock.acquire(False)))
    lock.release()
    with pytest.raises(ValueError, match="too many times"):
        lock.release()
    with lock:
        assert not lock.acquire(block=False)


def check(truth: object) -> None:
    assert truth


def test_a_lock_is_released_by_others(segments: Path) -> None:
    lock = mp.Lock()
    lock.acquire()
    thread = threading.Thread(target=lock.release)
    thread.start()
    assert lock.acquire(timeout=60)
    thread.join()
    forked(lock.release)
    assert lock.acquire(False)  # nobody had it
    forked(lambda: lock.release() or lock.acquire())
    lock.release()  # of a process that has ended with it
    with lock:
        pass


def test_a_lock_is_handed_to_who_waits(segments: Path, python: Start) -> None:
    lock = mp.Lock(name="x")
    lock.acquire()
    waits = python("from samebytes import mp; lock = mp.attach('x'); say('here'); lock.acquire(); say('held'); input()")
    assert waits.line() == "here"
    python("from samebytes import mp; mp.attach('x').release()")
    assert waits.line() == "held" and lock.locked()
    with pytest.raises(sb.OwnerDiedError):
        waits.kill()
        lock.acquire()
    with lock.recover() as died:
        assert died
    lock.acquire()


def test_rlock(segments: Path) -> None:
    lock = mp.RLock()
    assert lock.acquire() and lock.acquire(False) and lock.acquire(timeout=1)
    assert repr(lock) == "<RLock(MainProcess, 3)>"
    forked(lambda: check(repr(lock) == "<RLock(SomeOtherProcess, nonzero)>" and not lock.acquire(False)))
    taken: list[bool] = []
    thread = threading.Thread(target=lambda: taken.append(lock.acquire(False)))
    thread.start()
    thread.join()
    assert taken == [False]
    for _ in range(3):
        lock.release()
    with pytest.raises(AssertionError, match="not owned"):
        lock.release()
    assert repr(lock) == "<RLock(None, 0)>"
    forked(lambda: check(lock.acquire()))  # and ends with it
    with pytest.raises(sb.OwnerDiedError):
        lock.acquire()
    with lock.recover() as died, lock:
        assert died
    with lock.recover(timeout=1) as died:
        assert not died


@pytest.mark.parametrize("kind", ["Lock", "RLock", "Condition", "Value", "Array"])
def test_a_holder_is_killed(kind: str, segments: Path, python: Start) -> None:
    held = MAKERS[kind](name="x")
    lock = held.get_lock() if kind in ("Value", "Array") else held
    holder = python("from samebytes import mp; x = mp.attach('x'); x.acquire(); say('held'); input()")
    assert holder.line() == "held" and not lock.acquire(False)
    holder.kill()
    with pytest.raises(sb.OwnerDiedError):
        held.acquire()
    with pytest.raises(sb.OwnerDiedError), held:
        pass
    with pytest.raises(RuntimeError), lock.recover():
        raise RuntimeError("not mended")
    with lock.recover() as died:
        assert died
    with held:
        pass


def test_semaphore(segments: Path) -> None:
    semaphore = mp.Semaphore(2)
    assert repr(semaphore) == "<Semaphore(value=2)>" and semaphore.get_value() == 2
    assert semaphore.acquire() and semaphore.acquire(False, 5) and not semaphore.acquire(True, -1) and semaphore.locked()
    for value in (1, 2, 3):
        semaphore.release()
        assert semaphore.get_value() == value
    with semaphore:
        assert semaphore.get_value() == 2
    bounded = mp.BoundedSemaphore(1)
    assert repr(bounded) == "<BoundedSemaphore(value=1, maxvalue=1)>"
    with pytest.raises(ValueError, match="too many times"):
        bounded.release()
    with pytest.raises(ValueError):
        mp.Semaphore(-1)


@pytest.mark.parametrize("kind", ["Semaphore", "BoundedSemaphore"])
def test_a_semaphore_is_released_by_others(kind: str, segments: Path) -> None:
    semaphore = MAKERS[kind](2)
    forked(semaphore.acquire)  # whose end gives nothing back
    forked(lambda: check(semaphore.acquire() and not semaphore.acquire(False)))
    assert semaphore.get_value() == 0
    semaphore.release()
    semaphore.release()
    assert semaphore.get_value() == 2
    semaphore.acquire()
    forked(semaphore.release)
    assert semaphore.get_value() == 2


def test_signals_are_used_up(segments: Path) -> None:
    """A producer releases, consumers acquire and end: nothing comes back."""
    signals = mp.Semaphore(0)
    for _ in range(3):
        signals.release()
        signals.release()
        forked(lambda: check(signals.acquire() and signals.acquire()))
        assert signals.get_value() == 0


def test_a_semaphores_last_reference(segments: Path) -> None:
    semaphore = mp.Semaphore(2, name="x")
    semaphore.acquire()
    del semaphore
    assert mp.attach("x").get_value() == 1


def test_a_semaphores_holder_is_killed(segments: Path, python: Start) -> None:
    semaphore = mp.BoundedSemaphore(1, name="x")
    holder = python("from samebytes import mp; s = mp.attach('x'); s.acquire(); say('held'); input()")
    assert holder.line() == "held" and not semaphore.acquire(False)
    holder.kill()
    assert semaphore.acquire(timeout=60)


def test_conditions_share_a_lock(segments: Path) -> None:
    lock = mp.RLock()
    not_empty, not_full, items = (
        mp.Condition(lock),
        mp.Condition(lock),
        mp.Array("i", 2),
    )  # how many there are, and were

    def consume() -> None:
        for _ in range(100):
            with not_empty:
                assert not_empty.wait_for(lambda: items[0] > 0, 60)
                items[0] -= 1
                not_full.notify()

    consumer = mp.get_context("fork").Process(target=consume)
    consumer.start()
    for _ in range(100):
        with not_full, lock:
            assert not_full.wait_for(lambda: items[0] < 3, 60)
            items[0] += 1
            items[1] += 1
            not_empty.notify()
    consumer.join()
    assert consumer.exitcode == 0 and items[:] == [0, 100]


@pytest.mark.parametrize("lock", [mp.Lock, mp.RLock, lambda: None])
def test_condition(lock: Callable[[], Any], segments: Path) -> None:
    condition = mp.Condition(lock())
    for method in (condition.wait, condition.notify, condition.notify_all):
        with pytest.raises(AssertionError):
            method()
    with condition:
        assert not condition.wait(0) and not condition.wait(0.01)
        assert repr(condition).endswith("1)>, 0)>" if "RLock" in repr(condition) else "MainProcess)>, 0)>")
    woken: list[bool] = []

    def wait() -> None:
        with condition:
            woken.append(condition.wait(60))

    threads = [threading.Thread(target=wait) for _ in range(3)]
    for thread in threads:
        thread.start()
    while True:
        with condition:
            if repr(condition).endswith(" 3)>"):
                condition.notify(2)
                condition.notify_all()
                break
        os.sched_yield()
    for thread in threads:
        thread.join()
    assert woken == [True] * 3
    assert pickle.loads(pickle.dumps(condition)) is condition
    with pytest.raises(TypeError, match="expected a Lock or an RLock"):
        mp.Condition(threading.Lock())  # type: ignore[arg-type]


def test_a_condition_gives_a_depth_back(segments: Path) -> None:
    condition = mp.Condition()

    def notify() -> None:
        with condition:
            condition.notify()

    with condition, condition:
        thread = threading.Thread(target=notify)
        thread.start()
        assert condition.wait(60)
        assert "(MainProcess, 2)" in repr(condition)
    thread.join()
    assert "(None, 0)" in repr(condition)


def test_event(segments: Path) -> None:
    event = mp.Event()
    assert not event.is_set() and not event.wait(0) and not event.wait(0.01) and " unset>" in repr(event)
    forked(event.set)
    assert event.wait() and event.is_set() and " set>" in repr(event)
    event.clear()
    assert not event.is_set()


def test_barrier(segments: Path) -> None:
    done = mp.Value("i", 0)

    def act() -> None:
        done.value += 1

    barrier = mp.Barrier(2, act, 60)
    assert (barrier.parties, barrier.n_waiting, barrier.broken) == (2, 0, False) and repr(barrier).endswith("waiters=0/2>")
    child = mp.get_context("fork").Process(target=barrier.wait)
    child.start()
    assert barrier.wait() in (0, 1) and done.value == 1
    child.join()
    with pytest.raises(threading.BrokenBarrierError):
        barrier.wait(0.01)
    assert barrier.broken and repr(barrier).endswith("broken>")
    barrier.reset()
    assert not barrier.broken
    barrier.abort()
    assert barrier.broken
    with pytest.raises(threading.BrokenBarrierError):
        barrier.wait()
    with pytest.raises(threading.BrokenBarrierError):
        mp.Barrier(2, timeout=0.01).wait()
    with pytest.raises(ValueError):
        mp.Barrier(0)


def fail() -> None:
    raise ZeroDivisionError


def test_an_action_that_fails_breaks_the_barrier(segments: Path) -> None:
    barrier = mp.Barrier(1, fail)
    with pytest.raises(ZeroDivisionError):
        barrier.wait()
    assert barrier.broken
    assert pickle.loads(pickle.dumps(mp.Barrier(1, fail, name="x"))).name == "x"


def test_who_dies_in_an_action_breaks_the_barrier(segments: Path) -> None:
    barrier = mp.Barrier(2, lambda: os.kill(os.getpid(), 9), name="x")

    def die() -> None:
        while barrier.n_waiting == 0:
            os.sched_yield()
        barrier.wait()

    child = mp.get_context("fork").Process(target=die)
    child.start()
    with pytest.raises(sb.BarrierBrokenError, match="died"):
        barrier.wait()
    child.join()
    assert child.exitcode == -9


def test_forked_while_held(segments: Path) -> None:
    lock, rlock, semaphore, value = mp.Lock(), mp.RLock(), mp.BoundedSemaphore(1), mp.Value("i", 0)

    def child() -> None:
        assert not lock.acquire(False) and not rlock.acquire(False) and not value.acquire(False)
        assert not semaphore.acquire(False)
        with pytest.raises(AssertionError):
            rlock.release()

    with lock, rlock, semaphore, value:
        forked(child)
        value.value += 1
    forked(lambda: check(lock.acquire(False) and lock.release() is None))
    assert value.value == 1
