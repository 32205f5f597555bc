"""Locks that several processes want all the time: each counts in one shared number, under the lock."""

import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks import locks, segment, worker
from benchmarks.access import Row
from benchmarks.handover import time_limit
from benchmarks.measure import interleaved
from benchmarks.methods import WrongResult, processes, start_program, start_worker

PROCESSES = 2, 6


class Plan(NamedTuple):
    rounds: int
    seconds: float  # of counting, for a sample


FULL, SHORT = Plan(7, 0.3), Plan(1, 0.05)

LABELS = {
    "mp_lock": "Python: multiprocessing.Lock",
    "flock": "Python: fcntl.flock",
    "samebytes_python": "Python: samebytes",
    "samebytes_go": "Go: samebytes",
    "samebytes_c": "C: samebytes",
}


class Counted(NamedTuple):
    per_second: float  # of all processes
    fewest: float  # what the least lucky one had, as a part of an equal share


def measure(plan: Plan, peer: Path, program: Path, say: Callable[[str], None]) -> list[Row]:
    say("locking what others want ...")
    turns = {(key, n): partial(_take_turn, key, n, plan.seconds, peer, program) for n in PROCESSES for key in LABELS}
    return _rows(interleaved(plan.rounds, turns))


def _rows(samples: dict[tuple[str, int], list[Counted]]) -> list[Row]:
    rates = {key: sorted(s.per_second for s in counted) for key, counted in samples.items()}
    medians = {key: statistics.median(s) for key, s in rates.items()}
    return [
        {
            "method": method,
            "label": LABELS[method],
            "processes": n,
            "samples": len(rates[method, n]),
            "median_per_second": round(medians[method, n]),
            "least_per_second": round(rates[method, n][0]),
            "most_per_second": round(rates[method, n][-1]),
            "fewest": float(f"{statistics.median(s.fewest for s in samples[method, n]):.3g}"),
            "to_mp_lock": float(f"{medians[method, n] / medians['mp_lock', n]:.3g}"),
        }
        for method, n in samples
    ]


def _take_turn(method: str, n: int, seconds: float, peer: Path, program: Path) -> list[Counted]:
    with time_limit(f"{n} processes, {LABELS[method]}"), segment.made(locks.SHAPE, np.int64) as (name, a):
        match method:
            case "mp_lock":
                counts = _by_workers(n, seconds, worker.count_by_lock, name, processes.Lock())
            case "flock":
                counts = _by_workers(n, seconds, worker.count_by_flock, name)
            case "samebytes_python":
                counts = _by_workers(n, seconds, worker.count_by_samebytes, name)
            case "samebytes_go":
                counts = _by_programs(n, seconds, peer, "count", name)
            case _:
                counts = _by_programs(n, seconds, program, "count", segment.path_of(name))
        check(int(a[0, 0]), counts)
        return [Counted(sum(counts) / seconds, min(counts) * n / sum(counts))]


def check(counter: int, counts: list[int]) -> None:
    if counter != sum(counts):
        raise WrongResult(f"{counts} were counted under a lock, {sum(counts)} together, but the counter says {counter}")


def _by_workers(n: int, seconds: float, work: Callable[..., None], *args: object) -> list[int]:
    with ExitStack() as stack:
        pipes = [stack.enter_context(start_worker(None, work, *args)) for _ in range(n)]
        end = _end(seconds)
        for pipe in pipes:
            pipe.send(end)
        return [pipe.recv() for pipe in pipes]


def _by_programs(n: int, seconds: float, *command: str | Path) -> list[int]:
    with ExitStack() as stack:
        started = [stack.enter_context(start_program(*command)) for _ in range(n)]
        end = _end(seconds)
        for stdin, _ in started:
            stdin.write(f"{end}\n")
            stdin.flush()
        return [int(stdout.readline()) for _, stdout in started]


def _end(seconds: float) -> int:
    """When all of them stop together, whenever the last began."""
    return time.time_ns() + int(seconds * 1e9)
