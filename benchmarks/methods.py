"""The ways to hand an array to a running worker, each a turn that starts its worker, hands over, and leaves nothing.

A turn returns the seconds of each round trip: handed over, doubled, handed back. After each it has been checked that the
array was doubled, by its ends and its middle; after the last, by every element.
"""

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import forkserver, get_context
from multiprocessing.connection import Connection
from multiprocessing.managers import SyncManager
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

import samebytes as sb
from benchmarks import segment, worker
from benchmarks.measure import Plan, repeat
from benchmarks.worker import Array, double

# Workers are forked from a server that has imported what they need: started fast, and with nothing of the client's memory.
processes = get_context("forkserver")
processes.set_forkserver_preload(["benchmarks.worker", "benchmarks.streaming"])


def start_server() -> None:
    """Starts what workers are forked from, deaf to Ctrl-C from its first instant, as all that it forks: a signal's being
    ignored is inherited. The client alone hears Ctrl-C, and ends them."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    forkserver.ensure_running()
    signal.signal(signal.SIGINT, before)


# What arrays begin with, and what they are set back to, untimed, when doubled so often that infinity is near.
SMALLEST, LARGEST = 2.0**-1000, 2.0**1000


class Turn(NamedTuple):
    elements: int
    plan: Plan
    cpu: int | None  # both processes run on this one; None: wherever the kernel puts them
    peer: Path  # the program bench-peer


class Method(NamedTuple):
    label: str
    turn: Callable[[Turn], list[float]]
    copies: bool = False  # the array is sent, not shared
    one_cpu: bool = False  # measured on one CPU too


def floor(turn: Turn) -> list[float]:
    a = np.full(turn.elements, SMALLEST)
    return repeat(turn.plan, lambda: double(a), doubled_again())


def floor_go(turn: Turn) -> list[float]:
    return run_peer(turn, "floor", "-elements", str(turn.elements))


def pickle_over_pipe(turn: Turn) -> list[float]:
    a = np.full(turn.elements, SMALLEST)
    with start_worker(turn.cpu, worker.by_pickle) as conn:

        def trip() -> Array:
            conn.send(a)
            doubled: Array = conn.recv()
            return doubled

        return repeat(turn.plan, trip, doubled_once)


def pool_map(turn: Turn) -> list[float]:
    a = np.full(turn.elements, SMALLEST)
    with processes.Pool(1, worker.start, (turn.cpu,)) as pool:
        return repeat(turn.plan, lambda: pool.map(double, [a])[0], doubled_once)


def manager_proxy(turn: Turn) -> list[float]:
    a = np.full(turn.elements, SMALLEST)
    manager = SyncManager(ctx=processes)
    manager.start(worker.start, (turn.cpu,))
    with manager:
        held = manager.Namespace()
        with start_worker(turn.cpu, worker.by_manager, held) as conn:

            def trip() -> Array:
                held.a = a
                conn.send(None)
                conn.recv()
                doubled: Array = held.a
                return doubled

            return repeat(turn.plan, trip, doubled_once)


def shared_memory_attached(turn: Turn) -> list[float]:
    return _shared_memory(turn, worker.by_shared_memory_attached)


def shared_memory_kept(turn: Turn) -> list[float]:
    return _shared_memory(turn, worker.by_shared_memory_kept)


def _shared_memory(turn: Turn, work: Callable[..., None]) -> list[float]:
    shm = SharedMemory(create=True, size=turn.elements * 8)
    try:
        a = np.ndarray(turn.elements, np.float64, shm.buf)
        a[:] = SMALLEST
        with start_worker(turn.cpu, work, turn.elements) as conn:

            def trip() -> Array:
                conn.send(shm.name)
                conn.recv()
                return a

            return repeat(turn.plan, trip, doubled_again())
    finally:
        shm.unlink()  # it is unmapped with its last view


def samebytes_python_python(turn: Turn) -> list[float]:
    with filled(turn) as (name, a), start_worker(turn.cpu, worker.by_samebytes, name):
        return repeat(turn.plan, lambda: _hand_over(a), doubled_again())


def samebytes_python_go(turn: Turn) -> list[float]:
    with filled(turn) as (name, a), start_program(turn.peer, "double", name):
        return repeat(turn.plan, lambda: _hand_over(a), doubled_again())


def samebytes_go_python(turn: Turn) -> list[float]:
    with filled(turn) as (name, a), start_worker(turn.cpu, worker.by_samebytes, name):
        seconds = run_peer(turn, "handover", name)
        check_whole(a, a[0])  # which the client has checked
        return seconds


METHODS = {
    "floor": Method("doubling alone, NumPy", floor),
    "floor_go": Method("doubling alone, Go", floor_go),
    "pickle": Method("pickle over a Pipe", pickle_over_pipe, copies=True, one_cpu=True),
    "pool": Method("Pool.map", pool_map, copies=True),
    "manager": Method("Manager proxy", manager_proxy, copies=True),
    "shared_memory_attached": Method("SharedMemory, attached each time", shared_memory_attached),
    "shared_memory_kept": Method("SharedMemory, kept", shared_memory_kept, one_cpu=True),
    "samebytes_python_python": Method("samebytes, Python to Python", samebytes_python_python, one_cpu=True),
    "samebytes_python_go": Method("samebytes, Python to Go", samebytes_python_go, one_cpu=True),
    "samebytes_go_python": Method("samebytes, Go to Python", samebytes_go_python, one_cpu=True),
}


def _hand_over(a: sb.ndarray) -> Array:
    a.wait(a.publish())
    return a


class WrongResult(Exception):
    """An array that came back was not doubled, or what a lock guards was not."""


def doubled_once(a: Array, last: bool) -> None:
    """Checks an array that a round trip returned, doubled, and left as it was in the client."""
    _check(a, 2 * SMALLEST, last)


def doubled_again() -> Callable[[Array, bool], None]:
    """A check of an array that each round trip doubles in place."""
    value = SMALLEST

    def check(a: Array, last: bool) -> None:
        nonlocal value
        value *= 2
        _check(a, value, last)
        if value == LARGEST:
            a[:] = value = SMALLEST

    return check


def _check(a: Array, value: float, whole: bool) -> None:
    if not a[0] == a[len(a) // 2] == a[-1] == value:
        raise WrongResult(f"expected {value!r}, found {a[0]!r}, {a[len(a) // 2]!r} and {a[-1]!r}")
    if whole:
        check_whole(a, value)


def check_whole(a: Array, value: float) -> None:
    """Checks every element."""
    if not a.min() == a.max() == value:
        raise WrongResult(f"expected {value!r} everywhere, found {a.min()!r} to {a.max()!r}")


@contextmanager
def filled(turn: Turn) -> Iterator[tuple[str, sb.ndarray]]:
    """A new array to be doubled, and its name."""
    with segment.made(turn.elements) as (name, a):
        a[:] = SMALLEST
        yield name, a


@contextmanager
def start_worker(cpu: int | None, work: Callable[..., None], *args: object) -> Iterator[Connection]:
    """A Python worker that is ready, and the pipe to it."""
    ours, theirs = processes.Pipe()
    process = processes.Process(target=worker.serve, args=(work, theirs, cpu, *args), daemon=True)
    process.start()
    try:
        theirs.close()
        try:
            ours.recv()
        except EOFError:
            raise RuntimeError("the worker ended before it was ready") from None
        yield ours
    finally:
        process.kill()
        process.join()
        ours.close()


@contextmanager
def start_program(*command: str | Path) -> Iterator[tuple[IO[str], IO[str]]]:
    """A process in Go or C that is ready, its stdin and its stdout. It ends when its stdin is closed, which this process's end
    does too."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdin is not None and process.stdout is not None  # asked for above
            if process.stdout.readline() != "ready\n":
                raise RuntimeError(f"{' '.join(map(str, command))} did not start")
            yield process.stdin, process.stdout
        finally:
            process.send_signal(signal.SIGKILL)


def run_program(*command: str | Path) -> Any:
    """What the program prints, which is JSON. Its stdin is closed by this process's end."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None  # asked for above
            output = process.stdout.read()
            process.wait()
        finally:
            process.kill()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return json.loads(output)


def run_peer(turn: Turn, verb: str, *args: str) -> list[float]:
    """The seconds that the Go program measured."""
    seconds: list[float] = run_program(turn.peer, verb, *args, *flags(turn.plan))
    return seconds


def flags(plan: Plan) -> list[str]:
    """The plan as the Go program wants it."""
    return [f"-warmup={plan.warmup}s", f"-most={plan.most}", f"-budget={plan.budget}s"]
