"""A flag that processes wait for. shm/event.go has the same in Go."""

from typing import Self

from samebytes import _control, _timeout
from samebytes._control import KINDS
from samebytes._object import AT_LAST, Object


class Event(Object):
    """A flag that processes, in Go too, wait for. It has no holder, so that a death leaves nothing behind.

    Attached with mode "r" it can be waited for.

    Examples
    --------
    >>> ready = sb.Event.create("example")
    >>> ready.wait(timeout=0.01)
    False
    >>> sb.Event.attach("example").set()  # in another process
    >>> ready.wait()
    True
    >>> sb.delete("example")
    """

    _kind = KINDS.index("event")

    @classmethod
    def create(cls, name: str | None, mode: int = 0o600, slots: int = _control.SLOTS) -> Self:
        """Make an event of that name, which is clear, and open it. The rest is as in `Mutex.create`."""
        return cls(cls._created(name, (), mode, slots))

    def set(self) -> None:
        """Set the flag, and wake all who wait. What this thread wrote before is visible to them."""
        self._need_writable()
        self._store(0, 1)
        self._publish()

    def clear(self) -> None:
        """Clear the flag."""
        self._need_writable()
        self._store(0, 0)

    def is_set(self) -> bool:
        """Whether the flag is set."""
        return self._load(0) != 0

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the flag is set, and return whether it is.

        It may miss one that is cleared again at once. When who sets it dies before waking those who wait, they see it within a
        second. Ctrl-C works.

        Parameters
        ----------
        timeout : float, optional
            Seconds; None waits without end.
        """
        return self._until(_timeout.end_of(_timeout.nanoseconds(timeout)), AT_LAST, self.is_set)
