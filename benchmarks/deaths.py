"""How long a lock's holder is dead before the next one has the lock."""

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

import samebytes as sb
from benchmarks import locks, segment
from benchmarks.access import Row
from benchmarks.handover import time_limit
from benchmarks.measure import interleaved
from benchmarks.methods import WrongResult, run_program, start_program


class Plan(NamedTuple):
    rounds: int
    kills: int  # a round, for each waiter


FULL, SHORT = Plan(10, 20), Plan(1, 5)


def measure(plan: Plan, peer: Path, program: Path, say: Callable[[str], None]) -> list[Row]:
    say("killing those who hold locks ...")
    with segment.made(locks.SHAPE, np.int64) as (name, a), time_limit("waiting for locks of the dead"):
        turns: dict[str, Callable[[], list[float]]] = {
            "Go": lambda: run_program(peer, "deaths", name, f"-holder={program}", f"-most={plan.kills}"),
            "Python": lambda: [_death(a, program) for _ in range(plan.kills)],
        }
        samples = interleaved(plan.rounds, turns)
    return [
        {
            "waiter": waiter,
            "samples": len(s),
            "median_s": float(f"{statistics.median(s):.4g}"),
            "p99_s": float(f"{statistics.quantiles(s, n=100, method='inclusive')[-1]:.4g}"),
            "most_s": float(f"{max(s):.4g}"),
        }
        for waiter, s in samples.items()
    ]


def _death(a: sb.ndarray, program: Path) -> float:
    """Seconds from a holder's SIGKILL until this process has the lock. The holder says the time before it kills itself."""
    with start_program(program, "die", segment.path_of(str(a.name))) as (_, stdout):
        try:
            a.lock.acquire()
        except sb.OwnerDiedError:
            had = time.time_ns()
        else:
            raise WrongResult("a lock was had while its holder lived")
        killed = int(stdout.readline())
    with a.lock.recover():
        return (had - killed) / 1e9
