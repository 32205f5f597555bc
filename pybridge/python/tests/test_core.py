"""The extension: bounds, lifetime, and words."""

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
    m.close()


def test_close_while_looked_into(fd: int) -> None:
    m = Mapping(fd, 8192, True)
    view = memoryview(m)
    with pytest.raises(BufferError, match="1 living"):
        m.close()
    view.release()
    m.close()
    m.close()
    for use in (lambda: memoryview(m), lambda: m.load(0), lambda: m.publish(0), lambda: m.wait(0, 1, 0)):
        with pytest.raises(ValueError, match="closed"):
            use()


def test_close_while_waited_for(fd: int) -> None:
    m = Mapping(fd, 8192, True)
    woken = threading.Event()
    thread = threading.Thread(target=lambda: (m.wait(0, 0, -1), woken.set()))
    thread.start()
    closed = None
    while closed is None and not woken.is_set():
        try:
            # Either the thread has not begun to wait, or this is refused; what must not be is a closed mapping waited on.
            memoryview(m).release()
            m.publish(0)
            closed = False
        except ValueError:
            closed = True
    thread.join(60)
    assert woken.is_set() and closed is False


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
