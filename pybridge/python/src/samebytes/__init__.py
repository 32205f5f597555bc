"""NumPy arrays in named shared memory, which Go and Python processes read and write in place.

>>> import samebytes as sb
>>> a = sb.create("example-prices", (2, 3))
>>> a[:] = 1.5
>>> a.publish()
1
>>> sb.attach("example-prices").sum()
np.float64(9.0)
>>> sb.delete("example-prices")
"""

import sys as _sys

from samebytes._errors import UnsupportedError

if _sys.platform != "linux":
    raise UnsupportedError(f"samebytes needs Linux, found {_sys.platform}")

from samebytes._array import attach, attach_file, create, create_file, from_json, ndarray
from samebytes._barrier import Barrier
from samebytes._condition import Condition
from samebytes._connect import Remote, caller, connect, launch
from samebytes._counter import Counter
from samebytes._errors import (
    AccessError,
    BadNameError,
    BarrierBrokenError,
    BrokenError,
    ClosedError,
    DeadlineError,
    DeadlockError,
    DTypeError,
    Error,
    ExistError,
    FormatError,
    FullError,
    LayoutError,
    NoControlError,
    NoSpaceError,
    NotExistError,
    NotOwnerError,
    OwnerDiedError,
    ReadOnlyError,
    RemoteError,
    ShapeError,
    StaleError,
    TruncatedError,
    VersionError,
    WorkerDiedError,
)
from samebytes._event import Event
from samebytes._guard import guard
from samebytes._handle import Handle, to_json
from samebytes._list import Info, LockInfo, Participant, delete, list, stat
from samebytes._loan import Loan, Loans
from samebytes._make import (
    arange,
    array,
    asarray,
    empty,
    empty_like,
    eye,
    full,
    full_like,
    linspace,
    ones,
    ones_like,
    zeros,
    zeros_like,
)
from samebytes._mutex import Mutex, RLock
from samebytes._proxy import lend
from samebytes._reader import Item, Reader
from samebytes._segment import warm
from samebytes._select import select
from samebytes._semaphore import BoundedSemaphore, Semaphore
from samebytes._stream import Stream, attach_stream, stream
from samebytes._stream_stats import Port, StreamStats
from samebytes._temporary import gc

__version__ = "0.1.0"

__all__ = [
    "AccessError",
    "BadNameError",
    "Barrier",
    "BarrierBrokenError",
    "BoundedSemaphore",
    "BrokenError",
    "ClosedError",
    "Condition",
    "Counter",
    "DTypeError",
    "DeadlineError",
    "DeadlockError",
    "Error",
    "Event",
    "ExistError",
    "FormatError",
    "FullError",
    "Handle",
    "Info",
    "Item",
    "LayoutError",
    "Loan",
    "Loans",
    "LockInfo",
    "Mutex",
    "NoControlError",
    "NoSpaceError",
    "NotExistError",
    "NotOwnerError",
    "OwnerDiedError",
    "Participant",
    "Port",
    "RLock",
    "ReadOnlyError",
    "Reader",
    "Remote",
    "RemoteError",
    "Semaphore",
    "ShapeError",
    "StaleError",
    "Stream",
    "StreamStats",
    "TruncatedError",
    "UnsupportedError",
    "VersionError",
    "WorkerDiedError",
    "arange",
    "array",
    "asarray",
    "attach",
    "attach_file",
    "attach_stream",
    "caller",
    "connect",
    "create",
    "create_file",
    "delete",
    "empty",
    "empty_like",
    "eye",
    "from_json",
    "full",
    "full_like",
    "gc",
    "guard",
    "launch",
    "lend",
    "linspace",
    "list",
    "ndarray",
    "ones",
    "ones_like",
    "select",
    "stat",
    "stream",
    "to_json",
    "warm",
    "zeros",
    "zeros_like",
]
