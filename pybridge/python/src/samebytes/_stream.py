"""Streams: a ring of arrays that processes fill and read in place. shm/stream.go has the same in Go, and the files it names."""

import operator
from collections.abc import Sequence
from typing import Any, Literal, Self, SupportsIndex

import numpy as np
from numpy.typing import DTypeLike

from samebytes import _array, _control, _core, _creation, _handle, _name, _npy, _segment, _stream_stats, _timeout
from samebytes._control import KINDS
from samebytes._errors import DeadlineError, DTypeError, Error, NoControlError, NotExistError, ShapeError, StaleError
from samebytes._loan import Loan, Loans
from samebytes._object import in_bounds
from samebytes._reader import Item, Reader
from samebytes._ring import Ring
from samebytes._segment import Segment

_KIND = KINDS.index("stream")

_Plain = np.ndarray[Any, np.dtype[Any]]


class Stream:
    """An opening of a stream: a segment whose first axis is a ring of slots, which writers fill and readers read in place.

    Made by `stream` and `attach_stream`. `numpy.load` and `attach` show the slots as one array, for reading, whatever order
    their items are in.

    A writer takes a slot on loan (`loan`), fills it, and publishes it. Readers (``for item in stream``, `reader`) each have a
    place of their own, or share the items among a group. Writers and readers may be any number of threads and
    processes, in Go and Python. Who is killed holds nobody up: what a writer had on loan is never published, what a reader
    needed nobody needs, and what a member of a group had goes to another.

    A stream is reliable: a slot is used again when no reader needs its item any more, so that a slow reader holds writers up. Or it
    is lossy: writers never wait, and a reader is told how many items it missed; the item that it has is never written over.

    It may be pickled, and is opened anew by who gets it. A forked child may go on to use it, by ports of its own; what its parent has
    on loan stays the parent's. Any thread may call its methods at any time.

    Examples
    --------
    >>> s = sb.stream("example", slots=8, shape=(2, 3))
    >>> reader = sb.attach_stream("example").reader()  # in another process
    >>> with s.loan() as frame:
    ...     frame[:] = 7
    >>> item = reader.next()
    >>> item.number, float(item.sum())
    (1, 42.0)
    >>> s.close()  # which ends the stream
    >>> [item.number for item in reader]
    []
    >>> sb.delete("example")
    """

    def __init__(self, segment: Segment, name: str) -> None:
        self._segment, self.name = segment, name
        slots: _Plain = segment.array()
        self._loans: _Plain = slots.view(Loan)
        self._items: _Plain = slots.view(Item)
        self._items.flags.writeable = False
        self._ring = Ring(segment, name)

    name: str

    @property
    def slots(self) -> int:
        """How many slots the ring has."""
        return self._ring.control.ring

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of a whole item."""
        return self._ring.item

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the elements."""
        return self._segment.header.dtype

    @property
    def lossy(self) -> bool:
        """Whether writers never wait."""
        return self._ring.control.flags & _control.LOSSY != 0

    def loan(self, timeout: float | None = None) -> Loan:
        """Take a slot on loan, to be filled in place: ``with s.loan() as frame:``. Its elements are what they were when it was used last.

        It waits for room while readers need all items. Other threads run meanwhile, and Ctrl-C works. Loans may be published in any
        order, and none waits for another.

        Parameters
        ----------
        timeout : float, optional
            Seconds; None waits without end, or as long as the stream's patience.

        Raises
        ------
        DeadlineError
            When the timeout has passed. It is also a `TimeoutError`.
        FullError
            When the stream's patience is over; of a lossy one, when writers and readers have all slots in hand. Also for more
            writers, readers and groups than the stream has ports for.
        ClosedError, BrokenError
        """
        ring = self._ring
        lent = ring.lend(_core.Loan, 1, -1 if timeout is None else _timeout.nanoseconds(timeout), None)
        if lent is None:
            raise self._late(timeout)
        frame: Any = self._loans[lent[0].slot, ...]
        frame._loan, frame._stream = lent, ring
        return frame  # type: ignore[no-any-return]  # views of Loans are Loans

    def loans(self, n: SupportsIndex, timeout: float | None = None) -> Loans:
        """Take n slots on loan, which are published at once: ``with s.loans(10) as frames:``. The rest is as of `loan`.

        Parameters
        ----------
        n : int
            How many.
        timeout : float, optional
            Seconds; None waits without end, or as long as the stream's patience.

        Raises
        ------
        ShapeError
            For more slots than there are. And the errors of `loan`.
        """
        ring, count = self._ring, operator.index(n)
        if not 1 <= count <= self.slots:
            raise ShapeError(f"loan from {self.name!r}: expected 1 to {self.slots} slots, found {count}")
        lent = ring.lend(_core.Loan, count, _timeout.nanoseconds(timeout), None)
        if lent is None:
            raise self._late(timeout)
        frames = []
        for loan in lent:
            frame: Any = self._loans[loan.slot, ...]
            frame._loan, frame._stream = (loan,), ring
            frames.append(frame)
        return Loans(frames)

    def reader(
        self,
        start: Literal["oldest", "latest", "next"] | SupportsIndex = "oldest",
        group: str | None = None,
        window: SupportsIndex = 1,
    ) -> Reader:
        """Open a place in the stream.

        Parameters
        ----------
        start : {"oldest", "latest", "next"} or int, optional
            Begin with the oldest item that is in the ring, with the newest, with the one that is published next, or with that of a
            number or the next that is in the ring.
        group : str, optional
            Be a member of the group of that name, of 1 to 24 bytes: each item goes to one member. An item that a member has in hand
            when it dies, or closes, goes to another. A group begins where its first member says, and ends with its last.
        window : int, optional
            Keep so many of the last items, for `Item.window`. A group's member keeps none.

        Raises
        ------
        FullError
            When all ports are taken.
        BadNameError
            For a group's name.
        ValueError
            For a window that does not fit the ring, or another start.
        ClosedError, BrokenError
        """
        where = start if isinstance(start, str) else operator.index(start)
        return Reader(self, where, group, operator.index(window))

    def stats(self) -> _stream_stats.StreamStats:
        """Say how the stream goes: which reader lags, what was missed, how often writers have waited.

        `stat` says the same of a stream that is not open.

        Raises
        ------
        ClosedError, BrokenError

        Examples
        --------
        >>> with sb.stream("example", slots=4) as s, s.reader() as reader:
        ...     for _ in range(3):
        ...         with s.loan() as frame:
        ...             frame[...] = 0
        ...     stats = s.stats()
        >>> stats.items, [port.lag for port in stats.ports if port.role == "reader"]
        (3, [3])
        >>> sb.delete("example")
        """
        segment, control = self._segment, self._ring.control
        with memoryview(segment) as memory:
            tables = bytes(memory[control.control_offset :])
        self._ring.counts()  # says whether it is closed, or broken
        return _stream_stats.describe(tables, control, lambda who: not segment.is_dead(who))

    def __iter__(self) -> Reader:
        """A new reader, from the oldest item on."""
        return self.reader()

    def __aiter__(self) -> Reader:
        return self.reader()

    def close(self) -> None:
        """End this opening: its loans are discarded, its readers raise ClosedError. Closed again, it stays so.

        If it wrote to the stream, and no other living writer has it open, the stream ends: readers that have had all items see its
        end. A writer that comes later goes on with it.
        """
        if not self._ring.closed:
            self._ring.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        state = ", closed" if self._ring.closed else ""
        lossy = ", lossy" if self.lossy else ""
        return f"<Stream {self.name!r}: {self.slots} slots of {self.shape}, {self.dtype}{lossy}{state}>"

    def __reduce__(self) -> Any:
        control = self._ring.control
        return _received, (self.name, control.id, _handle.is_trusted(self._segment))

    def _late(self, timeout: float | None) -> DeadlineError:
        return DeadlineError(f"stream {self.name!r}: no room within {timeout} s")


def stream(
    name: str,
    slots: SupportsIndex,
    shape: SupportsIndex | Sequence[SupportsIndex] = (),
    dtype: DTypeLike = float,
    *,
    lossy: bool = False,
    patience: float | None = None,
    ports: SupportsIndex = _control.PORTS,
    participants: SupportsIndex = _control.SLOTS,
    mode: int = 0o600,
) -> Stream:
    """Make a stream of that name, and open it.

    It stays until deleted (`delete`), also when all processes end. Its memory is reserved.

    Parameters
    ----------
    name : str
        As of `create`.
    slots : int
        How many items the ring has room for. A reliable stream needs one slot more than the items that readers may be behind, a lossy
        one as many more as readers and writers have in hand at a time.
    shape : int or sequence of int, optional
        Of an item.
    dtype : dtype, optional
        Any that is plain bytes: no objects.
    lossy : bool, optional
        Writers never wait: they write over the oldest item that nobody has in hand.
    patience : float, optional
        Seconds for which a writer of a reliable stream waits for room, before `Stream.loan` raises FullError; None for as long as its
        timeout says.
    ports : int, optional
        How many writers, readers and groups it may have at the same time: 1 to 256. A member of a group counts too.
    participants : int, optional
        How many processes may have it open at the same time: 1 to 256.
    mode : int, optional
        The permission bits of the file.

    Raises
    ------
    BadNameError, ExistError, FullError, NoSpaceError, AccessError, DTypeError, ShapeError, UnsupportedError
    ValueError
        For no slots, ports out of bounds, or a patience that is not positive.

    Examples
    --------
    >>> s = sb.stream("example", slots=8, shape=(480, 640), dtype="uint8")
    >>> s
    <Stream 'example': 8 slots of (480, 640), uint8>
    >>> sb.delete("example")
    """
    ring, rows = operator.index(slots), operator.index(ports)
    in_bounds(1, _control.MAX_RING, ring, "slots")
    in_bounds(1, _control.MAX_PORTS, rows, "ports")
    nanoseconds = 0 if patience is None else _timeout.nanoseconds(patience)
    if patience is not None and nanoseconds == 0:
        raise ValueError(f"expected a patience of more than 0 seconds, found {patience}")
    if not 0 <= mode <= 0o777:
        raise ValueError(f"expected permission bits of at most 0o777 as mode, found {mode:#o}")
    path = _name.path_of(name)
    flags = _control.RECOVER_ALWAYS | (_control.LOSSY if lossy else 0)
    try:
        element = _array.as_dtype(dtype)
        axes = (ring, *_npy.as_shape(shape), *element.shape)  # a subarray dtype adds its axes behind the others
        segment = _creation.create(
            *(path, name, element.base, axes, False, mode, operator.index(participants), flags, _KIND),
            ring=ring,
            ports=rows,
            patience=max(nanoseconds, 0),
        )
    except Error as error:
        raise type(error)(f"create stream {name!r}: {error}") from None
    return Stream(segment, name)


def attach_stream(
    name: str,
    dtype: DTypeLike | None = None,
    shape: SupportsIndex | Sequence[SupportsIndex] | None = None,
    trust: bool = False,
) -> Stream:
    """Open the stream of that name, to read or to write. It needs the right to write also to read.

    Parameters
    ----------
    name : str
        Its name.
    dtype : dtype, optional
        What the elements must be; None takes any.
    shape : int or sequence of int, optional
        What an item's shape must be; None takes any.
    trust : bool, optional
        As of `attach`.

    Raises
    ------
    NoControlError
        For a plain .npy file.
    DTypeError
        For what is no stream, or one of other elements.
    ShapeError
        For another shape. And the errors of `attach`, and FullError.

    Examples
    --------
    >>> s = sb.stream("example", slots=8, shape=3)
    >>> sb.attach_stream("example", dtype=float, shape=3).slots
    8
    >>> sb.attach_stream("example", dtype="int64")
    Traceback (most recent call last):
        ...
    samebytes.DTypeError: attach stream 'example': expected int64, found float64
    >>> sb.delete("example")
    """
    path = _name.path_of(name)
    try:
        segment = _segment.attach(path, name, True, trust, streams=True)
        _check(segment, dtype, shape)
    except NotExistError:
        raise _name.not_exist(name) from None
    except Error as error:
        raise type(error)(f"attach stream {name!r}: {error}") from None
    return Stream(segment, name)


def _check(segment: Segment, dtype: DTypeLike | None, shape: SupportsIndex | Sequence[SupportsIndex] | None) -> None:
    """Says why the segment is not the stream that was asked for."""
    control, header = segment.control, segment.header
    if control is None:
        raise NoControlError("a plain .npy file without a control block")
    if control.kind != _KIND:
        found = KINDS[control.kind] if control.kind < len(KINDS) else f"kind {control.kind}"
        raise DTypeError(f"expected a stream, found the kind {found}")
    element = None if dtype is None else _array.as_dtype(dtype)
    if element is not None and element.base != header.dtype:
        raise DTypeError(f"expected {element.base}, found {header.dtype}")
    if shape is not None:
        axes = _npy.as_shape(shape) + (element.shape if element is not None else ())
        if axes != header.shape[1:]:
            raise ShapeError(f"expected items of shape {axes}, found {header.shape[1:]}")


def _received(name: str, id: bytes, trust: bool) -> Stream:
    """The stream of a pickle."""
    received = attach_stream(name, trust=trust)
    if received._ring.control.id != id:
        raise StaleError(f"open stream {name!r}: another has the name now")
    return received
