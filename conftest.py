"""What all tests of Python share. Segments: each test has a directory of its own, and must leave nothing mapped or open."""

import gc
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import samebytes as sb
from samebytes import _domain, _flight

ROOT = Path(__file__).resolve().parent


def pytest_configure() -> None:
    """Has Ctrl-C work in the programs that tests start, also when the tests themselves run where it is ignored, as shells do to jobs."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def segments(segment_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory for segments. At the end whatever is left in it must be whole, and nothing of it mapped or open."""
    yield segment_dir
    gc.collect()
    sb.warm(0)
    sb.warm(128 << 20)
    _flight.end(str(segment_dir))
    monkeypatch.setenv("SAMEBYTES_DIR", str(segment_dir))
    for entry in segment_dir.iterdir():
        if entry.name != _domain.FILE:
            sb.stat(entry.name)


@pytest.fixture
def small_segments(segments: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Path]]:
    """Gives the test a directory of segments that is a tmpfs of its own, mounted with those options."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a file system")
    mounted: list[Path] = []

    def mount(options: str) -> Path:
        directory = segments / "mount"
        directory.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "samebytes-test", directory], check=True)
        mounted.append(directory)
        monkeypatch.setenv("SAMEBYTES_DIR", str(directory))
        return directory

    yield mount
    gc.collect()
    sb.warm(0)
    for directory in mounted:
        subprocess.run(["umount", directory], check=True)
        directory.rmdir()


@pytest.fixture
def open_segments(segments: Path) -> Path:
    """A directory of segments that every user may pass."""
    if os.geteuid() != 0:
        pytest.skip("only root may run a program as another user")
    segments.chmod(0o755)
    return segments


class Program:
    """Another process, to be told things and asked by lines, and to be killed."""

    def __init__(self, command: list[str]) -> None:
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def line(self) -> str:
        """The next line that it prints; "" after its end."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def say(self, line: str = "") -> None:
        """Gives it a line to read."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        """SIGKILL, and waits until it is gone."""
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        self.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


@pytest.fixture
def python(segments: Path) -> Iterator[Callable[[str], Program]]:
    """Starts Python programs, which have samebytes as sb, numpy as np, os and say(), which prints a line."""
    programs: list[Program] = []
    head = "import ctypes, os, sys, numpy as np, samebytes as sb\ndef say(*what): print(*what, flush=True)\n"
    head += "ctypes.CDLL(None).prctl(1, 9)\n"  # PR_SET_PDEATHSIG: it dies with the test

    def start(code: str) -> Program:
        programs.append(Program([sys.executable, "-c", head + textwrap.dedent(code)]))
        return programs[-1]

    yield start
    for program in programs:
        program.close()


@pytest.fixture
def go(segments: Path, peer: Path) -> Iterator[Callable[..., Program]]:
    """Starts the program of `peer` with arguments."""
    programs: list[Program] = []

    def start(*args: object) -> Program:
        programs.append(Program([str(peer), *map(str, args)]))
        return programs[-1]

    yield start
    for program in programs:
        program.close()


@pytest.fixture(scope="session")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Go program that does to a segment what a test tells it: tests/peer."""
    program = tmp_path_factory.mktemp("bin") / "peer"
    subprocess.run(["go", "build", "-o", program, "./tests/peer"], cwd=ROOT, check=True)
    return program


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The Go program whose functions tests call: tests/server."""
    program = tmp_path_factory.mktemp("bin") / "server"
    subprocess.run(["go", "build", "-o", program, "./tests/server"], cwd=ROOT, check=True)
    return str(program)


@pytest.fixture(scope="session")
def command(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The command samebytes."""
    program = tmp_path_factory.mktemp("bin") / "samebytes"
    subprocess.run(["go", "build", "-o", program, "./cmd/samebytes"], cwd=ROOT, check=True)
    return str(program)


@pytest.fixture
def listening(segments: Path, server: str) -> Iterator[Callable[[str], Program]]:
    """Starts the program of `server` to listen to a name."""
    programs: list[Program] = []

    def start(name: str) -> Program:
        programs.append(Program([server, "listen", name]))
        sb.connect(name, timeout=30).close()
        return programs[-1]

    yield start
    for program in programs:
        if program.process.poll() is None:
            program.say()  # so that it removes its socket
            program.process.wait(60)
        program.close()


def until(true: Callable[[], bool]) -> None:
    """Waits until it is, by looking again and again: for what no event tells, such as that another process has let something go."""
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, "it has not come true"
        time.sleep(0.01)
