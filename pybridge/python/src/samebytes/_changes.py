"""Publications as they come, in a for loop."""

from collections.abc import Callable

from samebytes import _file, _timeout
from samebytes._errors import DeadlineError
from samebytes._segment import Segment


def wait(segment: Segment, since: int, timeout: float | None, stop: Callable[[], bool] | None = None) -> int:
    """The version as soon as it is another than since, which it stays when stop() says so.

    Raises
    ------
    DeadlineError, BrokenError
    """
    try:
        version = segment.wait(segment.published, since, _timeout.nanoseconds(timeout), stop)
    except OSError as error:
        raise _file.translated(error, segment.path) from None
    if version is not None:
        return version
    if stop is not None and stop():
        return since
    raise DeadlineError(f"wait for {segment.path}: still version {since} after {timeout} s")


class Changes:
    """The versions that come after the one when this was made, for ``for`` and ``async for``."""

    def __init__(self, segment: Segment, since: int, timeout: float | None) -> None:
        self._segment, self._version, self._timeout = segment, since, timeout

    def __iter__(self) -> "Changes":
        return self

    def __next__(self) -> int:
        self._version = wait(self._segment, self._version, self._timeout)
        return self._version

    def _awaited(self) -> tuple[Segment, int, int]:
        """What `_select` waits for."""
        return self._segment, self._segment.published, self._version

    def __aiter__(self) -> "Changes":
        return self

    async def __anext__(self) -> int:
        from samebytes import _thread  # see there

        since = self._version
        self._version = await _thread.call(lambda stop: wait(self._segment, since, self._timeout, stop), lambda version: None)
        return self._version
