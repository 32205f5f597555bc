"""What is there: list, stat and delete."""

import builtins
import fcntl
import os
import stat as _stat
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

from samebytes import _control, _file, _name, _segment, _stream_stats
from samebytes._control import KINDS
from samebytes._errors import Error, TruncatedError
from samebytes._file import printable
from samebytes._npy import Shape
from samebytes._stream_stats import StreamStats


@dataclass(frozen=True)
class Participant:
    """A process that has a segment open for writing, or a row of its table that a dead one has left.

    Attributes
    ----------
    row : int
        Its row in the table.
    pid : int
        As its own PID namespace counts.
    language : str
        "go", "python" or "c".
    joined : float
        Seconds since 1970-01-01 UTC.

    Examples
    --------
    >>> import os
    >>> a = sb.create("example", 4)
    >>> (me,) = sb.stat("example").participants
    >>> me.pid == os.getpid(), me.language, me.alive
    (True, 'python', True)
    >>> sb.delete("example")
    """

    row: int
    pid: int
    language: str
    program: str
    host: str
    joined: float
    alive: bool


@dataclass(frozen=True)
class LockInfo:
    """A box that somebody holds, waits for, or died with.

    Attributes
    ----------
    box : tuple of slice
        An index of the array.
    state : str
        "shared", "exclusive", "waiting for shared", "waiting for exclusive" or "damaged".
    row : int
        Of the participant.
    alive : bool
        Whether that participant lives.

    Examples
    --------
    >>> a = sb.create("example", 4)
    >>> with a.rlock[1:3]:
    ...     (lock,) = sb.stat("example").locks
    >>> lock.state, lock.box, lock.alive
    ('shared', (slice(1, 3, None),), True)
    >>> sb.delete("example")
    """

    box: tuple[slice, ...]
    state: str
    row: int
    alive: bool


@dataclass(frozen=True)
class Info:
    """A segment as its file was when looked at.

    Attributes
    ----------
    fortran : bool
        The elements are in Fortran order.
    nbytes : int
        Bytes of all elements.
    size : int
        Bytes of the file.
    mode : int
        Permission bits.
    plain : bool
        A .npy file without a control block, of which what follows is empty.
    created : float
        Seconds since 1970-01-01 UTC.
    version : int
        Times published.
    kind : str
        What it is for: "array", "mutex", ...
    temporary : bool
        It goes with its last participant.
    slots : int
        How many may participate.
    stream : StreamStats or None
        Of a stream: how it goes.

    Examples
    --------
    >>> a = sb.create("example", (2, 3))
    >>> info = sb.stat("example")
    >>> info.nbytes, oct(info.mode), info.version, info.temporary
    (48, '0o600', 0, False)
    >>> sb.delete("example")
    """

    name: str
    dtype: np.dtype[Any]
    shape: Shape
    fortran: bool
    nbytes: int
    size: int
    mode: int
    plain: bool
    id: bytes
    created: float
    version: int
    kind: str
    temporary: bool
    slots: int
    participants: tuple[Participant, ...]
    locks: tuple[LockInfo, ...]
    stream: StreamStats | None = None


def delete(name: str) -> None:
    """Take the name away. Who has the segment open goes on with it; its memory is free when the last has let go.

    Raises
    ------
    BadNameError, NotExistError, AccessError

    Examples
    --------
    >>> a = sb.create("example", 4)
    >>> sb.delete("example")
    >>> a[:] = 1  # goes on
    >>> sb.delete("example")
    Traceback (most recent call last):
        ...
    samebytes.NotExistError: no segment 'example' in ...
    """
    path = _name.path_of(name)
    try:
        os.unlink(path)
    except FileNotFoundError:
        raise _name.not_exist(name) from None
    except OSError as error:
        raise _file.translated(error, f"delete {name!r}") from None
    _segment.cool_deleted()


def stat(name: str) -> Info:
    """Describe the segment of that name without mapping it, whoever owns it.

    Raises
    ------
    BadNameError, NotExistError, AccessError, FormatError, TruncatedError, BrokenError, VersionError, DTypeError, ShapeError

    Examples
    --------
    >>> a = sb.create("example", (2, 3))
    >>> info = sb.stat("example")
    >>> info.shape, info.dtype, info.kind
    ((2, 3), dtype('float64'), 'array')
    >>> with a.lock[0]:
    ...     held = sb.stat("example").locks
    >>> held[0].state, held[0].box
    ('exclusive', (slice(0, 1, None), slice(0, 3, None)))
    >>> sb.delete("example")
    """
    path = _name.path_of(name)
    try:
        opened, head, tail = _segment.open_file(path, name, writable=False, trust=True)
        header, control = _file.read(head, tail, opened.size)
        participants, locks, stream = _tables(opened, control, header.shape) if control else ((), (), None)
    except FileNotFoundError:
        raise _name.not_exist(name) from None
    except Error as error:
        raise type(error)(f"stat {name!r}: {error}") from None
    except OSError as error:
        raise _file.translated(error, f"stat {name!r}") from None
    return Info(
        name=name,
        dtype=header.dtype,
        shape=header.shape,
        fortran=header.fortran,
        nbytes=header.nbytes,
        size=opened.size,
        mode=_stat.S_IMODE(opened.mode),
        plain=control is None,
        id=control.id if control else bytes(16),
        created=control.created / 1e9 if control else 0.0,
        version=control.published if control else 0,
        kind=_kind(control.kind) if control else "",
        temporary=control is not None and control.flags & _control.TEMPORARY != 0,
        slots=control.slots if control else 0,
        participants=participants,
        locks=locks,
        stream=stream,
    )


def _kind(kind: int) -> str:
    return KINDS[kind] if kind < len(KINDS) else f"kind {kind}"


# A box's owner: docs/reference/format.md.
_STATE_SHIFT, _ROW_BITS = 32, 10
_ROW_MASK, _GENERATION_MASK = 0x3FF, 0xFFFFF
_STATES = ("free", "waiting for shared", "waiting for exclusive", "shared", "exclusive", "damaged")


def _tables(
    opened: _segment.Segment, control: _control.Block, shape: Shape
) -> tuple[tuple[Participant, ...], tuple[LockInfo, ...], StreamStats | None]:
    """What the tables say of participants, locks, and a stream, while they may be changing."""
    tables = os.pread(opened.fileno(), control.block_size, control.control_offset)
    boxes_at = control.slots * _control.PARTICIPANT.size
    box_size = _file.round_up(_control.BOX.size + 16 * control.ndim, _control.CACHE_LINE)
    if len(tables) < boxes_at + control.boxes * box_size:
        raise TruncatedError(f"expected tables of {control.block_size} bytes, found {len(tables)}")
    rows = [_control.Participant._make(r) for r in _control.PARTICIPANT.iter_unpack(tables[:boxes_at])]
    alive = [_is_locked(opened.fileno(), row) for row in range(control.slots)]

    def lives(who: int) -> bool:
        row = (who & _ROW_MASK) - 1
        generation = who >> _ROW_BITS & _GENERATION_MASK
        return 0 <= row < control.slots and alive[row] and rows[row].generation & _GENERATION_MASK == generation

    participants = tuple(
        Participant(row, p.pid, printable(p.language), printable(p.program), printable(p.host), p.joined / 1e9, alive[row])
        for row, p in enumerate(rows)
        if alive[row] or p.pid
    )
    locks = []
    for at in range(boxes_at, boxes_at + min(control.used, control.boxes) * box_size, box_size):
        owner = _control.Box._make(_control.BOX.unpack_from(tables, at)).owner
        state, row = owner >> _STATE_SHIFT, (owner & _ROW_MASK) - 1
        if not 0 < state < len(_STATES):
            continue
        ends = struct.unpack_from(f"<{2 * control.ndim}q", tables, at + _control.BOX.size)
        box = tuple(slice(min(a, n), min(b, n)) for a, b, n in zip(ends[::2], ends[1::2], shape, strict=True))
        locks.append(LockInfo(box, _STATES[state], row, lives(owner)))
    stream = _stream_stats.describe(tables, control, lives) if _kind(control.kind) == "stream" else None
    return participants, tuple(locks), stream


def lock_rows(opened: _segment.Segment, slots: int) -> bool:
    """Whether no participant lives: then the bytes of all rows are locked at once, and nobody takes one before the file is closed.

    One byte more is locked than the rows have, by which the lock is told from a participant's.
    """
    try:
        fcntl.fcntl(opened.fileno(), fcntl.F_OFD_SETLK, byte_lock(0, 2 * slots + 1))
    except BlockingIOError:
        return False
    return True


def byte_lock(first: int, n: int) -> bytes:
    """The struct flock of n of the bytes of which each row has two."""
    return _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, _control.PARTICIPANT_BYTE + first, n, 0)


_FLOCK = struct.Struct("hhqqi4x")


def _is_locked(fd: int, row: int) -> bool:
    """Whether a participant lives in the row."""
    kind, _, _, n, _ = _FLOCK.unpack(fcntl.fcntl(fd, fcntl.F_OFD_GETLK, byte_lock(2 * row, 1)))
    return bool(kind != fcntl.F_UNLCK and n == 1)  # who has both bytes is not known by the row yet


def list() -> builtins.list[Info]:
    """Describe the arrays in the directory of segments, in the order of their names.

    Files that are none, and arrays that go meanwhile, are left out.

    Raises
    ------
    NotExistError, AccessError
        Of the directory.

    Examples
    --------
    >>> a = sb.create("example", (2, 3))
    >>> [(info.name, info.shape) for info in sb.list()]
    [('example', (2, 3))]
    >>> sb.delete("example")
    """
    try:
        names = _name.existing()
    except OSError as error:
        raise _file.translated(error, _name.directory()) from None
    infos = []
    for name in names:
        try:
            infos.append(stat(name))
        except (Error, OSError):
            pass  # what is no segment is not listed
    return infos
