"""Kills writers and readers of a stream at random moments, and counts what must not happen.

    python tests/kill/streams.py KILLS PEER [lossy]

PEER is the Go program of tests/peer. The oracle that tells a violation is a plain file that no lock knows: see tests/peer/flow.go.
"""

import json
import os
import random
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import samebytes as sb
from tests.kill.kill import end, forked

VIOLATIONS, WRITTEN, READ, SHARED, AGAIN, MISSED = range(6)
KILLED = 64
WORKERS = 1 << 18
TAKEN = KILLED + WORKERS
ITEMS = 1 << 16

ROLES = ("write", "write", "read", "read", "share", "share")
SLOTS = 16
ITEM = 128
PAUSE = 0.006  # seconds, the longest between two kills
HANG = 2.0  # seconds without an item while all workers run


def run(kills: int, peer: Path, lossy: bool) -> dict[str, Any]:
    """Kills that many workers, and returns what was seen."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as directory:
        os.environ["SAMEBYTES_DIR"] = directory
        stream = sb.stream("x", slots=SLOTS, shape=(ITEM,), dtype=np.int64, lossy=lossy)
        path = Path(directory) / "oracle.npy"
        np.save(path, np.zeros(TAKEN + ITEMS, np.int64))
        oracle = np.load(path, mmap_mode="r+")
        number = 0

        def started(role: str) -> tuple[int, int]:
            nonlocal number
            number += 1
            return number, forked(partial(os.execv, peer, [str(peer), "flow", "x", str(path), role, str(number)]))

        workers = [started(role) for role in ROLES]
        stays = started("share")[1]  # so that the group lasts
        ended = hangs = 0
        longest_gap = 0.0
        begin = time.monotonic()
        try:
            for _ in range(kills):
                until = time.monotonic() + random.random() * PAUSE
                seen, since = oracle[READ], time.monotonic()
                while (now := time.monotonic()) < until or oracle[READ] == seen:
                    if oracle[READ] != seen:
                        longest_gap = max(longest_gap, now - since)
                        seen, since = oracle[READ], now
                    elif now - since > HANG:
                        hangs += 1
                        break
                    time.sleep(0.0005)
                i = random.randrange(len(ROLES))
                oracle[KILLED + workers[i][0]] = 1
                ended += end(workers[i][1])
                workers[i] = started(ROLES[i])
            seconds = time.monotonic() - begin
        finally:
            for _, pid in workers:
                ended += end(pid)
            ended += end(stays)
        stats = stream.stats()
        return {
            "kills": kills,
            "seconds": round(seconds, 1),
            "written": int(oracle[WRITTEN]),
            "published": stats["items"],
            "read": int(oracle[READ]),
            "shared": int(oracle[SHARED]),
            "again": int(oracle[AGAIN]),
            "missed": int(oracle[MISSED]),
            "violations": int(oracle[VIOLATIONS]),
            "hangs": hangs,
            "ended": ended,
            "longest_gap_ms": round(longest_gap * 1e3, 1),
        }


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]), Path(sys.argv[2]), "lossy" in sys.argv[3:])))
