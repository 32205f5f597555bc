"""Shared dicts, lists and queues among several connections of one program to their server."""

import pickle
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import samebytes as sb
from conftest import Program, until

Start = Callable[[str], Program]


@pytest.fixture
def serving(segments: Path, command: str) -> Iterator[Start]:
    """Starts servers that keep shared objects, by a name."""
    programs: list[Program] = []

    def start(name: str) -> Program:
        programs.append(Program([command, "serve", "--objects", name]))
        assert programs[-1].line() == f"serving as {name}"
        return programs[-1]

    yield start
    for program in programs:
        if program.process.poll() is None:
            program.process.terminate()
            assert program.process.wait(60) == 0
        program.close()


def test_objects_of_one_connection_on_another(serving: Start) -> None:
    serving("objects")
    with sb.connect("objects", timeout=30) as a, sb.connect("objects", timeout=30) as b:
        d = a.Dict(x=1)
        b.queue("q").put(d)
        found = a.queue("q").get()
        assert found is d
        b.list("l").append([d, {"again": d}])
        nested = b.list("l")[0]
        nested[1]["again"]["x"] = 2
        assert d["x"] == nested[0]["x"] == 2
        opened = pickle.loads(pickle.dumps(d))
        a.list("l").append(opened)
        assert a.list("l")[1] is d
        opened["of"] = d
        assert d["of"] is d
        d.clear()
        a.list("l").clear()


def test_what_was_adopted_goes_with_the_last(serving: Start) -> None:
    serving("objects")
    with sb.connect("objects", timeout=30) as a, sb.connect("objects", timeout=30) as b:
        d = a.Dict(x=1)
        number = d._hold[0]
        b.list("l").append(d)
        del d
        assert b.list("l")[0]["x"] == 1
        b.list("l").clear()

        def gone() -> bool:
            try:
                a._connection.client.call("adopted_object", (number,), None)
            except sb.ClosedError:
                return True
            return False

        until(gone)


def test_objects_of_another_server(serving: Start) -> None:
    serving("objects")
    serving("others")
    with sb.connect("objects", timeout=30) as a, sb.connect("others", timeout=30) as other:
        d, others = a.Dict(), other.List()
        with pytest.raises(sb.DTypeError, match="expected an object of server 'others', found one of server 'objects'"):
            others.append(d)


def test_objects_of_a_server_that_was_replaced(serving: Start) -> None:
    """The number of one may be that of another in the next server of the name."""
    first = serving("objects")
    with sb.connect("objects", timeout=30) as a:
        d = a.Dict(x=1)
        first.process.kill()
        first.process.wait()
        serving("objects")
        with sb.connect("objects", timeout=30) as b:
            others = b.List()
            with pytest.raises(
                sb.DTypeError, match=r"expected .* this connection to server 'objects', found one of another connection"
            ):
                others.append(d)


def test_objects_that_are_not_shared(listening: Start) -> None:
    listening("counters")
    with sb.connect("counters") as a, sb.connect("counters") as b:
        counter = a.Counter(1)
        with pytest.raises(
            sb.DTypeError, match="expected an object of this connection to server 'counters', found one of another"
        ):
            b.next_of(counter)
