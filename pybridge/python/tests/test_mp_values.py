"""Values and arrays of samebytes.mp: ctypes as in the standard ones, NumPy's view, growth, and what is refused."""

import array
import copy
import ctypes
import pickle
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import samebytes as sb
from samebytes import mp
from samebytes.mp import sharedctypes

Start = Callable[[str], Any]


class Point(ctypes.Structure):
    _fields_ = [("x", ctypes.c_double), ("name", ctypes.c_char * 6), ("ids", ctypes.c_int * 2)]


class Bits(ctypes.Structure):
    _fields_ = [("low", ctypes.c_int, 3), ("high", ctypes.c_int, 5)]


class Either(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("text", ctypes.c_char * 4)]


class Later(Point):
    _fields_ = [("y", ctypes.c_double)]


class Node(ctypes.Structure):
    _fields_ = [("next", ctypes.c_void_p), ("text", ctypes.c_char_p)]


@pytest.mark.parametrize("code", sharedctypes.typecode_to_type)
def test_typecodes(code: str, segments: Path) -> None:
    values: list[Any] = {"c": [b"a", b"b", b"c"], "u": ["a", "\u00e9", "\U0001f600"]}.get(code, [1, 2, 3])
    made = mp.Array(code, values)
    assert len(made) == 3 and list(made) == values and made[-1] == values[-1]
    standard = (sharedctypes.typecode_to_type[code] * 3)(*values)
    assert made[:2] == standard[:2] and made[::-1] == standard[::-1]
    made[1] = values[0]
    kind = sharedctypes.typecode_to_type[code]
    assert isinstance(made.get_obj(), kind * 3)
    view = made.np
    assert isinstance(view, sb.ndarray) and view.name == made.name and view.shape == (3,)
    assert view.itemsize == ctypes.sizeof(kind)
    assert np.asarray(made).tolist() == [values[0], values[0], values[2]]
    view[2] = values[1]
    assert made[2] == values[1]
    value = mp.Value(code, values[0])
    assert value.value == values[0] and value.np.shape == () and value.np.item() == values[0]
    value.value = values[1]
    assert value.np.item() == values[1]
    assert mp.attach(made.name)[:] == made[:] and mp.attach(value.name).value == values[1]


def test_an_array_as_the_standard_one(segments: Path) -> None:
    made = mp.Array("i", 10)
    assert made[:] == [0] * 10
    made[2:5] = array.array("i", [1, 2, 3])
    assert made[1:6] == [0, 1, 2, 3, 0]
    with pytest.raises(ValueError):
        made[2:5] = [1]
    with pytest.raises(IndexError):
        made[10]
    with pytest.raises(TypeError):
        made[0] = "text"
    assert repr(made).startswith("<SynchronizedArray wrapper for <") and "c_int_Array_10 object" in repr(made)
    assert np.frombuffer(made.get_obj(), "i4")[2] == 1
    np.asarray(made)[0] = 9
    assert made[0] == 9 and np.array(made, float).dtype == float
    with made, made.get_lock():
        made[0] += 1
        assert made.acquire(False)
        made.release()
    assert made[0] == 10


def test_characters(segments: Path) -> None:
    text = mp.Array("c", 8)
    text.value = b"hello"
    assert text.value == b"hello" and text.raw == b"hello\0\0\0" and text[1] == b"e" and text[:2] == b"he"
    text.raw = b"12345678"
    assert text.value == b"12345678" and text.np.tobytes() == b"12345678"
    wide = mp.RawArray("u", 4)
    wide.value = "abc"
    assert wide.value == "abc" and wide.np.tolist() == ["a", "b", "c", ""]


def test_structs(segments: Path) -> None:
    point = mp.Value(Point, 1.5, b"ab", (1, 2))
    assert (
        point.x == 1.5 and point.name == b"ab" and list(point.ids) == [1, 2] and type(point).__name__ == "SynchronizedPoint"
    )
    point.x *= 2
    point.ids[1] = 7
    view = point.np
    assert view.dtype == np.dtype([("x", "f8"), ("name", "S6"), ("ids", "i4", 2)], align=True)
    assert view["x"] == 3 and view["name"] == b"ab" and view["ids"].tolist() == [1, 7]
    points = mp.Array(Point, [(1, b"a", (1, 1)), (2, b"b", (2, 2))], lock=False)
    points[1].x = 5
    assert points.np["x"].tolist() == [1, 5] and isinstance(points[0], Point)
    later = mp.RawValue(Later, 1, b"c", (3, 4), 2.5)
    assert later.np["y"] == 2.5 and later.np["x"] == 1
    for kind, first in ((Bits, (1, 2)), (Either, (65,))):
        made = mp.RawValue(kind, *first)
        assert made.np.dtype == np.dtype(f"V{ctypes.sizeof(kind)}") and bytes(made) == bytes(kind(*first))
        assert pickle.loads(pickle.dumps(made)).np.name == made.np.name
    rows = mp.RawArray(ctypes.c_int * 3, [(1, 2, 3), (4, 5, 6)])
    assert rows.np.tolist() == [[1, 2, 3], [4, 5, 6]] and list(rows[1]) == [4, 5, 6]
    assert mp.attach(rows.name)[1][2] == 6
    triple = mp.Value(ctypes.c_int * 3, 1, 2, 3)
    assert triple[:] == [1, 2, 3] and triple.np.shape == (3,)


def test_numpy_gives_types_and_elements(segments: Path) -> None:
    given = np.arange(6.0).reshape(3, 2)
    made = mp.RawArray(ctypes.c_double * 2, given)
    assert (made.np == given).all()
    assert mp.Array(np.float64, given[0])[:] == [0, 1]
    assert mp.Array(np.dtype("i8"), np.int64(3))[:] == [0, 0, 0]
    assert mp.Array("d", np.arange(3))[:] == [0, 1, 2]  # another dtype
    with pytest.raises(TypeError):
        mp.Array("i", np.arange(3) + 0.5)


def test_raw_objects(segments: Path) -> None:
    raw = mp.RawArray("i", [1, 2, 3])
    again = pickle.loads(pickle.dumps(raw))
    again[0] = 7
    assert raw[0] == 7 and type(again) is type(raw) and raw.name == again.name
    for copied in (copy.copy(raw), copy.deepcopy(raw)):
        copied[1] = 8
        assert raw[1] == 2 and type(copied) is ctypes.c_int * 3
    shared = sharedctypes.copy(raw)
    assert shared[:] == raw[:] and shared.name != raw.name
    plain = sharedctypes.copy((ctypes.c_int * 2)(4, 5))
    assert plain[:] == [4, 5] and plain.name
    value = mp.RawValue("i")
    assert value.value == 0 and repr(value) == "c_int(0)"
    nested = mp.RawArray((ctypes.c_int * 2) * 2, 3)
    assert pickle.loads(pickle.dumps(nested)).np.shape == (3, 2, 2)
    # Others of the same types pickle as ever.
    assert pickle.loads(pickle.dumps(ctypes.c_int(5))).value == 5


def test_locks(segments: Path) -> None:
    lock = mp.Lock()
    made = mp.Array("i", 3, lock=lock)
    assert made.get_lock() is lock
    with made:
        assert not lock.acquire(False)
    assert pickle.loads(pickle.dumps(made)).get_lock() is lock
    own = mp.Value("i", 5)
    assert pickle.loads(pickle.dumps(own)).get_lock() is own.get_lock()
    assert mp.Value("i", lock=threading.RLock()).value == 0
    for none in (mp.Value("i", lock=False), mp.Array("i", 3, lock=False)):
        assert not hasattr(none, "get_lock") and not hasattr(none, "get_obj")
    wrapped = sharedctypes.synchronized(ctypes.c_int(3))
    assert wrapped.value == 3 and wrapped.name is None and wrapped.np == 3
    with pytest.raises(AssertionError):
        sharedctypes.synchronized(own)


def test_the_lock_is_the_segments(segments: Path) -> None:
    made, empty, value = mp.Array("i", 3), mp.Array("i", 0), mp.Value("i")
    others: list[bool] = []
    for x in (made, empty, value):
        with x.get_lock():
            thread = threading.Thread(target=lambda x=x: others.append(x.acquire(False)))
            thread.start()
            thread.join()
    assert others == [False] * 3
    with made, pytest.raises(sb.DeadlockError):
        made.np.lock.acquire()
    with made.np.lock:
        assert made[0] == 0  # this thread holds it


def test_a_signals_handler_may_use_what_it_interrupts(segments: Path) -> None:
    made, done = mp.Array("q", 1), False

    def handle(*_: object) -> None:
        nonlocal done
        made[0] += 1
        done = made[0] > 20

    before = signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    try:
        while not done:
            made[0] = made[0]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_growth(segments: Path, python: Start) -> None:
    made = mp.Array("d", [1, 2], capacity=5, name="x")
    other = python("""
        from samebytes import mp
        x = mp.attach("x")
        say(len(x))
        input()
        say(x[:])
        x.append(4)
        input()
    """)
    assert other.line() == "2"
    made.append(3)
    view = made.get_obj()
    other.say()
    assert other.line() == "[1.0, 2.0, 3.0]"
    while len(made) == 3:
        pass
    assert made[:] == [1, 2, 3, 4] and len(view) == 3
    with made:
        made.extend([5])
        with pytest.raises(sb.NoSpaceError):
            made.append(6)
    with pytest.raises(TypeError):
        made.append("text")
    made.resize(1)
    assert made[:] == [1] and made.np.shape == (1,)
    made.resize(3)
    assert made[:] == [1, 0, 0] and pickle.loads(pickle.dumps(made))[:] == [1, 0, 0]
    with pytest.raises(sb.ShapeError):
        made.resize(-1)
    text = mp.Array("c", 3, capacity=9, lock=mp.Lock())
    text.value = b"abc"
    text.extend([b"d", b"e"])
    assert text.value == b"abcde"
    points = mp.Array(Point, 0, capacity=2)
    points.append((1, b"a", (1, 2)))
    assert points[0].ids[1] == 2 and points.np["name"].tolist() == [b"a"]
    assert mp.attach("x")[:] == [1, 0, 0]


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        (lambda: mp.Array("z", 3), sb.DTypeError, "found 'z'"),
        (lambda: mp.Array(float, 3), sb.DTypeError, "float"),
        (lambda: mp.Array(object, 3), sb.DTypeError, "object"),
        (lambda: mp.Array(np.dtype("O"), 3), sb.DTypeError, "object"),
        (lambda: mp.Array(np.dtype("c16"), 3), sb.DTypeError, "complex128"),
        (lambda: mp.Array(ctypes.py_object, 3), sb.DTypeError, "py_object"),
        (lambda: mp.Value(ctypes.c_char_p), sb.DTypeError, "c_char_p"),
        (lambda: mp.Value(ctypes.POINTER(ctypes.c_int)), sb.DTypeError, "LP_c_int"),
        (lambda: mp.Value(Node), sb.DTypeError, "c_void_p"),
        (lambda: mp.Array("i", -1), sb.ShapeError, "-1"),
        (lambda: mp.RawArray("i", -(2**70)), sb.ShapeError, "negative|at least 0"),
        (lambda: mp.Array("q", 2**61), sb.ShapeError, "2305843009213693952"),
        (lambda: mp.Array("i", 2.5), TypeError, "float"),
        (lambda: mp.Array("i", ["a"]), TypeError, "str"),
        (lambda: mp.Value("i", 1, 2), TypeError, "at most 1"),
        (lambda: mp.Array("i", 3, lock="nonsense"), AttributeError, "'nonsense'.*'acquire'"),
        (lambda: mp.Value("i", 3, lock=0), AttributeError, "acquire"),
        (lambda: mp.Array("i", 3, capacity=2), sb.ShapeError, "capacity"),
        (lambda: mp.Array("i", 3, capacity=5, lock=False), ValueError, "lock=False"),
    ],
)
def test_bad_input(given: Callable[[], object], error: type[Exception], says: str, segments: Path) -> None:
    with pytest.raises(error, match=says):
        given()
    assert sb.list() == []


def test_what_is_refused_leaves_no_name(segments: Path) -> None:
    with pytest.raises(TypeError):
        mp.Array("i", [1, "a"], name="x")
    with pytest.raises(sb.ExistError):
        mp.Array("i", 3, name=mp.Value("i", name="x").name)
    assert [info.name for info in sb.list()] == ["x"]


def test_attach(segments: Path) -> None:
    sb.create("x", (2, 3), "f4")[:] = 1
    assert list(mp.attach("x")[1]) == [1, 1, 1]
    sb.create("fortran", (2, 3), order="F")
    sb.create("complex", 3, "c16")
    sb.Counter.create("counter")
    np.save(segments / "plain", [1])
    for name, error in {
        "complex": sb.DTypeError,
        "counter": sb.DTypeError,
        "fortran": sb.LayoutError,
        "plain.npy": sb.NoControlError,
    }.items():
        with pytest.raises(error, match=name):
            mp.attach(name)
    with pytest.raises(sb.NotExistError):
        mp.attach("nothing")
    with pytest.raises(sb.BadNameError):
        mp.attach("../x")


def made_in_a_worker(n: int) -> Any:
    return mp.Value("i", n)


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_workers_return_values(method: str, segments: Path) -> None:
    """Which they have let go when they are received."""
    with mp.get_context(method).Pool(2) as pool:
        assert [value.value for value in pool.map(made_in_a_worker, range(3))] == [0, 1, 2]
    receiver, sender = mp.Pipe(duplex=False)
    sender.send(mp.Array("d", [1, 2]))
    assert receiver.recv()[:] == [1, 2]
    receiver.close()
    sender.close()
