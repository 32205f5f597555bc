"""close(), `with`, flush() and save()."""

import ctypes
import gc
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import samebytes as sb

# Where references are not all counted, as since CPython 3.14, plain views are not found, and the memory stays with the variable.
from samebytes._close import _COUNTED

counted = pytest.mark.skipif(not _COUNTED, reason="this interpreter does not count all references")


@pytest.fixture(autouse=True)
def cold(segments: Path) -> Iterator[None]:
    """What is let go is not kept mapped."""
    sb.warm(0)
    yield
    sb.warm(128 << 20)


def mapped(directory: Path) -> int:
    return Path("/proc/self/maps").read_text().count(str(directory))


@counted
def test_close(segments: Path) -> None:
    a = sb.create("x", (3, 4))
    a[:] = 5
    a.close()
    assert not mapped(segments) and sb.stat("x").participants == ()
    assert sb.attach("x").sum() == 60
    a.close()
    assert a.name is None and a.shape == (0,) and isinstance(a, sb.ndarray)
    assert repr(a) == str(a) == f"{a}" == "<closed array 'x'>"


def test_used_after_close(segments: Path) -> None:
    a = sb.create("x", (3, 4))
    a.close()
    uses: dict[str, Callable[[], Any]] = {
        "publish": a.publish, "wait": lambda: a.wait(0), "version": lambda: a.version, "lock": lambda: a.lock,
        "rlock": lambda: a.rlock, "snapshot": a.snapshot, "resize": lambda: a.resize(3), "append": lambda: a.append([1]),
        "refresh": a.refresh, "atomic": lambda: a.atomic, "changes": a.changes, "flush": a.flush, "handle": lambda: a.handle,
        "get": lambda: a[0],
        "set": lambda: a.__setitem__(0, 1), "iterate": lambda: list(a), "add": lambda: a + 1,
        "in place": lambda: a.__iadd__(1), "out": lambda: np.add(1, 2, out=a), "sum": lambda: np.sum(a),
        "method": lambda: a.sum(),
        "copy": lambda: a.copy(), "save": lambda: a.save("nowhere.npy"), "pickle": lambda: a.__reduce_ex__(5),
        "concatenate": lambda: np.concatenate([a, a]), "dlpack": lambda: np.from_dlpack(a),
    }  # fmt: skip
    for what, use in uses.items():
        with pytest.raises(sb.ClosedError, match="closed array 'x'"):
            pytest.fail(f"{what}: {use()}")
    assert not Path("nowhere.npy").exists() and np.asarray(a).shape == (0,)


@counted
@pytest.mark.parametrize(
    "look",
    [
        lambda a: a[1:], lambda a: a.T, lambda a: a[0][1:], lambda a: a.view(np.ndarray), np.asarray, memoryview, np.from_dlpack,
        lambda a: np.asarray(a)[1:], lambda a: memoryview(a)[1:], np.frombuffer, lambda a: a.reshape(-1), pickle.PickleBuffer,
        lambda a: np.broadcast_to(a, (2, 3, 4)), lambda a: a.flat, lambda a: sb.asarray(a)[:], lambda a: a.view("u1"),
        lambda a: np.lib.stride_tricks.as_strided(a, (2,), (8,)), lambda a: [a[0]], lambda a: {"plain": np.asarray(a)},
    ],
)  # fmt: skip
def test_views_keep_it_open(look: Callable[[Any], Any], segments: Path) -> None:
    a = sb.create("x", (3, 4))
    view = look(a)
    with pytest.raises(BufferError, match=r"x.*views"):
        a.close()
    with pytest.raises(BufferError), a:
        pass
    assert a.publish() == 1, "nothing was closed"
    del view
    gc.collect()
    a.close()
    assert not mapped(segments)


class Owner:
    def __init__(self, a: sb.ndarray) -> None:
        self.a = a


@counted
def test_variables_are_no_views(segments: Path) -> None:
    a = sb.create("x", (3, 4))
    other, items, owner = a, [a, {"a": (a,)}], Owner(a)

    def closure() -> Any:
        return a

    def generator() -> Iterator[Any]:
        mine = a
        yield mine

    running = generator()
    next(running)
    thread_has, go = threading.Event(), threading.Event()

    def hold(mine: sb.ndarray) -> None:
        thread_has.set()
        go.wait(60)

    thread = threading.Thread(target=hold, args=(a,))
    thread.start()
    thread_has.wait(60)
    a.close()
    go.set()
    thread.join()
    assert not mapped(segments)
    for found in (other, items[0], owner.a, closure(), next(iter([a]))):
        assert found is a and repr(found) == "<closed array 'x'>"
    running.close()


@counted
def test_close_keeps_nothing_else_alive(segments: Path) -> None:
    """It looks into variables, and has none of what is in them afterwards."""
    a, b = sb.create("x", 3), sb.create("y", 3)
    held = [a]
    a.close()
    assert mapped(segments) == 1
    del b
    assert mapped(segments) == 0 and held


def test_locals_stay_what_they_are(segments: Path) -> None:
    a, b = sb.create("x", 3), 5
    here = locals()
    held = [a]
    a.close()
    assert here["b"] == b and held


@counted
def test_other_openings_stay(segments: Path) -> None:
    a, b = sb.create("x", 3), sb.attach("x")
    a.close()
    b[1] = 5
    assert b.publish() == 1 and mapped(segments) == 1
    b.close()
    assert mapped(segments) == 0


@counted
def test_a_view_may_be_what_is_closed(segments: Path) -> None:
    v = sb.create("x", (3, 4))[1:, ::2]
    v.close()
    assert not mapped(segments) and repr(v) == "<closed array 'x'>"


@counted
def test_with(segments: Path) -> None:
    with sb.create(None, 3) as a, sb.create("x", 3) as b:
        assert isinstance(a, sb.ndarray) and len(list(segments.iterdir())) == 2
        b[:] = 1
    assert not mapped(segments) and [path.name for path in segments.iterdir()] == ["x"]
    with pytest.raises(KeyError), sb.attach("x") as b:
        raise KeyError
    assert not mapped(segments)


@counted
def test_received_arrays_close(segments: Path) -> None:
    a = sb.create("x", (3, 4))
    text = sb.to_json(a[1:])
    a.close()
    with sb.from_json(text) as b:
        b[0, 0] = 7
        view = b[0]
        with pytest.raises(BufferError):
            b.close()
        del view
    assert not mapped(segments) and sb.attach("x")[1, 0] == 7


def test_ordinary_memory_is_not_closed(segments: Path) -> None:
    a = sb.create("x", 3).copy()
    a.close()
    with a:
        a[:] = 5
    a.flush()
    assert a.sum() == 15


def test_never_unmapped_under_a_thread(segments: Path) -> None:
    """Threads that look while another closes find it open or closed."""
    stop, seen = threading.Event(), []
    shared = {"a": sb.create("x", 1000)}

    def look() -> None:
        while not stop.is_set():
            try:
                seen.append(float(np.asarray(shared["a"][10:20]).sum()))
            except sb.ClosedError:
                pass

    threads = [threading.Thread(target=look) for _ in range(2)]
    for thread in threads:
        thread.start()
    closed = 0
    while closed < 50:
        try:
            shared["a"].close()
            closed += 1
        except BufferError:
            continue
        shared["a"] = sb.attach("x")
    stop.set()
    for thread in threads:
        thread.join()
    assert set(seen) <= {0.0}


def test_flush(tmp_path: Path, segments: Path) -> None:
    a = sb.create_file(tmp_path / "disk.npy", (3, 4))
    a[:] = 5
    a.flush()
    assert np.load(tmp_path / "disk.npy").sum() == 60
    sb.create("x", 3).flush()
    sb.attach("x", "r").flush()
    np.save(tmp_path / "plain.npy", np.zeros(3))
    sb.attach_file(tmp_path / "plain.npy")[1:].flush()


@pytest.mark.parametrize("make", [lambda a: a, lambda a: a[1:, ::2], lambda a: a.T, lambda a: a[0, 0, ...], lambda a: a[3:]])
def test_save_writes_what_numpy_does(make: Callable[[Any], Any], tmp_path: Path, segments: Path) -> None:
    a = sb.create("x", (3, 4), "f4", capacity=10)
    a[:] = np.arange(12).reshape(3, 4)
    make(a).save(tmp_path / "saved")
    with (tmp_path / "numpy").open("wb") as file:
        np.save(file, np.asarray(make(a)))
    assert (tmp_path / "saved").read_bytes() == (tmp_path / "numpy").read_bytes()
    assert sorted(os.listdir(tmp_path)) == ["numpy", "saved"]


def test_save_names_the_path_that_fails(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as info:
        sb.zeros(3).save(tmp_path / "missing" / "x.npy")
    assert info.value.filename == str(tmp_path / "missing" / "x.npy")
    with pytest.raises(IsADirectoryError):
        sb.zeros(3).save(tmp_path)
    assert os.listdir(tmp_path) == []


def test_save_replaces_at_once(tmp_path: Path, segments: Path) -> None:
    path = tmp_path / "saved.npy"
    a = sb.create("x", 3)
    a.save(path)
    os.umask(umask := os.umask(0o77))
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask
    path.chmod(0o640)
    (tmp_path / "link").symlink_to(path)
    reader = np.load(path, mmap_mode="r")
    a[:] = 5
    a.save(str(tmp_path / "link"))
    assert reader.sum() == 0 and np.load(path).sum() == 15
    assert path.stat().st_mode & 0o777 == 0o640 and (tmp_path / "link").is_symlink()
    with pytest.raises(FileNotFoundError):
        a.save(tmp_path / "nowhere" / "saved.npy")
    with pytest.raises(IsADirectoryError):
        a.save(segments)
    assert sorted(os.listdir(tmp_path)) == ["link", "saved.npy"]


def test_killed_while_saving(tmp_path: Path, python: Callable[[str], Any]) -> None:
    path = tmp_path / "saved.npy"
    program = python(f"""
        a = sb.create("x", 1 << 20)
        a.save({str(path)!r})
        say("saved")
        while True:
            a += 1
            a.save({str(path)!r})
    """)
    assert program.line() == "saved"
    for _ in range(20):
        assert len(np.unique(np.load(path))) == 1
    program.kill()
    assert len(np.unique(np.load(path))) == 1


def test_interpreter_ends_clean(segments: Path) -> None:
    code = """if True:
        import numpy as np, samebytes as sb
        a, b, c = sb.create("x", 3), sb.zeros(4), sb.ones((2, 2))
        view, plain, memory = a[1:], np.asarray(b), memoryview(c)
        a.lock, b.rlock, sb.to_json(b)
        held = [a, b, c]
        held.append(held)
    """
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", code], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(os.listdir(segments)) == [".samebytes", "x"]


def by_interface(a: sb.ndarray) -> Any:
    class Holder:
        def __init__(self) -> None:
            self.__array_interface__ = a.__array_interface__
            self.array = a

    return np.asarray(Holder())


@pytest.mark.parametrize(
    "look",
    [
        np.ctypeslib.as_ctypes,
        lambda a: a.ctypes,
        lambda a: a.ctypes.data_as(ctypes.POINTER(ctypes.c_double)),
        lambda a: np.ctypeslib.as_array(a.ctypes.data_as(ctypes.POINTER(ctypes.c_double)), (16,)),
        by_interface,
    ],
)
def test_addresses_keep_it_open(look: Callable[[Any], Any], segments: Path) -> None:
    a = sb.zeros((4, 4))
    view = look(a)
    with pytest.raises(BufferError, match="views"):
        a.close()
    assert a.shape == (4, 4)
    del view
    gc.collect()
    a.close()


def test_what_happened_matters_more(segments: Path) -> None:
    def work(part: Any) -> None:
        raise RuntimeError("the cause")

    with pytest.raises(RuntimeError, match="cause"), sb.zeros(4) as a:
        work(a[1:])


def test_what_a_closed_array_refuses(segments: Path, tmp_path: Path) -> None:
    a = sb.zeros(4)
    a.close()
    for use in (a.tolist, a.tobytes, a.sort, a.mean, a.item, a.ravel, lambda: len(a), lambda: bytes(a), lambda: a.fill(3)):
        with pytest.raises(sb.ClosedError):
            use()
    for use in (lambda: a.tofile(tmp_path / "x"), lambda: sb.to_json(a), lambda: a.astype(int), lambda: bool(a)):
        with pytest.raises(sb.ClosedError):
            use()
    assert not (tmp_path / "x").exists()
