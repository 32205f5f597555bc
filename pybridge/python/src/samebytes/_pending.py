"""Calls under way."""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, NamedTuple

from samebytes._array import ndarray
from samebytes._timeout import Deadline


class Incoming(NamedTuple):
    """A call from the other program."""

    id: int
    wants: int
    payload: bytes


class Call:
    """A call under way; or the place among those that may lead of a thread that has none."""

    __slots__ = (
        "answer",
        "copies",
        "deadline",
        "future",
        "given_up",
        "id",
        "items",
        "leads",
        "nested",
        "room",
        "turn",
        "uses",
    )

    def __init__(self, deadline: Deadline | None = None) -> None:
        self.id = 0
        self.deadline = deadline
        self.answer: tuple[int, bytes] | None = None  # its kind and payload
        self.copies: list[ndarray] = []
        self.future: CallFuture | None = None
        self.given_up = False
        self.leads = False
        self.items: deque[Any] | None = None  # of one that returns items: those not taken yet
        self.nested: deque[Incoming] | None = None  # calls from the other side to run while waiting for this one
        self.room = 0  # for items of a call from the other side
        self.uses: Any = None  # what is to live as long as it is under way
        self.turn = threading.Lock()  # released when it has its answer, or is to lead
        self.turn.acquire()

    def wake(self) -> None:
        try:
            self.turn.release()
        except RuntimeError:
            pass  # it is awake

    def left(self) -> int:
        """Nanoseconds that are left, negative for no end. Raises DeadlineError."""
        return -1 if self.deadline is None else self.deadline.left()

    def sleep(self, most: int) -> None:
        """Waits to be woken, so many nanoseconds at most, negative for ever."""
        self.turn.acquire(timeout=-1 if most < 0 else most / 1e9)


class CallFuture(Future[Any]):
    """A call's. To cancel it gives the call up."""

    def __init__(self, give_up: Callable[[], None]) -> None:
        super().__init__()
        self._give_up = give_up

    def cancel(self) -> bool:
        if self.cancelled():
            return True
        if not super().cancel():
            return False
        self.set_running_or_notify_cancel()  # tells who waits for several
        self._give_up()
        return True
