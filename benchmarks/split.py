"""Pool.map over the parts of a large array: as NumPy's arrays, which are pickled, and as those of samebytes, which travel by handle."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from benchmarks import machine, segment, worker
from benchmarks.access import Row
from benchmarks.measure import interleaved, summary
from benchmarks.methods import WrongResult, processes

PARTS = 8
WORKERS = 2


class Size(NamedTuple):
    label: str
    nbytes: int
    rounds: int


SHORT = Size("8 MiB", 8 << 20, 2)
FULL = Size("1 GiB", 1 << 30, 3)

LABELS = {"pickled": "NumPy's arrays, pickled", "handles": "arrays of samebytes"}


class Sample(NamedTuple):
    seconds: float
    own_bytes: int  # memory that the worker that needed most had to itself, beyond what it began with


def measure(size: Size, say: Callable[[str], None]) -> tuple[list[Row], list[str]]:
    """A row for each method, and what was skipped."""
    if lack := machine.lacks(size.nbytes):
        return [], [f"Pool.map over {size.label} skipped: {lack}"]
    say(f"mapping the parts of {size.label} ...")
    n = size.nbytes // 8
    with segment.made(n) as (_, shared), processes.Pool(WORKERS, worker.start) as pool:
        shared[:] = 1
        plain = np.ones(n)
        turns: dict[str, Callable[[], list[Sample]]] = {
            "pickled": partial(_map, pool, plain),
            "handles": partial(_map, pool, shared),
        }
        samples = interleaved(size.rounds, turns)
    rows = []
    for key, found in samples.items():
        times = summary([sample.seconds for sample in found])
        most = max(sample.own_bytes for sample in found)
        rows.append({"method": key, "label": LABELS[key], "size": size.label, **times._asdict(), "own_bytes": most})
    for row in rows:
        row["to_pickled"] = float(f"{row['median_s'] / rows[0]['median_s']:.3g}")
    return rows, []


def _map(pool: Any, array: "np.ndarray[Any, Any]") -> list[Sample]:
    start = time.perf_counter()
    found = pool.map(worker.total, np.array_split(array, PARTS), chunksize=1)
    seconds = time.perf_counter() - start
    if sum(total for total, _ in found) != array.size:
        raise WrongResult(f"expected a sum of {array.size}, found {found}")
    return [Sample(seconds, max(own for _, own in found))]
