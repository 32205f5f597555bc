"""Headers of .npy files: bytes to dtype, shape and order, and back.

The layout is that of NumPy's ``numpy.lib.format``, whose functions turn descr into dtype and back.
"""

import ast
import functools
import math
import operator
import re
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple, SupportsIndex

import numpy as np
from numpy.lib import format as npy_format

from samebytes._errors import DTypeError, FormatError, LayoutError, ShapeError, TruncatedError

# NumPy's own limits: what it refuses to read is not written, and ast.literal_eval is not safe for longer text.
MAX_HEADER = 10_000
MAX_DIMS = 64

MAGIC = b"\x93NUMPY"

# The length of an array's first axis that can grow has a field of its own in the header, which one aligned store changes.
LENGTH_FIELD = 8
MAX_LENGTH = 99_999_999
_SHAPE_KEY = "'shape': ("

Shape = tuple[int, ...]


class Header(NamedTuple):
    dtype: np.dtype[Any]
    shape: Shape
    fortran: bool
    size: int  # bytes of the header: where the elements begin
    n: int  # elements

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self.n * self.dtype.itemsize


def count_elements(shape: Shape, itemsize: int) -> int:
    """The number of elements of a shape, the one place where lengths are multiplied.

    As in NumPy, axes of length zero do not excuse the others. Raises ShapeError.
    """
    if len(shape) > MAX_DIMS:
        raise ShapeError(f"expected at most {MAX_DIMS} axes, found {len(shape)}")
    if shape and min(shape) < 0:
        raise ShapeError(f"negative length in {shape}")
    count = math.prod(shape)
    if itemsize * (count or math.prod(filter(None, shape))) > sys.maxsize:
        raise ShapeError(f"{shape} of {itemsize}-byte elements takes more than {sys.maxsize} bytes")
    return count


def as_shape(shape: SupportsIndex | Sequence[SupportsIndex]) -> Shape:
    """A shape as NumPy takes it, an int or a sequence of ints, as a tuple."""
    try:
        return (operator.index(shape),)  # type: ignore[arg-type]
    except TypeError:
        pass
    try:
        return tuple(operator.index(length) for length in shape)  # type: ignore[union-attr]
    except TypeError:
        raise ShapeError(f"expected an int or a sequence of ints, found {shape!r}") from None


def build(dtype: np.dtype[Any], shape: Shape, fortran: bool, align: int) -> bytes:
    """The header of such an array, its length a multiple of align, which is a power of two.

    Raises DTypeError for dtypes that a file cannot hold as plain bytes.
    """
    text = repr({"descr": _descr_of(dtype, shape), "fortran_order": fortran, "shape": shape})[:-1] + ", }"
    return _framed(*_encoded(text), dtype, align)


def build_growable(dtype: np.dtype[Any], shape: Shape, fortran: bool, align: int) -> bytes:
    """As `build`, of an array that may grow along its first axis while others read it: length_offset finds that axis's length.

    Raises also LayoutError for arrays that cannot grow in place, and ShapeError for a length of too many digits.
    """
    if not shape or fortran:
        raise LayoutError(f"expected an array in C order that grows along its first axis, found shape {shape}")
    if shape[0] > MAX_LENGTH:
        raise ShapeError(f"expected at most {MAX_LENGTH} rows, found {shape[0]}")
    start = f"{{'descr': {_descr_of(dtype, shape)!r}, 'fortran_order': False, {_SHAPE_KEY}"
    axes = format_length(shape[0]).decode() + "," + ",".join(f" {length}" for length in shape[1:]) + "), }"
    before, version, prefix = _encoded(start)
    body = before + b" " * (-(prefix + len(before)) % LENGTH_FIELD) + axes.encode()
    head = _framed(body, version, prefix, dtype, align)
    if length_offset(head) != prefix + len(body) - len(axes):
        raise DTypeError(f"expected field names without {_SHAPE_KEY!r}, found {dtype}")
    return head


def length_offset(head: bytes) -> int:
    """Where the length of the first axis begins in a header of build_growable, or 0 in any other."""
    begin = head.find(_SHAPE_KEY.encode()) + len(_SHAPE_KEY)
    offset = -(-begin // LENGTH_FIELD) * LENGTH_FIELD
    end = offset + LENGTH_FIELD
    if begin < len(_SHAPE_KEY) or head[begin:offset].strip(b" ") or head[end : end + 1] != b",":
        return 0
    return offset if _length_field(head[offset:end]) else 0


def parse_length(field: bytes) -> int:
    """The number in the length field of a growable header. Raises FormatError."""
    if not _length_field(field):
        raise FormatError(f"expected digits and spaces as a length, found {field!r}")
    return int(field)


def format_length(n: int) -> bytes:
    """The length field of n, which must be 0 to MAX_LENGTH."""
    return str(n).encode().ljust(LENGTH_FIELD)


_length_field = re.compile(rb"(?=.{8}\Z)[0-9]+ *", re.DOTALL).fullmatch


def _descr_of(dtype: np.dtype[Any], shape: Shape) -> Any:
    check_dtype(dtype)
    count_elements(shape, dtype.itemsize)
    try:
        return npy_format.dtype_to_descr(dtype)
    except ValueError as error:
        raise DTypeError(f"{dtype} has no descr: {error}") from None


def _encoded(text: str) -> tuple[bytes, bytes, int]:
    """A header's text, the version that has it, and how many bytes stand before it then."""
    try:
        return text.encode("latin-1"), b"\x01\x00", 10
    except UnicodeEncodeError:
        return text.encode(), b"\x03\x00", 12


def _framed(body: bytes, version: bytes, prefix: int, dtype: np.dtype[Any], align: int) -> bytes:
    size = -(-(prefix + len(body) + 1) // align) * align
    if size - prefix > MAX_HEADER:
        raise DTypeError(f"the header of {dtype} takes {size} bytes, expected at most {MAX_HEADER}, which NumPy reads")
    length = (size - prefix).to_bytes(prefix - 8, "little")
    return MAGIC + version + length + body.ljust(size - prefix - 1) + b"\n"


def check_dtype(dtype: np.dtype[Any]) -> None:
    if dtype.hasobject:
        raise DTypeError(f"expected elements that are plain bytes, found {dtype}: objects cannot be shared")
    if dtype.itemsize == 0:
        raise DTypeError(f"expected elements of at least one byte, found {dtype}; give the length, as in 'S8'")


def header_size(head: bytes) -> int:
    """The bytes that a header takes, of its first 12 or more."""
    prefix = head[:12]
    if not MAGIC.startswith(prefix[:6]):
        raise FormatError(f"not an .npy file: expected it to begin with {MAGIC!r}, found {prefix[:6]!r}")
    if len(prefix) < 12:
        raise TruncatedError(f"expected a header, found {len(prefix)} bytes")
    match prefix[6:8]:
        case b"\x01\x00":
            size = 10 + (length := int.from_bytes(prefix[8:10], "little"))
        case b"\x02\x00" | b"\x03\x00":
            size = 12 + (length := int.from_bytes(prefix[8:12], "little"))
        case version:
            raise FormatError(f"expected .npy version 1.0, 2.0 or 3.0, found {version[0]}.{version[1]}")
    if length > MAX_HEADER:
        raise FormatError(f"expected a header of at most {MAX_HEADER} bytes, found {length}")
    return size


# The header as NumPy and this package write it, growable or not, which needs no parser: all but its padding.
_length = rb"(?:0|[1-9]\d{0,17})"
_canonical = re.compile(
    rb"\{'descr': '([<|>][biufc]\d\d?)', 'fortran_order': (True|False), 'shape': \(( *@ *(?:, @)*,?)?\), \}".replace(
        b"@", _length
    )
).fullmatch
_padding = b" " * MAX_HEADER + b"\n"


def parse(head: bytes, size: int) -> Header:
    """Parses the header in the first size bytes of head; header_size said how many.

    Raises FormatError, DTypeError and ShapeError.
    """
    prefix = 10 if head[6] == 1 else 12
    end = head.find(b"}", prefix, size) + 1
    if end and head[end:size] == _padding[end - size :]:
        header = _parse_canonical(head[prefix:end], size)
        if header:
            return header
    try:
        text = head[prefix:size].decode("utf-8" if head[6] == 3 else "latin-1")
        if head[6] < 3:  # Python 2 wrote long ints, as 3L
            text = re.sub(r"(?<=\d)L(?=\s*[,)])", "", text)
        fields = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise FormatError(f"expected a Python literal, found {head[prefix : prefix + 80]!r}: {error}") from None
    if not isinstance(fields, dict) or fields.keys() != {"descr", "fortran_order", "shape"}:
        raise FormatError(f"expected a dict of descr, fortran_order and shape, found {fields!r:.80}")
    shape = fields["shape"]
    if not isinstance(shape, tuple) or not all(type(length) is int for length in shape):
        raise FormatError(f"expected shape to be a tuple of ints, found {shape!r:.80}")
    if not isinstance(fields["fortran_order"], bool):
        raise FormatError(f"expected fortran_order to be True or False, found {fields['fortran_order']!r:.80}")
    return _header(fields["descr"], shape, fields["fortran_order"], size)


@functools.lru_cache(maxsize=1024)  # arrays of one kind are many, and parsing takes longer than the system calls
def _parse_canonical(text: bytes, size: int) -> Header | None:
    canonical = _canonical(text)
    if not canonical:
        return None
    descr, order, lengths = canonical.groups()
    shape = tuple(map(int, lengths.rstrip(b",").split(b","))) if lengths else ()
    # A number alone in brackets is no tuple, and more are not written with a comma behind.
    if lengths and lengths.endswith(b",") != (len(shape) == 1):
        return None
    return _header(descr.decode(), shape, order == b"True", size)


def _header(descr: Any, shape: Shape, fortran: bool, size: int) -> Header:
    if not isinstance(descr, (str, list, tuple)):
        raise FormatError(f"expected descr to be a string, list or tuple, found {descr!r:.80}")
    try:
        dtype = npy_format.descr_to_dtype(descr)  # type: ignore[arg-type]  # NumPy's stubs leave out strings
    except (TypeError, ValueError, IndexError, KeyError, SyntaxError, RecursionError, DeprecationWarning) as error:
        raise DTypeError(f"no dtype for descr {descr!r:.80}: {error}") from None
    check_dtype(dtype)
    if isinstance(descr, str) and dtype.shape:  # as '1<f8', which NumPy does not write and opens in two ways
        raise DTypeError(f"expected one type as descr, found {descr!r:.80}")
    # A subarray dtype adds its axes behind the others.
    return _sized(dtype.base, shape + dtype.shape, fortran, size)


def _sized(dtype: np.dtype[Any], shape: Shape, fortran: bool, size: int) -> Header:
    count = count_elements(shape, dtype.itemsize)
    return Header(dtype, shape, fortran and orders_differ(shape), size, count)


def orders_differ(shape: Shape) -> bool:
    """Whether C and Fortran order lay such an array out differently. As np.save does, C is written where they do not."""
    return sum(length > 1 for length in shape) > 1 and 0 not in shape
