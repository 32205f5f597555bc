"""Functions, objects and items that Python and a Go program give each other: tests/server serves them."""

import json
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import samebytes as sb
from conftest import ROOT, Program, until

Start = Callable[[str], Program]


@pytest.fixture
def go(segments: Path, server: str) -> Iterator[sb.Remote]:
    """Its functions, launched."""
    with sb.launch(server) as remote:
        yield remote


class Model:
    def __init__(self) -> None:
        self.bias = 0.0

    def predict(self, x: float) -> float:
        return x + self.bias


def test_a_go_object(go: sb.Remote) -> None:
    counter = go.Counter(5)
    assert isinstance(counter, go.Counter) and counter.next() == 6
    assert (counter.step, counter.label) == (1, "")
    counter.step, counter.label = 10, "ten"
    assert counter.next() == 16 and counter.label == "ten"
    assert counter.add_all(np.array([1, 2, 3])) == 22
    assert len(counter) == 22 and list(counter) == list(range(22)) and str(counter) == "a counter"
    assert counter.next.future().result() == 32
    assert go.next_of(counter) == 42
    assert counter.merge(counter) is counter
    assert go.one() is go.one()
    with pytest.raises(sb.RemoteError, match="on purpose"):
        counter.fails()
    with pytest.raises(sb.RemoteError, match="not negative"):
        go.Counter(-1)
    with pytest.raises(sb.DTypeError):
        counter.step = "x"
    assert counter.step == 10
    with pytest.raises(sb.DTypeError, match=r"expected \*main.counter, found a Reader"):
        go.next_of(go.Reader("x"))


def test_what_is_not_exposed(go: sb.Remote) -> None:
    counter = go.Counter(1)
    for name, says in [
        ("nxet", "did you mean next"),
        ("variadic", "has no"),
        ("_n", "has no"),
        ("mu", "has no"),
        ("n", "has no"),
    ]:
        with pytest.raises(AttributeError, match=says):
            getattr(counter, name)
        with pytest.raises(AttributeError):
            setattr(counter, name, 1)
    reader = go.Reader("x")
    assert reader.read() == "read x"
    assert not hasattr(reader, "hidden") and not hasattr(reader, "path")
    with pytest.raises(sb.NotExistError, match="did you mean next"):
        go._connection.client.call((counter._hold[0], "nextt"), (), None)
    with pytest.raises(sb.ClosedError):
        go._connection.client.call((12345, "next"), (), None)
    with pytest.raises(TypeError):
        pickle.dumps(counter)


def test_help_shows_types(go: sb.Remote) -> None:
    code = "import sys, samebytes as sb\nwith sb.launch(sys.argv[1]) as go: help(go.Counter); print(dir(go.Counter(1)))"
    done = subprocess.run(
        [sys.executable, "-c", code, os.readlink(f"/proc/{go.pid()}/exe")],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    for says in ("Counts.", "next(self, /, *, timeout: float | None = None) -> int", "Returns the next number.", "'add_all'"):
        assert says in done.stdout, done.stdout


def test_objects_go_with_their_last_proxy(go: sb.Remote) -> None:
    many = [go.Counter(1) for _ in range(20)]
    assert go.counters() == 20
    many[:10] = []
    until(lambda: go.counters() == 10)
    with go.Counter(1):
        assert go.counters() == 11
    assert go.Counter(2).next.future().result() == 3
    del many
    until(lambda: go.counters() <= 0)


def test_objects_go_with_their_process(listening: Callable[[str], Program], python: Start) -> None:
    listening("worker")
    client = python("""
        go = sb.connect("worker")
        many = [go.Counter(1) for _ in range(20)]
        say(go.counters())
        many[0].wait()
    """)
    assert client.line() == "20"
    with sb.connect("worker") as go:
        until(lambda: go.waiting() == 1)
        client.kill()
        until(lambda: go.counters() == 0)
        assert go.waiting() == 0


def test_a_server_that_is_killed(listening: Callable[[str], Program], segments: Path) -> None:
    program = listening("worker")
    go = sb.connect("worker")
    counter, numbers, add = go.Counter(1), go.numbers(1000), go.adder(1)
    assert next(numbers) == 0
    program.kill()
    for use in (counter.next, lambda: counter.step, lambda: list(numbers), lambda: add(1)):
        with pytest.raises(sb.WorkerDiedError):
            use()
    go.close()
    (segments / ".samebytes-calls-worker").unlink()


def test_functions(go: sb.Remote) -> None:
    assert go.apply(lambda x: x * 2, 21.0) == 42
    assert go.must(abs, -1.0) == 1
    assert go.adder(40)(2) == 42
    assert go.apply(lambda x: go.apply(lambda y: y + x, 1.0), 2.0) == 3, "nested"

    def fails(x: float) -> float:
        raise sb.StaleError("gone")

    for call in (go.apply, go.must):
        with pytest.raises(sb.StaleError, match="gone"):
            call(fails, 1.0)
        with pytest.raises(sb.RemoteError, match="ZeroDivisionError") as raised:
            call(lambda x: 1 / 0, 1.0)
        assert "in <lambda>" in raised.value.trace
    with pytest.raises(sb.DTypeError):
        go.apply(lambda x: "text", 1.0)
    with pytest.raises(sb.DTypeError, match="expected int64, found a"):
        go.add(1, abs)
    thread = threading.current_thread()
    assert go.must(lambda x: float(threading.current_thread() is thread), 1.0) == 1, "in the thread that waits"
    assert not go._connection.client.objects.any_given


def test_deep(server: str, segments: Path) -> None:
    def down(n: int) -> int:
        return 0 if n == 0 else 1 + int(go.down(n - 1))

    with sb.launch(server, serve={"down": down}) as go:
        for n in (0, 1, 5, 60):
            assert go.down(n) == n
        with pytest.raises(sb.FullError, match="more than 64 deep"):
            go.down(1000)
        for _ in range(30):  # the calls back come in another order than that in which they were made, now and then
            futures = [go.down.future(20) for _ in range(20)]
            assert [future.result(60) for future in futures] == [20] * 20
    with sb.launch(server) as go, pytest.raises(sb.NotExistError, match="serves no functions"):
        go.down(1)


def test_lent_objects(go: sb.Remote) -> None:
    model = Model()
    assert go.fit(sb.lend(model), 1.5) == 3 and model.bias == 1.5
    with pytest.raises(sb.DTypeError):
        go.fit(model, 1.0)
    assert go.echo(sb.lend(model)) is model
    assert not go._connection.client.objects.any_given


def test_functions_that_are_kept(go: sb.Remote) -> None:
    called = threading.Semaphore(0)

    def count() -> int:
        called.release()
        return 7

    go.keep(count)
    assert go.call_kept() == 7
    called.acquire()
    go.later(0.05)
    assert called.acquire(timeout=60), "while nobody here waits for an answer"
    go.drop()
    until(lambda: not go._connection.client.objects.any_given)


def test_ctrl_c_in_a_function_that_go_calls(python: Start, server: str) -> None:
    program = python(f"""
        import time
        go = sb.launch({server!r})
        def waits(x):
            say("waits")
            time.sleep(60)
        try:
            go.must(waits, 1.0)
        except KeyboardInterrupt:
            say("interrupted", go.add(1, 2))
    """)
    assert program.line() == "waits"
    program.process.send_signal(signal.SIGINT)
    assert program.line() == "interrupted 3"


def test_items(go: sb.Remote) -> None:
    numbers = go.numbers(1000)
    assert next(numbers) == 0
    until(lambda: go.produced() == 16)  # the 16 that there is room for, and the next
    assert go.add(1, 2) == 3 and go.produced() == 16, "it waits for room"
    assert list(numbers) == list(range(1, 1000))
    assert list(numbers) == []
    assert list(go.pairs()) == [["a", 1], ["b", 2]]
    assert list(go.numbers(0)) == []
    taken = []
    with pytest.raises(sb.RemoteError, match="at the end"):
        taken.extend(go.failing(30))
    assert taken == list(range(30))
    assert [block.sum() for block in go.blocks(40)] == [100.0 * i for i in range(40)]
    with go.numbers(1 << 40) as many:
        for i in many:
            if i == 50:
                break
    closed = go.closed()
    for _ in go.numbers(1 << 40):
        break
    until(lambda: go.closed() == closed + 1)
    assert go.produced() < 1000
    two = go.numbers(100), go.numbers(100)
    assert list(zip(*two, strict=True)) == [(i, i) for i in range(100)]
    for block in go.blocks(1 << 30):
        assert block.sum() == 0
        break
    del block
    until(lambda: go.segments() == 0)
    assert go.produced.__doc__


def test_items_end_with_their_process(listening: Callable[[str], Program], python: Start) -> None:
    listening("worker")
    client = python("""
        import time
        go = sb.connect("worker")
        blocks, numbers = go.blocks(1 << 30), go.numbers(1 << 30)
        say(next(blocks).sum(), next(numbers))
        time.sleep(60)
    """)
    assert client.line() == "0.0 0"
    with sb.connect("worker") as go:
        closed = go.closed()
        client.kill()
        until(lambda: go.closed() == closed + 1)
        until(lambda: bool(sb.gc() or go.segments() == 0))


def test_garbage_about_objects(listening: Callable[[str], Program]) -> None:
    from samebytes import _calls, _link

    listening("worker")
    with sb.connect("worker") as go:
        for kind, payload in [
            (_link.RELEASE, b""),
            (_link.RELEASE, _calls.encode([[99, 1]])),
            (_link.RELEASE, _calls.encode([[1, 2, 3]])),
            (_link.RELEASE, _calls.encode("x")),
            (_link.NEXT, b"\xc0"),
            (_link.NEXT, _calls.encode(-1)),
            (_link.NEXT, _calls.encode(1 << 40)),
        ]:
            other = sb.connect("worker")
            other._connection.client._link.send(kind, 1, payload)
            with pytest.raises(sb.WorkerDiedError, match="BrokenError"):
                other.wait()
        assert go.add(1, 2) == 3


def test_objects_of_the_corpus() -> None:
    from samebytes import _proxy

    cases = json.loads((ROOT / "tests/conformance/values.json").read_text())["cases"]
    payloads = {case["name"]: bytes.fromhex(case["value"]["object"]) for case in cases if "er's" in case["name"]}
    assert {name: _proxy.parse(payload) for name, payload in payloads.items()} == {
        "object 7 of the sender's, a Counter_": (False, 7, "Counter_"),
        "object 258 of the receiver's": (True, 258, ""),
    }


def test_caller_is_of_calls() -> None:
    with pytest.raises(sb.NotExistError, match="no program has called this one"):
        sb.caller()
