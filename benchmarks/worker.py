"""The workers that arrays are handed to, in a process each: whatever way an array comes, they double it and hand it back.

Each says that it is ready by sending None over its pipe, and ends by being killed.
"""

import ctypes
import os
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.managers import Namespace
from multiprocessing.shared_memory import SharedMemory
from typing import Any

import numpy as np

import samebytes as sb

Array = np.ndarray[Any, np.dtype[np.float64]]

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def start(cpu: int | None = None) -> None:
    """Begin a worker's life: on that CPU alone, and killed with its parent."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if cpu is not None:
        os.sched_setaffinity(0, {cpu})


def serve(work: Callable[..., None], conn: Connection, cpu: int | None, *args: object) -> None:
    start(cpu)
    try:
        work(conn, *args)
    except (EOFError, ConnectionError, FileNotFoundError):
        pass  # the client was interrupted: its end of the pipe is gone, or what it made has been deleted


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
