"""Every method at every size: who takes turns with whom, how often, and the rows that come of it."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import machine
from benchmarks.measure import Plan, interleaved, summary
from benchmarks.methods import METHODS, Turn

Row = dict[str, Any]


class Size(NamedTuple):
    label: str
    nbytes: int
    rounds: int
    plan: Plan  # of each turn


KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30

FULL = (
    Size("8 KiB", 8 * KIB, 9, Plan(0.03, 1000, 0.3)),
    Size("1 MiB", MIB, 9, Plan(0.03, 500, 0.3)),
    Size("64 MiB", 64 * MIB, 5, Plan(0.03, 20, 0.5)),
    Size("1 GiB", GIB, 3, Plan(0.03, 5, 0.5)),
)
SHORT = (
    Size("8 KiB", 8 * KIB, 2, Plan(0.03, 300, 0.1)),
    Size("1 MiB", MIB, 2, Plan(0.03, 100, 0.1)),
)

# Waking a sleeper costs most on another CPU, and shows most where the work is short.
_LARGEST_ON_ONE_CPU = MIB
# A copy of this size goes to memory that was never touched, each time anew: there is nothing to warm up.
_SMALLEST_COLD_COPY = 64 * MIB

_LIMIT = 180  # seconds for a turn, ten times the slowest seen: after that its worker is taken for dead


def measure(sizes: tuple[Size, ...], peer: Path, say: Callable[[str], None]) -> tuple[list[Row], list[str]]:
    """The rows of all methods at all sizes, and what was skipped."""
    rows: list[Row] = []
    skipped: list[str] = []
    for size in sizes:
        if lack := machine.lacks(size.nbytes):
            skipped.append(f"{size.label} skipped: {lack}")
            say(skipped[-1])
            continue
        say(f"handing {size.label} over ...")
        turns = {
            (key, one_cpu): partial(_take_turn, key, size, one_cpu, peer)
            for one_cpu in ((False, True) if size.nbytes <= _LARGEST_ON_ONE_CPU else (False,))
            for key, method in METHODS.items()
            if method.one_cpu or not one_cpu
        }
        rows += _rows(size, interleaved(size.rounds, turns))
    return rows, skipped


def _rows(size: Size, samples: dict[tuple[str, bool], list[float]]) -> list[Row]:
    summaries = {key: summary(s) for key, s in samples.items()}
    return [
        {
            "method": key,
            "label": METHODS[key].label,
            "size": size.label,
            "nbytes": size.nbytes,
            "one_cpu": one_cpu,
            **s._asdict(),
            "to_floor": _ratio(s.median_s, summaries["floor", False].median_s),
            "faster_than_pickle": _ratio(summaries["pickle", one_cpu].median_s, s.median_s),
        }
        for (key, one_cpu), s in summaries.items()
    ]


def _ratio(a: float, b: float) -> float:
    return float(f"{a / b:.3g}")


def _take_turn(key: str, size: Size, one_cpu: bool, peer: Path) -> list[float]:
    method = METHODS[key]
    plan = size.plan
    if method.copies and size.nbytes >= _SMALLEST_COLD_COPY:
        plan = plan._replace(warmup=0)
    with time_limit(f"{method.label} at {size.label}"), on_one_cpu(one_cpu) as cpu:
        return method.turn(Turn(size.nbytes // 8, plan, cpu, peer))


@contextmanager
def time_limit(what: str) -> Iterator[None]:
    """An alarm in place of timeouts, which would cost each wait some microseconds."""

    def give_up(*_: object) -> None:
        raise TimeoutError(f"{what}: no end after {_LIMIT} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(_LIMIT)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def on_one_cpu(wanted: bool) -> Iterator[int | None]:
    """This process, and what it starts by fork, on its last CPU; interrupts tend to go to the first."""
    if not wanted:
        yield None
        return
    before = os.sched_getaffinity(0)
    cpu = max(before)
    os.sched_setaffinity(0, {cpu})
    try:
        yield cpu
    finally:
        os.sched_setaffinity(0, before)
