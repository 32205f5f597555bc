"""Condition, in a segment that Go opens as a `shm.Condition`."""

from collections.abc import Callable
from threading import get_ident
from typing import Any, TypeVar

from samebytes import _condition
from samebytes._segment import Segment
from samebytes.mp import _handle
from samebytes.mp._lock import Held, RLock, join
from samebytes.mp._shared import Shared, rebuilt, slots

T = TypeVar("T")


class _Turn:
    """A lock of this package, as `samebytes.Condition` uses its own."""

    def __init__(self, lock: Held) -> None:
        self._lock = lock
        self._depths: dict[int, int] = {}  # how often threads that wait had acquired it

    def held(self, thread: int) -> bool:
        return self._lock.is_mine()

    def give(self, thread: int) -> None:
        self._depths[thread] = self._lock.depth
        self._lock.free()

    def take(self, timeout: int, thread: int, recover: bool, stop: None) -> bool:
        if not self._lock.take(timeout, recover):
            return False
        self._lock.depth = self._depths.pop(thread)
        return True

    def marks(self) -> list[bytes]:
        return self._lock.core.marks()

    def quiet(self, thread: int, look: bool) -> int | None:
        return self._lock.core.quiet(thread, look)


class _Waiters(_condition.Condition):
    """Those who wait for a condition under a lock of this package. The rows change under that lock alone."""

    def __init__(self, segment: Segment, lock: Held) -> None:
        super().__init__(segment)
        self.__dict__["_lock"] = _Turn(lock)  # in the place of the segment's own, before that is asked for

    def count(self) -> int:
        """How many wait now."""
        return sum(self._living(word) != 0 for word in self._all()[:: _condition._WORDS])

    def _need_held(self) -> None:
        if not self._lock.held(get_ident()):
            raise AssertionError(f"{self!r}: expected this thread to hold the lock")
        if not self._segment.me:  # the lock is another segment's, and this a forked child
            join(self._segment)


class Condition(Shared):
    """A condition as `multiprocessing.Condition`, in a segment, which Go opens as a `shm.Condition`.

    Parameters
    ----------
    lock : Lock or RLock, optional
        Of this package: the lock to use, which several conditions may share. Go cannot use such a condition. None is a
        reentrant lock of its own, in the same segment.
    name : str, optional
        As of `Lock`.
    """

    _lock: Held
    _waiters: _Waiters

    def __init__(self, lock: Held | None = None, *, name: str | None = None, ctx: Any = None) -> None:
        if lock is not None and not isinstance(lock, Held):
            raise TypeError(f"expected a Lock or an RLock of samebytes.mp, found {lock!r}")
        self._create(_condition.Condition.create(name, slots=slots()), lock)

    def _open(self, segment: Segment, lock: Held | None = None) -> None:
        super()._open(segment)
        self._lock = RLock.over(segment) if lock is None else lock
        self._waiters = _Waiters(segment, self._lock)
        self.acquire, self.release = self._lock.acquire, self._lock.release
        self.recover, self.locked = self._lock.recover, self._lock.locked

    def __reduce__(self) -> tuple[Callable[..., Shared], tuple[Any, ...]]:
        lock = None if self._lock._segment is self._segment else self._lock
        return rebuilt, (type(self), _handle.of(self._segment), lock)

    def __enter__(self) -> bool:
        return self._lock.acquire()

    def __exit__(self, *exception: object) -> None:
        self._lock.release()

    def wait(self, timeout: float | None = None) -> bool:
        """Give the lock free, wait until notified, and hold it again, as often as before. Returns whether it was notified.

        Parameters
        ----------
        timeout : float, optional
            Seconds; None waits without end.

        Raises
        ------
        AssertionError
            When this thread does not hold the lock.
        OwnerDiedError
            When a process died that held it meanwhile. This thread holds it then.
        FullError
            When more wait than the table has rows, 128 or more.
        """
        return self._waiters.wait(timeout)

    def wait_for(self, predicate: Callable[[], T], timeout: float | None = None) -> T:
        """Wait until predicate() is true, and return what it said, which is false only when the timeout has passed.

        The errors are those of `wait`.
        """
        return self._waiters.wait_for(predicate, timeout)

    def notify(self, n: int = 1) -> None:
        """Wake the n that have waited for longest, or all that wait if they are fewer, once the lock is free.

        Raises
        ------
        AssertionError
            When this thread does not hold the lock.
        """
        self._waiters.notify(n)

    def notify_all(self) -> None:
        """Wake all that wait, as `notify` does."""
        self._waiters.notify_all()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}({self._lock!r}, {self._waiters.count()})>"
