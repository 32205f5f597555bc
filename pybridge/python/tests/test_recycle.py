"""Memory of temporary segments that is used again: by nobody who could tell, and never under somebody's eyes."""

import gc
import os
import resource
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import samebytes as sb

Start = Callable[[str], Any]
Mount = Callable[[str], Path]

N = 1 << 16  # elements: more than is not worth it


@pytest.fixture
def directory(segments: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory whose file system does not give a deleted file's inode number to the next."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        monkeypatch.setenv("SAMEBYTES_DIR", name)
        yield Path(name)
        gc.collect()
        sb.warm(0)
        sb.warm(128 << 20)


def names(directory: Path) -> list[str]:
    return sorted(os.listdir(directory))


def spares(directory: Path) -> list[str]:
    return [name for name in names(directory) if name.startswith(".samebytes-spare-")]


def inode(directory: Path, array: sb.ndarray) -> int:
    return os.stat(directory / str(array.name)).st_ino


def test_the_next_of_that_size_has_the_memory(directory: Path) -> None:
    a = sb.create(None, (N, 2), "i4")
    a[:] = 7
    first, name, ino, version = sb.stat(a.name), a.name, inode(directory, a), a.publish()
    del a
    assert len(spares(directory)) == 1 == len(names(directory)) and sb.list() == [] and version == 1
    with pytest.raises(sb.NotExistError):
        sb.attach(name)
    b = sb.create(None, N, "f8")
    assert names(directory) == [b.name] and inode(directory, b) == ino
    assert b.shape == (N,) and b.dtype == "f8" and not b.any() and b.version == 0 and b.name != name
    second = sb.stat(b.name)
    assert second.temporary and second.created >= first.created and len(second.participants) == 1
    b[:] = 1.5
    assert np.array_equal(np.load(directory / str(b.name)), b)
    with b.lock[3:]:
        assert [lock.state for lock in sb.stat(b.name).locks] == ["exclusive"]


def test_another_number_of_axes_moves_the_tables(directory: Path) -> None:
    rows = 4 * N
    a = sb.create(None, (rows, 1, 1, 1, 1, 1, 1, 1), "i1", slots=256)
    a[:] = 1
    ino, size = inode(directory, a), os.stat(directory / str(a.name)).st_size
    del a
    sizes = []
    while not sizes or sizes[-1] < size:  # one axis needs smaller tables, which leaves room for elements
        rows += 4096
        b = sb.create(None, rows, "i1", slots=256)
        sizes.append(os.stat(directory / str(b.name)).st_size)
    assert sizes[-1] == size and len(sizes) > 2 and inode(directory, b) == ino and not b.any()
    b[:] = 2
    assert sb.attach(str(b.name)).sum(dtype=int) == 2 * b.size


def test_a_reader_keeps_its_bytes(directory: Path, python: Start) -> None:
    a = sb.create(None, N)
    a[:] = 3
    mine = sb.attach(str(a.name), mode="r")
    child = python(f"a = np.load({str(directory / str(a.name))!r}, mmap_mode='r'); say(a[5]); input(); say(a.min(), a.max())")
    assert child.line() == "3.0"
    ino = inode(directory, a)
    del a
    b = sb.create(None, N)
    b[:] = 4
    assert inode(directory, b) != ino and mine.min() == 3 == mine.max()
    child.say()
    assert child.line() == "3.0 3.0" and names(directory) == [b.name]


@pytest.mark.parametrize("descriptors", [True, False])
def test_a_forked_child_keeps_its_bytes(directory: Path, descriptors: bool) -> None:
    a = sb.create(None, N)
    a[:] = 3
    says, ends = os.pipe(), os.pipe()
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    if not descriptors:  # then the child is nowhere to be seen: it has the memory alone
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, limits[1]))
    child = os.fork()
    if child == 0:
        os.write(says[1], b"x")
        os.read(ends[0], 1)
        os.write(says[1], b"%d %d" % (a.min(), a.max()))
        os._exit(0)
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    os.read(says[0], 1)
    ino = inode(directory, a)
    del a
    b = sb.create(None, N)
    b[:] = 4
    os.write(ends[1], b"x")
    assert os.read(says[0], 100) == b"3 3" and inode(directory, b) != ino
    os.waitpid(child, 0)
    for fd in (*says, *ends):
        os.close(fd)


def test_spare_memory_at_a_fork_is_nobodys(directory: Path) -> None:
    a = sb.create(None, N)
    ino = inode(directory, a)
    del a
    child = os.fork()
    if child == 0:
        a = sb.create(None, N)
        a[:] = 5
        found = inode(directory, a) == ino
        del a
        os._exit(found)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert len(names(directory)) == 1  # the parent's: a child that may end at any moment keeps nothing
    b = sb.create(None, N)
    assert inode(directory, b) != ino and not b.any() and names(directory) == [b.name]


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_what_children_of_multiprocessing_keep_goes_with_them(directory: Path, method: str, python: Start) -> None:
    pool = python(f"""
        import multiprocessing, threading
        if __name__ == "__main__":
            context = multiprocessing.get_context({method!r})
            for _ in range(3):
                child = context.Process(target=eval, args=("[__import__('samebytes').create(None, {N}).any() for _ in range(3)]",))
                child.start()
                child.join()
                assert child.exitcode == 0
            say("ended")
    """)
    assert pool.line() == "ended"
    assert names(directory) == []


def test_another_mode_is_not_kept(directory: Path) -> None:
    a = sb.create(None, N)
    ino = inode(directory, a)
    os.chmod(directory / str(a.name), 0o666)
    del a
    b = sb.create(None, N)
    assert inode(directory, b) == ino and sb.stat(str(b.name)).mode == 0o600


def test_what_others_use_is_not_spare(directory: Path, python: Start) -> None:
    a = sb.create(None, N)
    name = a.name
    child = python(f"a = sb.attach({name!r}); say(); input(); a[0] = 1; say(a[0])")
    child.line()
    del a
    assert names(directory) == [name]
    b = sb.create(None, N)
    child.say()
    assert child.line() == "1.0" and b[0] == 0


def test_a_lock_keeps_its_segment(directory: Path) -> None:
    a = sb.create(None, N)
    lock, name = a.lock, a.name
    del a
    assert names(directory) == [name]
    with lock:
        pass
    del lock
    assert len(spares(directory)) == 1


def test_a_killed_process_leaves_nothing_for_long(directory: Path, python: Start) -> None:
    child = python(f"a = sb.create(None, {N}); del a; say(); input()")
    child.line()
    (spare,) = spares(directory)
    assert sb.gc() == [] and names(directory) == [spare]  # its process lives
    child.kill()
    (info,) = sb.gc(dry_run=True)
    assert (info.name, info.kind, info.temporary, info.nbytes) == (spare, "spare", True, info.size) and info.size > 8 * N
    assert names(directory) == [spare]
    assert sb.gc() == [info] and names(directory) == []


def test_making_one_collects_what_others_kept(directory: Path, python: Start) -> None:
    sb.create(None, 2)  # which collects for the first time
    child = python(f"a = sb.create(None, {N}); del a; say(); input()")
    child.line()
    child.kill()
    a = sb.create(None, 2 * N)
    assert names(directory) == [a.name]


def test_who_looks_for_what_the_killed_left_harms_nobody(directory: Path, python: Start) -> None:
    looks = python("""
        looks = 0
        say()
        while not os.path.exists(os.environ["SAMEBYTES_DIR"] + "/enough"):
            sb.gc()
            looks += 1
        say(looks)
    """)
    looks.line()
    made = python(f"""
        for round in range(1000):
            a = sb.create(None, {N})
            assert a[0] == 0 == a[-1]
            a[0] = a[-1] = 1
            del a
        say("made")
    """)
    assert made.line() == "made"
    (directory / "enough").touch()
    assert int(looks.line()) > 10


def test_what_is_over_the_limit_goes(directory: Path) -> None:
    for limit, kept in ((0, 0), (1 << 20, 1), (64 << 20, 2)):
        sb.warm(limit)
        arrays = [sb.create(None, N), sb.create(None, N)]
        del arrays
        assert len(names(directory)) == kept
    sb.warm(0)
    assert names(directory) == []


def test_spare_memory_makes_room(small_segments: Mount) -> None:
    directory = small_segments("size=4m")
    a = sb.create(None, 3 << 20, "i1")
    del a
    assert len(spares(directory)) == 1
    b = sb.create("x", 3 << 20, "i1")
    assert names(directory) == ["x"] and not b.any()


def test_what_the_killed_left_makes_room(small_segments: Mount, python: Start) -> None:
    directory = small_segments("size=4m")
    for left in ("a = sb.create(None, 3 << 20, 'i1')", "a = sb.create(None, 3 << 20, 'i1'); del a"):
        child = python(left + "; say(); input()")
        child.line()
        child.kill()
        assert len(names(directory)) == 1
        b = sb.create("x", 3 << 20, "i1")
        assert names(directory) == ["x"]
        del b
        sb.delete("x")


def test_what_somebody_did_to_the_file_is_seen(directory: Path) -> None:
    for harm in (os.unlink, lambda path: os.truncate(path, 0), lambda path: os.link(path, directory / "other")):
        a = sb.create(None, N)
        ino, path = inode(directory, a), directory / str(a.name)
        del a
        harm(directory / spares(directory)[0])
        b = sb.create(None, N)
        b[:] = 1
        assert (b.sum(), sb.stat(str(b.name)).shape) == (N, (N,)) and not path.exists()
        del b
        sb.warm(0)
        sb.warm(128 << 20)
    assert (directory / "other").stat().st_ino == ino and sb.stat("other").temporary


def test_exit_leaves_nothing(directory: Path, python: Start) -> None:
    child = python(f"a = sb.create(None, {N}); del a; b = sb.create(None, {N}); c = sb.create(None, 2 * {N}); say()")
    child.line()
    child.process.wait()
    assert names(directory) == []
