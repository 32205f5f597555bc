"""The workers, in a process each. Most double an array, whatever way it comes, and hand it back; others answer alone, or count
under a lock.

Each says that it is ready by sending None over its pipe, and ends by being killed.
"""

import fcntl
import os
import time
from collections.abc import Callable
from functools import partial
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from multiprocessing.managers import Namespace
from multiprocessing.shared_memory import SharedMemory
from multiprocessing.synchronize import Lock
from threading import Thread
from typing import Any

import numpy as np

import samebytes as sb

Array = np.ndarray[Any, np.dtype[np.float64]]


_first_own_bytes = 0


def start(cpu: int | None = None) -> None:
    """Begin a worker's life: on that CPU alone, and no longer than the client's."""
    global _first_own_bytes
    _first_own_bytes = _own_bytes()
    Thread(target=_end_with_client, daemon=True).start()
    if cpu is not None:
        os.sched_setaffinity(0, {cpu})


def _end_with_client() -> None:
    client = parent_process()  # not the one that forked this, which lives as long as any worker does
    assert client is not None  # this is a worker
    client.join()
    os._exit(1)


def serve(work: Callable[..., None], conn: Connection, cpu: int | None, *args: object) -> None:
    start(cpu)
    try:
        work(conn, *args)
    except (EOFError, ConnectionError, FileNotFoundError):
        pass  # the client was interrupted: its end of the pipe is gone, or what it made has been deleted


def total(a: Array) -> tuple[float, int]:
    """The sum, and how many bytes the worker has to itself beyond what it began with."""
    return float(a.sum()), _own_bytes() - _first_own_bytes


def _own_bytes() -> int:
    """Memory that is no file's, as that of segments is."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith("RssAnon:"))


def double(a: Array) -> Array:
    np.multiply(a, 2, out=a)
    return a


def by_pickle(conn: Connection) -> None:
    conn.send(None)
    while True:
        a = conn.recv()
        conn.send(double(a))
        del a  # not while the next arrives


def by_manager(conn: Connection, held: Namespace) -> None:
    conn.send(None)
    while True:
        conn.recv()
        held.a = double(held.a)
        conn.send(None)


def by_shared_memory_attached(conn: Connection, elements: int) -> None:
    conn.send(None)
    while True:
        shm = SharedMemory(conn.recv())
        double(np.ndarray(elements, np.float64, shm.buf))
        shm.close()
        conn.send(None)


def by_shared_memory_kept(conn: Connection, elements: int) -> None:
    kept: dict[str, tuple[SharedMemory, Array]] = {}
    conn.send(None)
    while True:
        name = conn.recv()
        if name not in kept:
            shm = SharedMemory(name)
            kept[name] = shm, np.ndarray(elements, np.float64, shm.buf)
        double(kept[name][1])
        conn.send(None)


def by_samebytes(conn: Connection, name: str) -> None:
    a = sb.attach(name)
    seen = a.version
    conn.send(None)
    while True:
        seen = a.wait(seen)
        double(a)
        seen = a.publish()


def answer(conn: Connection, name: str) -> None:
    a = sb.attach(name)
    seen = a.version
    conn.send(None)
    while True:
        seen = a.wait(seen)
        seen = a.publish()


def count_by_samebytes(conn: Connection, name: str) -> None:
    lock = sb.attach(name).lock
    _count(conn, name, lock.acquire, lock.release)


def count_by_lock(conn: Connection, name: str, lock: Lock) -> None:
    _count(conn, name, lock.acquire, lock.release)


def count_by_flock(conn: Connection, name: str) -> None:
    fd = os.open(__file__, os.O_RDONLY)  # any file will do that each opens for itself
    _count(conn, name, partial(fcntl.flock, fd, fcntl.LOCK_EX), partial(fcntl.flock, fd, fcntl.LOCK_UN))


_BETWEEN_LOOKS = 16  # sections between two looks at the clock


def _count(conn: Connection, name: str, acquire: Callable[[], object], release: Callable[[], object]) -> None:
    """Counts in the first element under the lock, until the time that it is told (ns since 1970), and sends how far."""
    counter = sb.attach(name).data
    conn.send(None)
    end = conn.recv()
    n = 0
    while time.time_ns() < end:
        for _ in range(_BETWEEN_LOOKS):
            acquire()
            counter[0, 0] += 1
            release()
        n += _BETWEEN_LOOKS
    conn.send(n)
