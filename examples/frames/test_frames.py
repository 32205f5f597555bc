"""The example as a user runs it, in short, and ended by Ctrl-C; and that another Go program goes on where one was killed."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

import samebytes as sb

HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Go program."""
    path = tmp_path_factory.mktemp("bin") / "frames"
    subprocess.run(["go", "build", "-o", path, "."], cwd=HERE, check=True)
    return path


@pytest.fixture
def directory(segments: Path) -> Iterator[Path]:
    """A directory for the segments of one test. At the end nothing may be left in it."""
    yield segments
    assert [name for name in os.listdir(segments) if name != ".samebytes"] == []


def test_frames(program: Path, directory: Path, tmp_path: Path) -> None:
    picture = tmp_path / "frames.png"
    command = [sys.executable, HERE / "frames.py", "--go", program, "--picture", picture, "--frames", "100", "--rate", "60"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    assert "Python  100 frames, each once and in order" in done.stdout
    assert re.search(r"Late    joined at frame \d+, is killed with frame \d+ in hand", done.stdout)
    assert "Late    ended by SIGKILL" in done.stdout
    assert len(re.findall(r"^frame +\d+ of 100  mean +\d+\.\d\d  hottest +\d+\.\d\d at", done.stdout, re.MULTILINE)) == 10
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_interrupted(program: Path, directory: Path, tmp_path: Path) -> None:
    picture = tmp_path / "frames.png"
    command = [
        sys.executable,
        HERE / "frames.py",
        "--go",
        program,
        "--picture",
        picture,
        "--frames",
        "100000",
        "--rate",
        "200",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Go      stream frames-")
        name = f"frames-{process.pid}"
        with sb.attach_stream(name) as stream, stream.reader() as reader:
            while len([p for p in stream.stats().ports if p.role == "reader"]) < 3 or reader.next(timeout=60).number < 20:
                pass  # until the other reader is there, and some frames were
        process.send_signal(signal.SIGINT)
        out = process.communicate(timeout=240)[0]
    assert process.returncode == 0, out
    frames = re.search(r"Python  (\d+) frames, each once and in order", out)
    assert frames and 20 <= int(frames[1]) < 100000
    assert "Late    was not needed" in out
    assert picture.exists()


def test_another_goes_on(program: Path, directory: Path) -> None:
    """Frame by frame where one was killed, and the readers do not notice."""
    command = [program, "-name", "x", "-rate", "500", "-size", "32"]
    numbers, heat = [], [0.0]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as first:
        assert first.stdout is not None
        first.stdout.readline()
        stream = sb.attach_stream("x")
        reader = stream.reader()
        for frame in reader:
            numbers.append(frame.number)
            heat.append(float(frame.mean()))
            if len(numbers) == 20:
                first.kill()
                break
    with subprocess.Popen([*command, "-n", "30"], stdout=subprocess.DEVNULL) as second:
        for frame in reader:
            numbers.append(frame.number)
            heat.append(float(frame.mean()))
        assert second.wait(60) == 0
    stream.close()
    assert numbers == list(range(1, len(numbers) + 1)) and len(numbers) >= 50
    assert all(a < b for a, b in pairwise(heat)), "the plate has got colder"
