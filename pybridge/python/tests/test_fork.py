"""Fork, by Python and by C: who holds what afterwards, and whose death is seen."""

import ctypes
import gc
import os
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import samebytes as sb

Start = Callable[[str], Any]


def c_fork() -> int:
    """fork() as C code calls it, which Python's own hooks do not notice."""
    return ctypes.PyDLL(None).fork()


FORKS = [os.fork, c_fork]


def forked(fork: Callable[[], int], work: Callable[[], None]) -> None:
    """Does the work in a forked child, and fails if it fails there."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads: Python 3.12
        child = fork()
    if child == 0:
        try:
            work()
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0


def row(a: sb.ndarray) -> int:
    """This process's row among the participants; -1: none."""
    return a.lock.mapping.row


@pytest.mark.parametrize("fork", FORKS)
def test_f03_the_child_cannot_release(fork: Callable[[], int], segments: Path) -> None:
    a = sb.create("x", 4)

    def child() -> None:
        assert row(a) == -1
        for _ in range(2):
            with pytest.raises(sb.NotOwnerError):
                a.lock.release()
            assert not a.lock.acquire(blocking=False)  # and takes a row
        assert row(a) == 1

    with a.lock:
        forked(fork, child)
        assert row(a) == 0
    with a.lock:
        pass


@pytest.mark.parametrize("fork", FORKS)
def test_f05_the_child_has_a_row_of_its_own(fork: Callable[[], int], segments: Path) -> None:
    a = sb.create("x", 4)

    def child() -> None:
        with a.lock:
            a[0] += 1
        assert row(a) == 1
        os.kill(os.getpid(), 9) if a[0] == 4 else None

    for _ in range(3):
        forked(fork, child)
    assert a[0] == 3
    with a.lock:
        pass


@pytest.mark.parametrize("fork", ["os.fork", "ctypes.PyDLL(None).fork"])
@pytest.mark.parametrize("use", ["", "a.rlock[0].acquire()", "os.closerange(3, 100)"])
def test_f01_f02_f04_the_parent_is_killed_and_the_child_lives(fork: str, use: str, segments: Path, python: Start) -> None:
    a = sb.create("x", 4)
    parent = python(f"""
        import ctypes
        a = sb.attach("x")
        a.lock[1:3].acquire()
        if {fork}() == 0:
            {use}
            say("forked")
            input()  # until the pipe ends
            os._exit(0)
        while True:
            os.wait()
    """)
    assert parent.line() == "forked"
    parent.kill()
    with pytest.raises(sb.OwnerDiedError, match=r"\[1:3\]"):
        a.lock.acquire()
    with a.lock[3]:
        pass


def test_the_child_is_killed_and_the_parent_lives(segments: Path, python: Start) -> None:
    a = sb.create("x", 4)
    a.lock[0].acquire()
    child = os.fork()
    if child == 0:
        a.lock[1].acquire()
        os.kill(os.getpid(), 9)
    os.waitpid(child, 0)
    with pytest.raises(sb.OwnerDiedError, match=r"\[1:2\]"):
        a.lock[1:].acquire()
    assert python("say(sb.attach('x').lock[0].acquire(False))").line() != "True"
    a.lock[0].release()


def test_a_grandchild(segments: Path) -> None:
    a = sb.create("x", 4)

    def grandchild() -> None:
        with a.lock[1]:
            assert row(a) == 1  # its parent took none
            assert not a.lock[0].acquire(False)

    with a.lock[0]:
        forked(os.fork, lambda: forked(os.fork, grandchild))


def test_fork_while_threads_lock_and_attach(segments: Path) -> None:
    a, done = sb.create("x", 4, "i8"), threading.Event()
    sb.create("y", 4)
    gc.collect()

    def busy() -> None:
        while not done.is_set():
            with a.lock:
                a[0] += 1
            sb.attach("y")

    threads = [threading.Thread(target=busy) for _ in range(2)]
    for thread in threads:
        thread.start()

    def child() -> None:
        assert a.lock.acquire(timeout=60)
        a[1] += 1
        a.lock.release()

    try:
        for _ in range(30):
            forked(os.fork, child)  # Python's: its own locks do not survive C's beside threads
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert a[1] == 30


def test_f07_descriptors_do_not_pass_to_other_programs(segments: Path) -> None:
    a = sb.create("x", 4)
    sb.attach("x", "r")
    with a.lock:
        command = ["ls", "-l", "/proc/self/fd"]
        found = subprocess.run(command, close_fds=False, capture_output=True, text=True, check=True).stdout
    assert str(segments) not in found


def test_closed_by_who_closes_all(segments: Path) -> None:
    """A child that closes every descriptor cannot lock, and says so; nothing else is mistaken for the file."""
    a = sb.create("x", 4)

    def child() -> None:
        os.closerange(3, 100)
        with open(segments / "x", "rb"), pytest.raises(OSError):
            a.lock.acquire()
        a[1] = 5

    with a.lock[0]:
        forked(os.fork, child)
    assert a[1] == 5


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_f06_multiprocessing(method: str, segments: Path, tmp_path: Path) -> None:
    a = sb.create("x", 1, "i8")
    # A program of its own: multiprocessing's helpers keep descriptors open as long as that lives.
    program = tmp_path / "program.py"
    program.write_text(f"""if True:
        import multiprocessing, samebytes as sb
        a = sb.attach("x")
        def count():
            for _ in range(500):
                with a.lock:
                    a[0] += 1
        if __name__ == "__main__":
            context = multiprocessing.get_context("{method}")
            processes = [context.Process(target=count) for _ in range(2)]
            for process in processes:
                process.start()
            for process in processes:
                process.join()
    """)
    subprocess.run([sys.executable, program], check=True)
    assert a[0] == 1000


def test_d22_exec_in_the_holder(segments: Path, python: Start) -> None:
    a = sb.create("x", 4)
    child = python("""
        a = sb.attach("x")
        a.lock[2].acquire()
        os.execv(sys.executable, [sys.executable, "-c", "print('another program', flush=True); input()"])
    """)
    assert child.line() == "another program"
    with pytest.raises(sb.OwnerDiedError, match=r"\[2:3\]"):
        a.lock.acquire()
