"""Waiting for several streams and arrays at once. shm/select.go has the same in Go."""

from collections.abc import Iterable
from typing import TypeVar

from samebytes import _core, _file, _timeout
from samebytes._changes import Changes
from samebytes._errors import DeadlineError
from samebytes._reader import Reader

T = TypeVar("T", bound=Reader | Changes)


def select(of: Iterable[T], timeout: float | None = None) -> T:
    """Return one that is ready, as soon as one is: of several any.

    A reader of a stream is ready when its `Reader.next`, `Reader.try_next` or `Reader.latest` would return at once, also by
    raising EOFError: close a reader whose stream has ended, and leave it out. That of a group may find its item gone to another
    member. An array's `ndarray.changes` are ready when ``next(changes)`` would return at once. Other threads run meanwhile, and
    Ctrl-C works.

    Parameters
    ----------
    of : iterable of Reader or ndarray.changes
        What to wait for: readers of streams, as `Stream.reader` returns, and what `ndarray.changes` returns.
    timeout : float, optional
        Seconds; None waits without end, 0 only looks.

    Raises
    ------
    DeadlineError
        When the timeout has passed. It is also a `TimeoutError`.
    ValueError
        Where there is nothing to wait for.
    ClosedError, BrokenError
        For one of them.

    Examples
    --------
    >>> with sb.stream("example", slots=4) as s, sb.create("example-prices", 3) as prices:
    ...     reader, changes = s.reader(), prices.changes()
    ...     prices.publish()  # in another process, sooner or later
    ...     ready = sb.select([reader, changes], timeout=60)
    ...     if ready is reader:
    ...         print("item", reader.next().number)
    ...     else:
    ...         print("version", next(changes))
    1
    version 1
    >>> sb.delete("example")
    >>> sb.delete("example-prices")
    """
    every = tuple(of)
    if not every:
        raise ValueError("expected something to wait for")
    for one in every:
        if not isinstance(one, Reader | Changes):
            raise TypeError(
                f"expected readers of streams (stream.reader()) and changes of arrays (array.changes()), found {type(one).__name__}"
            )
    try:
        found = _core.select(tuple([one._awaited() for one in every]), _timeout.nanoseconds(timeout), None)
    except OSError as error:
        broken = next((one for one in every if isinstance(one, Changes) and one._segment.broken), None)
        raise _file.translated(error, broken._segment.path if broken is not None else "select") from None
    if found is None:
        raise DeadlineError(f"select: none of {len(every)} was ready within {timeout} s")
    return every[found]
