"""The sync objects of this package, as those of `multiprocessing.synchronize`."""

from samebytes._semaphore import _MOST as SEM_VALUE_MAX
from samebytes.mp._barrier import Barrier
from samebytes.mp._condition import Condition
from samebytes.mp._event import Event
from samebytes.mp._lock import Lock, RLock
from samebytes.mp._semaphore import BoundedSemaphore, Semaphore

__all__ = ["SEM_VALUE_MAX", "Barrier", "BoundedSemaphore", "Condition", "Event", "Lock", "RLock", "Semaphore"]
