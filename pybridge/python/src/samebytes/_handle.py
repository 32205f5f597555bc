"""Handles: where an array's bytes are, for who can open them. docs/reference/handles.md has their fields.

What the fields say is checked here, whoever wrote them, in a pickle or in JSON: any fields give an array that lies within the
elements of the segment they name, or an error.
"""

import functools
import os
import re
import stat
from typing import Any, NamedTuple

import numpy as np

from samebytes import _descr, _domain, _flight, _name, _npy, _segment
from samebytes._errors import (
    AccessError,
    BadNameError,
    ClosedError,
    DTypeError,
    Error,
    FormatError,
    LayoutError,
    NoControlError,
    NotExistError,
    StaleError,
    VersionError,
)
from samebytes._segment import Segment

VERSION = 1
MAX_TEXT = 1 << 16  # bytes of JSON: room for a struct of a thousand fields

_Plain = np.ndarray[Any, np.dtype[Any]]

_is_hex = re.compile(r"[0-9a-f]{32}").fullmatch
_INT64 = range(-(1 << 63), 1 << 63)
_KEYS = ("domain", "name", "id", "offset", "shape", "strides", "dtype", "readonly")


class Handle(NamedTuple):
    """Where the elements of an array in a segment are: what pickles and `to_json` hold of it.

    Attributes
    ----------
    domain : str
        The random token of the directory of segments, which those read who can open the handle. Empty for a file opened by its
        path.
    name : str
        The segment's name, or the absolute path of such a file.
    id : bytes
        The segment's id. Of a plain .npy file its device and inode.
    offset : int
        Bytes from the segment's first element to this array's.
    shape, strides : tuple of int
        Elements, and bytes, as NumPy's.
    dtype : numpy.dtype
    readonly : bool

    Examples
    --------
    >>> a = sb.create("example", (4, 6))
    >>> handle = a[1:3, ::2].handle
    >>> handle.name, handle.offset, handle.shape, handle.strides
    ('example', 48, (2, 3), (48, 16))
    >>> sb.delete("example")
    """

    domain: str
    name: str
    id: bytes
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: np.dtype[Any]
    readonly: bool

    def fields(self) -> tuple[Any, ...]:
        """The fields as a pickle and JSON can hold them."""
        return (
            self.domain,
            self.name,
            self.id.hex(),
            self.offset,
            self.shape,
            self.strides,
            _descr.describe(self.dtype),
            self.readonly,
        )


def handle_of(array: _Plain, segment: Segment) -> Handle:
    """That of an array in the segment."""
    name, domain = segment.name, ""
    if name is None:
        name = segment.path
    else:
        domain = _domain.made_token(_directory_of(segment.path))
    offset = array.__array_interface__["data"][0] - segment.address
    if not array.size:  # which is nowhere
        offset = 0
    return Handle(domain, name, _id_of(segment), offset, array.shape, array.strides, array.dtype, not array.flags.writeable)


def send(array: _Plain, segment: Segment) -> Handle:
    """As `handle_of`, to be given away: a temporary segment stays until it is opened.

    Raises StaleError for a deleted one, which nobody could open: a pool whose worker returns it would hang over the error there.
    """
    try:
        st = os.lstat(segment.path)
        deleted = (st.st_dev, st.st_ino) != (segment.dev, segment.ino)
    except OSError:
        deleted = True
    if deleted:
        raise StaleError(f"give away {segment.name or segment.path!r}: the segment was deleted")
    handle = handle_of(array, segment)
    _flight.sent(segment)
    return handle


_directory_of = functools.lru_cache(256)(os.path.dirname)


def is_trusted(segment: Segment) -> bool:
    """Whether it could only be opened by who trusts others."""
    return segment.uid != os.geteuid() or segment.mode & stat.S_IWOTH != 0


def checked(
    domain: Any, name: Any, id: Any, offset: Any, shape: Any, strides: Any, dtype: Any, readonly: Any, paths: bool = False
) -> Handle:
    """The handle of such fields. With paths the name may be an absolute path, as it never may be in JSON.

    Raises FormatError, BadNameError, ShapeError, LayoutError and DTypeError.
    """
    is_path = paths and isinstance(name, str) and os.path.isabs(name) and domain == ""
    if not is_path:
        if not isinstance(domain, str) or not _is_hex(domain):
            raise FormatError(f"expected 32 hexadecimal digits as domain, found {domain!r:.80}")
        _name.path_of(name)
    if not isinstance(id, str) or not _is_hex(id):
        raise FormatError(f"expected 32 hexadecimal digits as id, found {id!r:.80}")
    if type(readonly) is not bool:
        raise FormatError(f"expected true or false as readonly, found {readonly!r:.80}")
    for what, numbers in (("offset", [offset]), ("shape", shape), ("strides", strides)):
        if not isinstance(numbers, (list, tuple)) or not all(type(n) is int for n in numbers):
            raise FormatError(f"expected integers as {what}, found {numbers!r:.80}")
    element = _descr.parse(dtype)
    shape, strides = tuple(shape), tuple(strides)
    _npy.count_elements(shape, element.itemsize)
    if len(strides) != len(shape):
        raise LayoutError(f"expected {len(shape)} strides, found {len(strides)}")
    if offset < 0 or not all(n in _INT64 for n in (offset, *strides)):
        raise LayoutError(f"expected an offset and strides of 63 bits, found {(offset, *strides)!r:.80}")
    return Handle(domain, name, bytes.fromhex(id), offset, shape, strides, element, readonly)


def open_handle(handle: Handle, cls: type[_Plain], trust: bool) -> Any:
    """The array that the handle names, of that class.

    Raises
    ------
    NotExistError
        When the handle is of another domain.
    StaleError
        When the segment was deleted, or another array has its name.
    LayoutError
        When the handle names bytes outside the segment's elements.
    """
    segment = _attached(handle, trust)
    if segment is None:
        segment = _attach(handle, trust)
        if _id_of(segment) != handle.id:
            raise StaleError(f"open handle of {handle.name!r}: another array has the name now")
    try:
        array = _laid(segment, handle, cls)
        _flight.received(segment)
    except NotExistError:  # it went with its last participant meanwhile
        raise _deleted(handle) from None
    except Error as error:
        raise type(error)(f"open handle of {handle.name!r}: {error}") from None
    if handle.readonly:
        array.flags.writeable = False
    return array


def _attached(handle: Handle, trust: bool) -> Segment | None:
    """The segment, if this process has it mapped and it has its name still."""
    directory = _name.directory()
    try:
        if not handle.domain or _domain.token(directory) != handle.domain:
            return None
        segment = _segment.known(f"{directory}/{handle.name}", handle.name, not handle.readonly, trust)
    except (Error, OSError):
        return None  # which is found again
    if segment is None or _id_of(segment) != handle.id or (handle.readonly and segment.temporary):
        return None
    if segment.is_stream and segment.writable:
        return None  # which only who takes part in it writes
    segment.name = handle.name
    return segment


def _attach(handle: Handle, trust: bool) -> Segment:
    if not handle.domain:
        name, path = None, handle.name
    else:
        name, path, directory = handle.name, _name.path_of(handle.name), _name.directory()
        here = _domain.token(directory)
        if here != handle.domain:
            raise NotExistError(
                f"open handle of {handle.name!r}: it is of domain {handle.domain}, and this process, by {directory}, is in "
                f"{'none' if here is None else here}: what is there cannot be opened from here"
            )
    try:
        segment = _segment.attach(path, name, not handle.readonly, trust)
        if handle.readonly and segment.temporary:  # which goes with its last participant: take part
            try:
                segment = _segment.attach(path, name, True, trust)
            except AccessError:
                pass
        return segment
    except NotExistError:
        raise _deleted(handle) from None
    except Error as error:
        raise type(error)(f"open handle of {handle.name!r}: {error}") from None


def _deleted(handle: Handle) -> StaleError:
    return StaleError(f"open handle of {handle.name!r}: the segment was deleted")


def _id_of(segment: Segment) -> bytes:
    """What tells the segment's bytes from others. Of a plain file, which has no id, that is not more than where they lie."""
    if segment.control is not None:
        return segment.control.id
    return segment.dev.to_bytes(8, "little") + segment.ino.to_bytes(8, "little")


def _laid(segment: Segment, handle: Handle, cls: type[_Plain]) -> _Plain:
    """The elements that a handle names, in a segment of which they may be anything."""
    whole = segment.array()
    if (handle.offset, handle.shape, handle.strides, handle.dtype) == (0, whole.shape, whole.strides, whole.dtype):
        return whole.view(cls)
    flat = segment.flat()
    _check_within(handle, flat.nbytes)
    raw: _Plain = flat.view(np.uint8)
    if segment.grows and segment.row_size:  # in rows, so that locks know which of them a view has
        raw = raw[: segment.most_rows * segment.row_size].reshape(-1, segment.row_size)
    return cls(handle.shape, handle.dtype, raw, handle.offset, handle.strides)


def _check_within(handle: Handle, nbytes: int) -> None:
    """Says whether each element lies in so many bytes. Python's numbers have no end, so nothing overflows."""
    low = high = handle.offset
    if 0 not in handle.shape:
        for length, stride in zip(handle.shape, handle.strides, strict=True):
            if stride < 0:
                low += (length - 1) * stride
            else:
                high += (length - 1) * stride
        high += handle.dtype.itemsize
    if low < 0 or high > nbytes:
        raise LayoutError(f"expected elements in bytes 0 to {nbytes}, found shape {handle.shape} in {low} to {high}")


def to_text(handle: Handle) -> str:
    """The handle as JSON."""
    if not handle.domain:
        raise BadNameError(f"expected an array with a name, found the file {handle.name!r}, which others open by its path")
    import json  # rarely needed

    text = json.dumps({"samebytes": VERSION, **dict(zip(_KEYS, handle.fields(), strict=True))})
    if len(text) > MAX_TEXT:
        raise DTypeError(f"the handle takes {len(text)} bytes, expected at most {MAX_TEXT}: its dtype has too many fields")
    return text


def parse(text: str | bytes) -> Handle:
    """The handle that JSON has. Any text gives one or an error: see `checked`."""
    if not isinstance(text, (str, bytes)):
        raise FormatError(f"expected a handle as JSON, found {type(text).__name__}")
    if len(text) > MAX_TEXT:
        raise FormatError(f"expected at most {MAX_TEXT} bytes of JSON, found {len(text)}")
    import json

    try:
        fields = json.loads(text if isinstance(text, str) else text.decode(), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"expected a handle as JSON, found {text!r:.80}: {error}") from None
    if not isinstance(fields, dict) or type(fields.get("samebytes")) is not int:
        raise FormatError(f"expected a handle as JSON, with its version as samebytes, found {text!r:.80}")
    version = fields.pop("samebytes")
    if version > VERSION:
        raise VersionError(f"expected a handle of version {VERSION}, found {version}")
    if version != VERSION or fields.keys() != set(_KEYS):
        raise FormatError(
            f"expected a handle of version {VERSION} with {', '.join(_KEYS)}, found {version} with {', '.join(fields)}"
        )
    return checked(**fields)


def pack(handle: Handle) -> bytes:
    """The handle as calls carry it: in msgpack, the values of the keys of its JSON, in their order."""
    if not handle.domain:
        raise BadNameError(f"expected an array with a name, found the file {handle.name!r}, which others open by its path")
    return _packed_once(handle) if handle.dtype.isbuiltin == 1 else _packed(handle)


def _packed(handle: Handle) -> bytes:
    import msgpack  # type: ignore[import-untyped]  # only calls need it

    *fields, dtype, readonly = handle.fields()
    if not isinstance(dtype, str):
        import json

        dtype = json.dumps(dtype)
    payload: bytes = msgpack.packb((VERSION, *fields, dtype, readonly))
    if len(payload) > MAX_TEXT:
        raise DTypeError(f"the handle takes {len(payload)} bytes, expected at most {MAX_TEXT}: its dtype has too many fields")
    return payload


_packed_once = functools.lru_cache(256)(_packed)


def unpack(payload: bytes) -> Handle:
    """The handle that `pack`, or Go, made. Any bytes give one or an error: see `checked`."""
    if len(payload) > _SHORT:
        return _unpacked(payload)
    return _unpacked_once(payload)


_SHORT = 512  # bytes of a payload up to which its handle is kept: calls have the same arrays again and again


def _unpacked(payload: bytes) -> Handle:
    if len(payload) > MAX_TEXT:
        raise FormatError(f"expected at most {MAX_TEXT} bytes of msgpack, found {len(payload)}")
    import msgpack

    try:
        fields = msgpack.unpackb(payload)
        if not isinstance(fields, list) or not fields or type(fields[0]) is not int:
            raise FormatError(f"expected a handle as a list that begins with its version, found {payload!r:.80}")
        version, *fields = fields
        if version > VERSION:
            raise VersionError(f"expected a handle of version {VERSION}, found {version}")
        if version != VERSION or len(fields) != len(_KEYS) or not isinstance(fields[-2], str):
            raise FormatError(f"expected a handle of version {VERSION} with {', '.join(_KEYS)}, found {payload!r:.80}")
        if fields[-2].startswith(("[", "{")):
            import json

            fields[-2] = json.loads(fields[-2], parse_constant=_refuse)
    except Error:
        raise
    except (ValueError, TypeError, RecursionError) as error:
        raise FormatError(f"expected a handle as msgpack, found {payload!r:.80}: {error}") from None
    return checked(*fields)


_unpacked_once = functools.lru_cache(256)(_unpacked)


def to_json(array: _Plain) -> str:
    """Give the array away as a handle in JSON, of some 200 bytes, which `from_json`, or Go's ``shm.Open``, opens in any process.

    A view's handle opens the same view. A temporary array stays until its handle is opened, also when it is let go here before:
    each call is for one opening. It does not outlast the end of this program, or of the one whose multiprocessing started it.

    Parameters
    ----------
    array : samebytes.ndarray
        An array in a segment, or a view of one.

    Raises
    ------
    NoControlError
        For ordinary memory, which others cannot open.
    BadNameError
        For a file that was opened by its path. Others open it by that.

    Examples
    --------
    >>> import samebytes as sb
    >>> a = sb.create("example-json", (4, 6))
    >>> b = sb.from_json(sb.to_json(a[1:3, ::2]))
    >>> b[:] = 7
    >>> float(a.sum())
    42.0
    >>> sb.delete("example-json")
    """
    if getattr(array, "_closed", False):
        raise ClosedError(f"expected an open array, found {array!r}")
    segment = _segment.of(array)
    if segment is None:
        raise NoControlError(f"expected an array in a segment, found a {type(array).__name__} in ordinary memory")
    text = to_text(handle_of(array, segment))
    _flight.sent(segment)
    return text


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")
