"""Locks of segments made for them alone. shm/mutex.go has the same in Go."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import get_ident
from typing import Literal, Self
from weakref import WeakKeyDictionary

from samebytes import _control, _timeout
from samebytes._control import KINDS
from samebytes._errors import OwnerDiedError
from samebytes._object import Object
from samebytes._segment import Segment


class Lockable(Object):
    """An object that one thread of all processes holds at a time."""

    @classmethod
    def create(
        cls,
        name: str | None,
        mode: int = 0o600,
        slots: int = _control.SLOTS,
        recover: Literal["always"] | None = None,
    ) -> Self:
        """Make one of that name, which nobody holds, and open it.

        Parameters
        ----------
        name : str or None
            As of an array; None for one that goes with the last process that has it open.
        mode : int, optional
            The permission bits of the file.
        slots : int, optional
            How many processes may have it open at the same time: 1 to 256.
        recover : {None, "always"}, optional
            With "always" a dead holder's lock passes to the next as if it had been released.

        Raises
        ------
        BadNameError, ExistError, FullError, NoSpaceError, AccessError, UnsupportedError
        """
        return cls(cls._created(name, (), mode, slots, recover))

    def acquire(self, blocking: bool = True, timeout: float | None = -1) -> bool:
        """Wait until nobody else holds it, and return whether this thread does.

        Who waits gets its turn after at most 100 others that asked later. Ctrl-C works.

        Parameters
        ----------
        blocking : bool, optional
            Whether to wait at all.
        timeout : float, optional
            Seconds; -1 and None wait without end.

        Raises
        ------
        OwnerDiedError
            When the last holder died with it: see `recover`.
        FullError
            When more wait than the table of locks has rows, twice the slots.
        """
        return self._lock.take(_timeout.of_acquire(blocking, timeout), get_ident(), False, None)

    def release(self) -> None:
        """Give it free.

        Raises
        ------
        NotOwnerError
            When this thread does not hold it.
        """
        self._lock.release()

    def locked(self) -> bool:
        """Whether somebody holds it, or died with it. It may be over as soon as it is said."""
        try:
            return self._lock.quiet(0, True) is None
        except OwnerDiedError:
            return True

    def recover(self, timeout: float | None = None) -> AbstractContextManager[bool]:
        """Hold it, also where a holder has died: ``with m.recover() as died:``.

        Yields whether one has, so that what it was at work on may be half done. Leaving the block without an exception says
        that this is whole again; an exception leaves the mark, and so does the death of this process.

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
        with self._lock.recover(timeout) as marks:
            yield bool(marks)

    def __enter__(self) -> bool:
        return self._lock.__enter__()

    def __exit__(self, *exception: object) -> None:
        self._lock.__exit__()


class Mutex(Lockable):
    """A lock that threads and tasks of all processes, in Go too, exclude each other with.

    ``with m:`` holds it for a thread and ``async with m:`` for a task. Who asks for what it holds already gets DeadlockError.

    When a process dies that holds it, what it was at work on may be half done: to acquire it fails with OwnerDiedError until
    somebody has left the block of `recover`.

    Examples
    --------
    >>> m = sb.Mutex.create("example")
    >>> with m:
    ...     pass  # nobody else is here
    >>> sb.Mutex.attach("example").acquire(timeout=1)  # in another process
    True
    >>> m.locked()
    True
    >>> m.release()
    >>> sb.delete("example")
    """

    _kind = KINDS.index("mutex")

    async def __aenter__(self) -> bool:
        return await self._lock.__aenter__()

    async def __aexit__(self, *exception: object) -> None:
        await self._lock.__aexit__()


# How often threads hold the locks of a segment beyond the once that its table says, by the process's identity there, which a forked
# child does not have, and the thread.
_more: WeakKeyDictionary[Segment, dict[tuple[int, int], int]] = WeakKeyDictionary()


class Reentrant(Lockable):
    """An object that its holder, a thread, can acquire again."""

    def __init__(self, segment: Segment) -> None:
        super().__init__(segment)
        self._more = _more.setdefault(segment, {})

    def acquire(self, blocking: bool = True, timeout: float | None = -1) -> bool:
        """Wait until no other thread holds it, and return whether this one does.

        It holds it until it has called `release` as often. Who waits gets its turn after at most 100 others that asked later.
        Ctrl-C works.

        Parameters
        ----------
        blocking : bool, optional
            Whether to wait at all.
        timeout : float, optional
            Seconds; -1 and None wait without end.

        Raises
        ------
        OwnerDiedError
            When the last holder died with it: see `recover`.
        FullError
            When more wait than the table of locks has rows, twice the slots.
        """
        thread, nanoseconds = get_ident(), _timeout.of_acquire(blocking, timeout)
        if not self._lock.held(thread):
            return self._lock.take(nanoseconds, thread, False, None)
        key = self._segment.me, thread
        self._more[key] = self._more.get(key, 0) + 1
        return True

    def release(self) -> None:
        """Take back one `acquire`, and give it free with the last.

        Raises
        ------
        NotOwnerError
            When this thread does not hold it.
        """
        key = self._segment.me, get_ident()
        more = self._more.pop(key, 0)
        if more > 1:
            self._more[key] = more - 1
        elif more == 0:
            self._lock.release()

    @contextmanager
    def _recover(self, timeout: float | None) -> Iterator[bool]:
        if not self._lock.held(get_ident()):
            with super()._recover(timeout) as died:
                yield died
            return
        with self:
            yield bool(self._lock.marks())
            self._lock.repaired()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *exception: object) -> None:
        self.release()


class RLock(Reentrant):
    """A `Mutex` that its holder, a thread, can acquire again.

    How often it has is nowhere but in its process, also when it attached the lock more than once.

    Examples
    --------
    >>> lock = sb.RLock.create("example")
    >>> with lock:
    ...     with lock:
    ...         pass
    >>> sb.delete("example")
    """

    _kind = KINDS.index("rlock")
