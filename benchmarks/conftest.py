"""The programs that benchmarks run, and what runs must not leave."""

import os
import re
import secrets
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from benchmarks.report import ROOT

SHM = Path("/dev/shm")


class Programs(NamedTuple):
    peer: Path
    locks: Path


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Programs:
    made = Programs(*(tmp_path_factory.mktemp("bin") / name for name in ("bench-peer", "bench-locks")))
    subprocess.run(["go", "build", "-o", made.peer, "./benchmarks/peer"], cwd=ROOT, check=True)
    source = ROOT / "pybridge/python/src/samebytes"
    compiler = [os.environ.get("CC", "cc"), *"-std=gnu11 -O2 -Wall -Wextra -Werror".split(), f"-I{source}"]
    sources = [ROOT / "benchmarks/locks.c", *source.glob("locks*.c")]
    subprocess.run([*compiler, "-o", made.locks, *sources, "-lpthread"], check=True)
    return made


@pytest.fixture
def nothing_left() -> Iterator[str]:
    """A mark that a run's processes inherit in their environment. At the end none of them lives, and no name is left."""
    before = set(os.listdir(SHM))
    mark = f"BENCHMARK_TEST={secrets.token_hex(8)}"
    yield mark
    deadline = time.monotonic() + 30  # for those that the kernel kills after their parent
    while (alive := _alive(mark)) and time.monotonic() < deadline:
        os.sched_yield()
    assert not alive, f"still running: {alive}"
    assert not {name for name in set(os.listdir(SHM)) - before if re.match(r"benchmark-|psm_", name)}


def _alive(mark: str) -> list[str]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_text(errors="replace").split("\0"):
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:  # it has ended, or is another user's
            continue
    return found
