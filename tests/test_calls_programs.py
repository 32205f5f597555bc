"""Programs whose functions are called, and their ends: launched, killed, interrupted, forked. tests/server is one."""

import gc
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import samebytes as sb
from conftest import Program, until

Start = Callable[[str], Program]


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
def work():
    while not go.waiting():
        pass
    sleeps = go.sleep.future(1)
    say("ready")
    say("other", sleeps.result())
other = threading.Thread(target=work)
other.start()
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


def test_no_thread_or_descriptor_is_left(segments: Path, server: str) -> None:
    sb.launch(server).close()  # what is made once
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        with sb.launch(server) as go:
            go.nothing.future().result()
    until(lambda: not [t for t in threading.enumerate() if t.name.startswith("samebytes-")])
    assert len(os.listdir("/proc/self/fd")) == before
