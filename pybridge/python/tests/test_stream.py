"""Streams: loans, items, policies, ends, and what goes wrong."""

import asyncio
import copy
import ctypes
import errno
import gc
import multiprocessing
import os
import pickle
import signal
import struct
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import samebytes as sb
from conftest import until
from samebytes import _control, _file, _segment

Start = Callable[[str], Any]


def publish(s: sb.Stream, n: int = 1) -> None:
    """Publishes n items, whose elements are all the item's number."""
    for _ in range(n):
        with s.loan() as frame:
            frame[...] = s._ring.counts()[0] + 1


def numbers(reader: sb.Reader) -> list[int]:
    """Those of the items that are there."""
    found = []
    try:
        while (item := reader.try_next()) is not None:
            assert (item == item.number).all()
            found.append(item.number)
    except EOFError:
        pass
    return found


@pytest.mark.parametrize("shape", [(), 3, (2, 3), (0, 2)])
@pytest.mark.parametrize("dtype", ["f8", "u1", [("a", "i4"), ("b", "f8", 2)]])
def test_items_are_what_was_published(shape: Any, dtype: Any, segments: Path) -> None:
    with sb.stream("s", 3, shape, dtype) as s, s.reader() as reader:
        axes = np.empty(shape).shape
        assert (s.slots, s.shape, s.dtype, s.lossy, s.name) == (3, axes, np.dtype(dtype), False, "s")
        for i in range(1, 10):
            expected = np.frombuffer(os.urandom(np.empty(shape, dtype).nbytes), dtype).reshape(shape)
            with s.loan() as frame:
                frame[...] = expected
            item = reader.next(timeout=60)
            assert item.tobytes() == expected.tobytes()
            assert (item.number, item.missed, item.shape, item.dtype) == (i, 0, axes, np.dtype(dtype))
            assert abs(item.time - os.stat("/proc/self").st_mtime) < 1e9 and item.time_ns == int(item.time_ns)
            assert not item.flags.writeable and not frame.flags.writeable
        assert reader.try_next() is None
        assert np.load(segments / "s").shape == (3, *axes)


def test_leaving_a_loan_by_an_exception_discards_it(segments: Path) -> None:
    with sb.stream("s", 2, 3) as s, s.reader() as reader:
        for _ in range(5):
            with pytest.raises(ZeroDivisionError), s.loan() as frame:
                frame[:] = 1 / 0
            assert not frame.flags.writeable
            with pytest.raises(ZeroDivisionError), s.loans(2):
                raise ZeroDivisionError
        assert reader.try_next() is None
        publish(s)
        assert reader.next().number == 1


def test_part_of_an_item(segments: Path) -> None:
    with sb.stream("s", 4, (5, 2)) as s, s.reader() as reader:
        for n in (0, 3, 5):
            with s.loan() as frame:
                frame[:] = n
                assert frame.publish(n) > 0
            item = reader.next()
            assert item.shape == (n, 2) and (item == n).all() and item.number
        frame = s.loan()
        for n in (-1, 6):
            with pytest.raises(sb.ShapeError, match=r"expected 0 to the length of the first axis of \(5, 2\)"):
                frame.publish(n)
        frame.discard()
    with sb.stream("scalars", 4) as s, pytest.raises(sb.ShapeError):
        s.loan().publish(1)


def test_a_loan_is_over_once(segments: Path) -> None:
    with sb.stream("s", 4, 3) as s:
        frame, other = s.loan(), s.loans(2)
        assert (frame.publish(), other.publish()) == (1, 3)
        for over in (frame, *other, other):
            for end in (over.publish, over.discard):
                with pytest.raises(sb.ClosedError, match="published or discarded"):
                    end()
        with pytest.raises(ValueError, match="read-only"):
            frame[0] = 1
        mixed = s.loans(2)
        mixed[1].discard()
        with pytest.raises(sb.ClosedError):
            mixed.publish()
        mixed[0].publish()


def test_a_loan_is_published_once_also_with_others(segments: Path) -> None:
    with sb.stream("s", 4, 3) as s, s.reader() as reader:
        first, second = s.loans(2)
        with pytest.raises(sb.ClosedError):
            sb.Loans((first, second, first)).publish()
        first[:], second[:] = 2, 1  # they go on
        assert sb.Loans((second, first)).publish() == 2
        assert numbers(reader) == [1, 2]


def test_loans_that_nobody_has_any_more_are_discarded(segments: Path) -> None:
    with sb.stream("s", 2, 3) as s:
        for _ in range(10):
            s.loan()
            s.loans(2)
        assert s.loan(timeout=0).publish() == 1


def test_a_slow_reader_holds_writers_up(segments: Path) -> None:
    with sb.stream("s", 3, 3) as s, s.reader() as reader:
        publish(s, 3)
        for timeout in (0, 0.02):
            with pytest.raises(sb.DeadlineError, match=r"no room within .* s"):
                s.loan(timeout)
        done = threading.Thread(target=publish, args=(s, 1000))
        done.start()
        for i in range(1003):
            item = reader.next(timeout=60)
            assert item.number == i + 1 and (item == item.number).all()
        done.join()
        assert s._ring.counts()[1] > 0


def test_patience(segments: Path) -> None:
    with sb.stream("s", 2, patience=0.02) as s, s.reader():
        publish(s, 2)
        with pytest.raises(
            sb.FullError, match=rf"no room after 0.02 s: a reader is at item 1 of 2 \(process {os.getpid()}, python"
        ):
            s.loan()


def test_lossy_writers_never_wait(segments: Path) -> None:
    with sb.stream("s", 4, 100, lossy=True) as s, s.reader() as reader:
        assert s.lossy and "lossy" in repr(s)
        publish(s, 2)
        item = reader.next()
        publish(s, 100)
        assert item.number == 1 and (item == 1).all()
        last, missed = 1, 0
        for number in numbers(reader):
            missed += number - last - 1
            last = number
        assert last == 102 and reader.missed == missed > 90
        frames = [s.loan() for _ in range(4)]
        with pytest.raises(sb.FullError, match="all 4 slots are on loan"):
            s.loan()
        frames[0].publish()


def test_lossy_readers_count_what_they_missed(segments: Path) -> None:
    with sb.stream("s", 8, 50, lossy=True) as s:
        ends = threading.Event()

        def write() -> None:
            with sb.attach_stream("s") as mine:
                while not ends.is_set():
                    publish(mine)

        writer = threading.Thread(target=write)
        with s.reader() as reader:
            writer.start()
            had = last = 0
            for item in reader:
                assert item.number == last + item.missed + 1
                assert (item == item.number).all()
                last, had = item.number, had + 1
                assert had + reader.missed == last
                if had == 2000:
                    ends.set()
        writer.join()
        assert had >= 2000


def test_what_steps_without_an_item_missed_is_said_with_the_next(segments: Path) -> None:
    with sb.stream("s", 4, 3, lossy=True) as s, s.reader() as reader:
        publish(s, 4)
        with s.loans(4):  # in the slots of items 1 to 4
            assert reader.try_next() is None
            with pytest.raises(sb.DeadlineError):
                reader.next(0.001)
        item = reader.next()
        assert (item.number, item.missed, reader.missed) == (5, 4, 4)
        assert reader.next().missed == 0


def test_where_readers_begin(segments: Path) -> None:
    with sb.stream("s", 4, 3) as s:
        assert s.reader("latest")._port.number == 0
        publish(s, 6)
        assert numbers(s.reader()) == [3, 4, 5, 6]
        assert numbers(s.reader("latest")) == [6]
        assert numbers(s.reader(5)) == [5, 6]
        assert numbers(s.reader(1)) == [3, 4, 5, 6]
        ahead, following = s.reader(8), s.reader("next")
        publish(s, 3)
        assert numbers(ahead) == [8, 9] and numbers(following) == [7, 8, 9]
        reader = s.reader(8)
        publish(s, 1)
        assert reader.latest().number == 10
        with pytest.raises(sb.DeadlineError):
            reader.latest(timeout=0.01)
        assert reader.missed == 0


def test_windows(segments: Path) -> None:
    with sb.stream("s", 5, 2, "i8") as s, s.reader(window=3) as reader:
        seen = []
        for i in range(12):
            publish(s)
            item = reader.next()
            assert all(part.shape[1:] == (2,) and not part.flags.writeable for part in item.window)
            seen.append([int(row[0]) for part in item.window for row in part])
            assert seen[-1] == list(range(max(1, i - 1), i + 2))
        reader.release()
        with pytest.raises(sb.ClosedError, match="item 12, which it has released"):
            print(item.window)
    with sb.stream("lossy", 5, 2, "i8", lossy=True) as s, s.reader(window=3) as reader:
        publish(s, 3)
        for _ in range(3):
            item = reader.next()
        publish(s, 100)
        assert np.concatenate(item.window)[:, 0].tolist() == [1, 2, 3]
        item = reader.next()
        assert np.concatenate(item.window)[:, 0].tolist() == [item.number]


def test_groups_share_items(segments: Path) -> None:
    with sb.stream("s", 16, 2) as s:
        a, b, alone = s.reader(group="g"), s.reader(group="g"), s.reader(group="other")
        publish(s, 10)
        mine = [reader.next().number for _ in range(5) for reader in (a, b)]
        assert mine == list(range(1, 11))
        assert numbers(alone) == mine
        publish(s, 2)
        assert a.next().number == 11
        a.close()  # with the item in hand
        assert sorted(numbers(b)) == [11, 12]
        c = s.reader(group="g")
        publish(s, 1)
        with c:
            assert c.next().number == 13
        assert numbers(b) == []  # which c was done with
        publish(s, 1)
        with pytest.raises(ZeroDivisionError), s.reader(group="g") as d:
            assert d.next().number == 14
            raise ZeroDivisionError
        assert numbers(b) == [14]


def test_the_end(segments: Path) -> None:
    s, writer = sb.stream("s", 4, 2), sb.attach_stream("s")
    reader = s.reader()
    publish(writer, 3)
    writer.close()
    writer.close()
    assert [item.number for item in reader] == [1, 2, 3]
    for end in (reader.next, reader.try_next, reader.latest):
        with pytest.raises(EOFError, match="has ended with item 3"):
            end()
    assert [item.number for item in s] == [1, 2, 3]
    publish(s)  # which goes on
    assert reader.next().number == 4
    s.close()
    for closed in (s.loan, reader.next, s.reader, lambda: s.loans(2), lambda: next(reader)):
        with pytest.raises(sb.ClosedError):
            closed()
    reader.close()
    assert repr(s).endswith(", closed>") and "closed" in repr(reader)


def test_a_reader_waits_for_the_first_writer(segments: Path) -> None:
    with sb.stream("s", 4, 2) as s, s.reader() as reader, pytest.raises(sb.DeadlineError, match="no item after 0 within"):
        reader.next(0.01)


def test_closing_ends_waits_of_threads(segments: Path) -> None:
    s = sb.stream("s", 1, 2)
    held = s.reader()
    publish(s)
    errors: list[BaseException] = []

    def wait(what: Callable[[], object]) -> None:
        try:
            what()
        except sb.Error as error:
            errors.append(error)

    threads = [threading.Thread(target=wait, args=(what,)) for what in (s.loan, s.reader("next").next)]
    for thread in threads:
        thread.start()
    until(lambda: s._ring.counts()[0] == 1 and len(s._ring.ports()) == 3)
    s.close()
    for thread in threads:
        thread.join(60)
    assert [type(error) for error in errors] == [sb.ClosedError] * 2
    assert held._port.closed


def test_readers_that_are_gone_hold_nobody_up(segments: Path) -> None:
    with sb.stream("s", 2, 2) as s:
        for _ in range(100):  # more than there are ports
            s.reader()
        publish(s, 5)
        item = next(iter(s))
        gc.collect()
        publish(s, 5)
        assert item.number  # it is still there to see, if not to keep


def test_ports_are_counted(segments: Path) -> None:
    with sb.stream("s", 2, 2, ports=3) as s:
        readers = [s.reader(), s.reader(group="g")]
        for more in (s.loan, s.reader, lambda: s.reader(group="h")):
            with pytest.raises(sb.FullError, match="expected at most 3 writers, readers and groups"):
                more()
        readers[0].close()
        publish(s)


def test_what_is_made_of_items_is_plain(segments: Path) -> None:
    with sb.stream("s", 4, 3) as s, s.reader() as reader:
        publish(s)
        item = reader.next()
        for made in (
            item + 1,
            item.copy(),
            copy.copy(item),
            copy.deepcopy(item),
            pickle.loads(pickle.dumps(item)),
            np.sort(item * 1),
        ):
            assert type(made) is np.ndarray and made.flags.writeable
        assert isinstance(item.sum(), np.float64)
        with pytest.raises(AttributeError):
            item[1:].number  # noqa: B018


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"slots": 0}, ValueError),
        ({"slots": (1 << 20) + 1}, ValueError),
        ({"ports": 0}, ValueError),
        ({"ports": 257}, ValueError),
        ({"participants": 0}, sb.FullError),
        ({"patience": 0}, ValueError),
        ({"patience": -1}, ValueError),
        ({"mode": 0o1777}, ValueError),
        ({"shape": -1}, sb.ShapeError),
        ({"dtype": object}, sb.DTypeError),
        ({"dtype": "no such"}, sb.DTypeError),
        ({"shape": 1 << 40}, sb.NoSpaceError),
        ({"name": "a/b"}, sb.BadNameError),
        ({"slots": "8"}, TypeError),
    ],
)
def test_what_cannot_be_a_stream(arguments: dict[str, Any], error: type[Exception], segments: Path) -> None:
    with pytest.raises(error):
        sb.stream(**{"name": "s", "slots": 4, "shape": 3} | arguments)
    assert not (segments / "s").exists()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"group": ""}, sb.BadNameError),
        ({"group": "g" * 25}, sb.BadNameError),
        ({"window": 0}, ValueError),
        ({"window": 4}, ValueError),
        ({"start": "first"}, ValueError),
        ({"start": 0}, ValueError),
        ({"start": 1 << 64}, ValueError),
        ({"start": 1.5}, TypeError),
    ],
)
def test_what_cannot_be_a_reader(arguments: dict[str, Any], error: type[Exception], segments: Path) -> None:
    with sb.stream("s", 4, 3) as s, pytest.raises(error):
        s.reader(**arguments)


def test_attaching_what_is_none(segments: Path) -> None:
    s = sb.stream("s", 4, (2, 3), "f4")
    sb.create("array", 3)
    np.save(segments / "plain.npy", np.zeros(3))
    for name, error, said in [
        ("array", sb.DTypeError, "expected a stream, found the kind array"),
        ("plain.npy", sb.NoControlError, "plain .npy"),
        ("t", sb.NotExistError, "no segment 't'"),
    ]:
        with pytest.raises(error, match=said):
            sb.attach_stream(name)
    with pytest.raises(sb.DTypeError, match="expected float64, found float32"):
        sb.attach_stream("s", float)
    with pytest.raises(sb.ShapeError, match=r"expected items of shape \(2,\), found \(2, 3\)"):
        sb.attach_stream("s", shape=2)
    with pytest.raises(sb.ExistError):
        sb.stream("s", 4)
    assert sb.attach_stream("s", "f4", (2, 3)).shape == s.shape
    for n in (0, 5):
        with pytest.raises(sb.ShapeError, match="expected 1 to 4 slots"):
            s.loans(n)
    with pytest.raises(sb.DTypeError):
        sb.Mutex.attach("s")
    assert sb.stat("s").kind == "stream"


def test_a_stream_attached_as_an_array_is_for_reading(segments: Path, python: Start) -> None:
    s = sb.stream("s", 4, 3)
    publish(s)
    for mode in ("r+", "r"):
        a = sb.attach("s", mode)  # type: ignore[arg-type]
        assert a.shape == (4, 3) and (a[0] == 1).all() and not a.flags.writeable
        with pytest.raises(ValueError, match="read-only"):
            a[0] = 1
        for change in (a.publish, lambda a=a: a.lock):
            with pytest.raises(sb.ReadOnlyError, match="a stream: attach_stream takes part in it"):
                change()
        assert pickle.loads(pickle.dumps(a)).shape == a.shape
    other = python("a = sb.attach('s'); say(a.flags.writeable, len(sb.stat('s').participants), a[0].tolist())")
    assert other.line() == "False 1 [1.0, 1.0, 1.0]"


def test_pickled_streams_are_opened_anew(segments: Path) -> None:
    s = sb.stream("s", 4, 3)
    reader, other = s.reader(), pickle.loads(pickle.dumps(s))
    publish(other)
    assert reader.next().number == 1
    pickled = pickle.dumps(s)
    sb.delete("s")
    with pytest.raises(sb.NotExistError):
        pickle.loads(pickled)
    again = sb.stream("s", 4, 3)
    with pytest.raises(sb.StaleError):
        pickle.loads(pickled)
    again.close()


def child_publishes(s: sb.Stream) -> None:
    publish(s, 3)
    s.close()


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_children_of_multiprocessing_publish(method: str, segments: Path) -> None:
    with sb.stream("s", 8, 3) as s, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads
        child = multiprocessing.get_context(method).Process(target=child_publishes, args=(s,))
        child.start()
        assert [item.number for item in s] == [1, 2, 3]
        child.join()


def test_a_forked_child_has_ports_of_its_own(segments: Path) -> None:
    s = sb.stream("s", 8, 3)
    reader, member, frame = s.reader(), s.reader(group="g"), s.loan()
    publish(s, 2)
    assert reader.next().number == member.next().number == 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            for end in (frame.publish, frame.discard):
                with pytest.raises(sb.ClosedError, match="forked from"):
                    end()
            assert reader.next().number == 2
            assert member.next().number == 2
            member.release()
            publish(s)
            assert len(s._ring.ports()) == 7
            del frame
            reader.close()
            s.close()
            os._exit(0)
        except BaseException as error:
            print(repr(error), flush=True)
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    assert len(s._ring.ports()) == 4
    assert frame.publish() == 4
    assert [item.number for item in (reader.next(), reader.next(), reader.next())] == [2, 3, 4]
    assert member.next().number == 3


def interrupted(wait: Callable[[], object]) -> None:
    """Ctrl-C in the wait."""

    def interrupt(signum: int, frame: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        with pytest.raises(KeyboardInterrupt):
            wait()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_interrupted_waits_lose_nothing(segments: Path) -> None:
    with sb.stream("s", 2, 3) as s, s.reader() as reader, s.reader(group="g") as member:
        for wait in (reader.next, member.next):
            interrupted(wait)
        publish(s, 2)
        interrupted(s.loan)
        interrupted(lambda: s.loans(2))
        assert (reader.next().number, member.next().number) == (1, 1)
        assert (reader.next().number, member.next().number) == (2, 2)
        publish(s, 1)  # the slot is not lost


def test_interrupted_wait_for_the_latch_loses_nothing(segments: Path, python: Start) -> None:
    """Another process is stopped in the midst of a change."""
    s = sb.stream("s", 2, 3)
    publish(s)
    other = python("s = sb.attach_stream('s'); say(s._ring.mapping.me); input()")
    identity, at = int(other.line()), s._segment.size - 4096 + 192
    frame, before = s.loan(), s._segment.load(at)
    assert before & 0xFFFFFFFF == 0
    s._segment.store(at, before | identity)
    interrupted(frame.publish)
    interrupted(s.loan)
    s._segment.store(at, before)
    assert frame.publish() == 2
    s._segment.store(at, before | identity)
    other.kill()  # and what it has held is free
    publish(s)


def test_the_latch_is_not_held_by_who_waits_for_the_interpreter(segments: Path, python: Start) -> None:
    """A thread that waited for the latch may have to wait for the interpreter too, which another thread keeps in a call of C."""
    with sb.stream("s", 4, 3) as s, sb.attach_stream("s") as mine:
        at = s._segment.size - 4096 + 192
        other = python(
            f"""
            s = sb.attach_stream('s')
            say(s._ring.mapping.me)
            input()
            s._segment.store({at}, s._segment.load({at}) & ~0xffffffff)
            for _ in range(100_000):
                with s.loan():
                    pass
            say('done')
            """
        )
        identity, before = int(other.line()), s._segment.load(at)
        s._segment.store(at, before | identity)  # as if it was in the midst of a change
        waiter = threading.Thread(target=publish, args=(mine,))
        waiter.start()
        until(lambda: s._segment.load(at) >> 31 & 1 == 1)  # it sleeps
        said = struct.pack("ihh", other.process.stdout.fileno(), 1, 0)  # struct pollfd: POLLIN
        other.say()
        assert ctypes.PyDLL(None).poll(said, 1, 60_000) == 1  # which keeps the interpreter
        assert other.line() == "done"
        waiter.join()


def test_killed_processes_hold_nobody_up(segments: Path, python: Start) -> None:
    s = sb.stream("s", 3, 3)
    publish(s)
    for _ in range(3):
        reader = python("s = sb.attach_stream('s'); r = s.reader('latest'); r.next(); say('has it'); input()")
        writer = python("s = sb.attach_stream('s'); l = s.loan(); l[:] = -1; say('lent'); input()")
        assert (reader.line(), writer.line()) == ("has it", "lent")
        reader.kill()
        writer.kill()
        publish(s, 5)
    assert all(p[-1] for p in s._ring.ports())


def test_a_killed_members_item_goes_to_another(segments: Path, python: Start) -> None:
    s = sb.stream("s", 8, 3)
    member = s.reader(group="g")
    publish(s, 4)
    assert member.next().number == 1
    other = python("r = sb.attach_stream('s').reader(group='g'); say(r.next().number); input()")
    assert other.line() == "2"
    other.kill()
    assert sorted(member.next(timeout=60).number for _ in range(3)) == [2, 3, 4]
    assert member.try_next() is None


def test_async(segments: Path) -> None:
    s = sb.stream("s", 4, 3)
    reader, writer = s.reader(), sb.attach_stream("s")

    async def read() -> list[int]:
        return [item.number async for item in reader]

    async def work() -> list[int]:
        for _ in range(10):
            waiting = asyncio.ensure_future(anext(reader))
            await asyncio.sleep(0)  # until it waits
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        found = asyncio.create_task(read())
        for _ in range(10):
            await asyncio.to_thread(publish, writer)
        writer.close()
        return await found

    assert asyncio.run(work()) == list(range(1, 11))


def test_a_cancelled_wait_loses_no_item(segments: Path) -> None:
    with sb.stream("s", 4, 3) as s, s.reader() as reader:

        async def work() -> None:
            last = 0
            for _ in range(50):
                waiting = asyncio.ensure_future(anext(reader))
                await asyncio.sleep(0)
                publish(s)
                waiting.cancel()
                try:
                    last = (await waiting).number
                except asyncio.CancelledError:
                    pass
                while (item := reader.try_next()) is not None:
                    assert item.number == last + 1
                    last = item.number
            assert last == 50

        asyncio.run(work())


def words(s: sb.Stream, table: str, row: int) -> int:
    """Where a row is in the file."""
    c = s._ring.control
    slots, ports, _ = _file.tables(c.slots, c.boxes, c.ndim, c.ring, c.ports)
    size = _control.SLOT.size if table == "slots" else _control.PORT.size
    return c.control_offset + (slots if table == "slots" else ports) + row * size


def garble(path: Path, at: int, form: str, *values: int) -> None:
    with open(path, "r+b") as file:
        file.seek(at)
        file.write(struct.pack(form, *values))


HUGE32, HUGE64 = 0xFFFFFFFF, (1 << 64) - 1


@pytest.mark.parametrize("lossy", [False, True])
@pytest.mark.parametrize("seed", range(40))
def test_garbled_words_lead_nowhere(seed: int, lossy: bool, segments: Path) -> None:
    """Whatever stands in the tables, calls return or raise, and touch nothing else."""
    random = np.random.default_rng(seed)
    s = sb.stream("s", 4, (2, 3), lossy=lossy)
    other = sb.create("other", 3)
    reader, member = s.reader(), s.reader(group="g")
    publish(s, 2)
    member.next()
    path, block = segments / "s", s._segment.size - 4096
    values = [0, 1, 3, 4, 5, 1 << 30, HUGE32]
    wide = [0, 1, 2, 3, 6, 1 << 62, 1 << 63, HUGE64]
    for _ in range(6):
        where = random.integers(4)
        if where == 0:
            garble(
                path,
                words(s, "slots", int(random.integers(4))) + int(random.choice([8, 12])),
                "<I",
                int(random.choice(values)),
            )
        elif where == 1:
            garble(
                path, words(s, "slots", int(random.integers(4))) + int(random.choice([0, 24])), "<Q", wide[random.integers(8)]
            )
        elif where == 2:
            port = words(s, "ports", int(random.integers(5)))
            garble(path, port + int(random.choice([0, 4, 8, 12])), "<I", int(random.choice(values)))
            garble(path, port + int(random.choice([16, 24])), "<Q", wide[random.integers(8)])
        else:
            at, form = [(136, "<Q"), (256, "<Q"), (264, "<I"), (268, "<I")][random.integers(4)]
            garble(path, block + at, form, (wide if form == "<Q" else values)[random.integers(7)])
        steps: list[Callable[[], object]] = [
            lambda: reader.next(0),
            lambda: member.next(0),
            lambda: s.loan(0.001).publish(),
            lambda: s.loans(2, 0.001).discard(),
            lambda: s.reader("latest", window=2).next(0).window,
            lambda: s.reader(group="h").try_next(),
            lambda: sb.attach_stream("s").reader(2).latest(0),
            s._ring.ports,
        ]
        for step in steps:
            try:
                step()
            except (sb.BrokenError, sb.DeadlineError, sb.FullError, EOFError, sb.ClosedError):
                pass
    assert (other == 0).all()
    s.close()


def test_an_item_that_is_longer_than_its_slot_is_broken(segments: Path) -> None:
    s = sb.stream("s", 4, 3)
    reader = s.reader()
    publish(s)
    garble(segments / "s", words(s, "slots", 0) + 24, "<Q", 4)
    with pytest.raises(sb.BrokenError, match="contradict"):
        reader.next()


def test_an_item_that_a_reliable_reader_needs_and_that_is_gone(segments: Path) -> None:
    s = sb.stream("s", 4, 3)
    reader = s.reader()
    publish(s)
    garble(segments / "s", words(s, "slots", 0), "<Q", 7)
    with pytest.raises(sb.BrokenError, match="contradict"):
        reader.next()


def test_a_lossy_writer_that_died_looking_leaves_the_item(segments: Path) -> None:
    with sb.stream("s", 4, 3, lossy=True) as s, s.reader() as reader:
        publish(s)
        item = reader.next()
        garble(segments / "s", words(s, "slots", 0), "<Q", 1 | 1 << 63)
        publish(s, 100)
        assert (item == 1).all()


def test_reliable_readers_begin_where_all_that_follows_is_there(segments: Path) -> None:
    with sb.stream("s", 4, 3) as s:
        first, second = s.loans(2)
        second.publish()
        first.publish()
        publish(s, 2)
        frame = s.loan()  # of item 2, while item 1 is still there
        reader = s.reader()
        frame.publish()
        assert [reader.next().number for _ in range(3)] == [3, 4, 5]


@pytest.mark.parametrize("field", ["ring", "ports", "patience", "kind"])
def test_control_blocks_that_are_no_streams(field: str, segments: Path) -> None:
    s = sb.stream("s", 4, 3)
    values = {"ring": 5, "ports": 300, "patience": -1, "kind": 0}
    changed = s._ring.control._replace(**{field: values[field]})
    s.close()
    del s
    sb.warm(0)
    data = (segments / "s").read_bytes()
    block = _control.BLOCK.pack(*changed)
    (segments / "s").write_bytes(data[:-4096] + block + data[-4096 + len(block) :])
    with pytest.raises(sb.BrokenError):
        sb.attach_stream("s")
    (segments / "s").write_bytes(data)


def test_a_cut_file_is_broken(segments: Path, python: Start) -> None:
    program = python("""
        s = sb.stream("s", 4, 3)
        reader = s.reader()
        try:
            with sb.guard():
                os.truncate(os.environ["SAMEBYTES_DIR"] + "/s", 4096)
                s.loan()
        except sb.BrokenError:
            say("broken")
        for call in (s.loan, lambda: reader.next(1), s.reader, s._ring.ports):
            try:
                call()
            except sb.BrokenError:
                say("broken")
        s.close()
        say("closed")
        os.unlink(os.environ["SAMEBYTES_DIR"] + "/s")
        say("gone")
    """)
    assert [program.line() for _ in range(7)] == ["broken"] * 5 + ["closed", "gone"]


@pytest.mark.parametrize("sleeps", ["reader.next()", "s.loan()"])
def test_a_file_that_is_cut_under_a_sleeper_is_broken(segments: Path, python: Start, sleeps: str) -> None:
    program = python(f"""
        s = sb.stream("s", 2, 3)
        reader = s.reader()
        if "loan" in {sleeps!r}:
            for _ in range(2):
                s.loan().publish()
        say("ready")
        try:
            {sleeps}
        except sb.BrokenError:
            say("broken")
    """)
    assert program.line() == "ready"
    stat = Path(f"/proc/{program.process.pid}/stat")
    until(lambda: stat.read_text().rpartition(")")[2].split()[0] == "S")  # it sleeps
    os.truncate(segments / "s", 4096)
    assert program.line() == "broken"
    os.unlink(segments / "s")


def test_a_stream_takes_no_more_memory_with_time(segments: Path) -> None:
    with sb.stream("s", 4, 1000) as s, s.reader() as reader:
        publish(s)
        reader.next()
        gc.collect()
        before = len(gc.get_objects())
        for _ in range(1000):
            publish(s)
            reader.next()
        gc.collect()
        assert len(gc.get_objects()) - before < 50


def test_errnos_are_all_named(segments: Path) -> None:
    with sb.stream("s", 4, 1000) as s:
        assert isinstance(s._segment, _segment.Segment)
        with pytest.raises(MemoryError):
            s._ring._failed(errno.ENOMEM)
        with pytest.raises(sb.FullError, match="expected at most 64 participants"):
            s._ring._failed(errno.EUSERS)
