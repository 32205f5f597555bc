"""Timeouts: seconds as users give them, and nanoseconds as the extension takes them."""

import math
import time

from samebytes._errors import DeadlineError

_FOREVER = 1 << 32  # seconds, 136 years: a longer timeout is none


def nanoseconds(timeout: float | None) -> int:
    """Seconds as the extension takes them: whole nanoseconds, negative for no timeout."""
    if timeout is None or checked(timeout) >= _FOREVER:
        return -1
    if timeout <= 0:
        return 0
    if math.isnan(timeout):
        raise ValueError("expected a timeout in seconds, found nan")
    return int(timeout * 1e9)


def checked(timeout: float) -> float:
    """The timeout, where it is a number. Raises TypeError where it is none."""
    try:
        timeout >= 0  # noqa: B015  # which numbers can be asked, of any library
    except TypeError:
        raise TypeError(f"expected a timeout in seconds, found {timeout!r:.80}") from None
    return timeout


def of_acquire(blocking: bool, timeout: float | None) -> int:
    """The arguments of `threading.Lock.acquire` in nanoseconds, negative for no timeout, as which None is taken too."""
    if timeout is None:
        timeout = -1
    if not blocking:
        if timeout != -1:
            raise ValueError("expected no timeout for a call that does not block")
        return 0
    if timeout == -1:
        return -1
    if checked(timeout) < 0:
        raise ValueError(f"expected a timeout of at least 0 seconds, or -1 for none, found {timeout}")
    return nanoseconds(timeout)


def end_of(timeout: int) -> int | None:
    """When a timeout of so many nanoseconds that begins now has passed, as `time.monotonic_ns` counts; None for a negative one."""
    return None if timeout < 0 else time.monotonic_ns() + timeout


def left(end: int | None) -> int:
    """Nanoseconds until then: 0 when it has passed, negative for None."""
    return -1 if end is None else max(end - time.monotonic_ns(), 0)


class Deadline:
    """When a timeout that begins now has passed."""

    def __init__(self, timeout: float | None, doing: str) -> None:
        self._timeout, self._doing = timeout, doing
        self.end = end_of(nanoseconds(timeout))

    def left(self) -> int:
        """Nanoseconds that are left, negative for no timeout. Raises DeadlineError when none are."""
        n = left(self.end)
        if n == 0:
            raise self.error()
        return n

    def error(self) -> DeadlineError:
        return DeadlineError(f"{self._doing}: not within {self._timeout} s")


def earlier(a: Deadline | None, b: Deadline | None) -> Deadline | None:
    """Whichever passes first; None never does."""
    if a is None or a.end is None:
        return b
    return a if b is None or b.end is None or a.end <= b.end else b
