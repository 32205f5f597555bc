"""Functions of a Go program that do what functions should not: their callers are told, and nobody else is harmed."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import samebytes as sb
from conftest import Program, until


@pytest.fixture
def go(segments: Path, server: str) -> Iterator[sb.Remote]:
    """Its functions, launched."""
    with sb.launch(server) as remote:
        yield remote


@pytest.mark.parametrize("function", ["nil_error", "nil_wrapper", "nil_remote"])
def test_an_error_that_panics(function: str, listening: Callable[[str], Program]) -> None:
    """It is the caller's error; the server, and its other clients, go on."""
    listening("faults")
    with sb.connect("faults") as other, sb.connect("faults") as go:
        with pytest.raises(sb.RemoteError, match=r"the error that was returned, a .*, panicked when it was read") as e:
            getattr(go, function)()
        assert e.value.type == "panic"
        assert go.add(1, 2) == other.add(1, 2) == 3


def test_items_that_nobody_takes(go: sb.Remote) -> None:
    """Of a sequence that is left early nothing stays open, or has a name."""
    before = go.descriptors()
    for _ in range(50):
        for array in go.arrays(100):
            del array
            break
    until(lambda: go.descriptors() <= before + 2 and go.segments() == 0)


def test_a_function_that_ends_its_goroutine(go: sb.Remote) -> None:
    for _ in range(20):
        with pytest.raises(sb.RemoteError, match="Goexit"):
            go.goexit()
    assert go.add(1, 2) == 3
    assert go.stats()["functions"]["goexit"]["errors"] == 20
