"""Repeating, timing and summing up. Times are seconds."""

import statistics
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar

T = TypeVar("T")
K = TypeVar("K")


class Plan(NamedTuple):
    """How often a turn repeats what it measures."""

    warmup: float  # seconds of untimed repetitions before the others: 0 for none, else one at least
    most: int  # timed repetitions at most
    budget: float  # seconds after which no further repetition begins; one is always made


def repeat(plan: Plan, once: Callable[[], T], check: Callable[[T, bool], None]) -> list[float]:
    """The seconds that each timed repetition took.

    `check` is called after each, untimed, with what it returned and whether it was the last. What a repetition returned is
    freed before the next, untimed too.
    """
    seconds: list[float] = []
    begin = time.perf_counter()
    while time.perf_counter() - begin < plan.warmup:
        check(once(), False)
    begin = time.perf_counter()
    last = False
    while not last:
        start = time.perf_counter_ns()
        result = once()
        seconds.append((time.perf_counter_ns() - start) / 1e9)
        last = len(seconds) >= plan.most or time.perf_counter() - begin >= plan.budget
        check(result, last)
        del result
    return seconds


def interleaved(rounds: int, turns: Mapping[K, Callable[[], list[T]]]) -> dict[K, list[T]]:
    """All samples of each turn. Each has one turn a round, so that a machine that slows down slows all alike; who begins
    moves on by one each round, so that none always follows the same."""
    samples: dict[K, list[T]] = {key: [] for key in turns}
    keys = list(turns)
    for i in range(rounds):
        first = i % len(keys)
        for key in keys[first:] + keys[:first]:
            samples[key] += turns[key]()
    return samples


class Summary(NamedTuple):
    samples: int
    median_s: float
    p10_s: float
    p90_s: float


def summary(samples: list[float]) -> Summary:
    """Median and spread: a tenth of the samples lies below p10, a tenth above p90."""
    if len(samples) == 1:
        return Summary(1, samples[0], samples[0], samples[0])
    tenths = statistics.quantiles(samples, n=10, method="inclusive")
    return Summary(len(samples), *(float(f"{s:.4g}") for s in (statistics.median(samples), tenths[0], tenths[-1])))
