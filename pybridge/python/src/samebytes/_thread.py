"""What blocks, awaited by asyncio.

Whoever needs this imports it when it does: to import asyncio takes longer than all the rest of this package.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")


def running_task() -> asyncio.Task[Any]:
    """The running task. Its id is told from those of threads, which are addresses of living things too."""
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("expected to be awaited by a task")
    return task


async def call(work: Callable[[Callable[[], bool]], T], undo: Callable[[T], object]) -> T:
    """What ``work(stop)`` returns, which a thread of its own waits for: those of an executor are too few for who waits for long.

    When this is cancelled, stop() is true from then on, and what `work` returns all the same goes to `undo`.
    """
    future: Future[T] = Future()  # whoever ends it first, the thread or the cancellation, decides who has the result

    def run() -> None:
        try:
            result = work(future.cancelled)
        except BaseException as error:
            with suppress(InvalidStateError):  # nobody wants to know
                future.set_exception(error)
            return
        try:
            future.set_result(result)
        except InvalidStateError:
            undo(result)

    threading.Thread(target=run, name="samebytes-wait", daemon=True).start()
    try:
        return await asyncio.wrap_future(future)
    except asyncio.CancelledError:
        if not future.cancel() and future.exception() is None:
            undo(future.result())
        raise
