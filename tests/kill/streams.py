"""Kills writers and readers of a stream, in Go and Python, at random moments, and counts what must not happen.

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
from tests.kill.kill import end, forked, keep_killing

WRITTEN, READ, SHARED, AGAIN, MISSED = range(5)
VIOLATIONS = 16  # from here on, of each kind
KINDS = ("torn", "miscounted", "out of order", "changed in hand", "twice", "lost")
TORN, MISCOUNTED, DISORDER, CHANGED, TWICE, LOST = range(6)
KILLED = 64
WORKERS = 1 << 18
TAKEN = KILLED + WORKERS
ITEMS = 1 << 8

WORKER_BITS = 18

ROLES = ("write", "read", "share") * 4  # Go and Python in turn
SLOTS = {False: 16, True: 32}  # of a lossy stream more than all have in hand and on loan at a time
ITEM = 128


class Flower:
    """What tests/peer/flow.go does in Go."""

    def __init__(self, path: Path, me: int) -> None:
        self.stream = sb.attach_stream("x")
        self.oracle = sb.attach_file(path)
        self.me = me

    def add(self, word: int, n: int) -> None:
        self.oracle.atomic.add(word, n)

    def violation(self, kind: int, happened: bool) -> None:
        if happened:
            self.add(VIOLATIONS + kind, 1)

    def fill(self, item: Any, k: int) -> None:
        item[:] = np.arange((self.me << 32) + k, (self.me << 32) + k + ITEM)

    def write(self) -> None:
        k = 1
        while True:
            n = random.randrange(8)
            if n == 0:
                loan = self.stream.loan()
                self.fill(loan, k)
                loan.discard()
            elif n < 3:
                with self.stream.loans(n + 1) as loans:
                    for loan in loans:
                        self.fill(loan, k)
                        k += 1
                self.add(WRITTEN, n + 1)
            else:
                with self.stream.loan() as loan:
                    self.fill(loan, k)
                k += 1
                self.add(WRITTEN, 1)

    def read(self) -> None:
        last: dict[int, int] = {}
        following = 0
        lossy = self.stream.lossy
        for item in self.stream:
            before = item.copy()
            self.violation(TORN, bool((before != before[0] + np.arange(ITEM)).any()))
            self.violation(MISCOUNTED, following != 0 and item.number != following + item.missed)
            self.violation(MISCOUNTED, item.missed > 0 and not lossy)
            writer, k = divmod(int(before[0]), 1 << 32)
            if writer in last:
                self.violation(DISORDER, k <= last[writer] or (not lossy and k != last[writer] + 1))
            last[writer], following = k, item.number + 1
            if random.randrange(100) == 0:
                time.sleep(random.random() / 1000)  # so that others come by
            self.violation(CHANGED, bool((before != item).any()))  # in hand it stays what it was
            self.add(READ, 1)
            self.add(MISSED, item.missed)

    def share(self) -> None:
        lossy = self.stream.lossy
        for item in self.stream.reader(group="all"):
            self.violation(TORN, bool((item != item[0] + np.arange(ITEM)).any()))
            word, new = TAKEN + item.number % ITEMS, (item.number << WORKER_BITS) + self.me
            while True:
                was = int(self.oracle.atomic.load(word))
                if self.oracle.atomic.compare_and_swap(word, was, new):
                    break
            number, by = divmod(was, 1 << WORKER_BITS)
            if number == item.number:
                self.add(AGAIN, 1)
                self.violation(TWICE, int(self.oracle.atomic.load(KILLED + by)) == 0)
            else:
                self.violation(LOST, not lossy and was != 0 and number != item.number - ITEMS)
            if random.randrange(10) == 0:
                time.sleep(random.random() * 0.003)  # so that some are killed with it in hand
            self.add(SHARED, 1)


def run(kills: int, peer: Path, lossy: bool) -> dict[str, Any]:
    """Kills that many workers, and returns what was seen."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as directory:
        os.environ["SAMEBYTES_DIR"] = directory
        stream = sb.stream("x", slots=SLOTS[lossy], shape=(ITEM,), dtype=np.int64, lossy=lossy)
        path = Path(directory) / "oracle.npy"
        np.save(path, np.zeros(TAKEN + ITEMS, np.int64))
        oracle = np.load(path, mmap_mode="r+")
        number = 0

        def started(i: int) -> tuple[int, int]:
            nonlocal number
            number += 1
            if i % 2 == 0:
                return number, forked(partial(os.execv, peer, [str(peer), "flow", "x", str(path), ROLES[i], str(number)]))
            me = number  # forked, since importing takes longer than it will live
            return number, forked(lambda: getattr(Flower(path, me), ROLES[i])())

        workers = [started(i) for i in range(len(ROLES))]
        stays = started(ROLES.index("share"))[1]  # so that the group lasts
        ended = 0

        def kill() -> None:
            nonlocal ended
            i = random.randrange(len(ROLES))
            oracle[KILLED + workers[i][0]] = 1
            ended += end(workers[i][1])
            workers[i] = started(i)

        try:
            seen = keep_killing(kills, lambda: int(oracle[READ]), kill)
        finally:
            for one, pid in workers:
                oracle[KILLED + one] = 1  # the others may take again what it had
                ended += end(pid)
            ended += end(stays)
        with stream.loan(), stream.loans(2):  # nothing of the dead is in the way
            pass
        return {
            "kills": kills,
            "written": int(oracle[WRITTEN]),
            "read": int(oracle[READ]),
            "shared": int(oracle[SHARED]),
            "again": int(oracle[AGAIN]),
            "missed": int(oracle[MISSED]),
            "violations": {kind: int(n) for kind, n in zip(KINDS, oracle[VIOLATIONS:], strict=False) if n},
            "ended": ended,
            **seen,
        }


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]), Path(sys.argv[2]), "lossy" in sys.argv[3:])))
