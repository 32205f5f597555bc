"""What it costs to write, read and map .npy files: NumPy, this library and two other Go packages, beside the bare system calls."""

import io
import os
import time
import timeit
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks import segment
from benchmarks.access import Item, Row, compared
from benchmarks.measure import interleaved
from benchmarks.methods import run_program


class Size(NamedTuple):
    label: str
    rows: int
    cols: int
    rounds: int
    repetitions: int  # of a turn of a Go program, which has one process


SHORT = Size("4 MiB", 512, 1024, 2, 2)
FULL = Size("256 MiB", 4096, 8192, 7, 3)

_LOOKS = 256  # uses of a small file for one sample in Python

ITEMS = {
    "write_floor": Item("Go", "write: bare write(2)", None),
    "write_numpy": Item("Python", "write: np.save", "write_floor"),
    "write": Item("Go", "write: npy.WriteFile", "write_floor"),
    "gonpy_write": Item("Go", "write: gonpy", "write_floor"),
    "npyio_write": Item("Go", "write: npyio", "write_floor"),
    "read_floor": Item("Go", "read: bare read(2) into new memory", None),
    "read_numpy": Item("Python", "read: np.load", "read_floor"),
    "read": Item("Go", "read: npy.ReadFile", "read_floor"),
    "gonpy_read": Item("Go", "read: gonpy", "read_floor"),
    "npyio_read": Item("Go", "read: npyio", "read_floor"),
    "big_endian_numpy": Item("Python", "read, big-endian: np.load(path).astype('=f8')", "read_floor"),
    "big_endian": Item("Go", "read, big-endian: npy.ReadFile", "read_floor"),
    "fortran_numpy": Item("Python", "read, Fortran to C order: np.ascontiguousarray(np.load(path))", "read_floor"),
    "fortran": Item("Go", "read, Fortran to C order: npy.ReadInto a new array", "read_floor"),
    "npz_numpy": Item("Python", "read, stored in an archive: np.load(path)['a']", "read_floor"),
    "npz": Item("Go", "read, stored in an archive: npy.OpenZip, npy.ReadMember", "read_floor"),
    "map_numpy": Item("Python", "map, read an element: np.load(path, mmap_mode='r')", None),
    "map": Item("Go", "map, read an element: npy.Map", "map_numpy"),
    "parse_numpy": Item("Python", "header: np.lib.format.read_array_header_1_0", None),
    "parse": Item("Go", "header: npy.Parse", "parse_numpy"),
    "small_floor": Item("Go", "1 KiB: bare open, read(2) and close", None),
    "small_numpy": Item("Python", "1 KiB: np.load", "small_floor"),
    "small": Item("Go", "1 KiB: npy.ReadFile", "small_floor"),
    "small_memory": Item("Go", "1 KiB: npy.Read from memory", "small_floor"),
    "gonpy_small": Item("Go", "1 KiB: gonpy", "small_floor"),
    "npyio_small": Item("Go", "1 KiB: npyio", "small_floor"),
}


def measure(size: Size, peer: Path, competitors: Path, say: Callable[[str], None]) -> tuple[list[Row], list[str]]:
    """The rows, and what was skipped."""
    say(f"writing and reading .npy files of {size.label} ...")
    with _files(size) as files:
        turns: dict[str, Callable[[], list[float]]] = {
            "write_numpy": partial(_save, files["written"], np.load(files["c"])),
            "read_numpy": partial(_timed, partial(np.load, files["c"])),
            "big_endian_numpy": partial(_timed, lambda: np.load(files["big_endian"]).astype("=f8")),
            "fortran_numpy": partial(_timed, lambda: np.ascontiguousarray(np.load(files["fortran"]))),
            "npz_numpy": partial(_timed, partial(_member, files["npz"])),
            "map_numpy": partial(_repeated, lambda: np.load(files["c"], mmap_mode="r")[0, 0]),
            "parse_numpy": _header(files["c"]),
            "small_numpy": partial(_repeated, partial(np.load, files["small"])),
        }
        for key in ITEMS:
            if not key.endswith("_numpy") and not key.startswith(("gonpy", "npyio")):
                path = f"-path={files[_FILES.get(key, key)]}"
                command: tuple[str | Path, ...] = (peer, "npy", key, path, *_flags(size, key), "-budget=1m")
                turns[key] = partial(_go, command, files["written"] if key.startswith("write") else None)
        skipped = []
        slow: dict[str, Callable[[], list[float]]] = {}
        if competitors.exists():
            for key in ITEMS:
                package, _, what = key.partition("_")
                if package in ("gonpy", "npyio"):
                    path = files[{"write": "written", "read": "c", "small": "small"}[what]]
                    flags = _flags(size, what) if what == "write" else _flags(size, what)[:1]
                    often = package == "gonpy" or what == "small"  # npyio takes twenty seconds for 256 MiB
                    command = (competitors, key, path, *(flags if often else ["-most=1", *flags[1:]]))
                    (turns if often else slow)[key] = partial(_go, command, path if what == "write" else None)
        else:
            skipped.append("gonpy and npyio skipped: bin/bench-competitors is not built")
            say(skipped[-1])
        samples = interleaved(size.rounds, turns) | (interleaved(1, slow) if slow else {})
    found = compared({key: item for key, item in ITEMS.items() if key in samples}, samples)
    return [{"size": size.label, **row} for row in found], skipped


# The file of each item that has not its own name.
_FILES = {
    "write": "written",
    "write_floor": "written",
    "read": "c",
    "read_floor": "c",
    "map": "c",
    "parse": "small",
    "small_floor": "small",
    "small_memory": "small",
}


@contextmanager
def _files(size: Size) -> Iterator[dict[str, str]]:
    """The files that are read, and the path of the one that is written."""
    path = segment.path_of(segment.new_name())
    files = {key: f"{path}-{key}.npy" for key in ("c", "big_endian", "fortran", "small", "written")}
    files["npz"] = f"{path}.npz"
    try:
        a = np.arange(size.rows * size.cols, dtype=np.float64).reshape(size.rows, size.cols)
        np.save(files["c"], a)
        np.save(files["big_endian"], a.astype(">f8"))
        np.save(files["fortran"], np.asfortranarray(a))
        np.savez(files["npz"], a=a)
        np.save(files["small"], np.arange(128.0))
        del a
        yield files
    finally:
        for file in files.values():
            with suppress(FileNotFoundError):  # not made yet
                os.remove(file)


def _flags(size: Size, item: str) -> list[str]:
    most = size.repetitions
    if item == "map":
        most = 20  # times 64, as below
    elif item == "parse" or item.startswith("small"):
        most = 400  # of which the first are slow: the process has to get memory, until it collects what was let go
    return [f"-most={most}", f"-rows={size.rows}", f"-cols={size.cols}"]


def _go(command: tuple[str | Path, ...], written: str | None) -> list[float]:
    """The seconds that a Go program measured. What it has written is looked at."""
    seconds: list[float] = run_program(*command)
    if written:
        a = np.load(written, mmap_mode="r").reshape(-1)
        if a[0] != 0 or a[-1] != a.size - 1 or not (np.diff(a[:: 1 << 12]) == 1 << 12).all():
            raise RuntimeError(f"{command[1:3]} has written wrong elements")
        os.remove(written)
    return seconds


def _save(path: str, a: np.ndarray[Any, Any]) -> list[float]:
    start = time.perf_counter()
    np.save(path, a)
    seconds = time.perf_counter() - start
    os.remove(path)
    return [seconds]


def _timed(read: Callable[[], Any]) -> list[float]:
    """Seconds for reading once. To let the array go is not timed."""
    start = time.perf_counter()
    a = read()
    seconds = time.perf_counter() - start
    del a
    return [seconds]


def _member(path: str) -> Any:
    with np.load(path) as archive:
        return archive["a"]


def _repeated(use: Callable[[], Any]) -> list[float]:
    return [timeit.timeit(use, number=_LOOKS) / _LOOKS]


def _header(path: str) -> Callable[[], list[float]]:
    """Parses a header that is in memory."""
    with open(path, "rb") as f:
        memory = io.BytesIO(f.read(128))

    def parse() -> None:
        memory.seek(8)  # behind the version
        np.lib.format.read_array_header_1_0(memory)

    return partial(_repeated, parse)
