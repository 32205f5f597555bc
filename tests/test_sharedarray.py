"""What users of SharedArray and sharedmem do, with a second interpreter and a Go program on the same arrays."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import samebytes as sb


def test_a_session_of_two_interpreters(segments: Path, python: Callable[[str], Any], peer: Path) -> None:
    a = sb.create("test1", 10)
    assert a.dtype == float and not a.any()
    a[0] = 42
    other = python("""
        b = sb.attach("test1")
        b[1] = 43
        say(b[0])
        input()
        say(b[2], [(info.name, str(info.dtype), info.shape) for info in sb.list()])
        try:
            sb.create("test1", 3)
        except FileExistsError:
            say("exists")
        input()
        say(b.sum())
    """)
    assert other.line() == "42.0" and a[1] == 43
    a[2] = 44
    other.say()
    assert other.line() == "44.0 [('test1', 'float64', (10,))]"
    assert other.line() == "exists"

    subprocess.run([peer, "scale", "test1", "float64", "2"], check=True, timeout=60)
    assert a[:3].tolist() == [84, 86, 88]

    sb.delete("test1")
    assert sb.list() == []
    with pytest.raises(FileNotFoundError):
        sb.attach("test1")
    a[3] = 1
    other.say()
    assert float(other.line()) == 84 + 86 + 88 + 1, "who has it goes on with it"


def test_read_only_and_files(tmp_path: Path, segments: Path, python: Callable[[str], Any], peer: Path) -> None:
    path = tmp_path / "kept.npy"
    a = sb.create_file(path, (3, 4), "i4")
    a[:] = 7
    a.flush()
    reader = python(f"""
        r = sb.attach_file({str(path)!r}, "r")
        say(r.sum())
        try:
            r[0] = 1
        except ValueError as error:
            say(error)
    """)
    assert reader.line() == "84" and "read-only" in reader.line()
    del a
    assert np.load(path).sum() == 84


def test_what_sharedmem_gives_to_children(segments: Path, python: Callable[[str], Any], peer: Path) -> None:
    """Unnamed arrays, to any process instead of forked children alone."""
    shared = sb.full((4, 6), 1.0)
    like = sb.empty_like(shared)
    child = python(f"""
        a, b = sb.from_json({sb.to_json(shared)!r}), sb.from_json({sb.to_json(like)!r})
        np.multiply(a, 3, out=b)
        say("done")
    """)
    assert child.line() == "done" and like.sum() == 72
    described = subprocess.run([peer, "open", sb.to_json(like), "float64", "2"], check=True, timeout=60, capture_output=True)
    assert sum(json.loads(described.stdout)["elements"]) == 72 and like.sum() == 144
    child.process.wait()
    del shared, like
    assert sb.list() == []
