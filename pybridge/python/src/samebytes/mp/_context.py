"""Contexts: those of multiprocessing, with the sync objects, values and arrays of this package.

Processes, pools, pipes and managers are the standard ones. So are queues, whose semaphores are made in one process and released in
others. The start method is the one that multiprocessing itself has: either sets it for both.
"""

import multiprocessing
from collections.abc import Callable
from multiprocessing import context
from typing import Any

from samebytes.mp import sharedctypes, synchronize
from samebytes.mp._lock import Held


class _Replacing(context.BaseContext):
    """What this package has in the place of multiprocessing's. Parameters are those of the classes and functions."""

    _name: str

    def Lock(self, *, name: str | None = None) -> synchronize.Lock:  # type: ignore[override]
        """Return a lock: `samebytes.mp.synchronize.Lock`."""
        return synchronize.Lock(name=name)

    def RLock(self, *, name: str | None = None) -> synchronize.RLock:  # type: ignore[override]
        """Return a reentrant lock: `samebytes.mp.synchronize.RLock`."""
        return synchronize.RLock(name=name)

    def Condition(self, lock: Held | None = None, *, name: str | None = None) -> synchronize.Condition:  # type: ignore[override]
        """Return a condition: `samebytes.mp.synchronize.Condition`."""
        return synchronize.Condition(lock, name=name)

    def Semaphore(self, value: int = 1, *, name: str | None = None) -> synchronize.Semaphore:  # type: ignore[override]
        """Return a semaphore: `samebytes.mp.synchronize.Semaphore`."""
        return synchronize.Semaphore(value, name=name)

    def BoundedSemaphore(self, value: int = 1, *, name: str | None = None) -> synchronize.BoundedSemaphore:  # type: ignore[override]
        """Return a bounded semaphore: `samebytes.mp.synchronize.BoundedSemaphore`."""
        return synchronize.BoundedSemaphore(value, name=name)

    def Event(self, *, name: str | None = None) -> synchronize.Event:  # type: ignore[override]
        """Return an event: `samebytes.mp.synchronize.Event`."""
        return synchronize.Event(name=name)

    def Barrier(  # type: ignore[override]
        self,
        parties: int,
        action: Callable[[], object] | None = None,
        timeout: float | None = None,
        *,
        name: str | None = None,
    ) -> synchronize.Barrier:
        """Return a barrier: `samebytes.mp.synchronize.Barrier`."""
        return synchronize.Barrier(parties, action, timeout, name=name)

    def RawValue(self, typecode_or_type: Any, *args: Any, name: str | None = None) -> Any:
        """Return a value without a lock: `samebytes.mp.sharedctypes.RawValue`."""
        return sharedctypes.RawValue(typecode_or_type, *args, name=name)

    def RawArray(self, typecode_or_type: Any, size_or_initializer: Any, *, name: str | None = None) -> Any:
        """Return an array without a lock: `samebytes.mp.sharedctypes.RawArray`."""
        return sharedctypes.RawArray(typecode_or_type, size_or_initializer, name=name)

    def Value(self, typecode_or_type: Any, *args: Any, lock: Any = True, name: str | None = None) -> Any:
        """Return a value with a lock: `samebytes.mp.sharedctypes.Value`."""
        return sharedctypes.Value(typecode_or_type, *args, lock=lock, name=name)

    def Array(
        self,
        typecode_or_type: Any,
        size_or_initializer: Any,
        *,
        lock: Any = True,
        name: str | None = None,
        capacity: int | None = None,
    ) -> Any:
        """Return an array with a lock: `samebytes.mp.sharedctypes.Array`."""
        return sharedctypes.Array(typecode_or_type, size_or_initializer, lock=lock, name=name, capacity=capacity)

    def Queue(self, maxsize: int = 0) -> Any:
        """Return the standard queue."""
        return self._standard().Queue(maxsize)

    def JoinableQueue(self, maxsize: int = 0) -> Any:
        """Return the standard joinable queue."""
        return self._standard().JoinableQueue(maxsize)

    def SimpleQueue(self) -> Any:
        """Return the standard simple queue."""
        return self._standard().SimpleQueue()

    def get_context(self, method: str | None = None) -> Any:
        """Return the context of that start method, or this one."""
        if method is None:
            return self
        multiprocessing.get_context(method)  # raises ValueError for what is not to be had
        return _contexts[method]

    def _standard(self) -> context.BaseContext:
        return multiprocessing.get_context(self._name)


class ForkContext(_Replacing, context.ForkContext):
    """The context of the start method "fork"."""


class SpawnContext(_Replacing, context.SpawnContext):
    """The context of the start method "spawn"."""


class ForkServerContext(_Replacing, context.ForkServerContext):
    """The context of the start method "forkserver"."""


class DefaultContext(_Replacing):
    """The context of the start method that is set."""

    Process = multiprocessing.Process
    set_start_method = staticmethod(multiprocessing.set_start_method)
    get_start_method = staticmethod(multiprocessing.get_start_method)
    get_all_start_methods = staticmethod(multiprocessing.get_all_start_methods)

    def get_context(self, method: str | None = None) -> Any:
        """Return the context of that start method; None for the one that is set."""
        return _contexts[multiprocessing.get_context(method).get_start_method()]

    def _standard(self) -> context.BaseContext:
        return multiprocessing.get_context()


_contexts: dict[str, _Replacing] = {
    "fork": ForkContext(),
    "spawn": SpawnContext(),
    "forkserver": ForkServerContext(),
}

default = DefaultContext()
