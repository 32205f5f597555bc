"""multiprocessing, with locks, values and arrays in segments: any process opens them by name, in Go too.

>>> from samebytes import mp
>>> total = mp.Value("q", 5)
>>> with total.get_lock():
...     total.value += 1
>>> total.value
6

It has every public name of `multiprocessing`. Those that this package replaces pickle anywhere, also to processes that are
nobody's children, and survive the death of who holds them: the next one gets `OwnerDiedError`, where the standard one waits for ever.
"""

import importlib as _importlib
import multiprocessing as _multiprocessing
from multiprocessing import (
    AuthenticationError,
    BufferTooShort,
    Process,
    ProcessError,
    TimeoutError,
    active_children,
    allow_connection_pickling,
    cpu_count,
    current_process,
    freeze_support,
    get_all_start_methods,
    get_logger,
    get_start_method,
    log_to_stderr,
    parent_process,
    reducer,
    set_executable,
    set_forkserver_preload,
    set_start_method,
)
from typing import Any as _Any

from samebytes.mp import sharedctypes, synchronize
from samebytes.mp._attach import attach
from samebytes.mp._context import default as _default

Array = _default.Array
Barrier = _default.Barrier
BoundedSemaphore = _default.BoundedSemaphore
Condition = _default.Condition
Event = _default.Event
JoinableQueue = _default.JoinableQueue
Lock = _default.Lock
Manager = _default.Manager
Pipe = _default.Pipe
Pool = _default.Pool
Queue = _default.Queue
RLock = _default.RLock
RawArray = _default.RawArray
RawValue = _default.RawValue
Semaphore = _default.Semaphore
SimpleQueue = _default.SimpleQueue
Value = _default.Value
get_context = _default.get_context

__all__ = [
    "Array",
    "AuthenticationError",
    "Barrier",
    "BoundedSemaphore",
    "BufferTooShort",
    "Condition",
    "Event",
    "JoinableQueue",
    "Lock",
    "Manager",
    "Pipe",
    "Pool",
    "Process",
    "ProcessError",
    "Queue",
    "RLock",
    "RawArray",
    "RawValue",
    "Semaphore",
    "SimpleQueue",
    "TimeoutError",
    "Value",
    "active_children",
    "allow_connection_pickling",
    "attach",
    "cpu_count",
    "current_process",
    "freeze_support",
    "get_all_start_methods",
    "get_context",
    "get_logger",
    "get_start_method",
    "log_to_stderr",
    "parent_process",
    "reducer",
    "set_executable",
    "set_forkserver_preload",
    "set_start_method",
    "sharedctypes",
    "synchronize",
]


def __getattr__(name: str) -> _Any:
    """The other modules and constants of multiprocessing, as `samebytes.mp.pool`."""
    if not name.startswith("_"):
        try:
            return getattr(_multiprocessing, name)
        except AttributeError:
            pass
        try:
            return _importlib.import_module(f"multiprocessing.{name}")
        except ModuleNotFoundError:
            pass
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
