"""The patterns of mp_patterns.py, each a program of its own, under every start method."""

import subprocess
import sys
from pathlib import Path

import pytest

import samebytes as sb

PROGRAM = Path(__file__).parent / "mp_patterns.py"
PATTERNS = [
    "increments",
    "disjoint_writers",
    "pool_initializer",
    "frombuffer",
    "later_writes",
    "value_and_array",
    "arguments",
    "manager",
    "locks",
]
CASES = [(pattern, method) for pattern in PATTERNS for method in ("fork", "spawn", "forkserver")]
CASES += [("pool_globals", "fork")]  # globals are inherited by fork alone


@pytest.mark.parametrize(("pattern", "method"), CASES)
def test_pattern(pattern: str, method: str, peer: Path, segments: Path) -> None:
    command = [sys.executable, "-X", "dev", "-W", "error", "-W", "ignore:This process:DeprecationWarning"]
    done = subprocess.run([*command, str(PROGRAM), pattern, method, str(peer)], capture_output=True, text=True, timeout=250)
    assert (done.stderr, done.stdout, done.returncode) == ("", "", 0)
    assert sb.list() == []
