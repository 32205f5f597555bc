"""What all tests of Python share. Segments: each test has a directory of its own, and must leave nothing mapped or open."""

import gc
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import samebytes as sb

ROOT = Path(__file__).resolve().parent


@pytest.fixture
def segments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory for segments. At the end whatever is left in it must be whole, and nothing of it mapped or open."""
    directory = tmp_path / "segments"
    directory.mkdir()
    monkeypatch.setenv("SAMEBYTES_DIR", str(directory))
    descriptors = _descriptors()
    yield directory
    gc.collect()
    maps = Path("/proc/self/maps").read_text()
    assert str(directory) not in maps, f"still mapped:\n{maps}"
    assert _descriptors() <= descriptors, "descriptors were left open"
    monkeypatch.setenv("SAMEBYTES_DIR", str(directory))
    for entry in directory.iterdir():
        sb.stat(entry.name)


def _descriptors() -> set[str]:
    return set(os.listdir("/proc/self/fd"))


@pytest.fixture(scope="session")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Go program that does to a segment what a test tells it: tests/peer."""
    program = tmp_path_factory.mktemp("bin") / "peer"
    subprocess.run(["go", "build", "-o", program, "./tests/peer"], cwd=ROOT, check=True)
    return program
