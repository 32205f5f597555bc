"""Calls of a Go program's functions from Python: values, arrays, errors, and waiting for them. tests/server serves them."""

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError, as_completed
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import samebytes as sb
from conftest import until


@pytest.fixture
def go(segments: Path, server: str) -> Iterator[sb.Remote]:
    """Its functions, launched."""
    with sb.launch(server) as remote:
        yield remote


VALUES: list[Any] = [None, True, -1, 2**64 - 1, 1.5, 2j, "é", b"\0", [1, [2, "x"]], {"a": {"b": None}}]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_values(value: Any, go: sb.Remote) -> None:
    assert go.echo(value) == value


def test_arguments_and_results(go: sb.Remote) -> None:
    assert go.nothing() is None
    assert go.add(2, 3) == 5
    assert go.join(["a", "b"], "-") == ["a-b", 2]


def test_what_python_shows(go: sb.Remote) -> None:
    assert go.scale.__name__ == "scale"
    assert {"scale", "join", "close"} <= set(dir(go))
    done = subprocess.run(
        [sys.executable, "-c", "import sys, samebytes as sb\nwith sb.launch(sys.argv[1]) as go: help(go.scale)", go_path(go)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "scale(arg1: array[float64], arg2: float64, /, *, timeout: float | None = None) -> None" in done.stdout
    assert "Multiplies the elements by k, in place." in done.stdout
    assert "join" in repr(go)
    with pytest.raises(AttributeError, match="did you mean scale"):
        go.scael  # noqa: B018


def go_path(go: sb.Remote) -> str:
    return os.readlink(f"/proc/{go.pid()}/exe")


def test_arrays_are_the_callers(go: sb.Remote) -> None:
    a = sb.create("x", (4, 6))
    a[:] = 1
    go.scale(a, 2)
    go.scale(a[1:3, ::-2], 10)
    expected = np.full((4, 6), 2.0)
    expected[1:3, ::-2] *= 10
    np.testing.assert_array_equal(a, expected)
    temporary = sb.ones(3)
    go.scale(temporary.T, 3)
    assert temporary.sum() == 9
    plain = np.ones((2, 3), order="F")
    assert go.total(plain) == 6
    go.scale(plain, 5)
    assert plain.sum() == 6, "an ordinary array is copied"
    for dtype in ("i1", "u2", "M8[s]", "S3", "c8"):
        assert go.shape(np.zeros((2, 3), dtype)) == [2, 3]
    assert go.echo([a[0], {"deep": a}])[1]["deep"].name == "x"
    sb.delete("x")


def test_arrays_that_are_returned(go: sb.Remote, segments: Path) -> None:
    ones = go.ones(5)
    assert isinstance(ones, sb.ndarray) and ones.tolist() == [1] * 5
    ones[0] = 7
    plain = go.plain(10_000)
    assert plain.dtype == np.float32 and plain.sum() == 10_000
    assert go.segments() == 2
    del ones, plain
    until(lambda: go.segments() == 0)


@pytest.mark.parametrize(
    "array",
    [
        *(np.arange(-3, 3).astype(text) for text in "i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8 c8 c16".split()),
        np.array(2.5),
        np.zeros((3, 0, 2)),
        np.arange(24.0).reshape(2, 3, 4).T,
        np.arange(40)[::-3],
        np.broadcast_to(np.float32(7), (5, 4)),
        np.random.default_rng(0).integers(0, 256, 12 << 10, np.uint8),
        np.arange(1536.0),  # 12 KiB
    ],
    ids=lambda a: f"{np.asarray(a).dtype}{np.shape(a)}",
)
def test_small_arrays(go: sb.Remote, array: np.ndarray[Any, Any]) -> None:
    assert go.shape(array) == list(array.shape)
    came = go.echo([array, {"x": array}])
    for a in (came[0], came[1]["x"]):
        assert type(a) is sb.ndarray and a.dtype == array.dtype and a.flags.writeable
        np.testing.assert_array_equal(a, array)


def test_small_arrays_make_no_segments(go: sb.Remote, segments: Path) -> None:
    plain = go.plain(3)
    assert type(plain) is sb.ndarray and plain.tolist() == [1, 1, 1]
    plain[0] = 2
    assert go.total(np.ones(3)) == 3 and go.total(np.ones(1536)) == 1536
    assert go.segments() == 0
    held = go.plain(3072), go.plain(3073)  # the second has more than 12 KiB
    assert (held[0].sum(), held[1].sum(), go.segments()) == (3072, 3073, 1)


def test_a_read_only_array_stays_as_it_is(go: sb.Remote) -> None:
    sb.create("x", 3)
    with pytest.raises(sb.RemoteError, match="panic") as raised:
        go.faults(sb.attach("x", "r"))
    assert raised.value.type == "panic" and "goroutine" in raised.value.trace
    assert sb.attach("x").sum() == 0
    sb.delete("x")


BAD: list[tuple[str, tuple[Any, ...], type[sb.Error], str]] = [
    ("add", (1,), sb.DTypeError, r"expected 2 arguments for add\(int64, int64\) -> int64, found 1"),
    ("add", (1, "x"), sb.DTypeError, r"argument 2 of add\(int64, int64\).* expected int64, found"),
    ("add", (1, 2.0), sb.DTypeError, "argument 2 of add"),
    ("small", (300,), sb.DTypeError, "expected int8, found 300"),
    ("total", (np.zeros(3, "f4"),), sb.DTypeError, r"argument 1 of total\(array\[float64\]\)"),
    ("total", (3,), sb.DTypeError, "argument 1 of total"),
    ("shape", ("x",), sb.DTypeError, "argument 1 of shape"),
    ("echo", ({1, 2},), sb.DTypeError, r"args\[0\]: expected a value that calls carry"),
    ("attach", ("nix",), sb.NotExistError, "no such segment"),
    ("attach", ("../x",), sb.BadNameError, "1 to 200"),
    ("fails", ("no",), sb.RemoteError, "errors.errorString: no"),
    ("panics", (), sb.RemoteError, "panic: on purpose"),
    ("nix", (), sb.NotExistError, 'no function "nix"'),
    ("scal", (), sb.NotExistError, "did you mean scale"),
]


@pytest.mark.parametrize(("name", "args", "error", "says"), BAD, ids=lambda of: of if isinstance(of, str) else "")
def test_what_goes_wrong(name: str, args: tuple[Any, ...], error: type[sb.Error], says: str, go: sb.Remote) -> None:
    with pytest.raises(error, match=says) as raised:
        go._connection.client.call(name, args, None)
    assert type(raised.value) is error
    assert go.add(1, 2) == 3, "the server goes on"
    assert go.segments() == 0, "nothing is under way"


CASES = json.loads((Path(__file__).parent / "conformance/calls.json").read_text())["cases"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_failing_calls(case: dict[str, Any], go: sb.Remote) -> None:
    error = getattr(sb, f"{case['error']}Error")
    args = case.get("args", [])
    if case.get("itself"):
        args = [[]]
        args[0].append(args[0])
    if case.get("closed"):
        go.close()
    with pytest.raises(error) as raised:
        go._connection.client.call(case["function"], args, case.get("timeout"))
    assert type(raised.value) is error
    for part in case["says"]:
        assert part in str(raised.value)


def test_a_value_that_contains_itself(go: sb.Remote) -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(sb.DTypeError, match="does it contain itself"):
        go.echo(value)


def test_long_messages(go: sb.Remote) -> None:
    long = os.urandom(100_000)
    assert go.echo(long) == long
    assert len(go.bytes(1 << 20)) == 1 << 20
    until(lambda: go.segments() == 0)


def test_many_threads(go: sb.Remote) -> None:
    wrong = []

    def work(k: int) -> None:
        for i in range(300):
            if go.add(i, k) != i + k:
                wrong.append((i, k))
            if i % 50 == 0 and go.total(np.full(100, float(k))) != 100 * k:
                wrong.append((i, k))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    futures = [go.add.future(i, 1) for i in range(300)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [future.result() for future in futures] == list(range(1, 301))
    assert wrong == []


def test_futures(go: sb.Remote) -> None:
    futures = [go.add.future(i, 1) for i in range(2000)]
    assert sum(future.result() for future in as_completed(futures, timeout=60)) == 2_001_000
    with pytest.raises(sb.RemoteError, match="no"):
        go.fails.future("no").result()
    with pytest.raises(sb.DTypeError):
        go.echo.future({1})
    late = go.wait.future(timeout=0.05)
    with pytest.raises(sb.DeadlineError, match=r"call wait: not within 0\.05 s"):
        late.result()
    waits = go.wait.future()
    assert waits.cancel() and waits.cancel() and waits.cancelled()
    with pytest.raises(CancelledError):
        waits.result()
    assert list(as_completed([waits], timeout=60)) == [waits]
    until(lambda: go.waiting() == 0)
    nested: list[int] = []
    go.nothing.future().add_done_callback(lambda _: nested.append(go.add(1, 1)))
    until(lambda: nested == [2])


def test_asyncio(go: sb.Remote) -> None:
    async def main() -> int:
        results = await asyncio.gather(*(go.add.aio(i, 1) for i in range(500)))
        with pytest.raises(sb.DeadlineError):
            await go.wait.aio(timeout=0.05)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(go.wait.aio(), 0.05)
        return sum(results)

    assert asyncio.run(main()) == 125_250
    until(lambda: go.waiting() == 0)


def test_stats(go: sb.Remote, server: str) -> None:
    for i in range(200):
        go.add(i, 1)
    with pytest.raises(sb.DTypeError):
        go.add(1)
    go.sleep(0.1)
    go.total(np.ones(1000))  # which travels in the message
    go.total(np.ones(2000))
    go.plain(500)
    go.ones(500)
    waits = go.wait.future()
    until(lambda: go.waiting() == 1)
    stats = go.stats()
    add, sleep, wait = (stats["functions"][name] for name in ("add", "sleep", "wait"))
    assert (add["calls"], add["errors"], add["in_flight"]) == (201, 1, 0)
    assert timedelta(0) <= add["p50"] <= add["p99"] < timedelta(seconds=60)
    assert (sleep["calls"], wait["calls"], wait["in_flight"]) == (1, 0, 1)
    assert sleep["p50"] >= timedelta(seconds=0.1)
    assert (stats["handle_bytes"], stats["copy_bytes"], stats["processes"]) == (20_000, 10_000, 1)
    assert "nothing" not in stats["functions"] and ".stats" not in stats["functions"]
    waits.cancel()


def test_timeouts(go: sb.Remote) -> None:
    with pytest.raises(sb.DeadlineError, match=r"call wait: not within 0\.05 s"):
        go.wait(timeout=0.05)
    until(lambda: go.waiting() == 0)
    with pytest.raises(sb.DeadlineError):
        go.ones(3, timeout=0)
    until(lambda: go.segments() == 0)
    assert go.add(1, 2, timeout=60) == 3


def test_more_calls_than_the_server_takes_at_once(go: sb.Remote) -> None:
    futures = [go.wait.future(timeout=1) for _ in range(1500)]
    assert all(isinstance(future.exception(60), sb.DeadlineError) for future in futures)
    until(lambda: go.waiting() == 0)


def test_a_future_waits_for_room(segments: Path, server: str) -> None:
    with sb.launch(server) as go:
        futures = [go.wait.future() for _ in range(1024)]
        with pytest.raises(sb.DeadlineError):
            while len(futures) < 2048:
                futures.append(go.wait.future(timeout=1))
        assert 1024 + 50 <= len(futures) < 1024 + 100
        for future in futures:
            future.cancel()
        until(lambda: go.waiting() == 0)
        assert go.add(1, 2) == 3
