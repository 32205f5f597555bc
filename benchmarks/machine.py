"""The machine that a run was made on, and what it has room for. No names of hosts or users: results are published."""

import os
import platform
import re
import subprocess
from pathlib import Path

import numpy as np

Machine = dict[str, str | int | float]


def describe(peer: Path) -> Machine:
    """What a reader needs to know to compare the figures with another machine's."""
    return {
        "cpu": _field("/proc/cpuinfo", "model name") or platform.machine(),
        "cpus": len(os.sched_getaffinity(0)),
        "memory_gib": round(_kib("MemTotal") / (1 << 20), 1),
        "kernel": platform.release(),
        "page_bytes": os.sysconf("SC_PAGE_SIZE"),
        "huge_pages_memory": _chosen("/sys/kernel/mm/transparent_hugepage/enabled"),
        "huge_pages_shm": _huge_of_mount() or _chosen("/sys/kernel/mm/transparent_hugepage/shmem_enabled"),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "go": subprocess.run([peer, "version"], check=True, capture_output=True, text=True).stdout.strip(' "\n'),
    }


def line(m: Machine) -> str:
    """The machine in one line."""
    return (
        f"{m['cpu']}, {m['cpus']} CPUs, {m['memory_gib']} GiB, Linux {m['kernel']}, pages of {m['page_bytes']} bytes "
        f"(huge pages: {m['huge_pages_memory']} in memory, {m['huge_pages_shm']} in /dev/shm), "
        f"Python {m['python']}, NumPy {m['numpy']}, {str(m['go']).replace('go', 'Go ')}"
    )


# What the hungriest method, the Manager, holds of an array at a time: up to 6 copies in three processes, and one to spare.
_COPIES = 7
_MARGIN = 1 << 30


def lacks(nbytes: int) -> str | None:
    """Why an array of that size cannot be handed over here by every method, or None."""
    memory, shm = _available(), os.statvfs("/dev/shm")
    free = shm.f_bavail * shm.f_frsize
    if memory < _COPIES * nbytes + _MARGIN:
        return f"needs {_gib(_COPIES * nbytes + _MARGIN)} of available memory, found {_gib(memory)}"
    if free < nbytes * 5 // 4:
        return f"needs {_gib(nbytes * 5 // 4)} free in /dev/shm, found {_gib(free)}"
    return None


def fits(shm: int, heap: int) -> bool:
    """Whether so many bytes in /dev/shm, and so many others, may be taken here."""
    free = os.statvfs("/dev/shm")
    return free.f_bavail * free.f_frsize >= shm and _available() >= shm + heap + _MARGIN


def _gib(nbytes: int) -> str:
    return f"{nbytes / (1 << 30):.2g} GiB"


def _available() -> int:
    """Bytes that may be taken: the kernel's estimate, or less in a container with a limit."""
    available = _kib("MemAvailable") * 1024
    group = Path("/sys/fs/cgroup")
    limit, used = _read(group / "memory.max"), _read(group / "memory.current")
    return min(available, int(limit) - int(used)) if limit.isdigit() and used.isdigit() else available


def _kib(key: str) -> int:
    return int(_field("/proc/meminfo", key).split()[0])


def _field(path: str, key: str) -> str:
    found = re.search(rf"^{key}\s*:\s*(.*)$", _read(Path(path)), re.MULTILINE)
    return found[1] if found else ""


def _chosen(path: str) -> str:
    """The word in brackets, by which the kernel shows which of several settings holds."""
    found = re.search(r"\[(\w+)\]", _read(Path(path)))
    return found[1] if found else "none"


def _huge_of_mount() -> str:
    found = re.search(r"^\S+ /dev/shm tmpfs \S*\bhuge=(\w+)", _read(Path("/proc/mounts")), re.MULTILINE)
    return found[1] if found else ""


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:  # not on this kernel, or not in this container
        return ""
