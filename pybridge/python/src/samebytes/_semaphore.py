"""Semaphores, whose permits the dead give back. shm/semaphore.go has the same in Go."""

from typing import Literal, Self

from samebytes import _control, _timeout
from samebytes._control import KINDS
from samebytes._errors import DeadlineError, FullError, NotOwnerError
from samebytes._object import SOON, Object, in_bounds, word_of, word_parts

# Words of the state.
_PERMITS = 0
_HELD = 2  # and one for each participant; between them stands what a bounded semaphore was made with

_MOST = (1 << 31) - 1  # permits: what POSIX lets a semaphore have (SEM_VALUE_MAX), and fits into a participant's word


class Semaphore(Object):
    """Permits that processes, in Go too, lend and give back.

    They are a process's, whichever of its threads acquired them. Its death gives them back, and so does the end of its last
    reference; a forked child holds none of them. That is right for permits that stand for something held, as connections or
    memory. Whoever consumes signals of others without ever giving back gives them all back in the end: count those with a
    `Counter`.

    No order is kept among those who wait.

    Examples
    --------
    >>> s = sb.Semaphore.create("example", 2)
    >>> with s:
    ...     s.get_value()
    1
    >>> sb.delete("example")
    """

    _kind = KINDS.index("semaphore")

    @classmethod
    def _words(cls, slots: int, boxes: int) -> int:
        return _HELD + slots

    @classmethod
    def create(cls, name: str | None, permits: int = 1, mode: int = 0o600, slots: int = _control.SLOTS) -> Self:
        """Make a semaphore of that name with so many permits, and open it.

        Parameters
        ----------
        name : str or None
            As of an array; None for one that goes with the last process that has it open.
        permits : int, optional
            0 to 2^31 - 1.
        mode : int, optional
            The permission bits of the file.
        slots : int, optional
            How many processes may have it open at the same time: 1 to 256.

        Raises
        ------
        BadNameError, ExistError, FullError, NoSpaceError, AccessError, UnsupportedError
        ValueError
            For another number of permits.
        """
        in_bounds(0, _MOST, permits, "permits")
        bound = permits if issubclass(cls, BoundedSemaphore) else 0
        return cls(cls._created(name, (permits, bound), mode, slots))

    @classmethod
    def attach(cls, name: str, mode: Literal["r", "r+"] = "r+", trust: bool = False) -> "Semaphore":
        """Open the semaphore of that name, bounded or not. The errors are those of `Mutex.attach`."""
        segment = cls._attached(name, mode, trust, (Semaphore._kind, BoundedSemaphore._kind))
        assert segment.control is not None  # it has a kind
        return (BoundedSemaphore if segment.control.kind == BoundedSemaphore._kind else Semaphore)(segment)

    def acquire(self, blocking: bool = True, timeout: float | None = -1) -> bool:
        """Wait until a permit is free, and return whether it was taken. A dead process's are seen within 10 ms or so.

        Parameters
        ----------
        blocking : bool, optional
            Whether to wait at all.
        timeout : float, optional
            Seconds; -1 and None wait without end.
        """
        nanoseconds = _timeout.of_acquire(blocking, timeout)
        if nanoseconds == 0:
            return self._locked(self._take)
        end = _timeout.end_of(nanoseconds)
        try:
            # One that comes after the look at _free() is published after it.
            return self._locked(self._take, nanoseconds) or self._until(
                end, SOON, lambda: self._free() > 0 and self._locked(self._take, _timeout.left(end))
            )
        except DeadlineError:
            return False

    def release(self, n: int = 1) -> None:
        """Give back n permits that this process holds, and wake those who wait.

        For each that it does not hold, it makes a further one; of a `BoundedSemaphore` that fails, and gives back none.

        Raises
        ------
        NotOwnerError
            Of a `BoundedSemaphore`.
        FullError
            For more than 2^31 - 1 permits.
        """
        in_bounds(1, _MOST, n, "permits")
        self._locked(lambda: self._give(n))
        self._publish()

    def get_value(self) -> int:
        """How many permits are free, which may be over as soon as it is said.

        Beside others that acquire and release it may count one of them twice, or not.
        """
        return max(self._free(), 0)

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *exception: object) -> None:
        self.release()

    def _take(self) -> bool:
        """Takes a permit if one is free."""
        if self._free() <= 0:
            return False
        self._hold(self._held() + 1)
        return True

    def _give(self, n: int) -> None:
        held = self._held()
        more = n - held
        if more > 0:
            permits = self._state[_PERMITS]
            if isinstance(self, BoundedSemaphore):
                raise NotOwnerError(f"{self!r}: expected at most the {held} permits that this process holds, found {n}")
            if permits + more > _MOST:
                raise FullError(f"{self!r}: expected at most {_MOST} permits, found {permits + more}")
            self._state[_PERMITS] = permits + more  # before the others, which a death gives back in any case
        self._hold(max(-more, 0))

    def _free(self) -> int:
        """How many permits are free. With the lock it is exact."""
        free = self._state[_PERMITS]
        for word in filter(None, self._state[_HELD:]):
            who, held = word_parts(word)
            if held and not self._segment.is_dead(who):
                free -= held
        return free

    def _held(self) -> int:
        """How many permits this process holds."""
        who, held = word_parts(self._state[_HELD + self._segment.row])
        return held if who == self._segment.me else 0  # else of one who had the row before and died with it

    def _hold(self, held: int) -> None:
        self._state[_HELD + self._segment.row] = word_of(self._segment.me, held) if held else 0


class BoundedSemaphore(Semaphore):
    """A `Semaphore` that never has more permits than it was made with.

    Its `release` fails with NotOwnerError where the process holds none.

    Examples
    --------
    >>> s = sb.BoundedSemaphore.create("example", 2)
    >>> s.acquire()
    True
    >>> s.release()
    >>> s.release()
    Traceback (most recent call last):
        ...
    samebytes.NotOwnerError: ...
    >>> sb.delete("example")
    """

    _kind = KINDS.index("bounded semaphore")

    @classmethod
    def attach(cls, name: str, mode: Literal["r", "r+"] = "r+", trust: bool = False) -> "BoundedSemaphore":
        """Open the bounded semaphore of that name. The errors are those of `Mutex.attach`."""
        return cls(cls._attached(name, mode, trust, (cls._kind,)))
