"""Locks: which exclude which, whose turn it is, and what deaths leave."""

import asyncio
import fcntl
import gc
import os
import signal
import struct
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import samebytes as sb
from samebytes import _box

Start = Callable[[str], Any]


def taken(lock: Any) -> bool:
    """Whether another thread holds elements against the lock."""
    found: list[bool] = []

    def ask() -> None:
        if lock.acquire(blocking=False):
            lock.release()
            found.append(False)
        else:
            found.append(True)

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    return found[0]


def in_threads(n: int, work: Callable[[int], None]) -> None:
    failed: list[BaseException] = []

    def run(i: int) -> None:
        try:
            work(i)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def test_boxes_conflict_where_they_overlap(segments: Path) -> None:
    a = sb.create("x", (10, 8))
    with a.lock[2:5, 0:4]:
        for lock, want in [
            (lambda x: x, True),
            (lambda x: x[:], True),
            (lambda x: x[...], True),
            (lambda x: x[4], True),
            (lambda x: x[5], False),
            (lambda x: x[-1], False),
            (lambda x: x[0:2], False),
            (lambda x: x[:, 3], True),
            (lambda x: x[..., 3], True),
            (lambda x: x[:, 4:8], False),
            (lambda x: x[::9], True),  # all between its ends
            (lambda x: x[3:3], False),  # nothing
        ]:
            assert taken(lock(a.lock)) is want and taken(lock(a.rlock)) is want
    with a.rlock:
        assert not taken(a.rlock) and taken(a.lock) and taken(a.lock[0])
    assert not taken(a.lock)


@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (1, 1), (2,) * 10])
def test_shapes(shape: tuple[int, ...], segments: Path) -> None:
    a = sb.create("x", shape)
    assert repr(a.lock).startswith("<Lock [" + ", ".join(":" * len(shape)) + "] of ") or 0 in shape
    with a.lock:
        assert taken(a.lock) is (0 not in shape)


def test_threads_exclude_each_other(segments: Path) -> None:
    a, rounds = sb.create("x", 2, "i8"), 3000

    def work(i: int) -> None:
        lock = sb.attach("x").lock[i % 2]
        for _ in range(rounds):
            with lock:
                a[i % 2] += 1

    in_threads(6, work)
    assert a.tolist() == [3 * rounds, 3 * rounds]


def test_one_lock_shared_by_threads(segments: Path) -> None:
    a, rounds = sb.create("x", 1, "i8"), 3000
    lock = a.lock

    def work(i: int) -> None:
        for _ in range(rounds):
            assert lock.acquire()
            a[0] += 1
            lock.release()

    in_threads(4, work)
    assert a[0] == 4 * rounds


def test_processes_exclude_each_other(segments: Path, python: Start) -> None:
    a, rounds = sb.create("x", 1, "i8"), 5000
    children = [
        python(f"""
            a = sb.attach("x")
            for _ in range({rounds}):
                with a.lock:
                    a[0] = a[0] + 1
            say("done")
        """)
        for _ in range(3)
    ]
    assert [child.line() for child in children] == ["done"] * 3
    assert a[0] == 3 * rounds


def test_f09_opened_twice_is_one_participant(segments: Path) -> None:
    a, b = sb.create("x", 4), sb.attach("x")
    with a.lock:
        assert taken(b.lock)
        with pytest.raises(sb.DeadlockError):
            b.lock.acquire()


def test_f11_release_of_what_is_not_held(segments: Path) -> None:
    a = sb.create("x", 4)
    with pytest.raises(sb.NotOwnerError):
        a.lock.release()
    with a.lock:
        with pytest.raises(sb.NotOwnerError):
            in_threads(1, lambda i: a.lock.release())
        with pytest.raises(sb.NotOwnerError):
            a.lock[1:2].release()
        with pytest.raises(sb.NotOwnerError):
            a.rlock.release()
        assert taken(a.lock)
    assert not taken(a.lock)
    with pytest.raises(RuntimeError):
        a.lock.release()


def test_f12_a_thread_that_would_wait_for_itself(segments: Path) -> None:
    a = sb.create("x", 4)
    for outer in (a.lock, a.rlock[1:3]):
        with outer:
            for inner in (a.lock, a.rlock, a.lock[2], a.rlock[2]):
                with pytest.raises(sb.DeadlockError):
                    inner.acquire()
                with pytest.raises(sb.DeadlockError):
                    inner.acquire(blocking=False)
    with a.lock[0], a.lock[1], a.rlock[2:]:
        assert taken(a.lock[3])
    assert not taken(a.lock)


def test_d20_an_exception_releases(segments: Path) -> None:
    a = sb.create("x", 4)
    with pytest.raises(ZeroDivisionError), a.lock:
        1 / 0  # noqa: B018
    assert not taken(a.lock)


def test_timeouts(segments: Path) -> None:
    a = sb.create("x", 4)
    lock = a.lock
    for timeout in (-1, 0, 0.5, 1e300, float("inf"), 10**400):
        assert lock.acquire(timeout=timeout)
        lock.release()
    for timeout in (-2, -0.5, float("-inf"), float("nan")):
        with pytest.raises(ValueError):
            lock.acquire(timeout=timeout)
    with pytest.raises(ValueError):
        lock.acquire(False, 1)
    with lock:

        def late(i: int) -> None:
            for timeout in (0, 1e-9, 0.003, 0.05):
                assert not lock.acquire(timeout=timeout)
            assert not lock.acquire(False)
            with pytest.raises(sb.DeadlineError), a.lock.recover(0.001):
                pass

        in_threads(2, late)
    assert not taken(lock)


def test_indices_that_are_none(segments: Path) -> None:
    a = sb.create("x", (10, 8))
    for index in (10, -11, (0, 8), (0, 0, 0), slice(0, 11), slice(11, None), slice(-11, None), slice(5, 3), slice(None, None, 0),
                  None, (0, None), (..., ...), slice(10, None, -1), slice(2, 5, -1)):  # fmt: skip
        with pytest.raises(sb.ShapeError):
            a.lock[index]
        with pytest.raises(ValueError):
            a.rlock[index]
    for wrong in (True, np.True_, [1, 2], np.array([1, 2]), np.ones((10, 8), bool), 1.5, "x", slice(0.5, 2), object()):
        with pytest.raises(TypeError):
            a.lock[wrong]
    for good in (9, -10, np.int64(3), np.array(3), slice(0, 10), slice(10, 10), slice(-10, None), slice(None, None, -1), (), ...,
                 (..., 7), (3, ...)):  # fmt: skip
        with a.lock[good]:
            pass


def test_where_nothing_can_be_locked(segments: Path) -> None:
    a = sb.create("x", 3)
    r = sb.attach("x", "r")
    np.save(segments / "plain.npy", np.zeros(3))
    for array, error in ((r, sb.ReadOnlyError), (sb.attach("plain.npy"), sb.NoControlError), (a.copy(), sb.NoControlError)):
        with pytest.raises(error):
            array.lock  # noqa: B018
        with pytest.raises(error):
            array.rlock  # noqa: B018


def hold_and_die(python: Start, what: str) -> None:
    child = python(f"a = sb.attach('x'); {what}.acquire(); say('held'); input()")
    assert child.line() == "held"
    child.kill()


def test_d01_sigkill_of_the_holder(segments: Path, python: Start) -> None:
    a = sb.create("x", (10, 8))
    child = python("a = sb.attach('x'); a.lock[2:5].acquire(); say('held'); input()")
    assert child.line() == "held"
    waiting = threading.Event()
    raised: list[BaseException] = []

    def wait() -> None:
        waiting.set()
        try:
            a.lock[4, 1].acquire()
        except sb.OwnerDiedError as error:
            raised.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    waiting.wait()
    child.kill()
    thread.join(60)
    assert len(raised) == 1 and "[2:5, :] may be half written" in str(raised[0]) and "recover" in str(raised[0])
    for again in (a.lock, a.rlock, a.lock[3], a.rlock[2:3, 0]):
        for blocking in (True, False):
            with pytest.raises(sb.OwnerDiedError, match=r"\[2:5, :\]"):
                again.acquire(blocking)
    with a.lock[0:2], a.rlock[5:]:
        pass


def test_not_to_wait_is_no_reason_to_miss_a_death(segments: Path, python: Start) -> None:
    a = sb.create("x", 4)
    hold_and_die(python, "a.lock")
    with pytest.raises(sb.OwnerDiedError):
        while not a.lock.acquire(blocking=False):
            pass


def test_death_of_readers_and_of_those_who_wait_leaves_nothing(segments: Path, python: Start) -> None:
    a = sb.create("x", 4)
    hold_and_die(python, "a.rlock")
    with a.lock:
        child = python("a = sb.attach('x'); say('waits'); a.lock.acquire()")
        assert child.line() == "waits"
        child.kill()
    with a.lock:
        pass


def test_recover(segments: Path, python: Start) -> None:
    a = sb.create("x", (10, 8))
    with a.lock.recover() as boxes:
        assert boxes == []
    hold_and_die(python, "a.lock[2:5, 1]")
    hold_and_die(python, "a.lock[7]")
    with pytest.raises(sb.OwnerDiedError, match=r"\[2:5, 1:2\]"), a.lock[3].recover():
        pass
    with pytest.raises(ZeroDivisionError), a.lock.recover():
        1 / 0  # noqa: B018
    with a.lock[0:6].recover(timeout=5) as boxes:
        assert boxes == [(slice(2, 5), slice(1, 2))]
        a[boxes[0]] = 1
        assert taken(a.lock[0])
    with a.lock[2:5]:
        pass
    with pytest.raises(sb.OwnerDiedError, match=r"\[7:8, :\]"):
        a.lock.acquire()
    with a.lock.recover() as boxes:
        assert boxes == [(slice(7, 8), slice(0, 8))]
    with a.lock:
        pass
    with pytest.raises(AttributeError):
        a.rlock.recover  # noqa: B018


def test_d08_killed_while_repairing(segments: Path, python: Start) -> None:
    a = sb.create("x", 4)
    hold_and_die(python, "a.lock[1:3]")
    child = python("""
        a = sb.attach("x")
        with a.lock.recover() as boxes:
            say(boxes)
            input()
    """)
    assert child.line() == str([(slice(1, 3),)])
    child.kill()
    with pytest.raises(sb.OwnerDiedError):
        a.lock.acquire()
    with a.lock.recover() as boxes:
        assert (slice(0, 4),) in boxes  # all that the repairer held
    with a.lock:
        pass


def test_d07_all_participants_killed(segments: Path, python: Start) -> None:
    child = python("a = sb.create('x', 4); a.lock[1].acquire(); say('held'); input()")
    assert child.line() == "held"
    child.kill()
    a = sb.attach("x")
    with pytest.raises(sb.OwnerDiedError, match=r"\[1:2\]"):
        a.lock.acquire()
    with a.lock.recover():
        pass


def test_recover_always(segments: Path, python: Start) -> None:
    a = sb.create("x", 4, recover="always")
    hold_and_die(python, "a.lock")
    with a.lock:
        pass
    with pytest.raises(ValueError, match="recover"):
        sb.create("y", 4, recover="never")  # type: ignore[arg-type]


def test_d12_a_stopped_holder_lives(segments: Path, python: Start) -> None:
    a = sb.create("x", 4)
    child = python("a = sb.attach('x'); a.lock.acquire(); say('held'); input(); a.lock.release(); say('free')")
    assert child.line() == "held"
    child.process.send_signal(signal.SIGSTOP)
    assert not a.lock.acquire(timeout=0.05)
    child.process.send_signal(signal.SIGCONT)
    child.say()
    assert child.line() == "free"
    with a.lock:
        pass


def test_d13_a_zombie_is_dead(segments: Path, python: Start) -> None:
    a = sb.create("x", 4)
    child = python("a = sb.attach('x'); a.lock.acquire(); say('held'); input()")
    assert child.line() == "held"
    child.process.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, child.process.pid, os.WEXITED | os.WNOWAIT)
    with pytest.raises(sb.OwnerDiedError):
        a.lock.acquire()


def test_who_takes_a_dead_ones_row_does_not_hide_its_death(segments: Path, python: Start) -> None:
    a = sb.create("x", 4)
    child = python("a = sb.attach('x'); a.lock.acquire(); say('held'); input()")
    assert child.line() == "held"
    child.kill()
    with open(segments / "x", "r+b") as file:  # both bytes of row 1, as one has them who has not raised its Generation yet
        fcntl.fcntl(file, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, (1 << 62) + 2, 2, 0))
        assert [p.alive for p in sb.stat("x").participants] == [True, False]
        with pytest.raises(sb.OwnerDiedError):
            a.lock.acquire(timeout=60)


def test_an_opening_that_goes_leaves_what_it_held(segments: Path) -> None:
    sb.create("x", 4).lock.acquire()
    gc.collect()
    with pytest.raises(sb.OwnerDiedError):
        sb.attach("x").lock.acquire()


def test_m10_the_65th_participant(segments: Path, python: Start) -> None:
    a = sb.create("x", 4, slots=2)
    child = python("a = sb.attach('x'); say('in'); input()")
    assert child.line() == "in"
    other = python("""
        try:
            sb.attach("x")
        except sb.FullError as error:
            say(error)
        say(sb.attach("x", "r").version)
    """)
    assert "at most 2 participants" in other.line()
    assert other.line() == "0"
    child.kill()
    assert python("say(sb.attach('x').shape)").line() == "(4,)"
    with a.lock:
        pass
    for slots in (0, -1, 257):
        with pytest.raises(sb.FullError, match="1 to 256"):
            sb.create("y", 4, slots=slots)
    sb.create("y", 4, slots=256)


def test_a_full_table_of_boxes(segments: Path) -> None:
    a = sb.create("x", 10, slots=1)
    with a.lock[0], a.lock[1], pytest.raises(sb.FullError, match="at most 2 boxes"):
        a.lock[2].acquire()
    with a.lock[2]:
        pass


def test_ctrl_c_ends_an_acquire(segments: Path, python: Start) -> None:
    a = sb.create("x", 4)
    with a.lock:
        child = python("""
            a = sb.attach("x")
            try:
                say("waits")
                a.lock.acquire()
            except KeyboardInterrupt:
                say("interrupted")
            input()
        """)
        assert child.line() == "waits"
        child.process.send_signal(signal.SIGINT)
        assert child.line() == "interrupted"
    assert not taken(a.lock)


def test_m11_signals_all_the_time(segments: Path) -> None:
    a = sb.create("x", 1, "i8")
    rung = 0

    def ring(*_: object) -> None:
        nonlocal rung
        rung += 1

    before = signal.signal(signal.SIGALRM, ring)
    done = threading.Event()

    def busy() -> None:
        while not done.is_set():
            with a.lock:
                a[0] += 1

    thread = threading.Thread(target=busy)
    try:
        signal.setitimer(signal.ITIMER_REAL, 1e-4, 1e-4)
        thread.start()
        n = 0
        while rung < 300:
            with a.lock:
                a[0] += 1
                n += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        done.set()
        thread.join()
    assert a[0] >= n


def test_nobody_starves(segments: Path) -> None:
    a, busy = sb.create("x", 4), True

    def hog(i: int) -> None:
        with a.rlock[i]:
            pass
        while busy:
            with a.rlock[i]:
                pass

    def writer(i: int) -> None:
        nonlocal busy
        if i < 2:
            return hog(i)
        try:
            for _ in range(20):
                with a.lock:
                    pass
        finally:
            busy = False

    in_threads(3, writer)


def test_async_tasks_exclude_each_other(segments: Path) -> None:
    a = sb.create("x", 4, "i8")

    async def work() -> None:
        for _ in range(20):
            async with a.lock[1:3]:
                seen = a[1]
                await asyncio.sleep(0)
                a[1] = seen + 1

    async def main() -> None:
        await asyncio.gather(*(work() for _ in range(5)))

    asyncio.run(main())
    assert a[1] == 100 and not taken(a.lock)


def test_async_and_threads_exclude_each_other(segments: Path) -> None:
    a = sb.create("x", 4)

    async def main() -> None:
        async with a.lock:
            assert await asyncio.to_thread(taken, a.lock)
            with pytest.raises(sb.DeadlockError):
                async with a.lock:
                    pass
            with pytest.raises(sb.NotOwnerError):
                a.lock.release()  # the thread holds nothing
        async with a.rlock:
            pass

    asyncio.run(main())
    assert not taken(a.lock)


def test_async_cancelled(segments: Path) -> None:
    a = sb.create("x", 4)

    async def main() -> None:
        for i in range(30):
            async with a.lock:

                async def wait() -> None:
                    async with a.lock:
                        pass

                waiter = asyncio.create_task(wait())
                for _ in range(i % 3):
                    await asyncio.sleep(0)
                if i % 2:
                    waiter.cancel()
            waiter.cancel()  # about when it gets the lock, so that both orders come up
            await asyncio.gather(waiter, return_exceptions=True)
        assert await asyncio.to_thread(a.lock.acquire, True, 60)  # whoever was cancelled has released

    asyncio.run(main())
    end_of_waits()


def test_async_timeout(segments: Path) -> None:
    a = sb.create("x", 4)

    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01), a.lock:
                pass

    with a.lock:
        asyncio.run(main())
    assert a.lock.acquire(timeout=60)  # which the cancelled may have had for a moment
    end_of_waits()


def end_of_waits() -> None:
    """Waits for the threads of cancelled waits, which hold on to the mapping until they notice."""
    for thread in threading.enumerate():
        if thread.name == "samebytes-wait":
            thread.join()


def test_t10_a_hole_over_the_control_block(segments: Path) -> None:
    a = sb.create("x", 4)
    lock: AbstractContextManager[Any] = a.lock
    with open(segments / "x", "r+b") as file:
        file.seek(-4096, 2)
        file.write(bytes(4096))
    for use in (
        lock.__enter__,
        a.publish,
        lambda: a.wait(0, 0.001),
        lambda: a.version,
        a.snapshot,
        lambda: next(a.changes()),
    ):
        with pytest.raises(sb.BrokenError):
            use()
    sb.delete("x")


def test_h11_random_words_in_the_table(segments: Path) -> None:
    a = sb.create("x", 4)
    random = np.random.default_rng(1)
    size = (segments / "x").stat().st_size
    words = np.memmap(segments / "x", np.uint8, "r+", size - 4096 + 192, 40)
    boxes = np.memmap(segments / "x", np.uint8, "r+", 8192 + 64 * 128, 64 * 128)
    for _ in range(50):
        words[:16] = random.integers(0, 256, 16)  # latch, used, waiting
        boxes[:] = random.integers(0, 256, boxes.size)
        try:
            with a.lock[1:3].recover(timeout=0.2):
                pass
        except (sb.OwnerDiedError, sb.DeadlineError, sb.FullError, sb.NotOwnerError):
            pass
        boxes[:] = 0
    words[:16] = 0
    with a.lock:
        pass
    del words, boxes


def test_nothing_leaks(segments: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(500):
        a = sb.create("x", 16)
        with a.lock, pytest.raises(sb.DeadlockError):
            a.lock[3].acquire()
        sb.delete("x")
        del a
    assert len(os.listdir("/proc/self/fd")) == before


slices = st.builds(
    slice, st.none() | st.integers(-6, 6), st.none() | st.integers(-6, 6), st.sampled_from([None, 1, 2, 3, -1, -2])
)


@st.composite
def views(draw: st.DrawFn, *more: str) -> tuple[Any, np.ndarray[Any, Any]]:
    """An array whose elements are their own positions, and a view of it."""
    shape = tuple(draw(st.lists(st.integers(1, 5), min_size=1, max_size=3)))
    order = draw(st.sampled_from("CF"))
    whole = np.arange(np.prod(shape)).reshape(shape, order=order)  # type: ignore[arg-type]
    whole = np.asarray(whole, order=order)  # type: ignore[call-overload]
    view = whole
    for _ in range(draw(st.integers(0, 3))):
        match draw(st.sampled_from(["slice", "transpose", "integer", "newaxis", *more])):
            case "slice":
                view = view[(*(draw(slices) for _ in view.shape), ...)]
            case "transpose":
                view = view.transpose(draw(st.permutations(range(view.ndim))))
            case "integer" if view.ndim and view.shape[0]:
                view = view[draw(st.integers(0, view.shape[0] - 1)), ...]
            case "diagonal" if view.ndim >= 2:
                view = view.diagonal()
            case "newaxis":
                view = view[..., None]
    return whole, np.asarray(view)


def layout(view: np.ndarray[Any, Any], whole: np.ndarray[Any, Any]) -> _box.Layout:
    offset = view.__array_interface__["data"][0] - whole.__array_interface__["data"][0]
    return _box.Layout(offset, view.shape, view.strides, view.itemsize)


def box_of(view: np.ndarray[Any, Any], whole: np.ndarray[Any, Any]) -> tuple[range, ...]:
    fortran = whole.flags.f_contiguous and not whole.flags.c_contiguous
    spans = _box.hull(layout(view, whole), whole.shape, whole.itemsize, fortran)
    return tuple(range(first, min(last, n)) for (first, last), n in zip(spans, whole.shape, strict=True))


@settings(max_examples=500, deadline=None)
@given(views())
def test_the_box_of_a_view_is_the_least(case: tuple[Any, Any]) -> None:
    whole, view = case
    box = box_of(view, whole)
    if view.size == 0:
        assert not any(box)
        return
    order = "F" if whole.flags.f_contiguous and not whole.flags.c_contiguous else "C"
    at = np.unravel_index(view.ravel(), whole.shape, order)  # type: ignore[call-overload]
    assert box == tuple(range(int(axis.min()), int(axis.max()) + 1) for axis in at)


@settings(max_examples=200, deadline=None)
@given(views("diagonal"), st.data())
def test_the_box_of_any_view_holds_its_elements(case: tuple[Any, Any], data: st.DataObject) -> None:
    whole, view = case
    joined = view.reshape(-1)
    if not np.shares_memory(joined, whole):
        joined = view
    if joined.size == 0 or joined.ndim == 0:
        return
    joined = joined[data.draw(st.integers(0, len(joined) - 1)) :]
    box = box_of(joined, whole)
    order = "F" if whole.flags.f_contiguous and not whole.flags.c_contiguous else "C"
    for axis, taken_of_axis in zip(np.unravel_index(joined, whole.shape, order), box, strict=True):  # type: ignore[call-overload]
        assert int(axis.min()) in taken_of_axis and int(axis.max()) in taken_of_axis


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(views(), st.data())
def test_an_index_of_a_layout_is_that_of_the_view(case: tuple[Any, Any], data: st.DataObject) -> None:
    whole, view = case
    index = tuple(data.draw(st.integers(-6, 6) | slices) for _ in range(data.draw(st.integers(0, view.ndim))))
    index = (*index[:1], ..., *index[1:])  # without an ellipsis NumPy gives a copy of a single element
    try:
        got = layout(view, whole).at(index)
    except sb.ShapeError:
        return
    want = layout(np.asarray(view[index]), whole)
    assert got.shape == want.shape and (0 in got.shape or got.offset == want.offset)
    assert 0 in got.shape or all(n == 1 or g == w for n, g, w in zip(got.shape, got.strides, want.strides, strict=True))


def test_boxes_of_views_by_example(segments: Path) -> None:
    a = sb.create("x", (4, 6, 5))
    f = sb.create("f", (4, 6), [("p", "f8"), ("q", "i4")], order="F")
    for array, want in [
        (a, "[:, :, :]"),
        (a.T, "[:, :, :]"),
        (a[:], "[:, :, :]"),
        (a[1], "[1:2, :, :]"),
        (a[1:3, ::2], "[1:3, 0:5, :]"),
        (a[::-1, 5:1:-2, 2], "[:, 3:6, 2:3]"),
        (a.T[2, 1:3], "[:, 1:3, 2:3]"),
        (a[1:3].reshape(2, 30)[:, 3:8], "[1:3, :, :]"),
        (a.reshape(-1)[3:8], "[0:1, 0:2, :]"),
        (a.view("u1")[..., :8], "[:, :, 0:1]"),
        (np.broadcast_to(a[2, 3], (7, 5), subok=True), "[2:3, 3:4, :]"),
        (np.lib.stride_tricks.as_strided(a, (2000,), (8,), subok=True), "[:, :, :]"),  # beyond its end
        (a[2:2], "[0:0, 0:0, 0:0]"),
        (f["q"][1:3, 2], "[1:3, 2:3]"),
    ]:
        assert repr(array.lock).split(" of ")[0] == f"<Lock {want}"  # type: ignore[attr-defined]


def test_a_box_asked_for_again_is_the_same_lock(segments: Path) -> None:
    a = sb.create("x", (4, 4))
    assert a.lock[1:3, 0] is a.lock[1:3, 0] and a.lock[1] is not a.rlock[1]
    assert a.lock[1:3].spans == a.lock[1:3, :].spans != a.lock[1].spans
    with a.lock[1:3, 0], pytest.raises(sb.DeadlockError):
        a.lock[1:3, 0].acquire()
    with pytest.raises(TypeError, match="boolean"):
        a.lock[True]
    b = sb.create("y", 3000)
    for row in range(3000):  # more than are kept
        with b.lock[row]:
            pass
    with b.lock[0]:
        assert taken(b.lock[0]) and not taken(b.lock[1])
