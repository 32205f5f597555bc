"""Small arrays that are in no segment, and travel in the message of a call itself: pybridge/inline.go says why.

Their payload is, in msgpack, a list of their type, their shape, and their elements in C order. A handle is a longer list.
"""

from typing import Any

import numpy as np
from msgpack import packb, unpackb  # type: ignore[import-untyped]

from samebytes import _npy
from samebytes._errors import DTypeError, FormatError, ShapeError

_MOST = 12 << 10  # bytes of elements: they fit into a slot with what is beside them
_HEAD = b"\x93"  # of a list of 3
# Numbers that Go has a type for.
_TYPES = {text: np.dtype(text) for text in "|i1 <i2 <i4 <i8 |u1 <u2 <u4 <u8 <f2 <f4 <f8 <c8 <c16".split()}


def pack(array: np.ndarray[Any, Any]) -> bytes | None:
    """The payload of an array, or None for one that does not travel in the message."""
    if array.nbytes > _MOST or array.dtype.str not in _TYPES:
        return None
    payload: bytes = packb((array.dtype.str, array.shape, array.tobytes()))
    return payload


def is_packed(payload: bytes) -> bool:
    """Whether a payload is one of `pack`, and not a handle."""
    return payload.startswith(_HEAD)


def unpack(payload: bytes) -> np.ndarray[Any, Any]:
    """The array of a payload, in memory of its own. Raises FormatError, DTypeError and ShapeError."""
    try:
        text, shape, data = unpackb(payload)
    except (ValueError, OverflowError, TypeError, RecursionError) as error:
        raise FormatError(f"expected an array as msgpack, found {payload[:40]!r}: {error}") from None
    if type(data) is not bytes or type(shape) is not list or not all(type(n) is int for n in shape):
        raise FormatError(f"expected a list of type, shape and elements as an array, found {payload[:40]!r}")
    dtype = _TYPES.get(text) if type(text) is str else None
    if dtype is None:
        raise DTypeError(f"expected numbers in an array in a message, found {text!r:.80}")
    n = _npy.count_elements(tuple(shape), dtype.itemsize)
    if len(data) != n * dtype.itemsize:
        raise ShapeError(
            f"expected {n * dtype.itemsize} bytes of elements for shape {tuple(shape)} of {dtype}, found {len(data)}"
        )
    return np.frombuffer(bytearray(data), dtype, n).reshape(shape)
