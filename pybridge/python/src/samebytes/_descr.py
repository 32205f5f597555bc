"""dtypes in handles: as JSON can hold them, from whoever, and back.

A type is NumPy's type string, as ``"<f8"``; a subarray ``[type, shape]``; a struct a list of fields, each ``[name, type]`` or
``[name, type, shape]``, one behind the other, with a nameless field for padding, as in a .npy header. Where fields overlap or
are out of order it is ``{"itemsize": n, "fields": [[name, type, offset], ...]}``. A name may be ``[title, name]``.
"""

import functools
import re
import sys
from typing import Any

import numpy as np

from samebytes._errors import DTypeError, FormatError
from samebytes._npy import MAX_DIMS, check_dtype

Descr = Any  # str, list or dict as above

MAX_DEPTH = 16  # structs in structs; nobody's are deeper, and the parser's stack ends somewhere
_MAX_SIZE = (1 << 31) - 1  # bytes of a type: NumPy's own limit was that for long

# The kinds and sizes that NumPy names so; its other words for types are as many ways to the same, some of them code.
_type_string = re.compile(
    r"[<>|](?:[biufc]\d{1,2}|[SUV]\d{1,9}|[mM]8(?:\[\d{0,9}(?:Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as)(?:/\d{1,9})?\])?)|\|O"
).fullmatch


def describe(dtype: np.dtype[Any]) -> Descr:
    """The dtype as JSON can hold it."""
    if dtype.subdtype is not None:
        base, shape = dtype.subdtype
        return [describe(base), list(shape)]
    if dtype.fields is None:
        return dtype.str
    assert dtype.names is not None
    names, end, packed = dtype.names, 0, list[Any]()
    for name in names:
        field, offset, title = _field(dtype, name)
        if offset < end:  # overlapping, or out of order
            fields = [_field(dtype, n) for n in names]
            return {
                "itemsize": dtype.itemsize,
                "fields": [[_named(n, t), describe(f), o] for n, (f, o, t) in zip(names, fields, strict=True)],
            }
        if offset > end:
            packed.append(["", f"|V{offset - end}"])
        base, shape = field.subdtype or (field, ())
        packed.append([_named(name, title), describe(base), *([list(shape)] if shape else [])])
        end = offset + field.itemsize
    if dtype.itemsize > end:
        packed.append(["", f"|V{dtype.itemsize - end}"])
    return packed


def parse(descr: Descr) -> np.dtype[Any]:
    """The dtype of elements that a handle's word for it means. Any word gives a dtype or an error.

    Raises
    ------
    FormatError
        For what is no such word.
    DTypeError
        For a word that means nothing, objects, or elements without bytes.
    """
    dtype = _simple(descr) if isinstance(descr, str) else _parse(descr, 0)
    if dtype.subdtype is not None:
        raise FormatError(f"expected a type of elements, found the subarray {descr!r:.80}")
    check_dtype(dtype)
    return dtype


def _field(dtype: np.dtype[Any], name: str) -> tuple[np.dtype[Any], int, str | None]:
    """A field's dtype, offset and title."""
    assert dtype.fields is not None
    field, offset, *title = dtype.fields[name]
    return field, offset, title[0] if title and isinstance(title[0], str) else None


def _named(name: str, title: str | None) -> Any:
    return name if title is None else [title, name]


@functools.lru_cache(maxsize=256)
def _simple(text: str) -> np.dtype[Any]:
    if not _type_string(text):
        raise DTypeError(f"expected a type string as '<f8', found {text!r:.80}")
    try:
        return np.dtype(text)
    except (TypeError, ValueError, OverflowError) as error:
        raise DTypeError(f"no dtype for {text!r}: {error}") from None


def _parse(descr: Descr, depth: int) -> np.dtype[Any]:
    if isinstance(descr, str):
        return _simple(descr)
    if depth > MAX_DEPTH:
        raise FormatError(f"expected structs in structs at most {MAX_DEPTH} deep")
    if isinstance(descr, dict):
        return _placed(descr, depth)
    if not isinstance(descr, list) or not descr:
        raise FormatError(f"expected a type, or a list of fields, found {descr!r:.80}")
    if len(descr) == 2 and _is_shape(descr[1]):
        return _subarray(descr, depth)
    fields, offset = [], 0
    for item in descr:
        if not isinstance(item, list) or len(item) not in (2, 3):
            raise FormatError(f"expected a field as [name, type] or [name, type, shape], found {item!r:.80}")
        field = _parse(item[1], depth + 1) if len(item) == 2 else _subarray(item[1:], depth)
        if item[0] != "":
            fields.append((*_names(item[0]), field, offset))
        offset = _sized(offset + field.itemsize)
    return _struct(fields, offset)


def _subarray(item: list[Any], depth: int) -> np.dtype[Any]:
    """The dtype of [type, shape]."""
    if len(item) != 2 or not _is_shape(item[1]):
        raise FormatError(f"expected a subarray as [type, shape], found {item!r:.80}")
    base, nbytes = _parse(item[0], depth + 1), 1
    for length in item[1]:
        nbytes = _sized(nbytes * length)
    _sized(nbytes * base.itemsize)
    return np.dtype((base, tuple(item[1])))


def _placed(descr: dict[Any, Any], depth: int) -> np.dtype[Any]:
    """The dtype of fields with offsets."""
    size, items = descr.get("itemsize"), descr.get("fields")
    if descr.keys() != {"itemsize", "fields"} or type(size) is not int or not isinstance(items, list):
        raise FormatError(f"expected an itemsize and fields, found {descr!r:.80}")
    _sized(size)
    fields = []
    for item in items:
        if not isinstance(item, list) or len(item) != 3 or type(item[2]) is not int:
            raise FormatError(f"expected a field as [name, type, offset], found {item!r:.80}")
        field = _parse(item[1], depth + 1)
        if not 0 <= item[2] <= size - field.itemsize:
            raise DTypeError(f"expected the field {item[0]!r:.80} within {size} bytes, found it at {item[2]}")
        fields.append((*_names(item[0]), field, item[2]))
    return _struct(fields, size)


def _struct(fields: list[tuple[str, str | None, np.dtype[Any], int]], size: int) -> np.dtype[Any]:
    names, titles, formats, offsets = zip(*fields, strict=True) if fields else ((), (), (), ())
    try:
        return np.dtype({"names": names, "formats": formats, "offsets": offsets, "titles": titles, "itemsize": size})
    except (TypeError, ValueError) as error:  # a name twice
        raise DTypeError(f"no struct of the fields {list(names)!r:.80}: {error}") from None


def _names(name: Any) -> tuple[str, str | None]:
    """A field's name and title."""
    given = name if isinstance(name, list) else [None, name]
    if len(given) != 2 or not all(isinstance(n, str) for n in given[given[0] is None :]) or not given[1]:
        raise FormatError(f"expected a field's name, or [title, name], found {name!r:.80}")
    if any(_half_character(n or "") for n in given):
        raise FormatError(f"expected a field's name, found half a character in {name!r:.80}")
    return given[1], given[0]


_half_character = re.compile("[\ud800-\udfff]").search


def _is_shape(shape: Any) -> bool:
    return (
        isinstance(shape, list)
        and 0 < len(shape) <= MAX_DIMS
        and all(type(length) is int and 0 <= length <= sys.maxsize for length in shape)
    )


def _sized(nbytes: int) -> int:
    if not 0 <= nbytes <= _MAX_SIZE:
        raise DTypeError(f"expected a type of at most {_MAX_SIZE} bytes, found {nbytes}")
    return nbytes
