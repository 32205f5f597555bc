"""Temporary segments, what stat says of participants and locks, and mappings that are kept warm."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import samebytes as sb

Start = Callable[[str], Any]


def names(directory: Path) -> list[str]:
    return sorted(os.listdir(directory))


def mapped(directory: Path) -> set[str]:
    lines = Path("/proc/self/maps").read_text().splitlines()
    return {line.rsplit("/", 1)[1] for line in lines if str(directory) in line}


def test_goes_with_its_last_array(segments: Path) -> None:
    a = sb.create(None, 3)
    assert a.name is not None and names(segments) == [a.name] and len(a.name) == 21 and a.name[0] == "_"
    assert sb.stat(a.name).temporary and sb.stat(a.name).mode == 0o600
    b = sb.attach(a.name)[1:]
    del a
    assert len(names(segments)) == 1
    del b
    assert names(segments) == []


def test_stays_while_others_have_it(segments: Path, python: Start) -> None:
    a = sb.create(None, 3)
    name = a.name
    assert name is not None
    a[1] = 5
    child = python(f"a = sb.attach({name!r}); say(a[1]); input()")
    assert child.line() == "5.0"
    del a
    assert names(segments) == [name] and sb.gc() == []
    child.kill()
    dead = sb.gc(dry_run=True)
    assert [d.name for d in dead] == [name] == names(segments)
    assert [d.name for d in sb.gc()] == [name] and names(segments) == []


def test_ends_with_the_program(segments: Path, python: Start) -> None:
    child = python("a = sb.create(None, 3); say(a.name)")
    assert child.line().startswith("_")
    child.process.wait()
    assert names(segments) == []


def test_what_the_killed_left_goes_with_the_next(segments: Path, python: Start) -> None:
    child = python("a = sb.create(None, 3); sb.create('named', 3); say(a.name); input()")
    name = child.line()
    child.kill()
    assert names(segments) == sorted([name, "named"])
    other = python("a = sb.create(None, 3); say(len(os.listdir(os.environ['SAMEBYTES_DIR'])))")
    assert other.line() == "2"  # the dead one is collected; its own and the named are there
    other.process.wait()
    assert names(segments) == ["named"]


def test_a_forked_child_does_not_delete(segments: Path) -> None:
    a = sb.create(None, 3)
    child = os.fork()
    if child == 0:
        del a
        os._exit(0)
    os.waitpid(child, 0)
    assert names(segments) == [a.name]


def test_gc_leaves_the_named_and_the_foreign(segments: Path) -> None:
    sb.create("x", 3)
    (segments / "text").write_bytes(b"no array")
    assert sb.gc() == [] and names(segments) == ["text", "x"]
    (segments / "text").unlink()


def test_a_name_that_another_file_has_by_now_stays(segments: Path) -> None:
    a = sb.create(None, 3)
    name = a.name
    assert name is not None
    sb.delete(name)
    sb.create(name, 4)
    del a
    assert sb.attach(name).shape == (4,)


def test_stat_tells_who_holds(segments: Path, python: Start) -> None:
    a = sb.create("x", (4, 3))
    child = python("a = sb.attach('x'); a.rlock[1:3].acquire(); say(os.getpid()); input()")
    pid = int(child.line())
    with a.rlock:
        info = sb.stat("x")
    assert (info.kind, info.slots, info.temporary, info.plain) == ("array", 64, False, False)
    me, other = info.participants
    assert (me.row, me.pid, me.language, me.alive) == (0, os.getpid(), "python", True)
    assert (other.row, other.pid, other.alive) == (1, pid, True)
    assert abs(other.joined - info.created) < 3600 and other.host
    assert [lock.box for lock in sorted(info.locks, key=lambda lock: -lock.row)] == [
        (slice(1, 3), slice(0, 3)),
        (slice(0, 4), slice(0, 3)),
    ]
    assert all(lock.state == "shared" and lock.alive for lock in info.locks)
    child.kill()
    assert [(lock.row, lock.alive) for lock in sb.stat("x").locks] == [(1, False)]
    assert [p.alive for p in sb.stat("x").participants] == [True, False]


def test_kept_warm(segments: Path) -> None:
    a = sb.create("x", 3)
    a[0] = 5
    del a
    assert mapped(segments) == {"x"} and len(sb.stat("x").participants) == 1
    assert sb.attach("x")[0] == 5
    sb.delete("x")
    assert mapped(segments) == set()
    for i in range(40):
        sb.create(f"y{i}", 3)
    assert len(mapped(segments)) == 32
    sb.warm(0)
    assert mapped(segments) == set()
    sb.create("z", 3)
    assert mapped(segments) == set()
    with pytest.raises(ValueError):
        sb.warm(-1)
    with pytest.raises(TypeError):
        sb.warm(1.5)  # type: ignore[arg-type]


def test_warm_forgets_the_oldest(segments: Path) -> None:
    size = sb.create("x", 3).nbytes and sb.stat("x").size
    sb.warm(2 * size)
    for name in "yzy":
        sb.create(name, 3) if name not in names(segments) else sb.attach(name)
    assert mapped(segments) == {"y", "z"}
    sb.attach("x")
    assert mapped(segments) == {"x", "y"}


def test_another_array_in_a_warm_file(segments: Path) -> None:
    sb.create("x", 4, "i8")
    whole = (segments / "x").read_bytes()
    head = whole.replace(b"'<i8'", b"'<u8'", 1)
    with (segments / "x").open("r+b") as f:
        f.write(head)
    assert sb.attach("x").dtype == "u8"


def test_held_locks_are_not_kept(segments: Path) -> None:
    sb.create("x", 4).lock[1].acquire()
    assert mapped(segments) == set()
    with pytest.raises(sb.OwnerDiedError):
        sb.attach("x").lock.acquire()


@pytest.mark.parametrize("options", ["size=64m", "size=64m,huge=advise"])
def test_huge(options: str, small_segments: Callable[[str], Path]) -> None:
    directory = small_segments(options)
    a = sb.create("x", 1 << 22, "u1", huge=True)
    a[:] = 1
    assert (directory / "x").stat().st_blocks * 512 >= a.nbytes
    with pytest.raises(sb.NoSpaceError):
        sb.create("y", 1 << 27, "u1", huge=True)
    assert names(directory) == ["x"]
