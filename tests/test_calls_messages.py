"""What calls say of timeouts, programs and types that are not what they are to be."""

import math
import queue
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import samebytes as sb
from conftest import Program


@pytest.fixture
def go(segments: Path, server: str) -> Iterator[sb.Remote]:
    """Its functions, launched."""
    with sb.launch(server) as remote:
        yield remote


@pytest.mark.parametrize("timeout", [math.inf, 1e300, 2**100, 3e6])
def test_timeouts_that_never_come(timeout: float, segments: Path, server: str) -> None:
    with sb.launch(server, timeout=timeout) as go:
        assert go.add(1, 2, timeout=timeout) == 3
        assert go.add.future(1, 2, timeout=timeout).result() == 3
        assert len(go.echo([0] * 100_000, timeout=timeout)) == 100_000


@pytest.mark.parametrize("timeout", ["x", [1], timedelta(seconds=1), 1j])
def test_timeouts_that_are_no_numbers(timeout: Any, go: sb.Remote, server: str) -> None:
    says = r"expected a timeout in seconds, found (.x|\[1|datetime|1j)"
    for call in (
        lambda: go.add(1, 2, timeout=timeout),
        lambda: go.add.future(1, 2, timeout=timeout),
        lambda: sb.launch(server, timeout=timeout),
        lambda: sb.connect("nix", timeout=timeout),
    ):
        with pytest.raises(TypeError, match=says):
            call()
    assert go.add(1, 2) == 3


def test_timeouts_of_queues(segments: Path, command: str) -> None:
    program = Program([command, "serve", "--objects", "queues"])
    assert program.line() == "serving as queues"
    with sb.connect("queues", timeout=math.inf) as m:
        q = m.Queue()
        q.put(1, timeout=math.inf)
        assert q.get(timeout=1e300) == 1
        with pytest.raises(TypeError, match="expected a timeout in seconds, found 'x'"):
            q.get(timeout="x")
        with pytest.raises(queue.Empty):
            q.get(timeout=0)
    program.process.terminate()
    assert program.process.wait(60) == 0
    program.close()


def test_connect_waits_for_ever(segments: Path, listening: Callable[[str], Program]) -> None:
    """Until a server is there that was not when it began to wait."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(sb.connect, "late", timeout=math.inf)
        listening("late")
        with waiting.result(60) as go:
            assert go.add(1, 2) == 3


def test_files_that_are_no_programs(segments: Path, tmp_path: Path) -> None:
    file = tmp_path / "text"
    file.write_text("no program\n")
    with pytest.raises(sb.AccessError, match=r"text: Permission denied: it may not be executed, which chmod \+x changes"):
        sb.launch(file)
    file.chmod(0o700)
    with pytest.raises(sb.UnsupportedError, match="text: expected a program that this machine runs, found another file"):
        sb.launch(file)
    with pytest.raises(sb.AccessError, match=r"Permission denied$"):
        sb.launch(tmp_path)
    with pytest.raises(sb.NotExistError, match="no such program"):
        sb.launch(file / "below")
    with pytest.raises(sb.AccessError, match="File name too long"):
        sb.launch(tmp_path / ("y" * 300))


def test_any_is_shown_as_any(go: sb.Remote) -> None:
    assert "-> any" in str(go.echo.__signature__)  # type: ignore[attr-defined]
