"""The example as a user runs it, and what it says and leaves behind when it cannot end well."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent


@pytest.fixture
def directory(segment_dir: Path) -> Iterator[Path]:
    """A directory for the segments of one test. At the end it must be empty."""
    yield segment_dir
    assert os.listdir(segment_dir) == []


def flights(program: Path, picture: Path) -> list[str]:
    return [sys.executable, str(HERE / "flights.py"), "--go", str(program), "--picture", str(picture)]


def script(path: Path, text: str) -> Path:
    """A program that stands in for the Go program."""
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o700)
    return path


def test_flights(directory: Path, tmp_path: Path) -> None:
    program, picture = tmp_path / "flights", tmp_path / "flights.png"
    subprocess.run(["go", "build", "-o", program, "."], cwd=HERE, check=True)
    done = subprocess.run(flights(program, picture), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "None is above 1e-10." in done.stdout
    assert "dep_delay       arr_delay       +0.909" in done.stdout
    assert picture.read_bytes().startswith(b"\x89PNG")
    # Both processes have the same inode mapped: device and number are fields 4 and 5 of a line of /proc/PID/maps.
    files = [line.split()[4:6] for line in done.stdout.splitlines() if " rw-s " in line]
    assert len(files) == 2 and files[0] == files[1], done.stdout


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("echo out of luck >&2; exit 3", "ended with exit code 3 instead of publishing; it said: out of luck"),
        ("exit 0", "ended with exit code 0 instead of publishing; it said: nothing"),
        ("kill -9 $$", "was killed by signal 9 instead of publishing; it said: nothing"),
    ],
)
def test_program_dies(directory: Path, tmp_path: Path, text: str, said: str) -> None:
    program = script(tmp_path / "dies", text)
    done = subprocess.run(flights(program, tmp_path / "flights.png"), capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == f"flights.py: {program} {said}\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted(directory: Path, tmp_path: Path, number: signal.Signals) -> None:
    program = script(tmp_path / "sleeps", "echo pid $$; exec sleep 600")
    command = flights(program, tmp_path / "flights.png")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        pid = next(int(line.split()[1]) for line in process.stdout if line.startswith("pid "))
        process.send_signal(number)
    assert process.returncode != 0
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)  # the Go program did not outlive Python
