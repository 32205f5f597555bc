"""Temporary arrays under way: what their handles keep, and for how long, in each way that processes are started."""

import functools
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pytest

import samebytes as sb
from samebytes import _core, _flight

METHODS = ["fork", "spawn", "forkserver"]


def names(directory: Path) -> list[str]:
    """The segments."""
    return sorted(name for name in os.listdir(directory) if name != ".samebytes")


def made(value: float) -> sb.ndarray:
    """A temporary array that nobody else has."""
    a = sb.create(None, (2, 3))
    a[:] = value
    return a


def total_of(a: Any, b: Any) -> Callable[[], Any]:
    """A function that has two arrays in it."""

    def total() -> Any:
        b[0, 0] = 7
        return a.sum()

    return total


def test_stays_until_it_is_opened(segments: Path) -> None:
    a = made(5)
    name = a.name
    data = pickle.dumps(a)
    del a
    assert names(segments) == [name] and sb.gc() == []
    got = pickle.loads(data)
    assert got.tolist() == [[5] * 3] * 2 and got.name == name
    del got
    assert names(segments) == []
    with pytest.raises(sb.StaleError):
        pickle.loads(data)


def test_given_away_twice_stays_for_two(segments: Path) -> None:
    a = made(5)
    first, second = pickle.dumps(a[1:]), sb.to_json(a)
    del a
    assert pickle.loads(first).sum() == 15
    assert len(names(segments)) == 1
    assert sb.from_json(second).sum() == 30
    assert names(segments) == []


def test_opened_twice_counts_for_one_that_comes_later(segments: Path) -> None:
    a = made(5)
    data = pickle.dumps(a)
    assert pickle.loads(data).sum() == pickle.loads(data).sum() == 30
    later = pickle.dumps(a)
    del a
    assert pickle.loads(later).sum() == 30
    assert names(segments) == []


def test_read_only_views_keep_it_too(segments: Path) -> None:
    a = made(5)
    data = pickle.dumps(np.broadcast_to(a[0], (4, 3), subok=True))
    name = a.name
    del a
    got = pickle.loads(data)
    assert got.shape == (4, 3) and not got.flags.writeable and names(segments) == [name]
    again = pickle.dumps(got)
    del got
    assert pickle.loads(again).sum() == 60
    assert names(segments) == []


def test_looking_at_the_handle_gives_nothing_away(segments: Path) -> None:
    a = made(5)
    assert a.handle.name == a.name
    repr(a), str(a)
    del a
    assert names(segments) == []


def test_named_arrays_are_not_counted(segments: Path) -> None:
    data = pickle.dumps(sb.create("x", 3))
    assert names(segments) == ["x"] and pickle.loads(data).name == "x"


def test_never_received_goes_at_the_end_of_the_program(segments: Path, python: Callable[[str], Any]) -> None:
    program = python("import pickle; a = sb.create(None, 3); pickle.dumps(a); del a; say('sent'); input()")
    assert program.line() == "sent" and len(names(segments)) == 1
    program.say()
    program.process.wait()
    assert names(segments) == []


def test_never_received_of_a_killed_program(segments: Path, python: Callable[[str], Any]) -> None:
    program = python("import pickle; a = sb.create(None, 3); pickle.dumps(a); del a; say('sent'); input()")
    assert program.line() == "sent"
    [name] = names(segments)
    assert sb.gc() == [], "its sender lives"
    program.kill()
    other = python("sb.create(None, 3); say('made')")
    assert other.line() == "made" and names(segments) == [name], "who shall open it may be about to"
    assert [info.name for info in sb.gc(dry_run=True)] == [name] == names(segments)
    assert [info.name for info in sb.gc()] == [name] and names(segments) == []


def test_killed_receiver_leaves_nothing_under_way(segments: Path, python: Callable[[str], Any]) -> None:
    a = made(5)
    text = sb.to_json(a)
    program = python(f"a = sb.from_json({text!r}); say(a.sum()); input()")
    assert program.line() == "30.0"
    del a
    assert len(names(segments)) == 1
    program.kill()
    assert len(sb.gc()) == 1 and names(segments) == []


def test_the_sender_may_be_killed(segments: Path, python: Callable[[str], Any]) -> None:
    program = python("a = sb.create(None, 3); a[:] = 5; print(sb.to_json(a), flush=True); input()")
    text = program.line()
    program.kill()
    assert sb.from_json(text).sum() == 15
    assert names(segments) == []


def test_damaged_words_only_keep(segments: Path) -> None:
    a = made(5)
    name = a.name
    assert name is not None
    path = segments / name
    with path.open("r+b") as f:
        f.seek(path.stat().st_size - 4096 + _core.IN_FLIGHT)
        f.write(b"\xff" * 16)
    del a
    assert names(segments) == [name] and [info.name for info in sb.gc()] == [name]
    assert names(segments) == []


@pytest.mark.parametrize(
    ("scenario", "method"),
    [
        *(
            (scenario, method)
            for scenario in ("ended", "ending", "cycles", "pool", "split", "argument", "futures")
            for method in METHODS
        ),
        ("loky", "spawn"),
    ],
)
def test_handed_over(scenario: str, method: str, segments: Path) -> None:
    command = [sys.executable, "-X", "dev", "-W", "error", Path(__file__).parent / "hand_over.py", scenario, method]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert names(segments) == []


def test_cloudpickle(segments: Path) -> None:
    a = made(1)
    b = a[:, ::2]

    data = cloudpickle.dumps(total_of(a, b))
    assert len(data) < 2000
    assert pickle.loads(data)() == 12 == a.sum()
    part = cloudpickle.dumps(functools.partial(np.sum, a))
    del a, b
    assert pickle.loads(part)() == 12


def test_a_forked_child_hands_on_what_it_was_given(segments: Path) -> None:
    """It has the mapping from its parent, and lets go only as one who takes part."""
    a = made(5)
    data = pickle.dumps(a)
    to_parent, from_child = os.pipe()
    to_child, from_parent = os.pipe()
    child = os.fork()
    if child == 0:
        got = pickle.loads(data)
        os.write(from_child, b"got\n")
        os.read(to_child, 1)  # until the parent has let go
        os.write(from_child, pickle.dumps(got[1:]))
        os._exit(0)
    os.close(from_child)
    assert os.read(to_parent, 4) == b"got\n"
    name = a.name
    del a
    assert names(segments) == [name]
    os.write(from_parent, b"\n")
    os.waitpid(child, 0)
    assert pickle.loads(os.read(to_parent, 1000)).sum() == 15
    assert names(segments) == []
    for fd in (to_parent, to_child, from_parent):
        os.close(fd)


def test_a_forked_child_ends_nothing(segments: Path, python: Callable[[str], Any]) -> None:
    """What is under way among a family goes with its first process, not with one that came of it."""
    program = python("""
        import pickle
        data = pickle.dumps(sb.create(None, 3))
        child = os.fork()
        if child == 0:
            sys.exit()
        os.waitpid(child, 0)
        say(pickle.loads(data).shape)
    """)
    assert program.line() == "(3,)"
    program.process.wait()
    assert names(segments) == []


def test_end_leaves_what_others_of_the_family_may_open(segments: Path) -> None:
    data = pickle.dumps(made(5))
    to_child, from_parent = os.pipe()
    to_parent, from_child = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(from_parent)
        os.read(to_child, 1)
        os.write(from_child, str(pickle.loads(data).sum()).encode())
        os._exit(0)
    _flight.end(str(segments))
    assert len(names(segments)) == 1
    os.write(from_parent, b"\n")
    os.waitpid(child, 0)
    assert os.read(to_parent, 100) == b"30.0"
    for fd in (to_parent, to_child, from_parent, from_child):
        os.close(fd)
    assert names(segments) == []
