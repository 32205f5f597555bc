"""The guard: files that are cut while they are mapped. guard.c has the handler of SIGBUS, and shm/fault.go the same for Go."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

from samebytes import _core, _segment
from samebytes._errors import BrokenError


class _Seen(threading.local):
    """What a thread knows of faults."""

    faults = 0  # how many there had been when it was last told
    blocks = 0  # of ``with guard()`` that it is in


_seen = _Seen()
_everywhere = False  # whether the main thread is told outside such blocks too
_before: Any = None  # the handler of SIGBUS, as the module signal knows it


def guard() -> "Guard":
    """Turn faults into exceptions, for segments whose file somebody cuts while it is mapped. Without it such a fault ends the process.

    To touch an element that is gone from the file is a fault (SIGBUS). From this call on, in all threads, the missing page
    becomes zeros that nobody else sees, the segment is broken, so that all its methods raise `BrokenError` from then on, and the main
    thread is interrupted with a `BrokenError`, as by Ctrl-C. With ``with sb.guard():`` the main thread is interrupted only
    within such a block, and a block in any thread raises at its end at the latest, if a segment was broken within:

        with sb.guard():
            total = a.sum()

    What was computed meanwhile may have used the zeros. Faults elsewhere go to the handler that SIGBUS had before, so enable
    `faulthandler` and set other handlers of SIGBUS before the first call. It costs nothing until there is a fault.

    Examples
    --------
    >>> import os
    >>> a = sb.create_file("example.npy", 100_000)
    >>> os.truncate("example.npy", 4096)  # somebody else
    >>> with sb.guard():
    ...     total = a.sum()
    Traceback (most recent call last):
        ...
    samebytes.BrokenError: ...example.npy: the file was cut, and elements that are gone were used
    """
    return Guard()


class Guard:
    """What `guard` returns, for ``with``."""

    def __init__(self) -> None:
        global _everywhere
        _core.guard(_prepare)
        self._told_everywhere = _everywhere
        _everywhere = True
        _seen.faults = max(_seen.faults, _core.faults())

    def __enter__(self) -> None:
        global _everywhere
        _everywhere = self._told_everywhere
        _seen.blocks += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _seen.blocks -= 1
        if error is None:
            _tell()


def _tell() -> None:
    """Raises BrokenError if there were faults that this thread was not told of."""
    faults = _core.faults()
    if faults > _seen.faults:
        _seen.faults = faults
        paths = ", ".join(_segment.broken()) or "a segment"
        raise BrokenError(f"{paths}: the file was cut, and elements that are gone were used")


def _prepare() -> None:
    """Has the main thread told of faults. Other threads must not set handlers: then only ends of blocks, and methods, raise."""
    global _before
    if threading.current_thread() is threading.main_thread():
        _before = signal.signal(signal.SIGBUS, _interrupted)


def _interrupted(number: int, frame: FrameType | None) -> None:
    if _core.faults() > _seen.faults:
        if _everywhere or _seen.blocks:
            _tell()
    elif callable(_before):  # a signal from outside
        _before(number, frame)
