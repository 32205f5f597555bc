"""Calls under way."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

import numpy as np

from samebytes._array import ndarray
from samebytes._timeout import Deadline

Incoming = tuple[int, int, bytes]  # the message of a call from the other program


class Call:
    """A call under way; or the place among those that may lead of a thread that has none."""

    # What most calls leave as it is.
    id = 0
    deadline: Deadline | None = None
    answer: tuple[int, bytes] | None = None  # its kind and payload
    copies: Sequence[ndarray] = ()  # in temporary segments, which it has
    given: Sequence["np.ndarray[Any, Any]"] = ()  # the caller's own arrays that it has
    # A CallFuture for its result; or, while an item is awaited, one that is done when there is something to take.
    future: "Future[Any] | None" = None
    given_up = False
    items: "deque[Any] | tuple[()]" = ()  # of one that returns items: those not taken yet, as third of three
    nested: "deque[Incoming] | tuple[()]" = ()  # calls from the other side to run while waiting for this one
    room = 0  # for items of a call from the other side
    uses: Any = None  # what is to live as long as it is under way
    turn: Any = None  # a lock, once somebody may wait: released when there is something to do for who waits

    def wake(self) -> None:
        turn = self.turn
        if turn is not None and turn.locked():
            try:
                turn.release()
            except RuntimeError:
                pass  # it is awake

    def left(self) -> int:
        """Nanoseconds that are left, negative for no end. Raises DeadlineError."""
        return -1 if self.deadline is None else self.deadline.left()

    def sleep(self, most: int) -> None:
        """Waits to be woken, so many nanoseconds at most, negative for ever. The first time it returns at once.

        For what came before there was a lock to be released is to be looked for once more.
        """
        if self.turn is None:
            turn = threading.Lock()
            turn.acquire()
            self.turn = turn
        else:
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
