"""The faults of memory, lifetime and the system, of docs/reference/faults.md."""

import gc
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import samebytes as sb

Start = Callable[[str], Any]


def test_m02_nothing_unmaps_a_living_array(segments: Path) -> None:
    """An array has no close(): what it is over stays, also when its name goes and nothing is to be kept."""
    a = sb.create("x", 4)
    a[:] = 7
    view = memoryview(a)[1:]  # type: ignore[arg-type]
    sb.delete("x")
    sb.warm(0)
    del a
    gc.collect()
    others = [sb.create(f"y{i}", 4) for i in range(20)]  # as large, so that they could be mapped there
    assert view.tolist() == [7, 7, 7] and not any(o.any() for o in others)


def test_m03_collected_with_views_alive(segments: Path) -> None:
    a = sb.create(None, 4)
    a[:] = 7
    a.cycle = a  # type: ignore[attr-defined]
    view = a[1:3].T
    del a
    gc.collect()
    assert view.tolist() == [7, 7] and view.name is not None  # type: ignore[attr-defined]
    with view.lock:  # type: ignore[attr-defined]
        pass
    del view
    gc.collect()
    assert os.listdir(segments) == []


@pytest.mark.parametrize("last", [2**32 - 1, 2**64 - 1])
def test_m05_the_counter_wraps_under_a_sleeper(last: int, segments: Path, python: Start) -> None:
    a = sb.create("x", 4)
    mapping = a.lock.mapping
    mapping.store(mapping.published, last)
    child = python(f"a = sb.attach('x'); say('waits'); say(a.wait({last}, timeout=60))")
    assert child.line() == "waits"
    assert a.publish() == (last + 1) % 2**64
    assert child.line() == str((last + 1) % 2**64)


def test_m06_clocks_differ(segments: Path) -> None:
    """A day apart, in a time namespace."""
    if os.geteuid() != 0:
        pytest.skip("only root may make namespaces")
    a = sb.create("x", 4)
    program = """if True:
        import samebytes as sb
        a = sb.attach('x')
        a.lock[0].acquire()
        print('holds', flush=True)
        print(a.wait(0, timeout=60), flush=True)
        a.lock[1].acquire(timeout=60)
        input()
    """
    command = [
        "unshare",
        "--time",
        "--fork",
        "--kill-child",
        "--monotonic",
        "86400",
        "--boottime",
        "86400",
        sys.executable,
        "-c",
    ]
    child = subprocess.Popen([*command, program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None and child.stdout.readline() == "holds\n"
        assert not a.lock.acquire(timeout=0.05)
        with a.lock[1]:
            a.publish()
            assert child.stdout.readline() == "1\n"
    finally:
        child.kill()
        child.communicate()
    with pytest.raises(sb.OwnerDiedError):
        a.lock.acquire(timeout=60)


def test_m07_stopped_and_continued(segments: Path, python: Start) -> None:
    a = sb.create("x", 4)
    child = python(
        "a = sb.attach('x'); a.lock[0].acquire(); say('waits'); say(a.wait(0, timeout=60)); a.lock[0].release(); say('freed')"
    )
    assert child.line() == "waits"
    os.kill(child.process.pid, 19)
    assert not a.lock.acquire(timeout=0.05)
    a.publish()
    os.kill(child.process.pid, 18)
    assert (child.line(), child.line()) == ("1", "freed")
    with a.lock:
        pass


def test_m08_futex_is_all_that_is_asked_for() -> None:
    """futex_waitv, which older systems and some sandboxes refuse, is used by select alone, which test_select.py refuses it."""
    sources = list((Path(sb.__file__).parent).glob("*.c"))
    assert [source.name for source in sources if "futex_waitv" in source.read_text()] == ["select.c"]


def test_m09_many_cycles(small_segments: Callable[[str], Path]) -> None:
    directory = small_segments("size=64m")

    def counts() -> tuple[int, ...]:
        maps = sum(str(directory) in line for line in Path("/proc/self/maps").read_text().splitlines())
        return len(os.listdir("/proc/self/fd")), maps, threading.active_count(), os.statvfs(directory).f_ffree

    sb.create("x", 4)
    sb.delete("x")
    gc.collect()
    before = counts()
    for i in range(10_000):
        a = sb.create("x" if i % 2 else None, (16, 4), capacity=32 if i % 3 else None)
        with a.lock:
            a[3] = i
        if i % 2:
            sb.delete("x")
        del a
    assert counts() == before


def test_m12_other_versions(segments: Path) -> None:
    sb.create("good", 4, "i8")[:] = range(4)
    content = (segments / "good").read_bytes()
    sb.delete("good")
    for version, error in ((0, sb.BrokenError), (1, None), (2, sb.VersionError)):
        out = bytearray(content)
        for at in (8, 4096 - 64 + 8):
            struct.pack_into("<I", out, len(out) - 4096 + at, version)
        (segments / "x").write_bytes(bytes(out))
        if error is None:
            assert sb.attach("x")[3] == 3
        else:
            with pytest.raises(error, match=str(version)):
                sb.attach("x")
        (segments / "x").unlink()
    # What a later version without a new layout may put into reserved bytes.
    out = bytearray(content)
    for at in (112, 1000, 4096 - 64 + 40):
        out[len(out) - 4096 + at] = 1
    (segments / "x").write_bytes(bytes(out))
    a = sb.attach("x")
    with a.lock:
        assert a.tolist() == [0, 1, 2, 3]
