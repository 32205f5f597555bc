"""Go and Python on the same bytes, and other readers of them."""

import itertools
import json
import subprocess
from multiprocessing import resource_tracker, shared_memory
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import samebytes as sb

DTYPES = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64"]
SHAPES = [(), (0,), (7,), (3, 4), (1, 5), (2, 3, 4), (2, 0, 3)]


def run(peer: Path, *args: object) -> str:
    done = subprocess.run([peer, *map(str, args)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("dtype", DTYPES)
def test_python_creates_and_go_computes_in_place(dtype: str, segments: Path, peer: Path) -> None:
    for i, (shape, order) in enumerate(itertools.product(SHAPES, "CF")):
        a = sb.create(f"x{i}", shape, dtype, order)  # type: ignore[arg-type]
        a[...] = np.arange(a.size, dtype=dtype).reshape(shape)
        before = np.array(a)
        seen: dict[str, Any] = json.loads(run(peer, "describe", f"x{i}", dtype))
        assert seen["shape"] == list(shape)
        assert seen["elements"] == before.ravel().tolist()
        if a.size:
            assert seen["strides"] == [s // a.itemsize for s in a.strides]
        run(peer, "scale", f"x{i}", dtype, 2)
        np.testing.assert_array_equal(a, before * 2)
        assert a.version == 1


@pytest.mark.parametrize("dtype", DTYPES)
def test_go_creates_and_python_reads(dtype: str, segments: Path, peer: Path) -> None:
    for i, (shape, order) in enumerate(itertools.product(SHAPES[1:], "CF")):
        run(peer, "create", f"x{i}", dtype, order, *shape)
        a = sb.attach(f"x{i}")
        assert (a.shape, a.dtype) == (shape, np.dtype(dtype))
        np.testing.assert_array_equal(a, np.arange(a.size, dtype=dtype).reshape(shape))
        if sum(n > 1 for n in shape) > 1 and a.size:
            assert a.flags.f_contiguous == (order == "F")
        # What the two languages write is the same file but for id and time.
        sb.create(f"y{i}", shape, dtype, order)  # type: ignore[arg-type]
        go, python = (segments / f"{n}{i}" for n in "xy")
        assert go.stat().st_size == python.stat().st_size
        assert go.read_bytes()[:4096] == python.read_bytes()[:4096]
        changed = slice(56, 80)  # of the control block: id and creation time
        blocks = [bytearray(p.read_bytes()[-4096:]) for p in (go, python)]
        for block in blocks:
            block[changed] = bytes(24)
        assert blocks[0] == blocks[1]


def test_numpy_and_shared_memory_see_what_go_sees(peer: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # SharedMemory knows /dev/shm alone, and before Python 3.13 unlinks at exit what it attached.
    monkeypatch.delenv("SAMEBYTES_DIR", raising=False)
    monkeypatch.setattr(resource_tracker, "register", lambda *_: None)
    name = f"test-interop-{id(peer)}"
    a = sb.create(name, (3, 4))
    try:
        path = f"/dev/shm/{name}"
        memory = shared_memory.SharedMemory(name)
        views = {
            "np.load": np.load(path, mmap_mode="r+"),
            "open_memmap": np.lib.format.open_memmap(path, mode="r+"),
            "np.memmap": np.memmap(path, float, "r+", 4096, (3, 4)),
            "SharedMemory": np.frombuffer(memory.buf, float, 12, 4096).reshape(3, 4),
        }
        for i, (reader, view) in enumerate(views.items()):
            view[i % 3, 1] = 10 + i
            run(peer, "scale", name, "float64", 3)
            assert view[i % 3, 1] == a[i % 3, 1] == 3 * (10 + i), reader
        for view in views.values():
            np.testing.assert_array_equal(view, a)
        del view, views
        memory.close()
    finally:
        sb.delete(name)


def test_ping_pong(segments: Path, peer: Path) -> None:
    rounds = 500
    a = sb.create("x", (64,))
    with subprocess.Popen([peer, "answer", "x", str(rounds)], stdout=subprocess.PIPE, text=True) as go:
        try:
            for round in range(rounds):
                a[:] = round
                a.wait(a.publish(), timeout=60)
                assert (a == 2 * round).all()
            assert go.wait(60) == 0
        finally:
            go.kill()


def test_go_asks_python(segments: Path, peer: Path) -> None:
    rounds = 200
    a = sb.create("x", (8,))
    with subprocess.Popen([peer, "ask", "x", str(rounds)]) as go:
        try:
            version = 0
            for round in range(1, rounds + 1):
                version = a.wait(version, timeout=60)
                assert (a == round).all()
                version = a.publish()
            assert go.wait(60) == 0
        finally:
            go.kill()


@pytest.mark.parametrize("victim", ["answer", "ask"])
def test_a_killed_peer_leaves_a_usable_segment(victim: str, segments: Path, peer: Path) -> None:
    a = sb.create("x", (8,))
    for _ in range(20):
        version = a.version
        with subprocess.Popen([peer, victim, "x", "1000000"], stdout=subprocess.PIPE) as go:
            try:
                if victim == "answer":
                    assert go.stdout is not None
                    go.stdout.readline()
                    version = a.publish()
                a.wait(version, timeout=60)
            finally:
                go.kill()
    version = a.version
    with pytest.raises(sb.DeadlineError):
        a.wait(version, timeout=0.001)
    assert a.publish() == version + 1
    assert sb.attach("x").wait(version, timeout=60) == version + 1
