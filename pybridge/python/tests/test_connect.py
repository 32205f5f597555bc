"""Connecting to what is no sound Go program: here a thread stands for it. tests/test_calls_servers.py has sound ones."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import samebytes as sb
from samebytes import _calls, _link

Server = Callable[[socket.socket], object]


@pytest.fixture
def serve(segments: Path) -> Iterator[Callable[[Server], None]]:
    """Listens to the name "worker", and does what it is told with the first socket."""
    path = segments / ".samebytes-calls-worker"
    threads: list[threading.Thread] = []
    listener = socket.socket(socket.AF_UNIX)

    def start(server: Server) -> None:
        listener.bind(str(path))
        listener.listen()

        def run() -> None:
            sock, _ = listener.accept()
            with sock:
                server(sock)

        threads.append(threading.Thread(target=run))
        threads[-1].start()

    yield start
    for thread in threads:
        thread.join(60)
    listener.close()
    path.unlink()


FUNCTIONS: Any = [{"name": "echo", "params": ["any"], "results": ["any"]}]


def link(sock: socket.socket, functions: Any = FUNCTIONS) -> _link.Link:
    """Does what a Go program does to begin with."""
    frame, fd = _link.read_frame(sock)
    assert frame is not None and frame["protocol"] == _link.PROTOCOL and fd is not None
    made = _link.Link(sock, fd)
    _link.send_frame(sock, protocol=_link.PROTOCOL, functions=functions)
    return made


@pytest.mark.parametrize("length", [10, 5000, 1 << 20])
def test_messages_of_all_lengths(length: int, serve: Callable[[Server], None]) -> None:
    def server(sock: socket.socket) -> None:
        of = link(sock)
        message = of.receive()
        assert message is not None
        of.send(_link.RESULT, message[1], _calls.encode(_calls.decode(message[2][_link.CALL_HEAD.size :])[1][0]))
        sock.recv(1)  # until the other side ends

    serve(server)
    with sb.connect("worker") as go:
        data = os.urandom(length)
        assert go.echo(data) == data
    assert sb.list() == []


def test_another_protocol(serve: Callable[[Server], None]) -> None:
    def server(sock: socket.socket) -> None:
        _link.read_frame(sock)
        _link.send_frame(sock, protocol=2)

    serve(server)
    with pytest.raises(sb.VersionError, match="expected protocol 1, found 2"):
        sb.connect("worker")


def test_a_server_that_refuses(serve: Callable[[Server], None]) -> None:
    serve(lambda sock: _link.send_frame(sock, error={"type": "AccessError", "message": "not you"}))
    with pytest.raises(sb.AccessError, match="server 'worker': not you"):
        sb.connect("worker")


def test_a_server_that_says_nothing(serve: Callable[[Server], None]) -> None:
    over = threading.Event()
    serve(lambda sock: over.wait(60))
    with pytest.raises(sb.DeadlineError, match=r"connect 'worker': not within 0\.1 s"):
        sb.connect("worker", timeout=0.1)
    over.set()


@pytest.mark.parametrize("said", [b"", b"\1", b"\xff" * 4, b"\2\0\0\0[]", b"\1\0\0\0x"])
def test_garbage_for_an_introduction(said: bytes, serve: Callable[[Server], None]) -> None:
    def server(sock: socket.socket) -> None:
        _link.read_frame(sock)
        sock.sendall(said)

    serve(server)
    with pytest.raises((sb.BrokenError, sb.WorkerDiedError)):
        sb.connect("worker")


@pytest.mark.parametrize(
    "functions",
    [1, [1], [{}], [{"name": "a b"}], [{"name": "_connection"}], [{"name": "close"}], [{"name": "x", "params": 1}]],
)
def test_garbage_for_functions(functions: Any, serve: Callable[[Server], None]) -> None:
    def server(sock: socket.socket) -> None:
        _link.read_frame(sock)
        _link.send_frame(sock, protocol=_link.PROTOCOL, functions=functions)

    serve(server)
    with pytest.raises(sb.BrokenError, match="expected the names of functions"):
        sb.connect("worker")


@pytest.mark.parametrize(
    "answer",
    [
        (_link.CALL, 1, b""),
        (99, 1, b""),
        (_link.RESULT | _link.ELSEWHERE, 1, b"no handle"),
        (_link.NEXT | _link.ELSEWHERE, 1, b"no handle"),
        (_link.ERROR, 1, _calls.encode(1)),
        (_link.ERROR, 1, b"\xc1"),
        (_link.RESULT, 1, b"\xc1"),
        (_link.ITEM, 1, _calls.encode(1)),
    ],
)
def test_garbage_for_an_answer(answer: tuple[int, int, bytes], serve: Callable[[Server], None]) -> None:
    def server(sock: socket.socket) -> None:
        of = link(sock)
        of.receive()
        of.send(*answer)
        sock.recv(1)

    serve(server)
    with sb.connect("worker") as go, pytest.raises((sb.BrokenError, sb.FormatError)):
        go.echo(1)


def test_answers_that_nobody_has_asked_for(serve: Callable[[Server], None]) -> None:
    def server(sock: socket.socket) -> None:
        of = link(sock)
        message = of.receive()
        assert message is not None
        of.send(_link.RESULT, 1000, _calls.encode(sb.ones(3)))
        of.send(_link.ERROR, 1000, b"")
        of.send(_link.RESULT, message[1], _calls.encode(2))
        of.send(_link.RESULT, message[1], _calls.encode(3))
        sock.recv(1)

    serve(server)
    with sb.connect("worker") as go:
        assert go.echo(1) == 2
    assert sb.list() == []
