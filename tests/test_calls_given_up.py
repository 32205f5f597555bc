"""Calls of a Go program that are given up, and what they carry."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import samebytes as sb
from conftest import Program, until


def test_long_calls_given_up(listening: Callable[[str], Program]) -> None:
    listening("worker")
    with sb.connect("worker") as go:
        for length in (10, 50_000, 200_000):
            for _ in range(20):
                go.echo.future("x" * length).cancel()
                try:
                    go.echo("x" * length, timeout=0.0005)
                except sb.DeadlineError:
                    pass
                assert go.add(1, 2) == 3
        until(lambda: not go._connection.client._ending)
    assert sb.list() == []


def test_arguments_come_back(listening: Callable[[str], Program]) -> None:
    listening("worker")
    with sb.connect("worker") as go:
        for _ in range(10):
            assert np.array_equal(go.echo(np.ones(4)), np.ones(4))
            assert np.array_equal(go.echo([np.ones((2, 3)), "x"])[0], np.ones((2, 3)))
    assert sb.list() == []


@pytest.mark.parametrize("timeout", [None, 60])
def test_outer_deadlines_end_inner_calls(listening: Callable[[str], Program], timeout: float | None) -> None:
    listening("worker")
    with sb.connect("worker") as go:
        with pytest.raises(sb.DeadlineError, match=r"apply: not within 0\.3 s"):
            go.apply(lambda x: go.wait(timeout=timeout), 1.0, timeout=0.3)
        assert go.add(1, 2) == 3


def test_endless_timeouts(listening: Callable[[str], Program]) -> None:
    listening("worker")
    with sb.connect("worker") as go:
        for timeout in (float("inf"), 1e300):
            assert go.add(1, 2, timeout=timeout) == 3


def test_what_is_given_up_goes(listening: Callable[[str], Program], segments: Path) -> None:
    def left() -> list[str]:
        return [entry.name for entry in segments.iterdir() if not entry.name.startswith(".")]

    listening("worker")
    with sb.connect("worker") as go:
        for _ in range(20):
            go.ones.future(10).cancel()
        until(lambda: left() == [])  # without another call
        blocks = go.blocks(1 << 30)
        assert next(blocks).sum() == 0
        del blocks
        until(lambda: left() == [])
        with pytest.raises(sb.DeadlineError):
            go.wait(timeout=0.01)
        until(lambda: not go._connection.client._ending)
