"""Kills workers in Go, C and Python at random moments while they lock boxes, and counts what must not happen.

    python tests/kill/kill.py KILLS PEER WORKER

PEER is the Go program of tests/peer, WORKER the C program of worker.c. The oracle that tells a violation is a plain file that no lock
knows: who is in which row, how often each row was entered and left.
"""

import ctypes
import json
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import samebytes as sb

INSIDE, BEGUN, ENDED, COLUMNS = range(4)  # of a row of the oracle
VIOLATIONS, RECOVERED, SECTIONS = range(3)  # of the row behind those of the array; the one behind that begins with
LONGEST = COLUMNS  # ns that a lock was waited for

ROWS = 6
WORKERS = 6
PAUSE = 0.006  # seconds, the longest between two kills
HANG = 1.0  # seconds in which nothing is done while all workers run


def python_worker(path: Path) -> None:
    """What tests/peer/work.go does in Go."""
    a = sb.attach("x")
    oracle = sb.attach_file(path)
    tally = oracle[ROWS:].reshape(-1)
    add = oracle.atomic.add
    me = os.getpid()

    def violation(happened: bool) -> None:
        if happened:
            add((ROWS, VIOLATIONS), 1)

    def mend() -> None:
        with a.lock.recover() as boxes:
            for i in range(ROWS):
                row = oracle[i]
                damaged = any(box[0].start <= i < box[0].stop for box in boxes)
                violation(not damaged and (row[INSIDE] != 0 or row[BEGUN] != row[ENDED]))
                if damaged:
                    add((ROWS, RECOVERED), 1)
                row[INSIDE] = me
                row[ENDED] = row[BEGUN]
                row[INSIDE] = 0

    while True:
        first = random.randrange(ROWS) if random.random() < 2 / 3 else 0
        last = random.randint(first + 1, ROWS) if first else ROWS
        shared = random.random() < 0.25
        lock = (a.rlock if shared else a.lock)[first:last]
        begin = time.monotonic_ns()
        try:
            lock.acquire()
        except sb.OwnerDiedError:
            mend()
            continue
        finally:
            tally[LONGEST] = max(tally[LONGEST], time.monotonic_ns() - begin)
        mine = oracle[first:last]
        violation(bool((mine[:, INSIDE] != 0).any() or (mine[:, BEGUN] != mine[:, ENDED]).any()))
        if not shared:
            mine[:, INSIDE] = me
            mine[:, BEGUN] += 1
            violation(bool((mine[:, INSIDE] != me).any()))
            mine[:, ENDED] += 1
            mine[:, INSIDE] = 0
        add((ROWS, SECTIONS), 1)
        lock.release()


def forked(work: Callable[[], object]) -> int:
    """Does the work in a child that dies with this process, and returns the child's pid."""
    pid = os.fork()
    if pid == 0:
        try:
            die_with_parent()
            work()
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    return pid


def die_with_parent() -> None:
    PR_SET_PDEATHSIG = 1
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


libc = ctypes.CDLL(None)


def end(pid: int) -> bool:
    """Kills a worker, and reports whether it had ended by itself."""
    ended = os.waitpid(pid, os.WNOHANG)[0] != 0
    if not ended:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return ended


def keep_killing(kills: int, done: Callable[[], int], kill: Callable[[], None]) -> dict[str, float]:
    """Kills so often, each time after a random pause in which the workers have done something, and returns how that went on."""
    hangs, longest_gap, begin = 0, 0.0, time.monotonic()
    for _ in range(kills):
        until = time.monotonic() + random.random() * PAUSE
        seen, since = done(), time.monotonic()
        while (now := time.monotonic()) < until or done() == seen:
            if done() != seen:
                longest_gap = max(longest_gap, now - since)
                seen, since = done(), now
            elif now - since > HANG:
                hangs += 1
                break
            time.sleep(0.0005)
        kill()
    seconds = time.monotonic() - begin
    return {"seconds": round(seconds, 1), "hangs": hangs, "longest_gap_ms": round(longest_gap * 1e3, 1)}


def run(kills: int, peer: Path, worker: Path) -> dict[str, Any]:
    """Kills that many workers, and returns what was seen."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as directory:
        os.environ["SAMEBYTES_DIR"] = directory
        array = sb.create("x", (ROWS, 4))
        path = Path(directory) / "oracle.npy"
        np.save(path, np.zeros((ROWS + 2, COLUMNS), np.int64))
        oracle = np.load(path, mmap_mode="r+").reshape(-1)
        tally = oracle[ROWS * COLUMNS :]
        work = [
            partial(os.execv, peer, [str(peer), "work", "x", str(path)]),
            partial(os.execv, worker, [str(worker), str(Path(directory) / "x"), str(path)]),
            partial(python_worker, path),  # forked, since importing takes longer than it will live
        ] * (WORKERS // 3)
        pids = [forked(w) for w in work]
        ended = 0

        def kill() -> None:
            nonlocal ended
            i = random.randrange(WORKERS)
            ended += end(pids[i])
            pids[i] = forked(work[i])

        try:
            seen = keep_killing(kills, lambda: int(tally[SECTIONS]), kill)
        finally:
            ended += sum([end(pid) for pid in pids])
        with array.lock.recover():  # the last of the dead are swept, and nothing is in the way
            pass
        with array.lock:
            pass
        return {
            "kills": kills,
            "sections": int(tally[SECTIONS]),
            "recovered": int(tally[RECOVERED]),
            "violations": int(tally[VIOLATIONS]),
            "ended": ended,
            "longest_wait_ms": round(float(tally[LONGEST]) / 1e6, 1),
            **seen,
        }


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))))
