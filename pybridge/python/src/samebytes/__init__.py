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

from samebytes._array import attach, attach_file, create, create_file, ndarray
from samebytes._errors import (
    AccessError,
    BadNameError,
    BrokenError,
    ClosedError,
    DeadlineError,
    DTypeError,
    Error,
    ExistError,
    FormatError,
    LayoutError,
    NoControlError,
    NoSpaceError,
    NotExistError,
    ReadOnlyError,
    ShapeError,
    TruncatedError,
    VersionError,
)
from samebytes._list import Info, delete, list, stat

__version__ = "0.1.0"

__all__ = [
    "AccessError",
    "BadNameError",
    "BrokenError",
    "ClosedError",
    "DTypeError",
    "DeadlineError",
    "Error",
    "ExistError",
    "FormatError",
    "Info",
    "LayoutError",
    "NoControlError",
    "NoSpaceError",
    "NotExistError",
    "ReadOnlyError",
    "ShapeError",
    "TruncatedError",
    "UnsupportedError",
    "VersionError",
    "attach",
    "attach_file",
    "create",
    "create_file",
    "delete",
    "list",
    "ndarray",
    "stat",
]
