"""Calls of a Go program's functions from Python: tests/server serves them."""

import asyncio
import gc
import json
import os
import signal
import socket
import stat
import struct
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, as_completed
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import samebytes as sb
from conftest import Program, until
from samebytes import _link

Start = Callable[[str], Program]


@pytest.fixture
def go(segments: Path, server: str) -> Iterator[sb.Remote]:
    """Its functions, launched."""
    with sb.launch(server) as remote:
        yield remote


VALUES: list[Any] = [None, True, -1, 2**64 - 1, 1.5, 2j, "é", b"\0", [1, [2, "x"]], {"a": {"b": None}}]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_values(value: Any, go: sb.Remote) -> None:
    assert go.echo(value) == value


def test_arguments_and_results(go: sb.Remote) -> None:
    assert go.nothing() is None
    assert go.add(2, 3) == 5
    assert go.join(["a", "b"], "-") == ["a-b", 2]


def test_what_python_shows(go: sb.Remote) -> None:
    assert go.scale.__name__ == "scale"
    assert {"scale", "join", "close"} <= set(dir(go))
    done = subprocess.run(
        [sys.executable, "-c", "import sys, samebytes as sb\nwith sb.launch(sys.argv[1]) as go: help(go.scale)", go_path(go)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "scale(arg1: array[float64], arg2: float64, /, *, timeout: float | None = None) -> None" in done.stdout
    assert "Multiplies the elements by k, in place." in done.stdout
    assert "join" in repr(go)
    with pytest.raises(AttributeError, match="did you mean scale"):
        go.scael  # noqa: B018


def go_path(go: sb.Remote) -> str:
    return os.readlink(f"/proc/{go.pid()}/exe")


def test_arrays_are_the_callers(go: sb.Remote) -> None:
    a = sb.create("x", (4, 6))
    a[:] = 1
    go.scale(a, 2)
    go.scale(a[1:3, ::-2], 10)
    expected = np.full((4, 6), 2.0)
    expected[1:3, ::-2] *= 10
    np.testing.assert_array_equal(a, expected)
    temporary = sb.ones(3)
    go.scale(temporary.T, 3)
    assert temporary.sum() == 9
    plain = np.ones((2, 3), order="F")
    assert go.total(plain) == 6
    go.scale(plain, 5)
    assert plain.sum() == 6, "an ordinary array is copied"
    for dtype in ("i1", "u2", "M8[s]", "S3", "c8"):
        assert go.shape(np.zeros((2, 3), dtype)) == [2, 3]
    assert go.echo([a[0], {"deep": a}])[1]["deep"].name == "x"
    sb.delete("x")


def test_arrays_that_are_returned(go: sb.Remote, segments: Path) -> None:
    ones = go.ones(5)
    assert isinstance(ones, sb.ndarray) and ones.tolist() == [1] * 5
    ones[0] = 7
    plain = go.plain(3)
    assert plain.dtype == np.float32 and plain.sum() == 3
    assert go.segments() == 2
    del ones, plain
    until(lambda: go.segments() == 0)


def test_a_read_only_array_stays_as_it_is(go: sb.Remote) -> None:
    sb.create("x", 3)
    with pytest.raises(sb.RemoteError, match="panic") as raised:
        go.faults(sb.attach("x", "r"))
    assert raised.value.type == "panic" and "goroutine" in raised.value.trace
    assert sb.attach("x").sum() == 0
    sb.delete("x")


BAD: list[tuple[str, tuple[Any, ...], type[sb.Error], str]] = [
    ("add", (1,), sb.DTypeError, r"expected 2 arguments for add\(int64, int64\) -> int64, found 1"),
    ("add", (1, "x"), sb.DTypeError, r"argument 2 of add\(int64, int64\).* expected int64, found"),
    ("add", (1, 2.0), sb.DTypeError, "argument 2 of add"),
    ("small", (300,), sb.DTypeError, "expected int8, found 300"),
    ("total", (np.zeros(3, "f4"),), sb.DTypeError, r"argument 1 of total\(array\[float64\]\)"),
    ("total", (3,), sb.DTypeError, "argument 1 of total"),
    ("shape", ("x",), sb.DTypeError, "argument 1 of shape"),
    ("echo", ({1, 2},), sb.DTypeError, r"args\[0\]: expected a value that calls carry"),
    ("attach", ("nix",), sb.NotExistError, "no such segment"),
    ("attach", ("../x",), sb.BadNameError, "1 to 200"),
    ("fails", ("no",), sb.RemoteError, "errors.errorString: no"),
    ("panics", (), sb.RemoteError, "panic: on purpose"),
    ("nix", (), sb.NotExistError, 'no function "nix"'),
    ("scal", (), sb.NotExistError, "did you mean scale"),
]


@pytest.mark.parametrize(("name", "args", "error", "says"), BAD, ids=lambda of: of if isinstance(of, str) else "")
def test_what_goes_wrong(name: str, args: tuple[Any, ...], error: type[sb.Error], says: str, go: sb.Remote) -> None:
    with pytest.raises(error, match=says) as raised:
        go._connection.client.call(name, args, None)
    assert type(raised.value) is error
    assert go.add(1, 2) == 3, "the server goes on"
    assert go.segments() == 0, "nothing is under way"


CASES = json.loads((Path(__file__).parent / "conformance/calls.json").read_text())["cases"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_failing_calls(case: dict[str, Any], go: sb.Remote) -> None:
    error = getattr(sb, f"{case['error']}Error")
    args = case.get("args", [])
    if case.get("itself"):
        args = [[]]
        args[0].append(args[0])
    if case.get("closed"):
        go.close()
    with pytest.raises(error) as raised:
        go._connection.client.call(case["function"], args, case.get("timeout"))
    assert type(raised.value) is error
    for part in case["says"]:
        assert part in str(raised.value)


def test_a_value_that_contains_itself(go: sb.Remote) -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(sb.DTypeError, match="does it contain itself"):
        go.echo(value)


def test_long_messages(go: sb.Remote) -> None:
    long = os.urandom(100_000)
    assert go.echo(long) == long
    assert len(go.bytes(1 << 20)) == 1 << 20
    until(lambda: go.segments() == 0)


def test_many_threads(go: sb.Remote) -> None:
    wrong = []

    def work(k: int) -> None:
        for i in range(300):
            if go.add(i, k) != i + k:
                wrong.append((i, k))
            if i % 50 == 0 and go.total(np.full(100, float(k))) != 100 * k:
                wrong.append((i, k))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    futures = [go.add.future(i, 1) for i in range(300)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [future.result() for future in futures] == list(range(1, 301))
    assert wrong == []


def test_futures(go: sb.Remote) -> None:
    futures = [go.add.future(i, 1) for i in range(2000)]
    assert sum(future.result() for future in as_completed(futures, timeout=60)) == 2_001_000
    with pytest.raises(sb.RemoteError, match="no"):
        go.fails.future("no").result()
    with pytest.raises(sb.DTypeError):
        go.echo.future({1})
    late = go.wait.future(timeout=0.05)
    with pytest.raises(sb.DeadlineError, match=r"call wait: not within 0\.05 s"):
        late.result()
    waits = go.wait.future()
    assert waits.cancel() and waits.cancel() and waits.cancelled()
    with pytest.raises(CancelledError):
        waits.result()
    assert list(as_completed([waits], timeout=60)) == [waits]
    until(lambda: go.waiting() == 0)
    nested: list[int] = []
    go.nothing.future().add_done_callback(lambda _: nested.append(go.add(1, 1)))
    until(lambda: nested == [2])


def test_asyncio(go: sb.Remote) -> None:
    async def main() -> int:
        results = await asyncio.gather(*(go.add.aio(i, 1) for i in range(500)))
        with pytest.raises(sb.DeadlineError):
            await go.wait.aio(timeout=0.05)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(go.wait.aio(), 0.05)
        return sum(results)

    assert asyncio.run(main()) == 125_250
    until(lambda: go.waiting() == 0)


def test_stats(go: sb.Remote, server: str) -> None:
    for i in range(200):
        go.add(i, 1)
    with pytest.raises(sb.DTypeError):
        go.add(1)
    go.sleep(0.1)
    go.total(np.ones(1000))
    go.plain(500)
    go.ones(500)
    waits = go.wait.future()
    until(lambda: go.waiting() == 1)
    stats = go.stats()
    add, sleep, wait = (stats["functions"][name] for name in ("add", "sleep", "wait"))
    assert (add["calls"], add["errors"], add["in_flight"]) == (201, 1, 0)
    assert timedelta(0) < add["p50"] <= add["p99"] < timedelta(seconds=60)
    assert (sleep["calls"], wait["calls"], wait["in_flight"]) == (1, 0, 1)
    assert sleep["p50"] >= timedelta(seconds=0.1)
    assert (stats["handle_bytes"], stats["copy_bytes"], stats["processes"]) == (12_000, 2_000, 1)
    assert "nothing" not in stats["functions"] and ".stats" not in stats["functions"]
    waits.cancel()


def test_timeouts(go: sb.Remote) -> None:
    with pytest.raises(sb.DeadlineError, match=r"call wait: not within 0\.05 s"):
        go.wait(timeout=0.05)
    until(lambda: go.waiting() == 0)
    with pytest.raises(sb.DeadlineError):
        go.ones(3, timeout=0)
    until(lambda: go.segments() == 0)
    assert go.add(1, 2, timeout=60) == 3


def test_more_calls_than_the_server_takes_at_once(go: sb.Remote) -> None:
    futures = [go.wait.future(timeout=1) for _ in range(1500)]
    assert all(isinstance(future.exception(60), sb.DeadlineError) for future in futures)
    until(lambda: go.waiting() == 0)


def in_threads(n: int, call: Callable[[], Any]) -> tuple[list[threading.Thread], list[BaseException]]:
    errors: list[BaseException] = []

    def run() -> None:
        try:
            call()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(n)]
    for thread in threads:
        thread.start()
    return threads, errors


def test_a_server_that_is_killed_during_calls(segments: Path, server: str) -> None:
    with sb.launch(server) as go:
        threads, errors = in_threads(5, go.wait)
        futures = [go.wait.future() for _ in range(5)]
        until(lambda: go.waiting() == 10)
        os.kill(go.pid(), signal.SIGKILL)
        for thread in threads:
            thread.join(60)
        errors += [future.exception(60) or Exception() for future in futures]
        assert [type(error) for error in errors] == [sb.WorkerDiedError] * 10
        assert "SIGKILL" in str(errors[0])
        with pytest.raises(sb.WorkerDiedError):
            go.nothing()
        assert "closed" in repr(go)
    with sb.launch(server) as go, pytest.raises(ConnectionError, match="ended with exit code 3"):
        go.exit(3)


@pytest.mark.parametrize("array", [sb.ones, np.ones], ids=["temporary", "ordinary"])
def test_nothing_is_left_of_a_call_that_nobody_has_read(array: Any, segments: Path, server: str) -> None:
    with sb.launch(server) as go:
        pid = go.pid()
        os.kill(pid, signal.SIGSTOP)
        given = array(1000)
        calls = [go.total.future(given), go.total.future([given[::2], {"x": given}]), go.echo.future(bytes(10_000))]
        os.kill(pid, signal.SIGKILL)
        assert all(isinstance(call.exception(60), sb.WorkerDiedError) for call in calls)
        del given, calls
        until(lambda: gc.collect() >= 0 and sb.list() == [])


def test_close_ends_calls_and_the_program(segments: Path, server: str) -> None:
    go = sb.launch(server)
    pid = go.pid()
    threads, errors = in_threads(3, go.wait)
    until(lambda: go.waiting() == 3)
    go.close()
    go.close()
    for thread in threads:
        thread.join(60)
    assert [type(error) for error in errors] == [sb.ClosedError] * 3
    with pytest.raises(sb.ClosedError):
        go.nothing()
    assert not os.path.exists(f"/proc/{pid}")
    other = sb.launch(server)
    pid, nothing = other.pid(), other.nothing
    del other
    nothing()  # which keeps the connection
    del nothing
    assert not os.path.exists(f"/proc/{pid}")


LAUNCH = "import sys; go = sb.launch({server!r})\n"


def gone(pid: int) -> bool:
    """Whether a process has ended; nobody need have waited for it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


ENDS = {
    "that waits": "say(go.pid()); go.wait()",
    "whose function goes on": "say(go.pid()); go.sleep(600)",
    "that is stopped": "pid = go.pid(); os.kill(pid, 19); os.waitid(os.P_PID, pid, os.WSTOPPED); say(pid); go.wait()",
    "whose workers have started a program": "say(go.pid(), *go.worker(sys.executable)); go.wait()",
    "launched by a thread that has ended": """
import threading
def launch():
    global other
    other = sb.launch({server!r})
thread = threading.Thread(target=launch)
thread.start()
thread.join()
say(other.pid(), go.pid())
go.wait()
""",
}


@pytest.mark.parametrize("does", ENDS.values(), ids=ENDS)
def test_programs_end_when_python_is_killed(does: str, python: Start, server: str) -> None:
    killed = python((LAUNCH + does).format(server=server))
    pids = [int(pid) for pid in killed.line().split()]
    assert pids and not any(map(gone, pids))
    killed.kill()
    for pid in pids:
        until(lambda pid=pid: gone(pid))  # type: ignore[misc]


@pytest.mark.parametrize("mode", ["idle", "stay"])
def test_programs_that_do_not_end_by_themselves(mode: str, python: Start, server: str) -> None:
    killed = python(f"go = sb.launch([{server!r}, {mode!r}])\nsay(go.pid()); go.wait()")
    pid = int(killed.line())  # idle prints it itself
    killed.kill()
    until(lambda: gone(pid))


def test_programs_end_when_python_ends(python: Start, server: str) -> None:
    left = python(LAUNCH.format(server=server) + "say(go.pid())")
    pid = int(left.line())
    assert left.process.wait(60) == 0
    assert not os.path.exists(f"/proc/{pid}")


def test_ctrl_c(python: Start, server: str) -> None:
    program = python(
        LAUNCH.format(server=server)
        + """
import threading
other = threading.Thread(target=lambda: say("other", go.sleep(1)))
other.start()
say("ready")
try:
    go.wait()
except KeyboardInterrupt:
    other.join()
    say("interrupted", go.add(1, 2))
while go.waiting():
    pass
say("given up")
"""
    )
    assert program.line() == "ready"
    time.sleep(0.2)  # wherever it then is, it comes out
    program.process.send_signal(signal.SIGINT)
    assert [program.line() for _ in range(3)] == ["other None", "interrupted 3", "given up"]
    assert program.process.wait(60) == 0


def test_ctrl_c_at_any_moment(python: Start, server: str) -> None:
    program = python(
        LAUNCH.format(server=server)
        + """
import signal, threading, time
a, plain, interrupted = sb.ones(100), np.ones(100), 0

def calls():
    k = 0
    while True:
        k += 1
        assert go.add(k, 1) == k + 1
        assert go.total(a) == go.total(plain) == 100
        assert go.ones(3).tolist() == [1, 1, 1]
        assert [future.result() for future in [go.add.future(k, i) for i in range(3)]] == [k, k + 1, k + 2]

def interrupt():
    while interrupted < 300:
        before = interrupted
        signal.pthread_kill(main, signal.SIGINT)
        end = time.monotonic() + 0.2
        while interrupted == before and time.monotonic() < end:  # it is lost where a finalizer runs, which may not raise
            time.sleep(0.0001)
        time.sleep(0.0123 * (interrupted % 10) / 10)

main = threading.get_ident()
interrupting = threading.Thread(target=interrupt)
try:
    interrupting.start()
except KeyboardInterrupt:
    interrupted += 1
while interrupted < 300:
    try:
        calls()
    except KeyboardInterrupt:
        interrupted += 1
interrupting.join()
say(go.add(1, 2), threading.active_count() <= 3)
while go.waiting():
    time.sleep(0.01)
"""
    )
    assert program.line() == "3 True"
    assert program.process.wait(60) == 0
    sb.gc()  # an array that was about to be given away, or opened
    assert sb.list() == []


@pytest.mark.parametrize("fork", ["os.fork", "ctypes.PyDLL(None).fork"])
def test_fork(fork: str, python: Start, server: str) -> None:
    program = python(
        LAUNCH.format(server=server)
        + f"""
child = {fork}()
if child == 0:
    for call in go.nothing, go.nothing.future:
        try:
            call()
        except sb.ClosedError as error:
            say(error)
    sys.exit()
say(os.waitpid(child, 0)[1], go.add(1, 2))
"""
    )
    lines = [program.line() for _ in range(3)]
    assert "forked from" in lines[0] and lines[1] == lines[0] and lines[2] == "0 3"
    assert program.process.wait(60) == 0


def test_what_cannot_be_launched(segments: Path, server: str, tmp_path: Path) -> None:
    for command, error, says in [
        ([str(tmp_path / "nix")], sb.NotExistError, "no such program"),
        ([str(Path(__file__))], sb.AccessError, "Permission denied"),
        ([server, "exit", "4"], sb.WorkerDiedError, "ended with exit code 4 before it served"),
        (["true"], sb.WorkerDiedError, "ended with exit code 0 before it served"),
    ]:
        with pytest.raises(error, match=says):
            sb.launch(command)
    with pytest.raises(sb.NotExistError, match="no directory"):
        sb.launch(server, cwd=tmp_path / "nix")
    with pytest.raises(sb.DeadlineError, match=r"launch sleep: not within 0\.1 s"):
        sb.launch(["sleep", "60"], timeout=0.1)
    with pytest.raises(ValueError, match="found none"):
        sb.launch([])
    done = subprocess.run([server], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "SAMEBYTES_CALLS is not set" in done.stderr


def test_environment_and_directory(segments: Path, server: str, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text(f'#!/bin/sh\npwd >&2; echo "$WORD" >&2; exec {server}\n')
    script.chmod(0o700)
    code = (
        "import sys, samebytes as sb\nwith sb.launch(sys.argv[1], {'WORD': 'hello'}, sys.argv[2]) as go: print(go.add(1, 2))"
    )
    done = subprocess.run([sys.executable, "-c", code, script, tmp_path], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("3\n", f"{tmp_path}\nhello\n")


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
        for message in ((0x99, 0x9999, b"\x99" * 11), (_link.CALL, 0, bytes(11)), (_link.ELSEWHERE, 0, b"no handle")):
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


def test_no_thread_or_descriptor_is_left(segments: Path, server: str) -> None:
    sb.launch(server).close()  # what is made once
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        with sb.launch(server) as go:
            go.nothing.future().result()
    until(lambda: not [t for t in threading.enumerate() if t.name.startswith("samebytes-")])
    assert len(os.listdir("/proc/self/fd")) == before
