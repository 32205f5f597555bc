"""Snapshots: copies that no writer tore, of those that hold a lock while they write. shm/snapshot.go explains them."""

import itertools
import os
import time
from threading import get_ident
from typing import Any

import numpy as np

from samebytes._box import Layout
from samebytes._errors import DeadlockError
from samebytes._lock import ReadLock
from samebytes._segment import Segment
from samebytes._timeout import Deadline

_TRIES = 100  # before a reader takes the lock: enough for short writes, as adding a row
_SLEEP = 0.001  # seconds between tries of those who cannot lock


def take(
    plain: np.ndarray[Any, np.dtype[Any]], segment: Segment, layout: Layout, timeout: float | None
) -> np.ndarray[Any, np.dtype[Any]]:
    lock = ReadLock(segment, layout)
    thread = get_ident()
    deadline = Deadline(timeout, f"snapshot {segment.path}")
    for attempt in itertools.count():
        writes = lock.quiet(thread, attempt > _TRIES)
        if writes is not None:
            copy = plain.copy(order="K")
            if lock.unchanged(writes):
                return copy
        left = deadline.left()
        if attempt < _TRIES:
            os.sched_yield()
            continue
        if segment.writable:
            try:
                if not lock.take(left, thread, False, None):
                    raise deadline.error()
            except DeadlockError:
                pass  # this thread writes to some of it, and others to the rest
            else:
                try:
                    return plain.copy(order="K")
                finally:
                    lock.release()
        time.sleep(_SLEEP)
    raise AssertionError("count() does not end")
