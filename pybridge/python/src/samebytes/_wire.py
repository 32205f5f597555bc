"""The values that calls carry, as bytes and back: msgpack with extension types. docs/reference/wire.md has them, tests/conformance/values.json
cases that Go passes too.

msgpack's own extension does what takes time. Here is what it knows nothing of: which values are carried, as what, how deep, and where
in the value the one is that is not. Arrays and objects go through functions of the caller.
"""

import dataclasses
import datetime
import enum
import struct
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from msgpack import ExtraData, ExtType, OutOfData, Packer, StackError, Timestamp, Unpacker, unpackb  # type: ignore[import-untyped]

from samebytes._errors import DTypeError, Error, FormatError

MAX_DEPTH = 100  # lists and dicts in one another; Python's stack holds some 1000 calls

# Codes of extension types. That of times is msgpack's own, -1.
_ARRAY, _COMPLEX, _DURATION, _OBJECT = 1, 2, 3, 4

_FIRST_SECOND, _LAST_SECOND = -62_135_596_800, 253_402_300_799  # of the years 1 to 9999, which datetime has
_INTS = range(-(1 << 63), 1 << 64)
_INT64 = range(-(1 << 63), 1 << 63)
_NANOSECONDS = {
    "W": 604_800 * 10**9,
    "D": 86_400 * 10**9,
    "h": 3600 * 10**9,
    "m": 60 * 10**9,
    "s": 10**9,
    "ms": 10**6,
    "us": 1000,
    "ns": 1,
}

PLAIN = frozenset({type(None), bool, int, float, str, bytes, bytearray})  # what msgpack packs as it is to be
_MANY = 8  # items from which it is worth to ask for the types of all at once
_TOO_DEEP = f"expected lists and dicts at most {MAX_DEPTH} deep: does it contain itself?"
_KEYS = frozenset({type(None), bool, int, float, str})
_KEY_RULE = "a key that is a str, an int, a float, a bool or None"

_doubles, _singles = struct.Struct("<dd"), struct.Struct("<ff")

_MOST_KEPT = 1 << 20  # bytes of a message up to which its packer's buffer is kept for the next


class _Refused(Exception):
    """What cannot be carried. The path to it grows from its end as the exception goes up."""

    def __init__(self, what: str, kind: type[Error] = DTypeError) -> None:
        self.what, self.kind = what, kind
        self.path: list[str] = []


class Encoder:
    """Makes messages of values. Many threads may use one.

    Parameters
    ----------
    array : callable, optional
        Returns the payload for a `numpy.ndarray`.
    object : callable, optional
        Returns the payload for an object that stays where it is, or None for what is none. It is asked about whatever has not one of
        the builtin types that are carried, and is no array or scalar of NumPy's.
    """

    def __init__(
        self,
        array: Callable[[np.ndarray[Any, Any]], bytes] | None = None,
        object: Callable[[Any], bytes | None] | None = None,
    ) -> None:
        self._array, self._object = array, object
        self._packers: list[Any] = []  # those not in use: one packs one value at a time

    def encode(self, value: Any, names: Sequence[str] = ()) -> bytes:
        """The message of a value. Of a value that is a list, messages call the items by these names.

        Raises
        ------
        DTypeError
            For what cannot be carried, with where it is in the value.
        samebytes.Error
            What the functions for arrays and objects raise.
        """
        try:
            plain = value if type(value) in PLAIN else self._plain(value, 0)
            try:
                packer = self._packers.pop()
            except IndexError:
                packer = Packer(datetime=True, buf_size=4096)
            try:
                message: bytes = packer.pack(plain)
            except (ValueError, OverflowError) as error:
                _find_unpackable(plain)
                raise _Refused(str(error)) from None
        except _Refused as refused:
            path = refused.path[::-1]
            if path and isinstance(value, (list, tuple)) and (first := int(path[0][1:-1])) < len(names):
                path[0] = names[first]
            where = f"{''.join(path):.120}: " if path else ""
            raise refused.kind(where + refused.what) from refused.__cause__
        if len(message) <= _MOST_KEPT:
            self._packers.append(packer)
        return message

    def _plain(self, value: Any, depth: int) -> Any:
        """What msgpack is to pack for a value that is not plain: itself, or a copy with other items."""
        kind = type(value)
        if kind is list or kind is tuple:
            return self._plain_items(value, depth)
        if kind is dict:
            return self._plain_dict(value, depth)
        convert = _CONVERSIONS.get(kind)
        return convert(value) if convert else self._plain_other(value, depth)

    def _plain_items(self, items: Sequence[Any], depth: int) -> Sequence[Any]:
        if depth >= MAX_DEPTH:
            raise _Refused(_TOO_DEEP)
        if len(items) > _MANY and PLAIN.issuperset(map(type, items)):
            return items
        changed: list[Any] | None = None
        i = -1
        for item in items:
            i += 1
            if type(item) in PLAIN:
                continue
            try:
                plain = self._plain(item, depth + 1)
            except _Refused as refused:
                refused.path.append(f"[{i}]")
                raise
            if plain is not item:
                if changed is None:
                    changed = list(items)
                changed[i] = plain
        return items if changed is None else changed

    def _plain_dict(self, items: dict[Any, Any], depth: int, where: str = "[{!r}]") -> dict[Any, Any]:
        if depth >= MAX_DEPTH:
            raise _Refused(_TOO_DEEP)
        changed: dict[Any, Any] | None = None
        for key, item in items.items():
            plain_key = key if type(key) is str else _plain_key(key)
            if type(item) in PLAIN:
                plain = item
            else:
                try:
                    plain = self._plain(item, depth + 1)
                except _Refused as refused:
                    refused.path.append(where.format(key))
                    raise
            if plain is not item or plain_key is not key:
                if changed is None:
                    changed = dict(items)
                if plain_key is not key:
                    del changed[key]  # which is equal, and would stay
                changed[plain_key] = plain
        return items if changed is None else changed

    def _plain_other(self, value: Any, depth: int) -> Any:
        """Of what has none of the types that are carried most."""
        if isinstance(value, np.ndarray):
            if self._array is None:
                raise _Refused(f"expected no arrays, found a {type(value).__name__} of shape {value.shape}")
            masked = sys.modules.get("numpy.ma.core")  # which takes time to import, and who has none has not
            if masked is not None and isinstance(value, masked.MaskedArray):
                raise _Refused("expected an array without a mask, found a masked one: send its .filled() or its .data")
            return ExtType(_ARRAY, _asked(self._array, value))
        if isinstance(value, np.generic):
            return _plain_numpy(value)
        if self._object is not None:
            payload = _asked(self._object, value)
            if payload is not None:
                return ExtType(_OBJECT, payload)
        for base, convert in _CONVERSIONS.items():
            if isinstance(value, base):
                return convert(value)
        if isinstance(value, (int, str)):
            return value
        if isinstance(value, enum.Enum):
            raise _Refused(f"expected a value, found {value!r:.80}: send its .value, or make it an IntEnum or StrEnum")
        if isinstance(value, (float, bytes, bytearray)):
            return value
        if isinstance(value, (list, tuple)) and not isinstance(value, ExtType):
            return self._plain_items(value, depth)
        if isinstance(value, dict):
            return self._plain_dict(value, depth)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = dataclasses.fields(value)
            return self._plain_dict({field.name: getattr(value, field.name) for field in fields}, depth, ".{}")
        raise _Refused(f"expected a value that calls carry, found {_name_of(value)}{_hint(value)}")


def _asked(function: Callable[[Any], Any], value: Any) -> Any:
    try:
        return function(value)
    except Error as error:
        raise _Refused(str(error), type(error)) from error


def _plain_key(key: Any) -> Any:
    if isinstance(key, np.generic):
        key = _plain_numpy(key)
    if not isinstance(key, (int, str)) and type(key) not in _KEYS:
        raise _Refused(f"expected {_KEY_RULE}, found {key!r:.80}")
    if key != key:
        raise _Refused("expected a key that equals itself, found nan")
    return key


def _plain_complex(value: complex) -> ExtType:
    return ExtType(_COMPLEX, _doubles.pack(value.real, value.imag))


def _plain_timedelta(value: datetime.timedelta) -> ExtType:
    ns = (value.days * 86_400 + value.seconds) * 10**9 + value.microseconds * 1000
    return _duration(ns + getattr(value, "nanoseconds", 0), value)  # which pandas has


def _duration(ns: int, value: Any) -> ExtType:
    if ns not in _INT64:
        raise _Refused(f"expected a duration of at most 292 years, found {value!r}")
    return ExtType(_DURATION, ns.to_bytes(8, "little", signed=True))


def _plain_datetime(value: datetime.datetime) -> Any:
    try:
        utc = value.astimezone(datetime.UTC) if value.utcoffset() is not None else None
    except (OverflowError, ValueError):  # ValueError: pandas.NaT
        raise _Refused(f"expected a time in the years 1 to 9999 of UTC, found {value!r}") from None
    if utc is None:
        raise _Refused(f"expected a datetime with a time zone, found {value!r}: value.astimezone() takes it as local time")
    if type(utc) is datetime.datetime:
        return utc  # which msgpack packs itself
    at = Timestamp.from_datetime(utc)
    return Timestamp(at.seconds, at.nanoseconds + getattr(value, "nanosecond", 0))  # pandas has it


def _plain_memoryview(value: memoryview) -> Any:
    return value if value.c_contiguous else value.tobytes()


def _no_date(value: datetime.date) -> Any:
    raise _Refused(f"expected a datetime with a time zone, found {value!r}: send value.isoformat(), or a datetime")


# What is packed for values of builtin types that msgpack has no type for. Each stands before its bases.
_CONVERSIONS: dict[type, Callable[[Any], Any]] = {
    complex: _plain_complex,
    datetime.datetime: _plain_datetime,
    datetime.timedelta: _plain_timedelta,
    memoryview: _plain_memoryview,
    datetime.date: _no_date,
    datetime.time: _no_date,
}


def _plain_numpy(value: np.generic) -> Any:
    """Of a scalar of NumPy's: that of Python with the same value."""
    kind, size = value.dtype.kind, value.dtype.itemsize
    match kind:
        case "b" | "i" | "u" | "U" | "S":
            return value.item()
        case "f" if size <= 8:
            return value.item()
        case "c" if size == 8:
            return ExtType(_COMPLEX, _singles.pack(value.real, value.imag))
        case "c" if size == 16:
            return _plain_complex(value.item())
        case "m" | "M":
            return _plain_moment(value)
    raise _Refused(f"expected a value that calls carry, found a scalar of {value.dtype}: put it into an array")


def _plain_moment(value: np.generic) -> Any:
    """Of a datetime64, which counts from the epoch in UTC, or a timedelta64."""
    unit, step = np.datetime_data(value.dtype)  # type: ignore[arg-type]  # which is one of those two
    if np.isnat(value):
        raise _Refused(f"expected a time, found {value!r}")
    if unit not in _NANOSECONDS:
        raise _Refused(f"expected a unit from weeks to ns, found {value!r}: value.astype('{value.dtype.kind}8[ns]') has one")
    ns = int(value.astype(np.int64)) * step * _NANOSECONDS[unit]
    if value.dtype.kind == "m":
        return _duration(ns, value)
    seconds, rest = divmod(ns, 10**9)
    if not _FIRST_SECOND <= seconds <= _LAST_SECOND:
        raise _Refused(f"expected a time in the years 1 to 9999, found {value!r}")
    return Timestamp(seconds, rest)


def _find_unpackable(value: Any) -> None:
    """Raises for the first item that is of a type that msgpack packs, and is not packed."""
    if isinstance(value, int) and value not in _INTS:
        found = str(value) if value.bit_length() < 512 else f"one of {value.bit_length()} bits"
        raise _Refused(f"expected an int from -2**63 to 2**64 - 1, found {found}")
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise _Refused(f"expected a str of whole characters, found {value!r:.80}") from None
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
        for key in value:
            _find_unpackable(key)
    elif isinstance(value, (list, tuple)):
        items = enumerate(value)
    for key, item in items:
        try:
            _find_unpackable(item)
        except _Refused as refused:
            refused.path.append(f"[{key!r}]")
            raise


def _name_of(value: Any) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _hint(value: Any) -> str:
    if isinstance(value, (set, frozenset)):
        return ", which has no order: send sorted(value)"
    if callable(value):
        return ""
    return ": send list(value)" if hasattr(value, "__iter__") and not hasattr(value, "keys") else ""


# The first bytes of lists and maps, and of those that say their length in two bytes or four.
_HEADS = bytes([*range(0x80, 0xA0), *range(0xDC, 0xE0)])
_LONG_HEADS = bytes(range(0xDC, 0xE0))
_CONTAINERS = frozenset({list, dict})
_LONG = 4096  # bytes of a message from which to look at each byte takes longer than to look at each value
_MOST_LONG_HEADS = 8  # those that may lie: each has memory for as many items as the message has bytes taken


_NO_MESSAGE = (OutOfData, StackError, ValueError, OverflowError, TypeError)  # what unpackb raises
_LEAST_TWO = 27  # bytes of a message with two arrays or objects: behind a single one there is none


class Decoder:
    """Makes values of messages. Many threads may use one.

    Parameters
    ----------
    array, object : callable, optional
        Returns what a payload of `Encoder`'s stands for.
    """

    def __init__(self, array: Callable[[bytes], Any] | None = None, object: Callable[[bytes], Any] | None = None) -> None:
        self._array, self._object = array, object

    def decode(self, message: bytes | bytearray | memoryview) -> Any:
        """The value of a message: None, bool, int, float, complex, str, bytes, datetime in UTC, timedelta, list, dict, or what the functions
        for arrays and objects return.

        Raises
        ------
        FormatError
            When the bytes are no message.
        DTypeError
            For arrays and objects that there is no function for.
        samebytes.Error
            What the functions raise.
        """
        if isinstance(message, memoryview):
            message = bytes(message)
        begun = 0  # of arrays and objects

        def extension(code: int, payload: bytes) -> Any:
            nonlocal begun
            begun += 1
            return self._extension(code, payload)

        try:
            if len(message) > MAX_DEPTH:
                _check_heads(message)
            hook = self._extension if len(message) < _LEAST_TWO else extension
            value = unpackb(message, object_pairs_hook=_dict, ext_hook=hook, timestamp=3, strict_map_key=False)
        except Error:
            self._drop_behind(message, begun)
            raise
        except ExtraData as error:
            raise FormatError(f"expected one value, found {len(error.extra)} bytes behind it") from None
        except _NO_MESSAGE as error:
            raise FormatError(
                f"expected a value as msgpack, found {bytes(message[:40])!r}: {str(error) or type(error).__name__}"
            ) from error
        if len(message) > MAX_DEPTH and _is_too_deep(value, message):
            raise FormatError(f"expected lists and maps at most {MAX_DEPTH} deep")
        return value

    def _drop_behind(self, message: bytes | bytearray, first: int) -> None:
        """Opens the arrays and objects behind the first of a message, and lets them go: nobody else will."""
        seen = 0

        def extension(code: int, payload: bytes) -> None:
            nonlocal seen
            seen += 1
            if seen > first:
                with suppress(Error):  # then there is nothing to let go
                    self._extension(code, payload)

        with suppress(*_NO_MESSAGE):  # what was before that is let go
            unpackb(message, object_pairs_hook=_dict, ext_hook=extension, timestamp=3, strict_map_key=False)

    def _extension(self, code: int, payload: bytes) -> Any:
        size = len(payload)
        if code == _ARRAY:
            if self._array is None:
                raise DTypeError("expected no array and no object, found an array")
            return self._array(payload)
        if code == _COMPLEX and size in (8, 16):
            return complex(*(_singles if size == 8 else _doubles).unpack(payload))
        if code == _DURATION and size == 8:
            ns = int.from_bytes(payload, "little", signed=True)
            return datetime.timedelta(microseconds=ns // 1000 if ns >= 0 else -(-ns // 1000))
        if code == _OBJECT:
            if self._object is None:
                raise DTypeError("expected no array and no object, found an object")
            return self._object(payload)
        raise FormatError(f"expected an extension of type 1 to 4 or -1, found type {code} of {size} bytes")


def _check_heads(message: bytes | bytearray) -> None:
    """Raises where lists and maps that are claimed to be long end with the message."""
    size = len(message)
    if size > _LONG or size - len(message.translate(None, _LONG_HEADS)) > _MOST_LONG_HEADS:
        walk = Unpacker(max_buffer_size=size)
        walk.feed(message)
        walk.skip()  # makes nothing


def _is_too_deep(value: Any, message: bytes | bytearray) -> bool:
    """Whether lists and maps of a message's value are too deep. Looked for first is what costs least: of many items their heads."""
    level = [value] if type(value) in _CONTAINERS else []
    counted = False
    for _ in range(MAX_DEPTH):
        if not counted and (len(message) <= _LONG or sum(map(len, level)) > MAX_DEPTH):
            counted = True
            if len(message) - len(message.translate(None, _HEADS)) <= MAX_DEPTH:
                return False
        level = [
            item
            for items in level
            for item in (items.values() if type(items) is dict else items)
            if type(item) in _CONTAINERS
        ]
        if not level:
            return False
    return True


def _dict(pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    """The dict of a map. What is no key, or is there twice, is refused."""
    items = dict(pairs)
    if len(items) != len(pairs):
        raise FormatError(f"a key is there twice, of {len(pairs)} in a map")
    for key in items:
        if type(key) is not str and (type(key) not in _KEYS or key != key):
            raise FormatError(f"expected {_KEY_RULE}, found {key!r:.80}")
    return items
