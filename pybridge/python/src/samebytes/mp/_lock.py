"""Lock and RLock, in segments that Go opens as `shm.Mutex` and `shm.RLock`."""

import itertools
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from multiprocessing import process
from threading import get_ident
from typing import Any

from samebytes import _mutex, _timeout
from samebytes._box import Layout
from samebytes._errors import NotOwnerError, OwnerDiedError
from samebytes._object import WholeLock
from samebytes._segment import Segment
from samebytes.mp._shared import Shared, nanoseconds, slots

# Numbers of the turns of Locks, in the place of a thread's: threads have addresses.
_turns = itertools.count(1)


def whole(segment: Segment) -> WholeLock:
    """The lock on all of a segment's array, whatever its length."""
    h = segment.header
    return WholeLock(segment, Layout(0, h.shape, (0,) * len(h.shape), h.dtype.itemsize, rows=0))


def join(segment: Segment) -> None:
    """Makes this process a participant, if it is none."""
    lock = whole(segment)
    lock.take(-1, get_ident(), True, None)
    lock.give(get_ident())


class Held(Shared):
    """What Lock and RLock share."""

    core: WholeLock
    depth = 1  # how often its holder has acquired it

    def _open(self, segment: Segment) -> None:
        super()._open(segment)
        self.core = whole(segment)

    def acquire(self, block: bool = True, timeout: float | None = None) -> bool:
        """Wait until nobody holds it, and return whether the caller does now.

        Parameters
        ----------
        block : bool, optional
            Whether to wait at all.
        timeout : float, optional
            Seconds; None waits without end, and less than 0 is 0.

        Raises
        ------
        OwnerDiedError
            When the last holder died with it: see `recover`.
        FullError
            When more wait than the table of locks has rows, 128 or more.
        """
        return self.take(nanoseconds(block, timeout), False)

    def recover(self, timeout: float | None = None) -> AbstractContextManager[bool]:
        """Hold it, also where a holder has died: ``with lock.recover() as died:``.

        Yields whether one has, so that what it was at work on may be half done. Leaving the block without an exception says
        that this is whole again.

        Parameters
        ----------
        timeout : float, optional
            Seconds; None waits without end.

        Raises
        ------
        DeadlineError
            When the timeout has passed.
        """
        return self._recover(timeout)

    @contextmanager
    def _recover(self, timeout: float | None) -> Iterator[bool]:
        deadline = _timeout.Deadline(timeout, f"recover {self.name!r}")
        if not self.take(_timeout.nanoseconds(timeout), True):
            raise deadline.error()
        try:
            yield bool(self.core.marks())
            self.core.repaired()
        finally:
            self.release()

    def release(self) -> None:
        """Give it free."""
        raise NotImplementedError

    def locked(self) -> bool:
        """Whether anybody holds it, or died with it. It may be over as soon as it is said."""
        try:
            return self.core.quiet(0, True) is None
        except OwnerDiedError:
            return True

    def take(self, timeout: int, recover: bool) -> bool:
        """As `acquire`, with nanoseconds, negative for no timeout. recover takes it also where a holder has died."""
        raise NotImplementedError

    def is_mine(self) -> bool:
        """Whether the calling thread holds it."""
        raise NotImplementedError

    def free(self) -> None:
        """Give it free, however often it was acquired."""
        raise NotImplementedError

    def _holder(self) -> tuple[str, bool]:
        """Who holds it, as the standard library's repr says it, and whether anybody does."""
        if self.is_mine():
            thread = threading.current_thread().name
            name = process.current_process().name
            return name if thread == "MainThread" else f"{name}|{thread}", True
        if not self.locked():
            return "None", False
        return "SomeOtherThread" if self.core.mapping.holds_locks() else "SomeOtherProcess", True


class Lock(Held):
    """A lock as `multiprocessing.Lock`, in a segment, which Go opens as a `shm.Mutex`.

    Any thread of any process may release it, as the standard one. It belongs to the process that acquired it: when that ends,
    however it ends, the next one gets OwnerDiedError, until somebody has left the block of `recover`, or released it.

    Parameters
    ----------
    name : str, optional
        As of `samebytes.create`: the lock stays until `samebytes.delete`. None makes one that goes with its last user.
    """

    _turn = 0  # by which this process holds it; 0: not
    _thread = 0

    def __init__(self, *, name: str | None = None, ctx: Any = None) -> None:
        self._create(_mutex.Mutex.create(name, slots=slots()))

    def release(self) -> None:
        """Give it free, whoever holds it.

        Raises
        ------
        ValueError
            When nobody does.
        """
        turn, self._turn = self._turn, 0
        if turn:
            try:
                self.core.give(turn)
                return
            except NotOwnerError:
                pass  # another process has released it meanwhile
        if not self.core.take_away():
            raise ValueError("semaphore or lock released too many times")

    def __enter__(self) -> bool:
        return self.take(-1, False)

    def __exit__(self, *exception: object) -> None:
        self.release()

    def take(self, timeout: int, recover: bool) -> bool:
        turn = next(_turns)
        if not self.core.take(timeout, turn, recover, None):
            return False
        self._turn, self._thread = turn, get_ident()
        return True

    def is_mine(self) -> bool:
        return self._turn != 0 and self._thread == get_ident() and self.core.held(self._turn)

    def free(self) -> None:
        self.release()

    def _forked(self) -> None:
        self._turn = 0

    def __repr__(self) -> str:
        return f"<{type(self).__name__}(owner={self._holder()[0]})>"


class RLock(Held):
    """A lock as `multiprocessing.RLock`, in a segment, which Go opens as a `shm.RLock`; or the lock of an array's segment.

    When its holder's process ends, however it ends, the next one gets OwnerDiedError, until somebody has left the block of
    `recover`.

    Parameters
    ----------
    name : str, optional
        As of `Lock`.
    """

    owner = 0  # the thread of this process that holds it; 0: none

    def __init__(self, *, name: str | None = None, ctx: Any = None) -> None:
        self._create(_mutex.RLock.create(name, slots=slots()))

    def release(self) -> None:
        """Take back one `acquire`, and give it free with the last.

        Raises
        ------
        AssertionError
            When this thread does not hold it.
        """
        if self.owner != get_ident():
            raise AssertionError("attempt to release recursive lock not owned by thread")
        if self.depth > 1:
            self.depth -= 1
        else:
            self.free()

    def __enter__(self) -> bool:
        thread = get_ident()
        if self.owner == thread:
            self.depth += 1
        else:
            self.core.__enter__()
            self.owner, self.depth = thread, 1
        return True

    def __exit__(self, *exception: object) -> None:
        self.release()

    def take(self, timeout: int, recover: bool) -> bool:
        thread = get_ident()
        if self.owner == thread:
            self.depth += 1
        elif self.core.take(timeout, thread, recover, None):
            self.owner, self.depth = thread, 1
        else:
            return False
        return True

    def is_mine(self) -> bool:
        return self.owner == get_ident()

    def free(self) -> None:
        self.owner = 0  # before another thread holds it
        self.core.release()

    def _forked(self) -> None:
        self.owner = 0

    def __repr__(self) -> str:
        holder, held = self._holder()
        count = self.depth if self.is_mine() else "nonzero" if held else 0
        return f"<{type(self).__name__}({holder}, {count})>"
