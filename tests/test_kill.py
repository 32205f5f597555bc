"""Exclusion under fire: workers in Go, C and Python, killed at random moments."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "pybridge/python/src/samebytes"


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The C worker, compiled with the extension's own locks."""
    program = tmp_path_factory.mktemp("bin") / "worker"
    command = [os.environ.get("CC", "cc"), "-std=gnu11", "-O2", f"-I{SOURCE}", "-o", str(program)]
    subprocess.run([*command, ROOT / "tests/kill/worker.c", *sorted(SOURCE.glob("locks*.c")), "-lpthread"], check=True)
    return program


def test_d18_random_kills_break_no_exclusion(peer: Path, worker: Path) -> None:
    kills = 100_000 if os.environ.get("SAMEBYTES_SOAK") else 2_000
    command = [sys.executable, ROOT / "tests/kill/kill.py", str(kills), peer, worker]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stderr == ""
    seen = json.loads(done.stdout)
    print(seen)
    assert seen["violations"] == seen["hangs"] == seen["ended"] == 0, seen
    assert seen["recovered"] > kills // 1000, "no worker died inside: nothing was tested"
