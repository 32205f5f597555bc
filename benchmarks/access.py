"""What opening an array and touching an element costs, beside the least that the system or the peer asks for the same."""

import mmap
import os
import time
import timeit
from collections.abc import Callable, Mapping
from functools import partial
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import samebytes as sb
from benchmarks import segment
from benchmarks.measure import interleaved, summary
from benchmarks.methods import run_program

Row = dict[str, Any]

ROUNDS, SHORT_ROUNDS = 31, 3

WARM = 64 << 20  # bytes that stay mapped by default

_NBYTES = 1 << 20  # of the arrays that are opened
_BATCH = 64  # openings for one sample
_LOOKS = 20_000  # elements read for one sample
_SIDE = 128  # rows and columns of the matrix whose elements are read, as in peer/access.go


class Item(NamedTuple):
    language: str
    label: str
    beside: str | None  # the item that it is compared with


ITEMS = {
    "attach_bare": Item("Python", "open, mmap, np.frombuffer, read an element", None),
    "attach": Item("Python", "attach by name for the first time, read an element", "attach_bare"),
    "attach_warm": Item("Python", "attach by name what was open before, read an element", "attach_bare"),
    "attach_again": Item("Python", "attach again while open, read an element", "attach_bare"),
    "make_shared_memory": Item("Python", "SharedMemory: create 1 MiB, fill, unlink", None),
    "make": Item("Python", "create 1 MiB, fill, delete", "make_shared_memory"),
    "publish": Item("Python", "publish, nobody waiting", None),
    "element_numpy": Item("Python", "NumPy view: a[i]", None),
    "element": Item("Python", "a[i]", "element_numpy"),
    "element2_numpy": Item("Python", "NumPy view: a[i, j]", None),
    "element2": Item("Python", "a[i, j]", "element2_numpy"),
    "go_attach_bare": Item("Go", "open, mmap, read an element", None),
    "go_attach": Item("Go", "attach by name for the first time, read an element", "go_attach_bare"),
    "go_attach_warm": Item("Go", "attach by name what was open before, read an element", "go_attach_bare"),
    "go_attach_again": Item("Go", "attach again while open, read an element", "go_attach_bare"),
    "go_publish": Item("Go", "publish, nobody waiting", None),
    "go_element_slice": Item("Go", "slice: data[i*columns+j], summed", None),
    "go_element_gonum": Item("Go", "gonum: Dense.At(i, j), summed", None),
    "go_element": Item("Go", "At(i, j), summed", "go_element_gonum"),
    "go_element3": Item("Go", "At(i, j, k), summed", "go_element_slice"),
}


def measure(rounds: int, peer: Path, say: Callable[[str], None]) -> list[Row]:
    say("opening and touching ...")
    name = segment.new_name()
    with segment.deleted(name), segment.deleted(name + "-other"):
        path = _make(name)
        turns: dict[str, Callable[[], float]] = {
            "attach_bare": partial(_attach_bare, path),
            "attach": partial(_attach_cold, name),
            "attach_warm": partial(_attach, name),
            "attach_again": partial(_attach_again, name),
            "make_shared_memory": partial(_make_shared_memory, name + "-other"),
            "make": partial(_make_segment, name + "-other"),
            "publish": partial(_publish, name),
            **{key: partial(_look, name, key) for key in ("element_numpy", "element", "element2_numpy", "element2")},
        }
        samples = interleaved(rounds, {key: partial(_listed, turn) for key, turn in turns.items()})
        samples |= run_program(peer, "access", name, f"-most={rounds}")
    return compared(ITEMS, samples)


def compared(items: Mapping[str, Item], samples: Mapping[str, list[float]]) -> list[Row]:
    """A row for each item: its summary, and by how much it exceeds what stands beside it."""
    summaries = {key: summary(samples[key]) for key in items}
    return [
        {
            "item": key,
            "language": item.language,
            "label": item.label,
            **summaries[key]._asdict(),
            "beside": item.beside,
            "ratio": float(f"{summaries[key].median_s / summaries[item.beside].median_s:.3g}") if item.beside else None,
        }
        for key, item in items.items()
    ]


def _listed(turn: Callable[[], float]) -> list[float]:
    return [turn()]


def _make(name: str) -> str:
    """Makes the array that is opened, every page of it written, and returns its path."""
    sb.create(name, _NBYTES // 8)[:] = 1
    return segment.path_of(name)


def _timed(opened: Callable[[], Any]) -> float:
    """Seconds for one opening. What it returns is let go untimed, so that the next begins afresh."""
    took = 0
    for _ in range(_BATCH):
        start = time.perf_counter_ns()
        held = opened()
        took += time.perf_counter_ns() - start
        del held
    return took / 1e9 / _BATCH


def _attach_bare(path: str) -> float:
    def opened() -> Any:
        fd = os.open(path, os.O_RDWR)
        mapped = mmap.mmap(fd, os.fstat(fd).st_size)
        os.close(fd)
        a = np.frombuffer(mapped, np.float64, _NBYTES // 8, 4096)
        return a, a[0]

    return _timed(opened)


def _attach(name: str) -> float:
    def opened() -> Any:
        a = sb.attach(name)
        return a, a[0]

    return _timed(opened)


def _attach_cold(name: str) -> float:
    sb.warm(0)
    try:
        return _attach(name)
    finally:
        sb.warm(WARM)


def _attach_again(name: str) -> float:
    held = sb.attach(name)
    seconds = _attach(name)
    del held
    return seconds


def _make_shared_memory(name: str) -> float:
    start = time.perf_counter()
    for _ in range(_BATCH):
        shm = SharedMemory(name, create=True, size=_NBYTES)
        np.ndarray(_NBYTES // 8, np.float64, shm.buf)[:] = 1
        shm.close()
        shm.unlink()
    return (time.perf_counter() - start) / _BATCH


def _make_segment(name: str) -> float:
    start = time.perf_counter()
    for _ in range(_BATCH):
        sb.create(name, _NBYTES // 8)[:] = 1
        sb.delete(name)
    return (time.perf_counter() - start) / _BATCH


def _publish(name: str) -> float:
    a = sb.attach(name)
    return timeit.timeit(a.publish, number=_LOOKS) / _LOOKS


def _look(name: str, key: str) -> float:
    """Seconds for reading one element, the same again and again. Ten reads stand in a row, so that the loop adds little."""
    a: Any = sb.attach(name)
    if key.startswith("element2"):
        a = a[: _SIDE * _SIDE].reshape(_SIDE, _SIDE)
    if key.endswith("numpy"):
        a = np.asarray(a)
    read = "a[i, j]" if key.startswith("element2") else "a[i]"
    return timeit.timeit(";".join([read] * 10), number=_LOOKS // 10, globals={"a": a, "i": 5, "j": 7}) / _LOOKS
