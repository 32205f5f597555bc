"""The extension: bounds, lifetime, and words."""

import gc
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from samebytes._core import Mapping


@pytest.fixture
def fd(tmp_path: Path) -> Iterator[int]:
    fd = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    os.truncate(fd, 8192)
    yield fd
    os.close(fd)


def test_shares_the_file(fd: int) -> None:
    m = Mapping(fd, 8192, True)
    with memoryview(m) as view:
        view[100] = 7
        assert not view.readonly and view.nbytes == m.size == 8192
    assert os.pread(fd, 1, 100) == b"\7"


def test_needs_no_descriptor(fd: int) -> None:
    before = len(os.listdir("/proc/self/fd"))
    m = Mapping(fd, 8192, True)
    assert len(os.listdir("/proc/self/fd")) == before
    assert m.size == 8192


def test_a_view_keeps_the_memory(fd: int) -> None:
    view = memoryview(Mapping(fd, 8192, True))
    gc.collect()
    view[0] = 9
    assert os.pread(fd, 1, 0) == b"\x09"


def test_open(tmp_path: Path, fd: int) -> None:
    os.pwrite(fd, b"head", 0)
    os.pwrite(fd, b"tail", 8188)
    before = len(os.listdir("/proc/self/fd"))
    m, head, tail = Mapping.open(str(tmp_path / "file"), os.O_RDONLY, 4, 4)
    assert (head, tail, m.size, m.writable) == (b"head", b"tail", 8192, False)
    with pytest.raises(ValueError, match="nothing is mapped"):
        memoryview(m)
    m.map()
    assert bytes(memoryview(m)[:4]) == b"head" and memoryview(m).readonly
    with pytest.raises(ValueError, match="expected an open file"):
        m.map()
    Mapping.open(str(tmp_path / "file"), os.O_RDONLY, 0, 0)  # its descriptor goes with it
    assert len(os.listdir("/proc/self/fd")) == before
    st = os.fstat(fd)
    assert (m.dev, m.ino, m.mode, m.nlink, m.uid) == (st.st_dev, st.st_ino, st.st_mode, 1, st.st_uid)
    m, head, tail = Mapping.open(str(tmp_path / "file"), os.O_RDWR, 10000, 10000)
    assert (len(head), len(tail), m.writable) == (8192, 8192, True)
    with pytest.raises(FileNotFoundError):
        Mapping.open(str(tmp_path / "nowhere"), os.O_RDONLY, 1, 1)
    with pytest.raises(ValueError):
        Mapping.open(str(tmp_path / "file"), os.O_RDONLY, -1, 1)
    with pytest.raises(ValueError):
        Mapping.open("a\0b", os.O_RDONLY, 1, 1)


def test_open_of_what_cannot_be_mapped(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    for path in (tmp_path, tmp_path / "empty"):
        m, head, tail = Mapping.open(str(path), os.O_RDONLY, 10, 10)
        assert (head, tail) == (b"", b"")
        with pytest.raises(ValueError, match="expected an open file"):
            m.map()
        for use in (lambda: memoryview(m), lambda: m.load(0), lambda: m.publish(0), lambda: m.wait(0, 1, 0)):  # noqa: B023
            with pytest.raises(ValueError, match="nothing is mapped"):
                use()


@pytest.mark.parametrize("offset", [-8, 1, 4, 8185, 8192, 1 << 62, -(1 << 62)])
def test_words_out_of_bounds(offset: int, fd: int) -> None:
    m = Mapping(fd, 8192, True)
    for use in (lambda: m.load(offset), lambda: m.publish(offset), lambda: m.wait(offset, 0, 0)):
        with pytest.raises(ValueError, match="multiple of 8"):
            use()


def test_arguments(fd: int) -> None:
    for size in (0, -1):
        with pytest.raises(ValueError, match="positive"):
            Mapping(fd, size, True)
    with pytest.raises(OSError):
        Mapping(-1, 8192, True)
    with pytest.raises(TypeError):
        Mapping("fd", 8192, True)  # type: ignore[arg-type]
    m = Mapping(fd, 8192, True)
    with pytest.raises(OverflowError):
        m.load(1 << 64)
    with pytest.raises(TypeError):
        m.load("0")  # type: ignore[arg-type]


def test_read_only(fd: int) -> None:
    m = Mapping(fd, 8192, False)
    assert memoryview(m).readonly and m.load(8) == 0 and not m.writable
    assert m.wait(8, 1, -1) == 0
    with pytest.raises(ValueError, match="read-only"):
        m.publish(8)


def test_publish_counts_across_threads(fd: int) -> None:
    m = Mapping(fd, 8192, True)
    threads = [threading.Thread(target=lambda: [m.publish(64) for _ in range(5000)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert m.load(64) == 20000


def test_wait_when_the_low_half_wraps(fd: int) -> None:
    m = Mapping(fd, 8192, True)
    with memoryview(m) as view:
        view[:8] = ((1 << 32) - 1).to_bytes(8, "little")
    assert m.wait(0, (1 << 32) - 1, 1000) is None
    assert m.publish(0) == 1 << 32 == m.wait(0, (1 << 32) - 1, -1)
