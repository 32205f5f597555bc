"""The faults of space and truncation, of docs/reference/faults.md, and the guard. What cuts files runs in programs of its own: guard()
sets a handler for good."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import samebytes as sb

Start = Callable[[str], Any]
Mount = Callable[[str], Path]


def free_space(directory: Path) -> tuple[int, int]:
    st = os.statvfs(directory)
    return st.f_bfree, st.f_ffree


def no_room(directory: Path, shape: Any, **options: Any) -> sb.NoSpaceError:
    """Creates an array in vain, after which the directory must be as it was."""
    before = sorted(os.listdir(directory)), free_space(directory)
    with pytest.raises(sb.NoSpaceError) as raised:
        sb.create("large", shape, "i1", **options)
    assert raised.value.errno == errno.ENOSPC
    assert (sorted(os.listdir(directory)), free_space(directory)) == before
    return raised.value


def test_t01_full_at_create(small_segments: Mount) -> None:
    directory = small_segments("size=1m")
    no_room(directory, 2 << 20)
    no_room(directory, 1 << 20)  # the tables find no room
    no_room(directory, (0, 1 << 10), capacity=4 << 10)  # nor does what it may grow to
    no_room(directory, 4 << 20, huge=True)  # in the other order of calls
    sb.create("small", 512 << 10, "i1")[511] = 42  # and there is room for what fits


def test_t02_full_after_create(small_segments: Mount) -> None:
    directory = small_segments("size=4m")
    a = sb.create("x", 2 << 20, "i1")
    grows = sb.create("grows", (0, 4096), "i1", capacity=64)
    with pytest.raises(OSError), open(directory / "filler", "wb", 0) as filler:
        while True:
            filler.write(bytes(4096))
    assert free_space(directory)[0] == 0
    a[:] = 7
    grows = grows.resize(64)
    grows[:] = 1
    with a.lock:
        assert a.sum(dtype=int) == 7 * a.size


def test_t03_the_error_names_sizes(small_segments: Mount) -> None:
    directory = small_segments("size=64m")
    message = str(no_room(directory, 100_000_000))
    for part in ("1000", str(64 << 20), str(directory), "--shm-size"):
        assert part in message


def test_t04_no_inodes(small_segments: Mount) -> None:
    directory = small_segments("size=16m,nr_inodes=4")
    kept: list[sb.ndarray] = []
    while free_space(directory)[1] > 0:
        kept.append(sb.create(f"x{len(kept)}", 16, "i1"))
    no_room(directory, 16)


# What a program does that sees the cut.
HEAD = """
import signal, threading
a = sb.create("x", 1 << 12, "i8")
a[:] = 7
path = os.path.join(os.environ["SAMEBYTES_DIR"], "x")
whole = open(path, "rb").read()
def cut(size=0):
    os.truncate(path, size)
def broken(a):
    calls = [a.lock.acquire, a.rlock.acquire, lambda: a.lock.recover().__enter__(), lambda: a.wait(a.version), lambda: a.snapshot(),
             a.publish, a.refresh, lambda: a.version, lambda: a.atomic.add(0, 1)]
    for call in calls:
        try:
            call()
        except sb.BrokenError as error:
            continue
        raise AssertionError(f"call {calls.index(call)} did not say that it is broken")
def raises(work, what=sb.BrokenError):
    try:
        work()
    except what as error:
        return str(error)
    raise AssertionError("nothing was raised")
"""


def lives(segments: Path, python: Start, code: str, status: int = 0) -> None:
    """Runs the code, which must come to its end, or end as told."""
    child = python(HEAD + code + "\nsay('lives')")
    if status == 0:
        assert child.line() == "lives"
    assert child.process.wait() == status
    for entry in segments.iterdir():
        entry.unlink()


def test_t07_truncated_under_a_reader(segments: Path, python: Start) -> None:
    lives(
        segments,
        python,
        """
lock = a.lock
lock.acquire()
def read():
    with sb.guard():
        a.sum()
read()
cut()
assert path in raises(read)
raises(lock.release)
broken(a)
raises(lambda: sb.attach("x"), sb.Error)
""",
    )


def test_t07_the_main_thread_is_interrupted(segments: Path, python: Start) -> None:
    lives(
        segments,
        python,
        """
sb.guard()
cut()
def read():
    a.sum()
    for _ in range(10**9):
        pass
raises(read)
broken(a)
b = sb.create("y", 3)  # others go on
with b.lock:
    b.publish()
""",
    )


def test_t08_grown_back(segments: Path, python: Start) -> None:
    lives(
        segments,
        python,
        """
cut()
def read():
    with sb.guard():
        a.sum()
raises(read)
open(path, "r+b").write(whole)
broken(a)
b = sb.attach("x")
assert b[0] == 7
with b.lock:
    b.publish()
broken(a)
""",
    )


def test_t08_grown_back_unseen(segments: Path) -> None:
    a = sb.create("x", 4, "i8")
    size = os.stat(segments / "x").st_size
    os.truncate(segments / "x", 0)
    os.truncate(segments / "x", size)
    calls: list[Callable[[], object]] = [
        a.lock.acquire, a.rlock.acquire, a.publish, a.snapshot, a.refresh, lambda: a.wait(0), lambda: a.version,
    ]  # fmt: skip
    for call in calls:
        with pytest.raises(sb.BrokenError):
            call()
    (segments / "x").unlink()


@pytest.mark.parametrize("pages", [1, 2])
def test_t09_control_block_cut(pages: int, segments: Path, python: Start) -> None:
    lives(
        segments,
        python,
        f"""
guard = sb.guard().__enter__()
cut(len(whole) - 4096 * {pages})
broken(a)
assert a.sum() == 7 << 12
""",
    )


def test_t11_two_threads_fault_at_once(segments: Path, python: Start) -> None:
    lives(
        segments,
        python,
        """
begin, told = threading.Barrier(4), []
def read(n):
    begin.wait()
    try:
        with sb.guard():
            a[n * 512 : n * 512 + 512].sum()
    except sb.BrokenError:
        told.append(n)
with sb.guard():
    pass
cut()
threads = [threading.Thread(target=read, args=(n,)) for n in range(4)]
for t in threads:
    t.start()
for t in threads:
    t.join()
assert sorted(told) == [0, 1, 2, 3], told
broken(a)
""",
    )


def test_t12_other_handlers(segments: Path, python: Start) -> None:
    """Signals from outside are the program's own handler's."""
    lives(
        segments,
        python,
        """
heard = []
signal.signal(signal.SIGBUS, lambda number, frame: heard.append(number))
sb.guard()
os.kill(os.getpid(), signal.SIGBUS)
assert heard == [signal.SIGBUS]
cut()
raises(lambda: [a.sum(), [None for _ in range(1000)]])
assert len(heard) == 1
""",
    )


@pytest.mark.parametrize("handler", ["", "import faulthandler; faulthandler.enable(open(path + '.log', 'w'))"])
def test_t12_faults_elsewhere(handler: str, segments: Path, python: Start) -> None:
    """They end the process, as without the guard, and faulthandler says where."""
    lives(
        segments,
        python,
        f"""
import mmap
{handler}
sb.guard()
with open(path + ".foreign", "w+b") as f:
    f.truncate(4096)
    foreign = mmap.mmap(f.fileno(), 4096)
    f.truncate(0)
if {bool(handler)}:
    import atexit
foreign[0]
""",
        status=-7,
    )


def test_t12_faulthandler_says_where(segments: Path, python: Start, tmp_path: Path) -> None:
    child = python(
        HEAD
        + f"""
import faulthandler, mmap
log = open({str(tmp_path / "log")!r}, "w")
faulthandler.enable(log)
sb.guard()
with open({str(tmp_path / "foreign")!r}, "w+b") as f:
    f.truncate(4096)
    foreign = mmap.mmap(f.fileno(), 4096)
    f.truncate(0)
foreign[0]
"""
    )
    assert child.process.wait() == -7
    assert "Bus error" in (tmp_path / "log").read_text()


def test_without_the_guard_a_cut_file_ends_the_process(segments: Path, python: Start) -> None:
    lives(segments, python, "cut()\na.sum()", status=-7)


def test_a_block_raises_at_its_end(segments: Path, python: Start) -> None:
    """Outside of a block the main thread is not interrupted, unless guard() was called by itself."""
    lives(
        segments,
        python,
        """
def read():
    a.sum()
def elsewhere():
    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
with sb.guard():
    pass
cut()
elsewhere()
def block():
    with sb.guard():
        for i in range(8):
            a[512 * i : 512 * i + 512].sum()
a[:] = 0  # the pages are there by now
block()
assert raises(lambda: a.publish())
cut_again = sb.create("z", 1 << 12, "i8")
os.truncate(os.path.join(os.environ["SAMEBYTES_DIR"], "z"), 0)
def other():
    with sb.guard():
        elsewhere_thread = threading.Thread(target=cut_again.sum)
        elsewhere_thread.start()
        elsewhere_thread.join()
raises(other)
""",
    )


@contextmanager
def memory_group(limit: int) -> Iterator[Callable[[int], object]]:
    """A control group that may have so much memory; yields what puts a process into it."""
    root = Path("/sys/fs/cgroup")
    unified = (root / "cgroup.controllers").exists()
    group = (root if unified else root / "memory") / f"samebytes-test-{os.getpid()}"
    try:
        group.mkdir()
        (group / ("memory.max" if unified else "memory.limit_in_bytes")).write_text(str(limit))
    except OSError as error:
        if group.exists():
            group.rmdir()
        pytest.skip(f"no memory group can be made here: {error}")
    try:
        yield lambda pid: (group / "cgroup.procs").write_text(str(pid))
    finally:
        group.rmdir()


def test_t05_memory_of_the_group(small_segments: Mount, python: Start) -> None:
    """A process creates more than its control group may have, while it holds a lock: it is killed or gets an error, others go on."""
    directory = small_segments("size=1g")
    with memory_group(32 << 20) as confine:
        a = sb.create("x", 4, "i8")
        child = python("""
            a = sb.attach("x")
            a.lock.acquire()
            say("held")
            input()
            try:
                sb.create("large", 256 << 20, "i1")
            except OSError:
                os.kill(os.getpid(), 9)
        """)
        assert child.line() == "held"
        confine(child.process.pid)
        a[3] = 1
        child.say()
        assert child.process.wait() == -9
        with pytest.raises(sb.OwnerDiedError):
            a.lock.acquire()
        assert os.listdir(directory) == ["x"]


def test_d19_out_of_memory(segments: Path, python: Start) -> None:
    """The kernel kills the holder."""
    with memory_group(64 << 20) as confine:
        a = sb.create("x", 4, "i8")
        child = python("a = sb.attach('x'); a.lock.acquire(); say('held'); input(); np.ones(1 << 28, 'u1'); say('survived')")
        assert child.line() == "held"
        confine(child.process.pid)
        child.say()
        assert child.line() == "" and child.process.wait() == -9
        with pytest.raises(sb.OwnerDiedError):
            a.lock.acquire()
