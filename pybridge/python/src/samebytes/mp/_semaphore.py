"""Semaphore and BoundedSemaphore, in segments that Go opens as `shm.Semaphore`."""

import weakref
from contextlib import suppress
from typing import Any

from samebytes import _semaphore
from samebytes._control import KINDS
from samebytes._errors import Error, FullError, NotOwnerError
from samebytes._object import word_parts
from samebytes._segment import Segment
from samebytes.mp._shared import Shared, at_end, slots


class _Permits(_semaphore.Semaphore):
    """Permits that any process may give back for another, and that are gone with a process that ends without giving them back.

    Those of a process that is killed are free again, as of any semaphore.
    """

    def __init__(self, segment: Segment) -> None:
        super().__init__(segment)
        assert segment.control is not None  # it has a kind
        self._is_bounded = KINDS[segment.control.kind] == "bounded semaphore"

    def keep(self) -> None:
        """Make the permits that this process holds nobody's: its end gives none back."""
        if self._segment.me and self._held():  # 0 in a forked child that has not used it
            self._locked(self._keep)

    def _keep(self) -> None:
        self._state[_semaphore._PERMITS] -= self._held()  # first: a death before the next counts them once
        self._hold(0)

    def _give(self, n: int) -> None:
        held = self._held()
        if held:
            self._hold(held - 1)
        elif not self._give_for_another():
            self._give_more()

    def _give_for_another(self) -> bool:
        for row in range(_semaphore._HELD, len(self._state)):
            who, held = word_parts(self._state[row])
            if held and not self._segment.is_dead(who):
                self._state[row] -= 1
                return True
        return False

    def _give_more(self) -> None:
        permits = self._state[_semaphore._PERMITS]
        if permits >= (self._state[1] if self._is_bounded else _semaphore._MOST):
            raise NotOwnerError(f"{self!r}: expected at most {permits} permits, found another")
        self._state[_semaphore._PERMITS] = permits + 1


# Those of the process, for its end: a weak set.
_alive: weakref.WeakSet[_Permits] = weakref.WeakSet()


def _keep_all() -> None:
    for permits in list(_alive):
        with suppress(Error):  # of a segment that is damaged
            permits.keep()


at_end(_keep_all, 0)


class Semaphore(Shared):
    """A semaphore as `multiprocessing.Semaphore`, in a segment, which Go opens as a `shm.Semaphore`.

    Any process may release what another has acquired. What a process has acquired when it ends stays acquired, as with the standard
    one; but when it is killed it is free again.

    Parameters
    ----------
    value : int, optional
        How often it can be acquired: 0 to 2^31 - 1.
    name : str, optional
        As of `Lock`.
    """

    _made: type[_semaphore.Semaphore] = _semaphore.Semaphore
    _permits: _Permits

    def __init__(self, value: int = 1, *, name: str | None = None, ctx: Any = None) -> None:
        self._create(self._made.create(name, value, slots=slots()))

    def _open(self, segment: Segment) -> None:
        super()._open(segment)
        self._permits = _Permits(segment)
        _alive.add(self._permits)
        weakref.finalize(self, _Permits.keep, self._permits).atexit = False  # _keep_all

    def acquire(self, block: bool = True, timeout: float | None = None) -> bool:
        """Wait until the value is more than 0, take 1 from it, and return whether that was done.

        Parameters
        ----------
        block : bool, optional
            Whether to wait at all.
        timeout : float, optional
            Seconds; None waits without end, and less than 0 is 0.
        """
        if not block:
            return self._permits.acquire(False)
        return self._permits.acquire(True, None if timeout is None else max(timeout, 0))

    def release(self) -> None:
        """Add 1 to the value.

        Raises
        ------
        ValueError
            Beyond 2^31 - 1, or, of a `BoundedSemaphore`, beyond its first value.
        """
        try:
            self._permits.release()
        except (NotOwnerError, FullError):
            raise ValueError("semaphore or lock released too many times") from None

    def get_value(self) -> int:
        """The value, which may be another as soon as it is said."""
        return self._permits.get_value()

    def locked(self) -> bool:
        """Whether the value is 0. It may be over as soon as it is said."""
        return self.get_value() == 0

    # By these names standard queues, made with a context of this package as executors make theirs, ask their semaphores.
    @property
    def _semlock(self) -> "Semaphore":
        return self

    _get_value, _is_zero = get_value, locked

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *exception: object) -> None:
        self.release()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}(value={self.get_value()})>"


class BoundedSemaphore(Semaphore):
    """A `Semaphore` whose value never is more than the first."""

    _made = _semaphore.BoundedSemaphore

    def __repr__(self) -> str:
        return f"<{type(self).__name__}(value={self.get_value()}, maxvalue={self._permits._state[1]})>"
