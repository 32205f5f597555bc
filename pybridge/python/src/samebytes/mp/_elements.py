"""Types of elements: those of ctypes, by their typecodes, and the dtypes that say the same."""

import ctypes
from typing import Any, cast

import numpy as np

from samebytes._errors import DTypeError

TYPECODES: dict[str, type[Any]] = {
    "c": ctypes.c_char,
    "u": ctypes.c_wchar,
    "b": ctypes.c_byte,
    "B": ctypes.c_ubyte,
    "h": ctypes.c_short,
    "H": ctypes.c_ushort,
    "i": ctypes.c_int,
    "I": ctypes.c_uint,
    "l": ctypes.c_long,
    "L": ctypes.c_ulong,
    "q": ctypes.c_longlong,
    "Q": ctypes.c_ulonglong,
    "f": ctypes.c_float,
    "d": ctypes.c_double,
}

_Data = (ctypes._SimpleCData, ctypes.Structure, ctypes.Union, ctypes.Array)
_POINTERS = "PzZO"  # codes of simple types that are addresses


def type_of(typecode_or_type: Any) -> type[Any]:
    """The type of elements that a user asks for.

    Raises
    ------
    DTypeError
        For what is no typecode, type of ctypes or dtype that ctypes knows.
    """
    given = typecode_or_type
    if isinstance(given, str) and given in TYPECODES:
        return TYPECODES[given]
    if isinstance(given, np.dtype) or (isinstance(given, type) and issubclass(given, np.generic)):
        return _type_of_dtype(np.dtype(given))
    if isinstance(given, type) and issubclass(given, _Data):
        return given
    raise DTypeError(f"expected a typecode of {''.join(TYPECODES)!r}, a type of ctypes or a dtype, found {given!r}")


def _type_of_dtype(dtype: np.dtype[Any]) -> type[Any]:
    if dtype == np.dtype("S1"):
        return ctypes.c_char
    if dtype == np.dtype("U1"):
        return ctypes.c_wchar
    try:
        return cast(type[Any], np.ctypeslib.as_ctypes_type(dtype))
    except NotImplementedError:
        raise DTypeError(f"expected a dtype that ctypes has a type for, found {dtype}") from None


def types_of(dtype: np.dtype[Any], shape: tuple[int, ...]) -> tuple[type[Any], int | None]:
    """The type of the elements of an array's first axis, and how many they are; None: it has no axis."""
    element = _type_of_dtype(dtype)
    for length in shape[:0:-1]:
        element = element * length
    return element, shape[0] if shape else None


def dtype_of(element: type[Any]) -> np.dtype[Any]:
    """The dtype of a type of ctypes: bytes without a meaning for what NumPy has no dtype for, as unions and bit fields.

    Raises
    ------
    DTypeError
        For what has pointers, which mean nothing in another process, or Python objects.
    """
    if issubclass(element, ctypes.Array):
        inner = dtype_of(item_type(element))
        return np.dtype((inner.base, (element._length_, *inner.shape)))
    if issubclass(element, ctypes.Structure | ctypes.Union):
        return _dtype_of_struct(element)
    code = getattr(element, "_type_", None)
    if not isinstance(code, str) or code in _POINTERS:
        raise DTypeError(f"expected elements that mean the same in every process, found {element.__name__}")
    return np.dtype("U1" if code == "u" else element)


def _dtype_of_struct(element: type[Any]) -> np.dtype[Any]:
    names, formats, offsets = [], [], []
    plain = issubclass(element, ctypes.Structure)
    for cls in reversed(element.__mro__):
        for name, kind, *bits in vars(cls).get("_fields_", ()):
            format = _dtype_of_text(kind) or dtype_of(kind)
            plain = plain and not bits
            names.append(name)
            formats.append(format)
            offsets.append(getattr(element, name).offset)
    size = ctypes.sizeof(element)
    if not plain:
        return np.dtype(f"V{size}")
    return np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": size})


def _dtype_of_text(kind: type[Any]) -> np.dtype[Any] | None:
    """Text in a field is one element."""
    codes: dict[object, str] = {ctypes.c_char: "S", ctypes.c_wchar: "U"}
    code = codes.get(item_type(kind)) if issubclass(kind, ctypes.Array) else None
    return np.dtype(f"{code}{kind._length_}") if code else None


def item_type(kind: Any) -> type[Any]:
    """The type of the elements of a type of arrays."""
    return cast(type[Any], kind._type_)


def length_of(kind: Any) -> int:
    """How many elements an array of the type has."""
    return cast(int, kind._length_)
