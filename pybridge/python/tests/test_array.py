"""sb.ndarray: making, opening, sharing and letting go."""

import gc
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import numpy as np
import pytest

import samebytes as sb

FUTEX = {"202", "98"}  # the system call's number on amd64 and arm64


def maps(of: Path) -> list[str]:
    return [line for line in Path("/proc/self/maps").read_text().splitlines() if str(of) in line]


def test_create_and_attach_share_bytes(segments: Path) -> None:
    a = sb.create("x", (3, 4))
    b = sb.attach("x")
    assert isinstance(b, sb.ndarray) and isinstance(b, np.ndarray)
    a[2, 3] = 7
    assert b[2, 3] == 7 and not b[:2].any()
    assert len(maps(segments)) == 1
    assert (a.name, a[1:, ::2].name, a.T.name) == ("x", "x", "x")


def test_segment_of_ordinary_memory(segments: Path) -> None:
    a = sb.create("x", (3,))
    copy = a.copy()
    assert copy.name is None and copy.version == 0
    with pytest.raises(sb.NoControlError, match="ordinary memory"):
        copy.publish()
    with pytest.raises(sb.NoControlError, match="ordinary memory"):
        copy.wait(0)


def test_results_are_what_plain_arrays_give(segments: Path) -> None:
    a = sb.create("x", (2, 3))
    a += 1
    assert type(a) is sb.ndarray
    plain = np.ones((2, 3))
    results = [
        lambda x: x.sum(), lambda x: x.max(), lambda x: x.mean(), lambda x: np.sqrt(x), lambda x: x + 1, lambda x: 1 - x,
        lambda x: x.sum(axis=0), lambda x: x @ x.T, lambda x: x == 1, lambda x: np.add(x, 1), lambda x: x[0, 0],
        lambda x: np.add.reduce(x, axis=None), lambda x: x.std(), lambda x: x.argmax(), lambda x: np.linalg.norm(x),
        lambda x: np.divmod(x, 2)[0], lambda x: np.linalg.inv(x[:, :2] + np.eye(2)),
    ]  # fmt: skip
    for result in results:
        assert type(result(a)) is type(result(plain))
        np.testing.assert_array_equal(result(a), result(plain))
    assert type(np.add(plain, 1, out=a)) is sb.ndarray and (sb.attach("x") == 2).all()
    view = a[1]
    view *= 3
    assert type(view) is sb.ndarray and sb.attach("x")[1, 2] == 6


def test_views_keep_the_mapping(segments: Path) -> None:
    view = np.lib.stride_tricks.as_strided(sb.create("x", (10,))[2:5], (3,), (8,), subok=True)
    gc.collect()
    assert len(maps(segments)) == 1
    view[0] = 5
    assert view.name == "x"  # type: ignore[attr-defined]
    assert sb.attach("x")[2] == 5
    del view
    gc.collect()
    sb.warm(0)
    assert not maps(segments)


@pytest.mark.parametrize(
    "dtype", ["?", "f2", "M8[ns]", "S5", "U3", "c16", ">f8", [("a", "i1"), ("b", "f8", (2,))], ("i4", (2,))]
)
@pytest.mark.parametrize("order", ["C", "F"])
def test_dtypes_of_numpy(dtype: object, order: str, segments: Path) -> None:
    a = sb.create("x", (2, 3), dtype, order)  # type: ignore[arg-type]
    expected = np.zeros((2, 3), dtype, order)  # type: ignore[call-overload]
    assert (a.dtype, a.shape, a.strides) == (expected.dtype, expected.shape, expected.strides)
    loaded = np.load(segments / "x", mmap_mode="r")
    assert (loaded.dtype, loaded.shape, loaded.strides) == (a.dtype, a.shape, a.strides)
    assert sb.stat("x").dtype == a.dtype


def test_a_field_name_that_is_not_latin1(segments: Path) -> None:
    a = sb.create("x", 2, [("цена", "f8")])
    a["цена"] = 3
    assert np.load(segments / "x")["цена"].tolist() == [3, 3]


def test_a_header_larger_than_a_page(segments: Path) -> None:
    a = sb.create("x", 2, [(f"field{i}", "f4") for i in range(250)])
    a["field249"] = 4
    assert np.load(segments / "x", mmap_mode="r")["field249"].tolist() == [4, 4]
    with pytest.raises(sb.DTypeError, match="10000"):
        sb.create("y", 2, [(f"field{i}", "f4") for i in range(2000)])


def test_no_elements_larger_than_the_file(segments: Path) -> None:
    path = segments / "x"
    with path.open("wb") as file:
        np.save(file, np.zeros((0, 3), "S100000"))
    assert sb.attach("x").shape == (0, 3)


def test_shapes_that_are_not(segments: Path) -> None:
    for shape in ("3", 3.0, (3, "4"), None):
        with pytest.raises(sb.ShapeError):
            sb.create("x", shape)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="order"):
        sb.create("x", 3, order="K")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="mode"):
        sb.attach("x", "w")  # type: ignore[arg-type]
    with pytest.raises(sb.BadNameError):
        sb.attach(7)  # type: ignore[arg-type]
    assert list(segments.iterdir()) == []


def test_no_elements_of_a_large_dtype(segments: Path) -> None:
    assert sb.create("x", (0,), "S100000").shape == sb.attach("x").shape == (0,)


def test_arguments_of_create(segments: Path) -> None:
    with pytest.raises(sb.DTypeError, match="nosuch"):
        sb.create("x", 3, "nosuch")
    with pytest.raises(sb.DTypeError, match="nosuch"):
        sb.attach("x", dtype="nosuch")
    for mode in (-1, 0o4755):
        with pytest.raises(ValueError, match="0o777"):
            sb.create("x", 3, mode=mode)
    assert sb.list() == []


def test_name_is_that_of_the_last_opening(segments: Path) -> None:
    sb.create("x", 3)
    f = sb.attach_file(segments / "x")
    assert f.name is None
    assert sb.attach("x").name == "x"
    (segments / "x").rename(segments / "y")
    assert sb.attach("y").name == "y"


def test_list_of_no_directory(segments: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMEBYTES_DIR", str(segments / "gone"))
    with pytest.raises(sb.NotExistError, match="gone"):
        sb.list()


def test_read_only(segments: Path) -> None:
    a = sb.create("x", 3)
    r = sb.attach("x", "r")
    a[1] = 5
    assert r[1] == 5
    with pytest.raises(ValueError, match="read-only"):
        r[1] = 6
    with pytest.raises(ValueError):
        r.flags.writeable = True


def test_mode_whatever_the_umask(segments: Path) -> None:
    old = os.umask(0o777)
    try:
        sb.create("x", 3)
        sb.create("y", 3, mode=0o640)
    finally:
        os.umask(old)
    assert [(segments / n).stat().st_mode & 0o777 for n in "xy"] == [0o600, 0o640]


def test_deleted_goes_on(segments: Path) -> None:
    old = sb.create("x", 3)
    old[0] = 1
    sb.delete("x")
    young = sb.create("x", 3)
    young[0] = 2
    assert (old[0], young[0], sb.attach("x")[0]) == (1, 2, 2)
    assert len(maps(segments)) == 2


def test_files_by_path(tmp_path: Path, segments: Path) -> None:
    path = tmp_path / "on disk.npy"
    a = sb.create_file(path, (2, 2), "i4")
    a[1, 1] = -9
    b = sb.attach_file(str(path))
    assert b[1, 1] == -9 and b.name is None and b.publish() == 1 == a.version
    with pytest.raises(sb.ExistError):
        sb.create_file(path, 3)
    link = tmp_path / "link.npy"
    link.symlink_to(path)
    with pytest.raises(sb.AccessError, match="symbolic link"):
        sb.attach_file(link)
    with pytest.raises(sb.NotExistError, match="nowhere"):
        sb.attach_file(tmp_path / "nowhere.npy")


def test_what_np_save_wrote(tmp_path: Path) -> None:
    path = tmp_path / "plain.npy"
    for array in (np.arange(12.0).reshape(3, 4), np.asfortranarray(np.arange(6).reshape(2, 3)), np.array(5)):
        np.save(path, array)
        a = sb.attach_file(path)
        np.testing.assert_array_equal(a, array)
        assert a.strides == array.strides
        a[...] = 1
        del a
        assert (np.load(path) == 1).all()


def test_a_plain_file_replaced_while_mapped(tmp_path: Path) -> None:
    path = tmp_path / "plain.npy"
    np.save(path, np.zeros(4))
    a = sb.attach_file(path)
    with open(path, "r+b") as f:
        np.save(f, np.zeros(4, "i8"))
    with pytest.raises(sb.BrokenError, match="replaced"):
        sb.attach_file(path)
    del a
    assert sb.attach_file(path).dtype == np.dtype("i8")


def test_h09_every_byte_of_header_and_control_block_flipped(segments: Path) -> None:
    a = sb.create("good", (3, 4), "i4")
    a[...] = np.arange(12).reshape(3, 4)
    good = (segments / "good").read_bytes()
    elements = good[4096:4144]
    refused = 0
    for at in [*range(128), *range(4000, 4096), *range(len(good) - 4096, len(good))]:
        for value in (good[at] ^ 0xFF, good[at] ^ 1, 0x20):
            (segments / "x").write_bytes(good[:at] + bytes([value]) + good[at + 1 :])
            try:
                b = sb.attach("x")
            except sb.Error:
                refused += 1
                continue
            assert b.tobytes("A") == elements[: b.nbytes]
            del b
    assert refused > 300
    (segments / "x").unlink()


def test_list_and_stat(segments: Path) -> None:
    a = sb.create("b", (2, 3), order="F")
    a.publish()
    sb.create("a", 4, "i2")
    (segments / "junk").write_bytes(b"junk")
    (segments / "folder").mkdir()
    first, second = sb.list()
    assert (first.name, second.name) == ("a", "b")
    assert (second.shape, second.fortran, second.version, second.nbytes, second.plain) == ((2, 3), True, 1, 48, False)
    assert abs(second.created - time.time()) < 3600 and second.mode == 0o600
    assert sb.stat("b") == second
    (segments / "junk").unlink()
    (segments / "folder").rmdir()


def test_threads_map_once(segments: Path) -> None:
    sb.create("x", 3)
    gc.collect()
    together = threading.Barrier(8)
    arrays: list[sb.ndarray] = []

    def attach() -> None:
        together.wait()
        arrays.append(sb.attach("x"))

    threads = [threading.Thread(target=attach) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(arrays) == 8 and len(maps(segments)) == 1


def create_or_lose(name: str, together: threading.Barrier, won: list[sb.ndarray]) -> None:
    together.wait()
    try:
        won.append(sb.create(name, 3))
    except sb.ExistError:
        pass


def test_fork_while_another_thread_attaches(segments: Path) -> None:
    sb.create("x", 3)
    done = threading.Event()

    def attach() -> None:
        while not done.is_set():
            sb.attach("x")

    thread = threading.Thread(target=attach)
    thread.start()
    try:
        for _ in range(50):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads: Python 3.12
                child = os.fork()
            if child == 0:
                os._exit(0 if sb.attach("x").shape == (3,) else 1)
            assert os.waitpid(child, 0)[1] == 0
    finally:
        done.set()
        thread.join()


def test_threads_create_once(segments: Path) -> None:
    for _ in range(50):
        together = threading.Barrier(4)
        won: list[sb.ndarray] = []
        threads = [threading.Thread(target=create_or_lose, args=("x", together, won)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(won) == 1
        sb.delete("x")


def test_publish_wakes_a_waiting_thread(segments: Path) -> None:
    a = sb.create("x", 1)
    versions: list[int] = []

    def wait() -> None:
        version = 0
        while version < 100:
            version = a.wait(version, timeout=60)
            versions.append(version)

    thread = threading.Thread(target=wait)
    thread.start()
    for _ in range(100):
        a.publish()
    thread.join(60)
    assert versions == sorted(set(versions)) and versions[-1] == 100


def test_wait_arguments(segments: Path) -> None:
    a = sb.create("x", 1)
    a.publish()
    assert a.wait(np.uint64(0)) == 1 and a.wait(77, timeout=None) == 1 and a.wait(0, timeout=-1) == 1
    for timeout in (0, -5, 0.001, 1e-9, float("-inf")):
        with pytest.raises(TimeoutError):
            a.wait(1, timeout=timeout)
    for timeout in (1e300, float("inf"), 10**400):
        assert a.wait(0, timeout=timeout) == 1
    with pytest.raises(ValueError):
        a.wait(1, timeout=float("nan"))
    with pytest.raises((OverflowError, ValueError)):
        a.wait(-1)
    with pytest.raises(TypeError):
        a.wait("1")  # type: ignore[arg-type]
    r = sb.attach("x", "r")
    assert r.wait(0) == 1
    with pytest.raises(sb.ReadOnlyError):
        r.publish()


def test_a_signal_while_polling_is_not_slept_over(segments: Path) -> None:
    """Without a look at signals between polling and sleeping, most of these would sleep for a minute."""

    class Rung(Exception):
        pass

    def ring(*_: object) -> None:
        raise Rung

    a = sb.create("x", 1)
    before = signal.signal(signal.SIGALRM, ring)
    try:
        for microseconds in range(5, 60):
            with pytest.raises(Rung):
                signal.setitimer(signal.ITIMER_REAL, microseconds * 1e-6)
                a.wait(0, timeout=60)
            signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_file_too_large_to_map_hides_no_other(segments: Path) -> None:
    sb.create("x", 3)
    text = b"{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }".ljust(117) + b"\n"
    with open(segments / "huge", "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text)
        file.truncate(1 << 42)
    assert [info.name for info in sb.list()] == ["huge", "x"]


def test_a_path_does_not_make_a_name_trusted(segments: Path) -> None:
    sb.create("x", 3)
    (segments / "y").hardlink_to(segments / "x")
    f = sb.attach_file(segments / "x")
    with pytest.raises(sb.AccessError, match="hard links"):
        sb.attach("x")
    (segments / "y").unlink()
    assert sb.attach("x").name == "x" and f.name == "x"


def test_wait_for_a_file_that_is_cut(segments: Path) -> None:
    a = sb.create("x", 1)
    raised: list[BaseException] = []

    def wait() -> None:
        try:
            a.wait(0)
        except sb.BrokenError as error:
            raised.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    task = Path(f"/proc/self/task/{thread.native_id}/syscall")
    while not (call := task.read_text().split()) or call[0] not in FUTEX or len(call) < 3 or int(call[2], 16) != 9:
        pass  # until it sleeps in FUTEX_WAIT_BITSET of a shared word: cut before, the first use of the page would be a fault
    os.truncate(segments / "x", 0)
    thread.join(60)
    assert len(raised) == 1 and "x" in str(raised[0])
    sb.delete("x")


def test_ctrl_c_ends_a_wait(segments: Path) -> None:
    sb.create("x", 1)
    code = "import samebytes as sb; a = sb.attach('x'); print('waiting', flush=True); a.wait(0)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None and child.stderr is not None
            child.stdout.readline()
            # The signal may come before the sleep begins, and would then be noticed only after it: repeat it.
            while child.poll() is None:
                child.send_signal(signal.SIGINT)
                try:
                    child.wait(0.1)
                except subprocess.TimeoutExpired:
                    pass
            assert "KeyboardInterrupt" in child.stderr.read()
        finally:
            child.kill()


def test_nothing_leaks(segments: Path) -> None:
    descriptors = len(os.listdir("/proc/self/fd"))
    for _ in range(2000):
        a = sb.create("x", 16)
        b = sb.attach("x", "r")
        with pytest.raises(sb.DTypeError):
            sb.attach("x", dtype="i8")
        sb.delete("x")
        del a, b
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) == descriptors and not maps(segments)


def test_killed_while_creating_leaves_whole_segments(segments: Path) -> None:
    code = """if True:
        import itertools, samebytes as sb
        print("ready", flush=True)
        for i in itertools.count():
            try:
                sb.create(f"n{i % 4}", (64, 64))
                sb.delete(f"n{(i + 2) % 4}")
            except sb.Error:
                pass
    """
    for i in range(8):
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            child.stdout.readline()
            for _ in range(i * 20):
                sb.list()
            child.kill()
        for entry in segments.iterdir():
            assert sb.attach(entry.name).shape == (64, 64)


@pytest.mark.parametrize("command", [[], ["-c", "@"], ["program.py"]], ids=["typed", "-c", "program"])
def test_participants_have_their_programs_name(segments: Path, tmp_path: Path, command: list[str]) -> None:
    code = "import samebytes as sb; a = sb.create('x', 4); print(sb.stat('x').participants[0].program)"
    (tmp_path / "program.py").write_text(code)
    arguments = [code if argument == "@" else argument for argument in command]
    done = subprocess.run(
        [sys.executable, *arguments], input=code, cwd=tmp_path, stdout=subprocess.PIPE, text=True, check=True
    )
    assert done.stdout.strip() == (command[0] if command else Path(sys.executable).name)
