"""Event, in a segment that Go opens as a `shm.Event`."""

from typing import Any

from samebytes import _event
from samebytes._segment import Segment
from samebytes.mp._shared import Shared, slots


class Event(Shared):
    """An event as `multiprocessing.Event`, in a segment, which Go opens as a `shm.Event`.

    Parameters
    ----------
    name : str, optional
        As of `Lock`.
    """

    _event: _event.Event

    def __init__(self, *, name: str | None = None, ctx: Any = None) -> None:
        self._create(_event.Event.create(name, slots=slots()))

    def _open(self, segment: Segment) -> None:
        super()._open(segment)
        self._event = _event.Event(segment)

    def set(self) -> None:
        """Set it, and wake all who wait."""
        self._event.set()

    def clear(self) -> None:
        """Clear it."""
        self._event.clear()

    def is_set(self) -> bool:
        """Whether it is set."""
        return self._event.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is set, and return whether it is.

        Parameters
        ----------
        timeout : float, optional
            Seconds; None waits without end.
        """
        return self._event.wait(timeout)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} at {id(self):#x} {'set' if self.is_set() else 'unset'}>"
