"""The faults of names and permissions, of docs/reference/faults.md."""

import multiprocessing
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import samebytes as sb

Start = Callable[[str], Any]
OTHER_USER = 65534


def refused(error: type[sb.Error], trust: bool = False) -> None:
    for mode in ("r+", "r"):
        with pytest.raises(error):
            sb.attach("x", mode, trust=trust)


def test_s01_symlink(segments: Path) -> None:
    sb.create("y", 4)
    (segments / "x").symlink_to(segments / "y")
    refused(sb.AccessError)
    refused(sb.AccessError, trust=True)
    with pytest.raises(sb.ExistError):
        sb.create("x", 4)
    sb.delete("x")
    assert sb.attach("y").shape == (4,)


def test_s02_not_regular(segments: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = segments / "x"

    def bind() -> None:
        with monkeypatch.context() as here, socket.socket(socket.AF_UNIX) as s:
            here.chdir(segments)  # a socket's path has at most 107 bytes
            s.bind("x")

    kinds: list[Callable[[], object]] = [lambda: os.mkfifo(path), path.mkdir, bind]
    if os.geteuid() == 0:
        kinds.append(lambda: os.mknod(path, 0o020600, os.makedev(1, 5)))
    for make in kinds:
        make()
        refused(sb.AccessError)
        with pytest.raises(sb.AccessError):
            sb.stat("x")
        with pytest.raises(sb.ExistError):
            sb.create("x", 4)
        path.rmdir() if path.is_dir() else path.unlink()


# A program of another user, which looks at x.
LOOK = f"""
os.setgid({OTHER_USER}), os.setuid({OTHER_USER})
def look(**how):
    try:
        return sb.attach("x", **how)[1]
    except sb.AccessError as error:
        return "refused"
"""


def test_s03_foreign_owner(open_segments: Path, python: Start) -> None:
    sb.create("x", 4, "i8", mode=0o666)[1] = 7
    child = python(
        LOOK + "say(look(), look(mode='r'), look(trust=True), look(mode='r', trust=True), look(), sb.stat('x').shape)"
    )
    assert child.line() == "refused refused 7 7 refused (4,)"
    os.chown(open_segments / "x", OTHER_USER, OTHER_USER)
    refused(sb.AccessError)
    assert sb.attach("x", trust=True)[1] == 7
    assert [info.name for info in sb.list()] == ["x"]


def test_s04_world_writable(segments: Path) -> None:
    a = sb.create("x", 4)
    for mode, ok in ((0o600, True), (0o660, True), (0o644, True), (0o602, False), (0o666, False)):
        os.chmod(segments / "x", mode)
        if ok:
            sb.attach("x")
        else:
            refused(sb.AccessError)
        sb.attach("x", trust=True)
        sb.attach_file(segments / "x")
    with a.lock:  # what was open stays so
        pass


def test_s05_hard_link(segments: Path) -> None:
    sb.create("x", 4)
    (segments / "also").hardlink_to(segments / "x")
    refused(sb.AccessError)
    refused(sb.AccessError, trust=True)
    (segments / "also").unlink()


def test_s06_bad_names(segments: Path) -> None:
    names: list[Any] = [
        "",
        ".",
        "..",
        "../x",
        "a/b",
        "/x",
        "x\0",
        "\0",
        "n" * 300,
        "n" * 201,
        ".x",
        "-x",
        "x y",
        "ä",
        "x\n",
        5,
    ]
    for name in names:
        for call in (lambda n: sb.create(n, 4), sb.attach, sb.stat, sb.delete):
            with pytest.raises(sb.BadNameError):
                call(name)
    assert os.listdir(segments) == []
    sb.create("n" * 200, 4)


def race(turns: sb.ndarray, me: int, rounds: int) -> None:
    """Creates x in each round at once with another process. Who loses finds the winner's whole array."""
    sb.warm(0)
    for turn in range(1, 2 * rounds, 2):

        def meet(turn: int) -> None:
            turns.atomic.store(me, turn)
            while turns.atomic.load(1 - me) < turn:
                os.sched_yield()

        meet(turn)
        won = True
        try:
            a = sb.create("x", 4, slots=1)
        except sb.ExistError:
            won, a = False, sb.attach("x", "r")
        assert a.shape == (4,) and not a.any()
        turns.atomic.add(2 + me, int(won))
        meet(turn + 1)
        del a
        if won:
            sb.delete("x")


def test_s07_creators_race(small_segments: Callable[[str], Path]) -> None:
    small_segments("size=64m")
    turns, rounds = sb.create("turns", 4, "i8"), 2000
    child = multiprocessing.get_context("fork").Process(target=race, args=(turns, 1, rounds), daemon=True)
    child.start()
    try:
        race(turns, 0, rounds)
        child.join()
        assert child.exitcode == 0
    finally:
        child.kill()
        child.join()
    sb.warm(128 << 20)
    assert turns[2] + turns[3] == rounds


def test_s08_open_while_created_and_deleted(segments: Path, python: Start) -> None:
    child = python("""
        say("ready")
        while True:
            for i in range(4):
                sb.create(f"n{i}", (64, 64))
                sb.delete(f"n{i}")
    """)
    child.line()
    whole = none = rounds = 0
    while rounds < 1000 or not whole or not none:
        rounds += 1
        try:
            assert sb.attach(f"n{rounds % 4}").shape == (64, 64)
            whole += 1
        except sb.NotExistError:
            none += 1
    child.kill()


REPORT = """
a = sb.attach("x")
version = a.version
say("ready")
while True:
    version = a.wait(version)
    say(int(a[0]))
"""


def test_s09_deleted_while_used(segments: Path, python: Start) -> None:
    old = sb.create("x", 4)
    first = python(REPORT)
    first.line()
    sb.delete("x")
    young = sb.create("x", 4)
    second = python(REPORT)
    second.line()
    for i in range(3):
        young[0], old[0] = 20 + i, 10 + i
        young.publish(), old.publish()
        assert (first.line(), second.line()) == (str(10 + i), str(20 + i))
    with old.lock, young.lock:
        pass


def test_s10_umask(segments: Path) -> None:
    before = os.umask(0)
    try:
        kept = [sb.create("x", 4), sb.create(None, 4), sb.create_file(segments / "file", 4)]
    finally:
        os.umask(before)
    assert {entry.stat().st_mode & 0o777 for entry in segments.iterdir()} == {0o600}
    assert len(kept) == len(os.listdir(segments))


def test_s11_read_only_peer(open_segments: Path, python: Start) -> None:
    """A user reads who may not write: it takes no slot, and cannot lock."""
    a = sb.create("x", 4, "i8", mode=0o644, slots=1)
    a[1] = 7
    child = python(
        LOOK
        + """
say(look(trust=True), look(mode="r"), look(mode="r", trust=True))
a = sb.attach("x", "r", trust=True)
for call in (lambda: a.lock, a.publish, lambda: a.append([1])):
    try:
        call()
    except sb.ReadOnlyError:
        say("read-only")
say(a.wait(0), a[1], a.snapshot()[1])
"""
    )
    assert [child.line() for _ in range(4)] == ["refused refused 7", *["read-only"] * 3]
    assert len(sb.stat("x").participants) == 1
    a[1] = 8
    a.publish()
    assert child.line() == "1 8 8"


def test_s12_other_namespaces(segments: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may make namespaces")
    a = sb.create("x", 4)
    program = "import samebytes as sb; a = sb.attach('x'); print(a.lock.acquire(), flush=True); input()"
    child = subprocess.Popen(
        ["unshare", "--pid", "--fork", "--kill-child", "--user", "--map-root-user", sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert child.stdout is not None and child.stdout.readline() == "True\n"
        assert not a.lock.acquire(timeout=0.05)
    finally:
        child.kill()
        child.communicate()
    with pytest.raises(sb.OwnerDiedError):
        a.lock.acquire()


def test_s13_peers_exit(segments: Path, python: Start) -> None:
    """Programs that have the segment open end in every way, with a resource tracker too: the name stays."""
    sb.create("x", 4)
    for how in ("", "del a", "os._exit(0)", "os.kill(os.getpid(), 9)"):
        python(f"from multiprocessing import resource_tracker, shared_memory; a = sb.attach('x')\n{how}").process.wait()
    assert sb.attach("x").shape == (4,)


def test_s14_name_removed(segments: Path, python: Start) -> None:
    a = sb.create("x", 4)
    child = python(REPORT)
    child.line()
    (segments / "x").unlink()
    for call in (sb.attach, sb.delete, sb.stat):
        with pytest.raises(sb.NotExistError, match="'x'"):
            call("x")
    with a.lock:
        a[0] = 5
    a.publish()
    assert child.line() == "5"
    del a
    with pytest.raises(sb.NotExistError):
        sb.attach("x")


def test_threads_race_to_attach_what_is_warm(segments: Path) -> None:
    sb.create("x", 4)
    errors: list[BaseException] = []

    def use() -> None:
        try:
            for _ in range(500):
                with sb.attach("x").lock:
                    pass
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors and len(sb.stat("x").participants) == 1
