"""Servers that several programs call, and what comes to them that is no call. tests/server is one."""

import json
import os
import socket
import stat
import struct
import subprocess
import sys
import textwrap
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

import samebytes as sb
from conftest import Program, until
from samebytes import _link

Start = Callable[[str], Program]


def test_servers_that_listen(listening: Callable[[str], Program], segments: Path, server: str) -> None:
    program = listening("worker")
    path = segments / ".samebytes-calls-worker"
    assert stat.S_IMODE(path.lstat().st_mode) == 0o600
    with sb.connect("worker") as one, sb.connect("worker") as other:
        assert one.add(1, 2) == other.add(2, 1) == 3
    taken = subprocess.run([server, "listen", "worker"], capture_output=True, text=True, timeout=60)
    assert taken.returncode == 1 and "another server listens" in taken.stderr
    with pytest.raises(sb.NotExistError, match="did you mean worker"):
        sb.connect("workre")
    with pytest.raises(sb.BadNameError):
        sb.connect("../x")
    program.kill()
    with pytest.raises(sb.NotExistError, match="has ended"):
        sb.connect("worker")
    after = listening("worker")  # which a dead server has left
    assert sb.connect("worker").pid() == after.process.pid
    after.say()
    assert after.line() == "ended" and after.process.wait(60) == 0
    assert not path.exists()
    assert [entry for entry in os.listdir(segments) if entry != ".samebytes"] == []


def test_long_names(segments: Path, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = segments / ("d" * 200)
    directory.mkdir()
    monkeypatch.setenv("SAMEBYTES_DIR", str(directory))
    program = Program([server, "listen", "n" * 200])
    with sb.connect("n" * 200, timeout=30) as go:
        assert go.add(1, 2) == 3
    program.close()
    for entry in directory.iterdir():
        entry.unlink()
    directory.rmdir()


def test_a_server_that_ends_drains_calls(listening: Callable[[str], Program], segments: Path) -> None:
    program = listening("worker")
    go = sb.connect("worker")
    sleeps, waits = go.sleep.future(0.3), go.wait.future()
    until(lambda: go.waiting() == 1)
    program.say()
    assert sleeps.result(60) is None
    with pytest.raises(sb.RemoteError, match="context canceled"):
        waits.result(60)
    assert program.line() == "ended"
    with pytest.raises(sb.WorkerDiedError):
        while True:  # its end may not have come here yet
            with pytest.raises(sb.ClosedError):
                go.nothing()
    go.close()


def test_a_client_that_is_killed_during_calls(listening: Callable[[str], Program], python: Start) -> None:
    listening("worker")
    client = python("""
        go = sb.connect("worker")
        futures = [go.wait.future() for _ in range(20)]
        a = sb.ones(1000)
        say(go.total(a), go.ones(3).sum())
        go.wait()
    """)
    assert client.line() == "1000.0 3.0"
    with sb.connect("worker") as go:
        until(lambda: go.waiting() == 21)
        goroutines, descriptors = go.goroutines(), go.descriptors()
        client.kill()
        until(lambda: go.waiting() == 0)
        until(lambda: go.goroutines() <= goroutines - 21 and go.descriptors() < descriptors)
        sb.gc()
        assert go.segments() == 0


def test_results_that_a_killed_client_has_not_read(listening: Callable[[str], Program], python: Start) -> None:
    listening("worker")
    client = python("""
        import signal, threading
        go = sb.connect("worker")
        threading.Timer(0, os.kill, (os.getpid(), signal.SIGSTOP)).start()
        while True:
            go.ones.future(1000)
    """)
    with sb.connect("worker") as go:
        until(lambda: Path(f"/proc/{client.process.pid}/stat").read_text().split()[2] == "T")
        client.kill()
        until(lambda: bool(sb.gc() or go.segments() == 0))


def raw(name: str) -> socket.socket:
    """A socket to a server."""
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(60)
    fd = os.open(Path(os.environ["SAMEBYTES_DIR"]) / f".samebytes-calls-{name}", os.O_PATH)
    sock.connect(f"/proc/self/fd/{fd}")
    os.close(fd)
    return sock


def framed(text: bytes) -> bytes:
    return struct.pack("<I", len(text)) + text


GARBAGE = [
    b"",
    b"\x05",
    b"\xff\xff\xff\xff",
    os.urandom(1000),
    framed(b"not JSON"),
    framed(b"[1, 2]"),
    framed(json.dumps({"protocol": 1}).encode()),
]


def test_garbage_on_the_socket(listening: Callable[[str], Program]) -> None:
    listening("worker")
    with sb.connect("worker") as go:
        for garbage in GARBAGE:
            with raw("worker") as sock:
                with suppress(OSError):  # it has enough
                    sock.sendall(garbage)
                    sock.shutdown(socket.SHUT_WR)
                frame, _ = _link.read_frame(sock)
                assert frame is not None and "error" in frame, garbage
            assert go.add(1, 2) == 3
        for name, content in [("empty", b""), ("random", os.urandom(5000))]:  # as memory
            fd = os.memfd_create(name, os.MFD_ALLOW_SEALING)
            os.write(fd, content)
            with raw("worker") as sock:
                _link.introduce(sock, fd)
                frame, _ = _link.read_frame(sock)
                assert frame is not None and frame["error"]["type"] == "BrokenError"
            os.close(fd)
        assert go.add(1, 2) == 3


def test_garbage_after_the_introduction(listening: Callable[[str], Program]) -> None:
    listening("worker")
    with sb.connect("worker") as go:
        for garbage in (b"\xff\xff\xff\xff", framed(b"x")):
            other = sb.connect("worker")
            other._connection.client._link.sock.sendall(garbage)
            with pytest.raises(sb.WorkerDiedError, match="BrokenError"):
                other.wait()
        for message in (
            (0x99, 0x9999, b"\x99" * 11),
            (_link.CALL, 0, bytes(11)),
            (_link.CALL | _link.ELSEWHERE, 0, b"no handle"),
        ):
            other = sb.connect("worker")
            assert other._connection.client._link.out.send(*message, -1)
            with pytest.raises(sb.WorkerDiedError, match="Error"):
                other.wait()
        for length in (0, 8, 1 << 31):
            other = sb.connect("worker")
            mapping = other._connection.client._link._mapping
            waits = other.wait.future()
            mapping.store(8192, length)  # of the message in the second slot,
            mapping.store(64, 2)  # which has been sent
            with pytest.raises(sb.WorkerDiedError, match="Error"):
                waits.result()
        for payload in (b"", b"\x93", b"\x93\xa3add\xdd\xff\xff\xff\xff", b"\x93\xa3add\x92\x01\x02", os.urandom(100)):
            other = sb.connect("worker")
            other._connection.client._link.send(
                _link.CALL, 0, _link.CALL_HEAD.pack(0, 0) + payload
            )  # whose answer nobody here waits for
            assert other.add(1, 2) == 3
            other.close()
        memory = sb.connect("worker")
        memory._connection.client._link._mapping.store(256, 1 << 40)  # messages that it has taken
        with pytest.raises(sb.WorkerDiedError, match="messages taken"):
            memory.nothing()
        assert go.add(1, 2) == 3


def test_other_versions(listening: Callable[[str], Program]) -> None:
    listening("worker")
    with raw("worker") as sock:
        sock.sendall(framed(json.dumps({"protocol": 2}).encode()))
        frame, _ = _link.read_frame(sock)
        assert frame is not None and frame["error"]["type"] == "VersionError" and "found 2" in frame["error"]["message"]


def test_other_domains(listening: Callable[[str], Program], server: str, tmp_path: Path) -> None:
    with pytest.raises(sb.NotExistError, match="expected a client with the segments of"):
        sb.launch(server, env={"SAMEBYTES_DIR": str(tmp_path)})
    listening("worker")
    fd = _link.make_memory()
    with raw("worker") as sock:
        _link.introduce(sock, fd, domain="0" * 32)
        frame, _ = _link.read_frame(sock)
        assert frame is not None and frame["error"]["type"] == "NotExistError"
    os.close(fd)
    with sb.connect("worker") as go:
        assert go.add(1, 2) == 3


def test_other_users(listening: Callable[[str], Program], open_segments: Path) -> None:
    listening("worker")
    code = """
        import difflib, os, socket, struct, samebytes as sb
        os.setuid(65534)
        try:
            sb.connect("worker")
        except sb.AccessError as error:
            print(error)
    """
    for mode, says in [(0o600, "Permission denied"), (0o777, "expected a server of user 65534")]:
        (open_segments / ".samebytes-calls-worker").chmod(mode)
        done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=60)
        assert says in done.stdout, done.stderr
    ask = "import os, socket, sys; os.setuid(65534); s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); print(s.recv(1000))"
    done = subprocess.run(
        [sys.executable, "-c", ask, open_segments / ".samebytes-calls-worker"], capture_output=True, text=True, timeout=60
    )
    assert "AccessError" in done.stdout and "of user 65534" in done.stdout, done.stderr
    with sb.connect("worker") as go:
        assert go.add(1, 2) == 3
