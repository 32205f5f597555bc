"""Waiting for several streams and arrays at once, with the system call that can and without."""

import os
import select
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import samebytes as sb
from conftest import Program

WAITV, FUTEX = {"449"}, {"202", "98"}  # numbers of system calls, on amd64 and arm64

# The system call takes 128 words at most. So many that are never ready have it done without.
FORMS = [pytest.param(0, id="waitv"), pytest.param(128, id="looks")]


def publish(s: sb.Stream, value: float = 7) -> None:
    with s.loan(timeout=60) as frame:
        frame[...] = value


def idle(padding: int) -> list[Any]:
    """So many that are never ready."""
    return [sb.create("idle", 1).changes()] * padding


@pytest.mark.parametrize("padding", FORMS)
def test_each_wakes_it(padding: int, segments: Path) -> None:
    first, second, a = sb.stream("first", slots=4), sb.stream("second", slots=4), sb.create("a", 3)
    shared = second.reader(group="all")
    readers, changes = [first.reader(), shared], a.changes()
    every = [*idle(padding), *readers, changes]
    turns: list[Callable[[], object]] = [lambda: publish(first), lambda: publish(second), a.publish]
    with ThreadPoolExecutor(1) as thread:
        for turn in range(300):
            done = thread.submit(turns[turn % 3])
            ready = sb.select(every, timeout=60)
            assert ready is every[padding + turn % 3]
            assert next(ready) is not None
            done.result()
            with pytest.raises(sb.DeadlineError):
                sb.select(every, timeout=0)
    with pytest.raises(TimeoutError, match=f"none of {padding + 3} was ready within 0.01 s"):
        sb.select(every, timeout=0.01)


@pytest.mark.parametrize("padding", FORMS)
def test_of_several_that_are_ready_none_is_overlooked(padding: int, segments: Path) -> None:
    streams = [sb.stream(f"s{i}", slots=4) for i in range(3)]
    readers = [s.reader() for s in streams]
    for s in streams:
        publish(s)
    every = [*idle(padding), *readers]
    seen = {id(sb.select(every)) for _ in range(10 * len(every))}
    assert seen == {id(r) for r in readers}


@pytest.mark.parametrize("padding", FORMS)
def test_in_other_processes(
    padding: int, segments: Path, go: Callable[..., Program], python: Callable[[str], Program]
) -> None:
    """Publications of a Go program and of a Python program wake it; so does the end of a stream, by the death of nobody."""
    s, a = sb.stream("s", slots=4), sb.create("a", 3)
    a[:] = 1
    reader, changes = s.reader(), a.changes()
    every = [*idle(padding), reader, changes]
    writer = python("""
        s = sb.attach_stream("s")
        for _ in range(50):
            with s.loan() as frame:
                frame[...] = 7
        s.close()
        say("closed")
    """)
    asked = go("ask", "a", 20)
    taken = versions = 0
    while True:
        ready = sb.select(every, timeout=60)
        if ready is changes:
            versions += 1
            if next(changes) % 2:  # Go's question
                a[:] *= 2
                a.publish()
            continue
        try:
            taken += reader.next(timeout=0).number > 0
        except EOFError:
            break
    assert taken == 50 and writer.line() == "closed"
    while (v := a.version) < 40:
        sb.select([*every[:padding], changes], timeout=60)
        if next(changes) % 2:
            a[:] *= 2
            a.publish()
    assert asked.process.wait(60) == 0 and v == 40


def test_a_members_item_after_its_death(python: Callable[[str], Program], segments: Path) -> None:
    """It is another's then, and not before."""
    s = sb.stream("s", slots=4)
    publish(s)
    mine = s.reader(group="g")
    other = python("r = sb.attach_stream('s').reader(group='g'); say(r.next().number); input()")
    assert other.line() == "1"
    with pytest.raises(sb.DeadlineError):
        sb.select([mine], timeout=0.05)
    with ThreadPoolExecutor(1) as thread:
        waits = thread.submit(sb.select, [mine], 60)
        other.kill()
        assert waits.result() is mine
    assert mine.next(timeout=0).number == 1


@pytest.mark.parametrize("padding", FORMS)
def test_interrupted(padding: int, python: Callable[[str], Program], segments: Path) -> None:
    program = python(f"""
        a, s = sb.create("a", 3), sb.stream("s", slots=4)
        say("waits")
        try:
            sb.select([a.changes()] * {padding} + [s.reader(), a.changes()])
        except KeyboardInterrupt:
            say("interrupted")
    """)
    assert program.line() == "waits"
    # The signal may come before the sleep begins, and would then be noticed only after it: repeat it.
    while not select.select([program.process.stdout], [], [], 0.1)[0]:
        program.process.send_signal(signal.SIGINT)
    assert program.line() == "interrupted"


def test_closed_meanwhile(segments: Path) -> None:
    s, other = sb.stream("s", slots=4), sb.stream("other", slots=4)
    mine = sb.attach_stream("s")
    reader = mine.reader()
    with ThreadPoolExecutor(1) as thread:
        waits = thread.submit(sb.select, [other.reader(), reader])
        mine.close()
        with pytest.raises(sb.ClosedError):
            waits.result(60)
    with pytest.raises(sb.ClosedError):
        sb.select([reader])
    publish(s)  # which nobody needs


def test_what_cannot_be_waited_for(segments: Path) -> None:
    s, a = sb.stream("s", slots=4), sb.create("a", 3)
    with pytest.raises(ValueError, match="something to wait for"):
        sb.select([])
    for wrong in (s, a, None, 1):
        with pytest.raises(TypeError, match=r"array\.changes\(\)"):
            sb.select([s.reader(), wrong])  # type: ignore[type-var]
    with pytest.raises(ValueError, match="nan"):
        sb.select([s.reader()], timeout=np.nan)


@pytest.mark.parametrize("padding", FORMS)
@pytest.mark.parametrize("cut", ["s", "a"])
def test_a_file_that_is_cut(padding: int, cut: str, python: Callable[[str], Program], segments: Path) -> None:
    """The sleep ends by itself, and says which it was."""
    program = python(f"""
        a, s = sb.create("a", 3), sb.stream("s", slots=4)
        every = [a.changes()] * {padding} + [s.reader(), a.changes()]
        say(os.getpid())
        try:
            sb.select(every)
        except sb.BrokenError as error:
            say(error)
        os._exit(0)  # without a look at what is cut
    """)
    process = program.line()
    task = Path(f"/proc/{process}/syscall")
    while (call := task.read_text().split())[0] not in WAITV and (call[0] not in FUTEX or int(call[2], 16) != 9):
        pass  # until it sleeps: cut before, the first use of the page would be a fault
    os.truncate(segments / cut, 0)
    assert f"/{cut}" in program.line()
    (segments / cut).unlink()


def test_where_the_system_cannot_wait_for_several(python: Callable[[str], Program], segments: Path) -> None:
    """A container's filter of system calls may answer as Linux before 5.16 does, or that it is not permitted."""
    for errno in (38, 1):
        program = python(f"""
            import struct
            load, equal, allow, fail = (0x20, 0, 0, 0), (0x15, 0, 1, 449), (0x06, 0, 0, 0x7FFF0000), (0x06, 0, 0, 0x50000 | {errno})
            rules = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *rule) for rule in (load, equal, fail, allow)))
            filter = ctypes.create_string_buffer(struct.pack("HP", 4, ctypes.addressof(rules)))
            prctl = ctypes.CDLL(None, use_errno=True).prctl
            prctl.argtypes = [ctypes.c_int, *[ctypes.c_void_p] * 4]
            assert prctl(38, 1, 0, 0, 0) == 0  # PR_SET_NO_NEW_PRIVS
            assert prctl(22, 2, ctypes.addressof(filter), 0, 0) == 0, ctypes.get_errno()  # PR_SET_SECCOMP
            assert ctypes.CDLL(None, use_errno=True).syscall(449, 0, 0, 0, 0, 0) == -1
            s, a = sb.stream("s", slots=4), sb.create("a", 3)
            reader, changes = s.reader(), a.changes()
            say("waits")
            for _ in range(2):
                ready = sb.select([reader, changes], timeout=60)
                say(type(ready).__name__)
                next(ready)
                assert (ready is reader) == (changes._version == 0)
        """)
        assert program.line() == "waits"
        publish(sb.attach_stream("s"))
        assert program.line() == "Reader"
        sb.attach("a").publish()
        assert program.line() == "Changes"
        assert program.line() == "" and program.process.wait(60) == 0
        sb.delete("s")
        sb.delete("a")
