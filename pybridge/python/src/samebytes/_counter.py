"""A number that processes add to and wait for. shm/counter.go has the same in Go."""

from collections.abc import Callable
from typing import Self

from samebytes import _control, _timeout
from samebytes._control import KINDS
from samebytes._object import AT_LAST, Object


class Counter(Object):
    """A number, an int64, that processes, in Go too, add to and wait for. A death leaves nothing behind.

    Attached with mode "r" it can be read and waited for.

    Examples
    --------
    >>> done = sb.Counter.create("example")
    >>> sb.Counter.attach("example").add(5)  # in another process
    5
    >>> done.wait_for(lambda value: value >= 5, timeout=60)
    5
    >>> sb.delete("example")
    """

    _kind = KINDS.index("counter")

    @classmethod
    def create(cls, name: str | None, value: int = 0, mode: int = 0o600, slots: int = _control.SLOTS) -> Self:
        """Make a counter of that name which begins with value, and open it. The rest is as in `Mutex.create`.

        Raises
        ------
        OverflowError
            When the value is no int64.
        """
        return cls(cls._created(name, (value,), mode, slots))

    def add(self, delta: int = 1) -> int:
        """Add, wake all who wait, and return the new value. It wraps around as int64 does.

        What this thread wrote before is visible to those who see the new value.

        Raises
        ------
        OverflowError
            When delta is no int64.
        """
        self._need_writable()
        value = self._add(0, delta)
        self._publish()
        return value

    @property
    def value(self) -> int:
        """The number. To set it wakes all who wait."""
        return self._load(0)

    @value.setter
    def value(self, value: int) -> None:
        self._need_writable()
        self._store(0, value)
        self._publish()

    def wait_for(self, enough: Callable[[int], object], timeout: float | None = None) -> int:
        """Wait until enough(value) is true, and return that value.

        It may miss values that come and go at once. When who changes it dies before waking those who wait, they see it within a
        second. Ctrl-C works.

        Parameters
        ----------
        enough : function
            Is called by this thread.
        timeout : float, optional
            Seconds; None waits without end.

        Raises
        ------
        DeadlineError
            When the timeout has passed.
        """
        deadline = _timeout.Deadline(timeout, f"wait for {self!r}")
        value = 0

        def ready() -> bool:
            nonlocal value
            value = self.value
            return bool(enough(value))

        if not self._until(deadline.end, AT_LAST, ready):
            raise deadline.error()
        return value
