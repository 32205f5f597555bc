"""What it costs to make a large array and to fill it."""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.shared_memory import SharedMemory
from typing import Any, NamedTuple

import numpy as np

import samebytes as sb
from benchmarks import machine, segment
from benchmarks.access import WARM, Item, Row, compared
from benchmarks.measure import interleaved
from benchmarks.methods import processes


class Size(NamedTuple):
    label: str
    nbytes: int
    rounds: int


SHORT = (Size("64 MiB", 64 << 20, 2),)
FULL = (Size("64 MiB", 64 << 20, 9), Size("1 GiB", 1 << 30, 3))

ITEMS = {
    "heap": Item("Python", "np.empty", None),
    "shared_memory": Item("Python", "SharedMemory", None),
    "raw_array": Item("Python", "multiprocessing.RawArray", "shared_memory"),
    "fresh": Item("Python", "samebytes", "shared_memory"),
    "huge": Item("Python", "samebytes in huge pages (tmpfs with huge=advise)", "heap"),
    "recycled": Item("Python", "samebytes, temporary, made again", "heap"),
}


def measure(sizes: tuple[Size, ...], say: Callable[[str], None]) -> tuple[list[Row], list[str]]:
    """The rows of all sizes, and what was skipped."""
    rows: list[Row] = []
    skipped: list[str] = []
    for size in sizes:
        if lack := machine.lacks(size.nbytes):
            skipped.append(f"making {size.label} skipped: {lack}")
            say(skipped[-1])
            continue
        say(f"making {size.label} ...")
        n = size.nbytes // 8
        turns: dict[str, Callable[[], list[float]]] = {
            "heap": partial(_fill, partial(np.empty, n)),
            "shared_memory": partial(_shared_memory, n),
            "raw_array": partial(_fill, partial(_raw_array, n)),
            "fresh": partial(_fresh, n),
            "recycled": partial(_fill, partial(sb.create, None, n)),
        }
        sb.warm(3 * size.nbytes)  # room for what the other turns leave too
        try:
            sb.create(None, n).fill(1)  # whose memory the next have
            with _huge_mount() as directory:
                if directory:
                    turns["huge"] = partial(_huge, directory, n)
                samples = interleaved(size.rounds, turns)
        finally:
            sb.warm(WARM)
        found = compared({key: item for key, item in ITEMS.items() if key in samples}, samples)
        rows += [{"size": size.label, "nbytes": size.nbytes, **row} for row in found]
    return rows, skipped


def _fill(make: Callable[[], Any]) -> list[float]:
    """Seconds for making and filling an array; to let it go is not timed."""
    start = time.perf_counter()
    a = make()
    a[:] = 1
    seconds = time.perf_counter() - start
    del a
    return [seconds]


def _shared_memory(n: int) -> list[float]:
    held: list[SharedMemory] = []

    def make() -> Any:
        held.append(SharedMemory(create=True, size=n * 8))
        return np.ndarray(n, np.float64, held[0].buf)

    try:
        return _fill(make)
    finally:
        for shm in held:
            shm.close()
            shm.unlink()


def _raw_array(n: int) -> Any:
    return np.frombuffer(processes.RawArray("d", n))  # over 4 MiB it is never one that was freed before


def _huge(directory: str, n: int) -> list[float]:
    before = os.environ.get("SAMEBYTES_DIR")
    os.environ["SAMEBYTES_DIR"] = directory
    try:
        with segment.deleted(name := segment.new_name()):
            return _fill(partial(sb.create, name, n, huge=True))
    finally:
        if before is None:
            del os.environ["SAMEBYTES_DIR"]
        else:
            os.environ["SAMEBYTES_DIR"] = before


@contextmanager
def _huge_mount() -> Iterator[str | None]:
    """The directory of a file system with huge pages, which only root may mount: None for others."""
    if os.geteuid() != 0:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="benchmark-") as directory:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "huge=advise,mode=700", "benchmark", directory], check=True)
        try:
            yield directory
        finally:
            subprocess.run(["umount", directory], check=True)


def _fresh(n: int) -> list[float]:
    name = segment.new_name()
    with segment.deleted(name):
        return _fill(partial(sb.create, name, n))
