"""What a lock costs that nobody else wants: samebytes beside what Python, Go, POSIX and the kernel offer."""

import fcntl
import struct
import tempfile
import timeit
from collections.abc import Callable
from functools import partial
from multiprocessing.managers import SyncManager
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from benchmarks import segment, worker
from benchmarks.access import Item, Row, compared
from benchmarks.measure import interleaved
from benchmarks.methods import processes, run_program

ROUNDS, SHORT_ROUNDS = 31, 3

SHAPE = 64, 64  # of the array that is locked

_PAIRS = 20_000  # of lock and unlock for a sample
_PAIRS_MANAGER = 200

ITEMS = {
    "c_robust": Item("C", "robust mutex of POSIX", None),
    "c_latch": Item("C", "latch: the word that guards the table", "c_robust"),
    "c_whole": Item("C", "whole array", "c_robust"),
    "c_box": Item("C", "box", "c_robust"),
    "go_mutex": Item("Go", "sync.Mutex", None),
    "go_whole": Item("Go", "whole array", "go_mutex"),
    "go_box": Item("Go", "box", "go_mutex"),
    "mp_lock": Item("Python", "multiprocessing.Lock", None),
    "threading_lock": Item("Python", "threading.Lock", "mp_lock"),
    "mp_array": Item("Python", "multiprocessing.Array's get_lock", "mp_lock"),
    "flock": Item("Python", "fcntl.flock", "mp_lock"),
    "ofd": Item("Python", "F_OFD_SETLK", "mp_lock"),
    "manager": Item("Python", "SyncManager's Lock", "mp_lock"),
    "whole": Item("Python", "whole array", "mp_lock"),
    "acquire": Item("Python", "whole array, acquire() and release()", "mp_lock"),
    "box": Item("Python", "box", "mp_lock"),
}


def measure(rounds: int, peer: Path, program: Path, say: Callable[[str], None]) -> list[Row]:
    say("locking what nobody else wants ...")
    manager = SyncManager(ctx=processes)
    manager.start(worker.start)
    with manager, segment.made(SHAPE, np.int64) as (name, a), tempfile.TemporaryFile() as file:
        block = "with lock: pass"
        turns = {
            "mp_lock": _turn(block, lock=processes.Lock()),
            "threading_lock": _turn(block, lock=Lock()),
            "mp_array": _turn(block, lock=processes.Array("d", 8).get_lock()),
            "flock": _turn("flock(fd, 2); flock(fd, 8)", flock=fcntl.flock, fd=file.fileno()),  # LOCK_EX, LOCK_UN
            "ofd": _turn("setlk(locked); setlk(unlocked)", **_ofd(file.fileno())),
            "manager": _turn(block, _PAIRS_MANAGER, lock=manager.Lock()),
            "whole": _turn(block, lock=a.lock),
            "acquire": _turn("lock.acquire(); lock.release()", lock=a.lock),
            "box": _turn(block, lock=a.lock[2:5, 0:4]),
        }
        samples = interleaved(rounds, turns)
        samples |= run_program(peer, "uncontended", name, f"-most={rounds}")
        samples |= run_program(program, "uncontended", segment.path_of(name), str(rounds))
    return compared(ITEMS, samples)


def _turn(pair: str, pairs: int = _PAIRS, **names: Any) -> Callable[[], list[float]]:
    """Seconds for one pair. Ten stand in a row, so that the loop adds little."""
    timer = timeit.Timer("\n".join([pair] * 10), globals=names)
    return lambda: [timer.timeit(pairs // 10) / pairs]


def _ofd(fd: int) -> dict[str, Any]:
    """A function that sets a lock of an open file description on the first byte, and the two states of it: struct flock's
    type, whence, start, length, pid."""
    locked, unlocked = (struct.pack("hhqqi4x", kind, 0, 0, 1, 0) for kind in (fcntl.F_WRLCK, fcntl.F_UNLCK))
    return {"setlk": partial(fcntl.fcntl, fd, fcntl.F_OFD_SETLK), "locked": locked, "unlocked": unlocked}
