"""Functions of a Go program that do what functions should not: their callers are told, and nobody else is harmed."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import samebytes as sb
from conftest import Program, until
from samebytes import _link


@pytest.fixture
def go(segments: Path, server: str) -> Iterator[sb.Remote]:
    """Its functions, launched."""
    with sb.launch(server) as remote:
        yield remote


@pytest.mark.parametrize("function", ["nil_error", "nil_wrapper", "nil_remote"])
def test_an_error_that_panics(function: str, listening: Callable[[str], Program]) -> None:
    """It is the caller's error; the server, and its other clients, go on."""
    listening("faults")
    with sb.connect("faults") as other, sb.connect("faults") as go:
        with pytest.raises(sb.RemoteError, match=r"the error that was returned, a .*, panicked when it was read") as e:
            getattr(go, function)()
        assert e.value.type == "panic"
        assert go.add(1, 2) == other.add(1, 2) == 3


def test_items_that_nobody_takes(go: sb.Remote) -> None:
    """Of a sequence that is left early nothing stays open, or has a name."""
    before = go.descriptors()
    for _ in range(50):
        for array in go.arrays(100):
            del array
            break
    until(lambda: go.descriptors() <= before + 2 and go.segments() == 0)


def test_arrays_beside_an_error(go: sb.Remote) -> None:
    with pytest.raises(sb.RemoteError, match="both"):
        go.both(10)
    assert go.segments() == 0


def test_a_function_that_ends_its_goroutine(go: sb.Remote) -> None:
    for _ in range(20):
        with pytest.raises(sb.RemoteError, match="Goexit"):
            go.goexit()
    assert go.add(1, 2) == 3
    assert go.stats()["functions"]["goexit"]["errors"] == 20


LEAVES = """
import os, signal, sys
import samebytes as sb
go = sb.launch(sys.argv[1])
print(go.pid(), flush=True)
if sys.argv[2] == "cancel":
    for future in [go.array.future(10) for _ in range(50)]:
        future.cancel()
    go.close()
else:
    items = go.arrays(100)
    next(items)
    if sys.argv[2] == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    items.close() if sys.argv[2] == "items" else None
    go.close()
"""


@pytest.mark.parametrize("how", ["cancel", "items", "close", "kill"])
def test_nothing_outlives_both_programs(how: str, segments: Path, server: str) -> None:
    """What a launched program has answered and nobody has read goes with it."""
    command = [sys.executable, "-c", LEAVES, server, how]
    for _ in range(3):
        client = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=60, check=False)
        process = Path(f"/proc/{int(client.stdout)}")
        until(lambda process=process: not process.exists())  # type: ignore[misc]
        assert [s.name for s in sb.list()] == []


def test_long_messages_that_are_gone(go: sb.Remote, segments: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only their calls fail."""
    elsewhere, fetched = _link.Link.elsewhere, _link.fetched

    def remove(message: _link.Message) -> _link.Message:
        if message[0] & _link.ELSEWHERE:
            (segments / json.loads(message[2])["name"]).unlink()
        return message

    other = go.wait.future()
    long = "x" * 20_000
    with monkeypatch.context() as patched:
        patched.setattr(_link.Link, "elsewhere", lambda *args: remove(elsewhere(*args)))
        with pytest.raises(sb.StaleError, match="long message"):
            go.echo(long)
        with pytest.raises(sb.StaleError, match="long message"):
            go.must(lambda x: long, 1.0)
    with monkeypatch.context() as patched:
        patched.setattr(_link, "fetched", lambda message: fetched(remove(message)))
        with pytest.raises(sb.StaleError, match="long message"):
            go.bytes(20_000)
        with pytest.raises(sb.StaleError, match="long message"):
            go.fails(long)
        items = go.texts(20_000)
        assert next(items) == "short"
        with pytest.raises(sb.StaleError, match="long message"):
            next(items)
    assert go.echo(long) == long and list(go.texts(20_000))[1:] == [long]
    assert not other.done()
    other.cancel()
