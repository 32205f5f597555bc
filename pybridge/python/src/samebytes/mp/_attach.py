"""Opening what another process, or Go, has made under a name."""

from typing import Any

from samebytes import _name, _segment
from samebytes._control import KINDS
from samebytes._errors import DTypeError, Error, LayoutError, NoControlError, NotExistError
from samebytes._segment import Segment
from samebytes.mp import _memory, synchronize
from samebytes.mp._elements import types_of
from samebytes.mp._shared import Shared
from samebytes.mp._synchronized import synchronized

_CLASSES: dict[str, type[Shared]] = {
    "mutex": synchronize.Lock,
    "rlock": synchronize.RLock,
    "semaphore": synchronize.Semaphore,
    "bounded semaphore": synchronize.BoundedSemaphore,
    "event": synchronize.Event,
    "condition": synchronize.Condition,
    "barrier": synchronize.Barrier,
}


def attach(name: str) -> Any:
    """Open the value, array or sync object of that name, whoever made it: `samebytes.create` and Go too.

    An array of no axis is a value. The lock is that of the segment.

    Raises
    ------
    BadNameError, NotExistError, AccessError, FormatError, TruncatedError, BrokenError, VersionError
    DTypeError
        For elements that ctypes has no type for, as complex numbers, and for a counter.
    LayoutError
        For an array of several axes in Fortran order.
    NoControlError
        For a plain .npy file.
    """
    path = _name.path_of(name)
    try:
        return _over(_segment.attach(path, name, True))
    except NotExistError:
        raise _name.not_exist(name) from None
    except Error as error:
        raise type(error)(f"attach {name!r}: {error}") from None


def _over(segment: Segment) -> Any:
    if segment.control is None:
        raise NoControlError("a plain .npy file without a control block")
    number = segment.control.kind
    kind = KINDS[number] if number < len(KINDS) else f"kind {number}"
    if kind == "array":
        if segment.header.fortran:
            raise LayoutError("expected C order, as arrays of ctypes have, found Fortran order")
        element, length = types_of(segment.header.dtype, segment.shape())
        return synchronized(_memory.over(segment, element if length is None else element * length))
    if kind not in _CLASSES:
        raise DTypeError(f"expected an array or one of {', '.join(_CLASSES)}, found {kind}")
    return _CLASSES[kind].over(segment)
