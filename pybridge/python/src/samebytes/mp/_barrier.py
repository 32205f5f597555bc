"""Barrier, in a segment that Go opens as a `shm.Barrier`."""

from collections.abc import Callable
from typing import Any

from samebytes import _barrier
from samebytes._errors import BarrierBrokenError, DeadlineError
from samebytes._segment import Segment
from samebytes.mp import _handle
from samebytes.mp._shared import Shared, rebuilt, slots


class _Meeting(_barrier.Barrier):
    """A barrier whose last party does something before all pass."""

    action: Callable[[], object] | None = None

    def _complete(self, word: int) -> None:
        if self.action is not None:
            self._state[_barrier._ARRIVED + self._segment.row] = word  # so that its death is seen
            try:
                self.action()
            except BaseException:
                self._break(_barrier._BY_ABORT)
                raise
        super()._complete(word)


class Barrier(Shared):
    """A barrier as `multiprocessing.Barrier`, in a segment, which Go opens as a `shm.Barrier`.

    The death of a process that has arrived breaks it. Go knows no action: the party that comes last in Python does it.

    Parameters
    ----------
    parties : int
        1 to 65535.
    action : function, optional
        Called by the last party before all pass. An exception breaks the barrier.
    timeout : float, optional
        Seconds that `wait` waits for when it is not told.
    name : str, optional
        As of `Lock`.
    """

    _meeting: _Meeting
    _timeout: float | None

    def __init__(
        self,
        parties: int,
        action: Callable[[], object] | None = None,
        timeout: float | None = None,
        *,
        name: str | None = None,
        ctx: Any = None,
    ) -> None:
        self._create(_barrier.Barrier.create(name, parties, slots=slots()), action, timeout)

    def _open(self, segment: Segment, action: Callable[[], object] | None = None, timeout: float | None = None) -> None:
        super()._open(segment)
        self._meeting = _Meeting(segment)
        self._meeting.action, self._timeout = action, timeout

    def __reduce__(self) -> tuple[Callable[..., Shared], tuple[Any, ...]]:
        return rebuilt, (type(self), _handle.of(self._segment), self._meeting.action, self._timeout)

    def wait(self, timeout: float | None = None) -> int:
        """Wait until all parties have called this, and return a number that is another for each, from 0.

        Parameters
        ----------
        timeout : float, optional
            Seconds; None is what the barrier was made with.

        Raises
        ------
        BarrierBrokenError
            When the timeout has passed, which breaks it for all; when another party aborted or reset it, or died. It is also a
            `threading.BrokenBarrierError`.
        """
        try:
            return self._meeting.wait(self._timeout if timeout is None else timeout)
        except DeadlineError as error:
            raise BarrierBrokenError(str(error)) from None

    def reset(self) -> None:
        """Make it whole and empty. Who waits there gets BarrierBrokenError."""
        self._meeting.reset()

    def abort(self) -> None:
        """Break it: who waits there, and every later `wait`, fails until `reset`."""
        self._meeting.abort()

    @property
    def parties(self) -> int:
        """How many pass together."""
        return self._meeting.parties

    @property
    def n_waiting(self) -> int:
        """How many wait now. It may be over as soon as it is said."""
        return self._meeting.n_waiting

    @property
    def broken(self) -> bool:
        """Whether it is broken."""
        return self._meeting.broken

    def __repr__(self) -> str:
        state = "broken" if self.broken else f"waiters={self.n_waiting}/{self.parties}"
        return f"<{type(self).__name__} at {id(self):#x}: {state}>"
