"""The dicts, lists, namespaces and queues that ``samebytes serve --objects`` keeps for Python programs."""

import multiprocessing
import os
import pickle
import queue
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import samebytes as sb
from conftest import Program, until

Start = Callable[[str], Program]


@pytest.fixture
def program(segments: Path, command: str) -> Iterator[Program]:
    """The server."""
    program = Program([command, "serve", "--objects", "shared"])
    assert program.line() == "serving as shared"
    yield program
    if program.process.poll() is None:
        program.process.send_signal(signal.SIGTERM)
        assert program.process.wait(60) == 0
    program.close()


@pytest.fixture
def m(program: Program) -> Iterator[sb.Remote]:
    with sb.connect("shared", timeout=30) as remote:
        yield remote


def test_dict(m: sb.Remote) -> None:
    d, same = m.Dict({"a": 1}, b=2), {"a": 1, "b": 2}
    assert d == same and len(d) == 2 and list(d) == ["a", "b"]
    for key, value in [(1, "one"), (None, [1, {"x": None}]), (2.5, 2**64 - 1), ("é", b"\0"), (False, 1j)]:
        d[key] = same[key] = value
    assert d == same and d.items() == list(same.items()) and d.keys() == list(same) and d.values() == list(same.values())
    assert d[1.0] == d[True] == "one" and 1.0 in d and "x" not in d and d.get("x") is None and d.get("x", 3) == 3
    assert d.pop(1) == same.pop(1) == "one" and d.pop(1, None) is None
    assert d.popitem() == same.popitem() == (False, 1j)
    assert d.setdefault("a", 9) == 1 and d.setdefault("c", 9) == 9 == d["c"]
    del d["c"]
    d |= {"z": 1}
    d.update([("z", 2)], y=3)
    same.update(z=2, y=3)
    assert d == same == d.copy()
    assert repr(m.Dict(a=1)) == "<Dict {'a': 1}>"
    for wrong in (lambda: d["x"], lambda: d.pop("x"), lambda: d.__delitem__("x")):
        with pytest.raises(KeyError, match="x"):
            wrong()
    for unhashable in ([1], (1, 2), b"x", np.zeros(2), float("nan")):
        with pytest.raises(sb.DTypeError):
            d[unhashable] = 1
    with pytest.raises(sb.DTypeError):
        d["set"] = {1}
    d.clear()
    assert len(d) == 0 and d == {}
    with pytest.raises(KeyError):
        d.popitem()


def test_list(m: sb.Remote) -> None:
    x, same = m.List([3, 1, 2]), [3, 1, 2]
    changes: list[Callable[[Any], Any]] = [
        lambda x: x.append("é"),
        lambda x: x.extend([5, None]),
        lambda x: x.insert(0, 0),
        lambda x: x.insert(-1, 7),
        lambda x: x.insert(100, 8),
        lambda x: x.pop(),
        lambda x: x.pop(0),
        lambda x: x.pop(-2),
        lambda x: x.__setitem__(0, 10),
        lambda x: x.__setitem__(-1, 11),
        lambda x: x.__setitem__(slice(1, 3), [1, 2, 3]),
        lambda x: x.__delitem__(1),
        lambda x: x.__delitem__(slice(None, None, 2)),
        lambda x: x.__iadd__([4, 4, 1.5]),
        lambda x: x.remove(4),
        lambda x: x.reverse(),
        lambda x: x.count(4),
        lambda x: x.index(4),
        lambda x: x[1],
        lambda x: x[-1],
        lambda x: x[1:],
        lambda x: 4 in x,
        lambda x: list(reversed(x)),
        lambda x: x + [1],  # noqa: RUF005
        lambda x: x.sort(key=str, reverse=True),
        lambda x: x.clear(),
    ]
    for i, change in enumerate(changes):
        got, expected = change(x), change(same)
        assert x == same and list(x) == same and len(x) == len(same), i
        if expected is not same:
            assert got == expected, i
    for wrong in (lambda: x[0], lambda: x.pop(), lambda: x.__setitem__(3, 1), lambda: x.__delitem__(0)):
        with pytest.raises(IndexError):
            wrong()
    with pytest.raises(ValueError, match="not in list"):
        x.remove(1)


def test_namespace(m: sb.Remote) -> None:
    n = m.Namespace(rate=3)
    n.name = "x"
    assert (n.rate, n.name) == (3, "x") and "rate" in dir(n)
    with pytest.raises(AttributeError, match="did you mean rate"):
        n.rat  # noqa: B018
    del n.rate
    assert not hasattr(n, "rate") and repr(n) == "<Namespace {'name': 'x'}>"
    with pytest.raises(AttributeError):
        n._hidden = 1
    with pytest.raises(AttributeError):
        del n.rate


def test_queue(m: sb.Remote) -> None:
    q = m.Queue(maxsize=2)
    assert q.empty() and not q.full()
    q.put("a")
    q.put_nowait("b")
    assert q.full() and q.qsize() == 2
    for full in (lambda: q.put_nowait("c"), lambda: q.put("c", timeout=0.05)):
        with pytest.raises(queue.Full):
            full()
    assert [q.get(), q.get_nowait()] == ["a", "b"]
    for empty in (q.get_nowait, lambda: q.get(timeout=0.05)):
        with pytest.raises(queue.Empty):
            empty()
    q.task_done()
    joined = threading.Thread(target=q.join)
    joined.start()
    q.task_done()
    joined.join(60)
    assert not joined.is_alive()
    with pytest.raises(ValueError, match="too many times"):
        q.task_done()
    got: list[int] = []
    threads = [threading.Thread(target=lambda: got.extend(q.get() for _ in range(50))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for i in range(200):
        q.put(i)
    for thread in threads:
        thread.join(60)
    assert sorted(got) == list(range(200))


def test_arrays_stay_as_long_as_they_are_held(m: sb.Remote, segments: Path) -> None:
    def held() -> int:
        return len([entry for entry in segments.iterdir() if entry.name.startswith("_")])

    d, x, q = m.Dict(), m.List(), m.Queue()
    a = sb.array([[1.0, 2.0], [3.0, 4.0]])
    d["a"], d["column"] = a, a[:, 1]
    x.append({"deep": [a]})
    q.put(a[0])
    a[0, 1] = 20
    assert d["a"].tolist() == [[1, 20], [3, 4]] and d["column"].tolist() == [20, 4], "the same elements"
    assert x[0]["deep"][0][0, 1] == q.get()[1] == 20
    for odd in (np.zeros(3, "M8[s]"), np.zeros(2, ">f4"), np.array([b"abc"])):
        d["odd"] = odd
        assert d["odd"].dtype == odd.dtype
    with pytest.raises(ValueError, match="read-only"):
        d["read-only"] = sb.create("ro", 2)
        d["read-only"] = sb.attach("ro", "r")
        d["read-only"][0] = 1
    sb.delete("ro")
    del d["odd"], d["read-only"], a
    assert d["a"].tolist() == [[1, 20], [3, 4]], "its maker has none"
    assert held() == 1
    d["a"] = 1
    del d["column"]
    assert held() == 1, "the list has it"
    assert x.pop()["deep"][0][1, 0] == 3
    until(lambda: held() == 0)
    for gone in (m.List([np.ones(3)]), m.Dict(a=np.ones(3)), m.Queue()):
        if isinstance(gone, m.Queue):
            gone.put(np.ones(3))
    until(lambda: held() == 1)  # those of the list and the dict go with their proxies
    del gone
    until(lambda: held() == 0)


def test_one_in_another(m: sb.Remote) -> None:
    outer, inner = m.Dict(), m.Dict(x=1)
    outer["inner"] = inner
    assert outer["inner"] is inner
    inner_number = inner._hold[0]
    del inner
    assert outer["inner"]["x"] == 1
    outer["inner"]["x"] = 2
    assert outer["inner"].copy() == {"x": 2}
    outer.clear()

    def gone() -> bool:
        try:
            m._connection.client.call("adopted_object", (inner_number,), None)
        except sb.ClosedError:
            return True
        return False

    until(gone)


def test_names(m: sb.Remote) -> None:
    m.dict("settings")["rate"] = 3
    with sb.connect("shared") as other:
        assert other.dict("settings") == {"rate": 3}
        assert len(other.list("settings")) == 0, "another kind"
        assert len(other.dict()) == 0
        other.queue("jobs", 1).put("job")
        other.namespace("n").x = 1
    assert m.queue("jobs").full() and m.queue("jobs").get() == "job"
    assert m.namespace("n").x == 1
    assert m.dict("settings") is m.dict("settings")
    with pytest.raises(sb.BadNameError):
        m.dict("../x")


def add(d: Any, n: int) -> None:
    for i in range(n):
        d[f"{os.getpid()} {i}"] = np.full(10, i)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes(method: str, m: sb.Remote) -> None:
    context = multiprocessing.get_context(method)
    d = m.Dict()
    processes = [context.Process(target=add, args=(d, 20)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    assert len(d) == 60 and sum(value.sum() for value in d.values()) == 3 * 10 * sum(range(20))
    d.clear()


def test_pickle(m: sb.Remote, program: Program) -> None:
    d = m.Dict(x=1)
    copy = pickle.loads(pickle.dumps(d))
    copy["y"] = 2
    assert d == {"x": 1, "y": 2}
    pickled = pickle.dumps(m.Dict())
    until(lambda: raises(sb.ClosedError, lambda: pickle.loads(pickled)))


def raises(error: type[Exception], call: Callable[[], object]) -> bool:
    try:
        call()
    except error:
        return True
    return False


def test_changes_by_many_at_once(m: sb.Remote) -> None:
    x = m.List(range(40))

    def work(k: int) -> None:
        for i in range(10):
            x.remove(k * 10 + i)
            x.append(100 + k * 10 + i)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(x) == list(range(100, 140))


def test_a_killed_client_takes_nothing(m: sb.Remote, python: Start, segments: Path) -> None:
    client = python("""
        import threading
        m = sb.connect("shared")
        d = m.Dict(a=sb.ones(1000))
        m.dict("d")["a"] = sb.full(3, 7.0)
        threading.Thread(target=m.queue("q").get).start()
        say("waits")
        m.queue("q").get()
    """)
    assert client.line() == "waits"
    until(lambda: any(of["in_flight"] == 2 for name, of in m.stats()["functions"].items() if name.endswith("take")))
    client.kill()
    q = m.queue("q")
    until(lambda: len(sb.list()) == 1 or bool(sb.gc()))
    q.put("x")
    assert q.get(timeout=60) == "x"
    assert m.dict("d")["a"].tolist() == [7, 7, 7]
    m.dict("d").clear()


def test_an_item_on_its_way_to_a_killed_client(m: sb.Remote, python: Start) -> None:
    """It is killed when the server has sent the item, and before it says that it has it."""
    client = python("""
        m = sb.connect("shared")
        say(m.queue("q")._call("take", 1, -1.0)[0]["a"].sum())  # the first half of get
        input()
    """)
    q = m.queue("q")
    for i in range(2):
        q.put({"a": sb.full(3, float(i + 1))})
    assert client.line() == "3.0" and q.qsize() == 1
    client.kill()
    until(lambda: q.qsize() == 2)
    assert [q.get()["a"].sum(), q.get()["a"].sum()] == [3, 6]


def test_clients_killed_while_they_get(m: sb.Remote, python: Start) -> None:
    q, kills, got = m.queue("q"), 6, []
    for i in range(2000):
        q.put(i)
    for _ in range(kills):
        client = python("""
            m = sb.connect("shared")
            q = m.queue("q")
            while True:
                say(q.get())
        """)
        got += [client.line() for _ in range(20)]
        client.process.kill()
        got += iter(client.line, "")
    until(lambda: len(got) + q.qsize() >= 2000 - kills)  # the server has seen that they ended
    while not q.empty():
        got.append(str(q.get()))
    assert len(set(got)) == len(got), "none twice"
    assert len(got) >= 2000 - kills, "none is missing but what a client was killed with"


def test_a_get_given_up(m: sb.Remote) -> None:
    q = m.Queue()
    q.put("x")
    ticket = 1 << 40
    assert q._call("take", ticket, 0.0) == ["x", True]
    q._call("put_back", ticket)  # as a get does that Ctrl-C ends
    q._call("put_back", ticket + 1)  # of one that the server has not begun
    assert q._call("take", ticket + 1, 0.0)[1] is False and q.qsize() == 1
    assert q.get() == "x"


def test_an_item_that_is_gone(m: sb.Remote) -> None:
    q = m.Queue()
    q.put(sb.create("gone", 4))
    q.put("next")
    sb.delete("gone")
    with pytest.raises(sb.StaleError):
        q.get()
    assert q.get() == "next", "it does not stand in the way"


def test_a_killed_server(m: sb.Remote, program: Program, segments: Path) -> None:
    d, q = m.Dict(x=sb.ones(3)), m.Queue()
    waits = threading.Thread(target=lambda: errors.append(raises(sb.WorkerDiedError, q.get)))
    errors: list[bool] = []
    waits.start()
    program.kill()
    waits.join(60)
    assert errors == [True]
    with pytest.raises(sb.WorkerDiedError):
        d["x"]
    (segments / ".samebytes-calls-shared").unlink()
    sb.gc()
