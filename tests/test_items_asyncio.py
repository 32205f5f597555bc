"""Items that a Go program yields, taken by ``async for``."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

import samebytes as sb
from conftest import Program, until


@pytest.fixture
def go(segments: Path, server: str) -> Iterator[sb.Remote]:
    """Its functions, launched."""
    with sb.launch(server) as remote:
        yield remote


async def taken(items: AsyncIterator[Any]) -> list[Any]:
    return [item async for item in items]


def test_all_items(go: sb.Remote) -> None:
    assert asyncio.run(taken(go.numbers(1000))) == list(range(1000))
    assert asyncio.run(taken(go.numbers(0))) == []
    assert asyncio.run(taken(go.pairs())) == [["a", 1], ["b", 2]]
    counter = go.Counter(5)
    assert asyncio.run(taken(counter)) == list(range(5))

    async def sums() -> list[float]:
        return [block.sum() async for block in go.blocks(40)]

    assert asyncio.run(sums()) == [100.0 * i for i in range(40)]
    until(lambda: go.segments() == 0)


def test_many_loops_and_a_caller_at_once(go: sb.Remote) -> None:
    async def all_of_them() -> list[list[Any]]:
        return await asyncio.gather(*(taken(go.numbers(200)) for _ in range(20)), taken(go.pairs()))

    calls = threading.Thread(target=lambda: [go.add(1, 2) for _ in range(500)])  # which reads what the loops wait for
    calls.start()
    found = asyncio.run(all_of_them())
    calls.join(60)
    assert found == [list(range(200))] * 20 + [[["a", 1], ["b", 2]]]


def test_both_kinds_of_loop_in_turn(go: sb.Remote) -> None:
    async def mixed() -> list[int]:
        numbers, found = go.numbers(100), []
        for _ in range(25):
            found += [next(numbers), await anext(numbers), await anext(numbers), next(numbers)]
        assert await anext(numbers, None) is None and next(numbers, None) is None
        return found

    assert asyncio.run(mixed()) == list(range(100))


def test_the_loop_runs_what_the_items_wait_for(go: sb.Remote) -> None:
    """What Go calls back runs elsewhere than in the loop's thread, of which it waits here."""

    async def squares() -> list[int]:
        loop, threads = asyncio.get_running_loop(), set()

        async def square(x: int) -> int:
            return x * x

        def function(x: int) -> int:
            threads.add(threading.current_thread())
            return asyncio.run_coroutine_threadsafe(square(x), loop).result(60)

        found = await taken(go.mapped(function, 50))
        assert threading.current_thread() not in threads
        return found

    assert asyncio.run(squares()) == [x * x for x in range(50)]


def test_who_leaves_early(go: sb.Remote) -> None:
    async def leave() -> None:
        async with aclosing(go.numbers(1 << 40)) as numbers:
            async for i in numbers:
                if i == 50:
                    break
        assert await anext(numbers, "over") == "over"

    closed = go.closed()
    asyncio.run(leave())
    until(lambda: go.closed() == closed + 1)


def test_errors(go: sb.Remote) -> None:
    found: list[int] = []

    async def fail() -> None:
        async for i in go.failing(30):
            found.append(i)  # noqa: PERF401  # what came before the error

    with pytest.raises(sb.RemoteError, match="at the end"):
        asyncio.run(fail())
    assert found == list(range(30))


@pytest.fixture
def stuck(go: sb.Remote) -> Iterator[Any]:
    """Items of which none comes until the test is over."""
    free = threading.Event()
    yield go.mapped(lambda x: free.wait(60) * x, 1000)
    free.set()


def test_timeouts(go: sb.Remote) -> None:
    free = threading.Event()

    async def late() -> None:
        with pytest.raises(sb.DeadlineError, match=r"next item of mapped: not within 0\.05 s"):
            await taken(go.mapped(lambda x: free.wait(60), 3, timeout=0.05))

    asyncio.run(late())
    free.set()
    assert asyncio.run(taken(go.numbers(100, timeout=float("inf")))) == list(range(100))
    assert not go._connection.client._futures


def test_a_cancelled_task(go: sb.Remote, stuck: Any) -> None:
    async def cancelled() -> None:
        task = asyncio.create_task(anext(stuck))
        await asyncio.sleep(0)  # it awaits the item
        with pytest.raises(RuntimeError, match="awaited already"):
            await anext(stuck)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await anext(stuck, "over") == "over"

    asyncio.run(cancelled())
    assert not go._connection.client._futures and go.add(1, 2) == 3


def test_the_end_of_the_connection(listening: Callable[[str], Program], segments: Path) -> None:
    program = listening("worker")
    go = sb.connect("worker")

    async def killed() -> None:
        numbers = go.numbers(1 << 40)
        async for i in numbers:
            if i == 30:
                program.kill()
        pytest.fail("they have no end")

    with pytest.raises(sb.WorkerDiedError):
        asyncio.run(killed())

    async def later() -> None:
        await taken(go.numbers(3))

    with pytest.raises(sb.WorkerDiedError):
        asyncio.run(later())
    (segments / ".samebytes-calls-worker").unlink()  # as a killed server leaves it


def test_the_connection_ends_behind_the_last_item(listening: Callable[[str], Program], segments: Path) -> None:
    """All of it has come before the loop, which awaits the first, looks again."""
    program = listening("worker")
    go = sb.connect("worker")
    client = go._connection.client

    async def late() -> list[int]:
        numbers = go.numbers(3)
        first = asyncio.ensure_future(anext(numbers))
        await asyncio.sleep(0)  # it awaits
        until(lambda: numbers._call.answer is not None)
        program.kill()
        client._completing.join(60)  # which has told all who await
        return [await first, *await taken(numbers)]

    assert asyncio.run(late()) == [0, 1, 2]
    (segments / ".samebytes-calls-worker").unlink()  # as a killed server leaves it


def test_a_connection_closed_while_an_item_is_awaited(go: sb.Remote, stuck: Any) -> None:
    async def closed() -> None:
        task = asyncio.create_task(anext(stuck))
        await asyncio.sleep(0)
        go.close()
        with pytest.raises(sb.ClosedError):
            await task

    asyncio.run(closed())
