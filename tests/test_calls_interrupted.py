"""Ctrl-C in the main thread while it reads for other threads, at whichever line: what has come is handed on all the same, and once."""

import itertools
import linecache
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import samebytes as sb
from conftest import until
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


@pytest.fixture
def go(segments: Path, server: str) -> Iterator[sb.Remote]:
    """Its functions, launched."""
    with sb.launch(server) as remote:
        yield remote


class Strike:
    """Raises KeyboardInterrupt in this thread at the nth line of reading, once."""

    def __init__(self, n: int) -> None:
        self.left = n

    def trace(self, frame: FrameType, event: str, arg: Any) -> Any:
        if "samebytes" not in frame.f_code.co_filename or frame.f_code.co_name not in READS:
            return None
        line = linecache.getline(frame.f_code.co_filename, frame.f_lineno)
        if (
            event == "line" and self.left > 0 and not line.lstrip().startswith("with ")
        ):  # it has no place between a lock and its block
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
