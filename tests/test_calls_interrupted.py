"""Ctrl-C in the main thread while it reads for other threads, at whichever line: what has come is handed on all the same, and once."""

import itertools
import linecache
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import samebytes as sb
from conftest import Program, until
from samebytes._pending import Call

READS = {
    "_read",
    "_hand_on",
    "_hand_on_call",
    "_hand_on_other",
    "_hand_on_item",
    "_run_elsewhere",
    "_wake",
    "released",
    "wake",
}


GETS = {"_call", "call", "_send", "_transmit_alone", "_wait", "_leads", "_result"}


@pytest.fixture
def go(segments: Path, server: str) -> Iterator[sb.Remote]:
    """Its functions, launched."""
    with sb.launch(server) as remote:
        yield remote


class Strike:
    """Raises KeyboardInterrupt in this thread at the nth line of reading, or of functions of those names, once."""

    def __init__(self, n: int, names: set[str] = READS) -> None:
        self.left, self.names = n, names

    def trace(self, frame: FrameType, event: str, arg: Any) -> Any:
        if "samebytes" not in frame.f_code.co_filename or frame.f_code.co_name not in self.names:
            return None
        line = linecache.getline(frame.f_code.co_filename, frame.f_lineno)
        # It has no place between a lock and its block, nor before a try, where nothing is called.
        if event == "line" and self.left > 0 and not line.lstrip().startswith(("with ", "try:")):
            self.left -= 1
            if not self.left:
                raise KeyboardInterrupt
        return self.trace

    def during(self, read: Callable[[], object]) -> None:
        """Reads, and goes on after a strike as whoever leads next would."""
        sys.settrace(self.trace)
        try:
            read()
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(None)


def strikes(go: sb.Remote, begin: Callable[[], Callable[[], bool]]) -> None:
    """Has this thread read, with a strike at each line, until what begin returns says that all has come."""
    client = go._connection.client
    for n in itertools.count(1):
        place, strike = Call(), Strike(n)
        until(lambda place=place: client._leads(place))
        over = begin()
        while not over():
            strike.during(lambda: client._read(10_000_000))
        client._leave(place)
        if strike.left:
            assert n > 20, "it strikes somewhere"
            return


def test_answers_and_items(go: sb.Remote) -> None:
    found: list[Any] = []

    def begin() -> Callable[[], bool]:
        found.append(go.numbers(3))
        return lambda: found[-1]._call.answer is not None

    strikes(go, begin)
    assert {tuple(items) for items in found} == {(0, 1, 2)}


def test_arrays_as_items(go: sb.Remote) -> None:
    found: list[Any] = []

    def begin() -> Callable[[], bool]:
        found.append(go.blocks(2))
        return lambda: found[-1]._call.answer is not None

    strikes(go, begin)
    assert {tuple(block.sum() for block in blocks) for blocks in found} == {(0.0, 100.0)}
    found.clear()
    until(lambda: go.segments() == 0)


@pytest.mark.parametrize("call", ["waiting", "future"])
def test_calls_back_and_what_is_let_go(go: sb.Remote, call: str) -> None:
    """Another thread waits; or none does, and the calls back have threads of their own."""
    calls: list[int] = []
    objects = go._connection.client.objects

    def function(x: float) -> float:
        calls.append(1)
        return x + 1

    def begin() -> Callable[[], bool]:
        calls.clear()
        found: list[float] = []
        other = threading.Thread(
            target=lambda: found.append(go.must(function, 1.0) if call == "waiting" else future.result(60))
        )
        if call == "future":
            future = go.must.future(function, 1.0)
        other.start()

        def over() -> bool:
            if other.is_alive() or objects.any_given:
                return False
            assert (found, calls) == ([2.0], [1])
            return True

        return over

    strikes(go, begin)


def test_items_of_queues(segments: Path, command: str) -> None:
    """What is struck is a get: the item is there for the next."""
    program = Program([command, "serve", "--objects", "shared"])
    assert program.line() == "serving as shared"
    try:
        with sb.connect("shared", timeout=30) as m:
            q = m.Queue()
            for n in itertools.count(1):
                q.put(n)
                got: list[int] = []
                strike = Strike(n, GETS)
                strike.during(lambda got=got: got.append(q.get()))
                assert (got or [q.get(timeout=10)]) == [n] and q.empty()
                if strike.left:
                    assert n > 20, "it strikes somewhere"
                    break
        program.process.send_signal(signal.SIGTERM)
        assert program.process.wait(60) == 0
    finally:
        program.close()
