"""The example as a user runs it, with fewer requests; what a request that cannot be gets; and that it ends when it is told to."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from sklearn.datasets import load_digits

HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Go program."""
    path = tmp_path_factory.mktemp("bin") / "model-server"
    subprocess.run(["go", "build", "-o", path, "."], cwd=HERE, check=True)
    return path


@pytest.fixture
def directory(segment_dir: Path) -> Iterator[Path]:
    """A directory for the segments of one test. At the end nothing may be left in it."""
    yield segment_dir
    assert [name for name in os.listdir(segment_dir) if name != ".samebytes"] == []


def test_load(program: Path, directory: Path) -> None:
    command = [program, "-python", sys.executable, "-addr", "127.0.0.1:0", "-workers", "2", "-load", "200"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    assert "200 of 200 requests" in done.stderr
    assert "200 requests of 8 images by 8 clients" in done.stdout
    right = float(done.stdout.split("% of the digits are right")[0].split()[-1])
    assert right > 97


def test_requests(program: Path, directory: Path) -> None:
    command = [program, "-python", sys.executable, "-addr", "127.0.0.1:0", "-workers", "1"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        url = next(line.split()[-1] for line in process.stderr if "/predict" in line)
        images, labels = load_digits(return_X_y=True)

        def ask(body: bytes) -> dict[str, list[int]]:
            with urllib.request.urlopen(urllib.request.Request(url, body), timeout=60) as response:
                answer: dict[str, list[int]] = json.load(response)
                return answer

        answer = ask(json.dumps({"images": images[:20].tolist()}).encode())
        assert sum(found == label for found, label in zip(answer["digits"], labels, strict=False)) >= 18
        for body, says in [
            (b"nonsense", "invalid character"),
            (b"{}", "found 0"),
            (json.dumps({"images": [[1, 2]]}).encode(), "image 0: expected 64 pixels, found 2"),
            (json.dumps({"images": [[0] * 64] * 257}).encode(), "found 257"),
        ]:
            with pytest.raises(urllib.error.HTTPError) as raised:
                ask(body)
            assert raised.value.code == 400 and says in raised.value.read().decode()
        with urllib.request.urlopen(url.replace("predict", "stats"), timeout=60) as response:
            assert json.load(response)["functions"]["predict"]["calls"] == 1
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
