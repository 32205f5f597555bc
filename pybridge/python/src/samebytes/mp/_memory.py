"""Objects of ctypes in segments: what RawValue and RawArray return.

Each is of a class of its own that derives from its type, so that it behaves as any object of that type, pickles to a handle wherever
it is pickled, and leaves alone how others of the type do.
"""

import ctypes
import sys
from collections.abc import Callable
from typing import Any, cast
from weakref import WeakValueDictionary

from samebytes import _array, _segment
from samebytes._errors import ShapeError
from samebytes._segment import Segment
from samebytes.mp import _handle
from samebytes.mp._elements import dtype_of, item_type, length_of
from samebytes.mp._handle import Handle
from samebytes.mp._shared import slots

# The classes of objects in segments, by the type that each derives from; types of arrays come and go.
_classes: WeakValueDictionary[type[Any], type[Any]] = WeakValueDictionary()

# A type as it is pickled: the types of arrays are known by no name.
_Spelled = tuple[Any, tuple[int, ...]]


def new(element: type[Any], length: int | None, name: str | None, capacity: int | None = None) -> Any:
    """A zeroed object in a new segment: so many elements, or with None a single one.

    Raises
    ------
    DTypeError, ShapeError, and the errors of `samebytes.create`
    """
    dtype = dtype_of(element)
    if length is not None and length < 0:
        raise ShapeError(f"expected a length of at least 0, found {length}")
    shape = () if length is None else (length,)
    array = _array.create(name, shape, dtype, capacity=capacity, slots=slots())
    segment = _segment.of(array)
    assert segment is not None
    return over(segment, element if length is None else element * length)


def over(segment: Segment, kind: type[Any]) -> Any:
    """The first elements of a segment as an object of that type."""
    cls = _classes.get(kind)
    if cls is None:
        cls = _classes.setdefault(kind, _class_of(kind))
    made = cls.from_buffer(segment.flat())
    made._samebytes = segment
    return made


def segment_of(made: Any) -> Segment | None:
    """The segment of an object of ctypes; None for ordinary memory."""
    return made._samebytes if plain(type(made)) is not type(made) else None


def plain(cls: type[Any]) -> type[Any]:
    """The type that the class of an object in a segment derives from; other types as they are."""
    base = cls.__mro__[1]
    return base if _classes.get(base) is cls else cls


def array_of(made: Any) -> "_array.ndarray":
    """The elements as an array."""
    segment: Segment = made._samebytes
    return segment.array().view(_array.ndarray)


def _class_of(kind: type[Any]) -> type[Any]:
    members: dict[str, Any] = {
        "__reduce_ex__": _reduce,
        "__copy__": _copied,
        "__deepcopy__": _copied,
        "__module__": kind.__module__,
        "__qualname__": kind.__qualname__,
        "__doc__": kind.__doc__,
        "name": property(_name, doc="The name that other processes, in Go too, open the segment by."),
        "np": property(array_of, doc="The elements as a samebytes.ndarray."),
    }
    if issubclass(kind, ctypes._SimpleCData):  # which shows the value of its own class alone
        members["__repr__"] = lambda made: f"{kind.__name__}({made.value!r})"
    fields = dir(kind)  # which a struct may call so too
    kept = {key: value for key, value in members.items() if key.startswith("__") or key not in fields}
    return cast(type[Any], cast(Any, type(kind))(kind.__name__, (kind,), kept))


def _name(made: Any) -> str | None:
    segment: Segment = made._samebytes
    return segment.name


def _reduce(made: Any, protocol: int) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    return _rebuilt, (_spelled(plain(type(made))), _handle.of(made._samebytes))


def _rebuilt(spelled: _Spelled, handle: Handle) -> Any:
    kind, lengths = spelled
    for length in lengths:
        kind = kind * length
    return over(_handle.attached(handle), kind)


def _spelled(kind: type[Any]) -> _Spelled:
    lengths: list[int] = []
    while issubclass(kind, ctypes.Array) and getattr(sys.modules.get(kind.__module__), kind.__name__, None) is not kind:
        lengths.insert(0, length_of(kind))
        kind = item_type(kind)
    return kind, tuple(lengths)


def _copied(made: Any, memo: object = None) -> Any:
    """A copy in ordinary memory."""
    return plain(type(made)).from_buffer_copy(made)
