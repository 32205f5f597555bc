"""Streams: a ring of arrays that processes fill and read in place. shm/ring.go says why it holds, shm/stream.go has the same in Go."""

import errno
import operator
import os
import threading
import weakref
from collections.abc import Sequence
from typing import Any, Literal, NoReturn, Self, SupportsIndex

import numpy as np
from numpy.typing import DTypeLike

from samebytes import _array, _control, _core, _creation, _file, _handle, _name, _npy, _segment, _stream_stats, _timeout
from samebytes._control import KINDS
from samebytes._errors import (
    BadNameError,
    BrokenError,
    ClosedError,
    DeadlineError,
    DTypeError,
    Error,
    FullError,
    NoControlError,
    NotExistError,
    ShapeError,
    StaleError,
)
from samebytes._object import in_bounds
from samebytes._segment import Segment

_KIND = KINDS.index("stream")
_MOST_NAME = 24  # bytes of a group's name
_LAST = (1 << 62) - 1  # number of an item
_STARTS = {"latest": 1, "next": 2}  # as the extension counts them; 0 is an item's number
_READER, _MEMBER = 2, 4  # roles of ports

_Plain = np.ndarray[Any, np.dtype[Any]]
_Taken = tuple[int, int, int, int, int]  # of an item: its slot, length, time, number, and how many were missed


class _InPlace(np.ndarray[Any, np.dtype[Any]]):
    """Elements of a stream's slot. What is computed with them, copied or pickled is a plain array."""

    __slots__ = ()

    def __array_wrap__(self, array: _Plain, context: Any = None, return_scalar: bool = False) -> Any:
        if array is self:
            return self
        return array[()] if return_scalar else array.view(np.ndarray)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return np.array(self).__reduce_ex__(protocol)

    def copy(self, order: Any = "C") -> Any:
        """The elements in ordinary memory, as a plain array."""
        return np.array(self, order=order)

    def __copy__(self) -> Any:
        return np.array(self)

    def __deepcopy__(self, memo: Any) -> Any:
        return np.array(self)


class Item(_InPlace):
    """An item of a stream, in place and for reading, as `Reader.next` and ``for item in stream`` give it.

    It is valid until its reader's next step. After that the array may show a later item's elements: copy what is to stay.
    What is made of it, by slicing too, has not its attributes.

    Attributes
    ----------
    number : int
        1 for the stream's first item.
    time_ns : int
        When it was published, in nanoseconds since 1970-01-01 UTC, as `time.time_ns` counts.
    missed : int
        How many items the reader of a lossy stream missed just before it.

    Examples
    --------
    >>> with sb.stream("example", slots=4, shape=3) as s:
    ...     with s.loan() as frame:
    ...         frame[:] = [1, 2, 3]
    ...     item = s.reader().next()
    ...     item.number, item.missed, item.sum()
    (1, 0, np.float64(6.0))
    >>> sb.delete("example")
    """

    __slots__ = ("_reader", "missed", "number", "time_ns")
    number: int
    time_ns: int
    missed: int
    _reader: "weakref.ref[Reader]"  # so that an item in a variable does not hold the stream up

    @property
    def time(self) -> float:
        """When it was published, in seconds since 1970-01-01 UTC, as `time.time` counts."""
        return self.time_ns / 1e9

    @property
    def window(self) -> list[_Plain]:
        """The last items of a reader that was opened with ``window=``, oldest first, this one last.

        It is one array of shape (n, ...item) where they lie together in memory, else several. There are fewer items at the
        stream's beginning, and after some were missed. They are valid as long as this one. Items of which only a part was
        published are shown whole.

        Raises
        ------
        ClosedError
            When the reader has released the item.
        """
        reader = self._reader()
        if reader is None or not reader._port.in_hand or reader._port.number != self.number:
            raise ClosedError(
                f"expected the item that its reader has in hand, found item {self.number}, which it has released"
            )
        return reader._runs(reader._port.window())


class Loan(_InPlace):
    """A slot of a stream that this process fills, as `Stream.loan` gives it: the item's elements in place, for writing.

    Leaving ``with`` publishes it, or discards it if by an exception. When it is over the array is read-only; slices that
    were made of it are not, and must not be written to. One that nobody refers to any more is discarded.

    Examples
    --------
    >>> with sb.stream("example", slots=4, shape=3) as s:
    ...     frame = s.loan()
    ...     frame[:2] = [1, 2]
    ...     frame.publish(2)
    ...     frame.flags.writeable
    1
    False
    >>> sb.delete("example")
    """

    __slots__ = ("_loan", "_stream")
    _loan: tuple[_core.Loan, ...]
    _stream: "_Ring"

    def publish(self, n: SupportsIndex | None = None) -> int:
        """Publish the item, and return its number, one more than that of the item published before it.

        Parameters
        ----------
        n : int, optional
            Publish only the first n elements of the first axis.

        Raises
        ------
        ShapeError
            For more than there are; the loan goes on then.
        ClosedError
            When the loan is over, or the stream was closed.
        BrokenError
        """
        ring = self._stream
        number = ring.end(self._loan, ring.rows if n is None else ring.checked(operator.index(n)))
        self.flags.writeable = False
        return number

    def discard(self) -> None:
        """Give the slot back: nothing is published, and no number used.

        Raises
        ------
        ClosedError
            When the loan is over, or the stream was closed.
        BrokenError
        """
        self._stream.end(self._loan, -1)
        self.flags.writeable = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object = None, *exception: object) -> None:
        if self._loan[0].open:
            if kind is None:
                self.publish()
            else:
                self.discard()


class Loans(tuple[Loan, ...]):
    """Several loans, as `Stream.loans` gives them, which are published at once: that costs little more than one.

    Leaving ``with`` publishes them, in their order, or discards them if by an exception.

    Examples
    --------
    >>> with sb.stream("example", slots=4, shape=3) as s:
    ...     with s.loans(3) as frames:
    ...         for i, frame in enumerate(frames):
    ...             frame[:] = i
    ...     reader = s.reader()
    ...     [float(reader.next()[0]) for _ in range(3)]
    [0.0, 1.0, 2.0]
    >>> sb.delete("example")
    """

    __slots__ = ()

    def publish(self) -> int:
        """Publish all items at once, and return the number of the last. The errors are those of `Loan.publish`; nothing is published then."""
        return self._end(self[0]._stream.rows)

    def discard(self) -> None:
        """Give all slots back. The errors are those of `Loan.discard`; nothing is discarded then."""
        self._end(-1)

    def _end(self, length: int) -> int:
        number = self[0]._stream.end(tuple([loan._loan[0] for loan in self]), length)
        for loan in self:
            loan.flags.writeable = False
        return number

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object = None, *exception: object) -> None:
        if any(loan._loan[0].open for loan in self):
            if kind is None:
                self.publish()
            else:
                self.discard()


class _Ring(_core.Stream):
    """An opening's ring, and what its errors are called."""

    __slots__ = ("control", "item", "name", "rows")
    control: _control.Block
    name: str
    rows: int  # elements on an item's first axis; 1 where it has none
    item: tuple[int, ...]
    mapping: Segment

    def __new__(cls, segment: Segment, name: str) -> "_Ring":
        control, shape = segment.control, segment.header.shape
        assert control is not None  # it is a stream
        slots, ports, _ = _file.tables(control.slots, control.boxes, control.ndim, control.ring, control.ports)
        at, rows = control.control_offset, shape[1] if len(shape) > 1 else 1
        lossy = control.flags & _control.LOSSY != 0
        self = super().__new__(
            cls, segment, at + slots, at + ports, control.ring, control.ports, rows, lossy, control.patience
        )
        self.control, self.name, self.rows, self.item = control, name, rows, shape[1:]
        return self

    def checked(self, n: int) -> int:
        """So many elements of the first axis."""
        if not self.item or not 0 <= n <= self.rows:
            raise ShapeError(
                f"publish to {self.name!r}: expected 0 to the length of the first axis of {self.item}, found {n}"
            )
        return n

    def _failed(self, error: int) -> NoReturn:
        c, said = self.control, f"stream {self.name!r}"
        if error == errno.ESHUTDOWN:
            raise ClosedError(f"{said}: closed")
        if error == errno.EPERM:
            raise ClosedError(
                f"{said}: the loan was published or discarded, or is of the process that this one was forked from"
            )
        if error == errno.ENOLCK:
            raise FullError(f"{said}: expected at most {c.ports} writers, readers and groups, found another")
        if error == errno.EUSERS:
            raise _file.too_many(c)
        if error == errno.ENOBUFS:
            raise FullError(f"{said}: {self._slowest()}")
        if error == errno.EUCLEAN and not self.mapping.broken:
            raise BrokenError(f"{said}: the tables contradict each other")
        if error == errno.ENOMEM:
            raise MemoryError
        raise _file.translated(OSError(error, os.strerror(error)), self.mapping.path)

    def _slowest(self) -> str:
        """What keeps writers from the slots."""
        c, head = self.control, self.counts()[0]
        held = [p for p in self.ports() if p[1] == _READER or (p[1] == _MEMBER and p[2] < p[3])]
        wait = f"no room after {c.patience / 1e9:g} s" if c.patience else "no room"
        if not held or c.flags & _control.LOSSY:
            return f"{wait}: all {c.ring} slots are on loan, or readers have them in hand"
        owner, _, number, *_ = min(held, key=lambda p: p[2])
        row = (owner & 0x3FF) - 1
        if not 0 <= row < c.slots:
            return f"{wait}: a reader is at item {number} of {head}"
        at = c.control_offset + row * _control.PARTICIPANT.size
        with memoryview(self.mapping) as memory:
            who = _control.Participant._make(_control.PARTICIPANT.unpack_from(memory, at))
        language, program = (field.rstrip(b"\0").decode("utf-8", "replace") for field in (who.language, who.program))
        return f"{wait}: a reader is at item {number} of {head} (process {who.pid}, {language}, {program})"


class Reader:
    """A place in a stream, as `Stream.reader` gives it: an iterator of items. One thread at a time uses it.

    With the end of ``with`` it is closed, and so it is with its last reference.

    Examples
    --------
    >>> with sb.stream("example", slots=4, shape=3) as s:
    ...     with s.reader() as reader:
    ...         s.loan().publish()
    ...         reader.next().number
    ...         print(reader.try_next())
    1
    1
    None
    >>> sb.delete("example")
    """

    def __init__(self, stream: "Stream", start: int | str, group: str | None, window: int) -> None:
        ring = stream._ring
        name = None if group is None else group.encode()
        if name is not None and not 1 <= len(name) <= _MOST_NAME:
            raise BadNameError(f"expected a group's name of 1 to {_MOST_NAME} bytes, found {group!r:.80}")
        in_bounds(1, max(1, ring.control.ring - 1), window, "items of a window")
        if isinstance(start, str):
            if start not in ("oldest", *_STARTS):
                raise ValueError(f"expected 'oldest', 'latest', 'next' or a number as start, found {start!r:.80}")
            kind, number = _STARTS.get(start, 0), 1
        else:
            kind, number = 0, operator.index(start)
            in_bounds(1, _LAST, number, "as the number of an item")
        self._stream, self._rows = stream, ring.rows
        self._slots: _Plain = stream._items
        self._port = _core.Port(ring, kind, number, name, 1 if name is not None else window)
        self._take = self._port.take
        self._weak = weakref.ref(self)

    def next(self, timeout: float | None = None) -> Item:
        """Release the item in hand, and return the next as soon as it is there. Other threads run meanwhile, and Ctrl-C works.

        Parameters
        ----------
        timeout : float, optional
            Seconds; None waits without end.

        Raises
        ------
        EOFError
            When the stream has ended, and all its items were had.
        DeadlineError
            When the timeout has passed. It is also a `TimeoutError`.
        ClosedError, BrokenError
        """
        taken = self._take(-1 if timeout is None else _timeout.nanoseconds(timeout), None)
        if not taken:
            if taken is None:
                raise DeadlineError(f"stream {self._stream.name!r}: no item after {self._port.number} within {timeout} s")
            raise EOFError(f"stream {self._stream.name!r} has ended with item {self._port.number}")
        return self._item(taken)

    def try_next(self) -> Item | None:
        """Release the item in hand, and return the next; None if it is not there yet. The errors are those of `next`."""
        taken = self._take(0, None)
        if not taken:
            if taken is None:
                return None
            raise EOFError(f"stream {self._stream.name!r} has ended with item {self._port.number}")
        return self._item(taken)

    def latest(self, timeout: float | None = None) -> Item:
        """Release the item in hand, and return the newest that this reader has not had yet, as soon as there is one.

        Those before it are skipped, and not counted as missed. A group's member goes on with the next. The rest is as of `next`.
        """
        self._port.skip()
        return self.next(timeout)

    def release(self) -> None:
        """Let the item in hand go before the next step, so that its slot is free for another. A group's item is then done."""
        self._port.release()

    def close(self) -> None:
        """Leave the stream. What a group's member has in hand goes to another: release it before if it is done.

        Closed again, it stays so.
        """
        if not self._port.closed:
            self._port.close()

    @property
    def missed(self) -> int:
        """How many items of a lossy stream the reader has missed in all."""
        return self._port.missed

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Item:
        taken = self._take(-1, None)
        if not taken:
            raise StopIteration
        return self._item(taken)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Item:
        taken = self._take(0, None)
        if taken is None:
            taken = await self._wait()
        if not taken:
            raise StopAsyncIteration
        return self._item(taken)

    async def _wait(self) -> _Taken | tuple[()] | None:
        """What take returns, waited for by another thread. Cancelled, it leaves the item to the next step."""
        from samebytes import _thread  # see there

        done = threading.Event()
        found: list[_Taken | tuple[()] | None] = []

        def work(stop: Any) -> _Taken | tuple[()] | None:
            try:
                found.append(self._take(-1, stop))
                return found[0]
            finally:
                done.set()

        try:
            return await _thread.call(work, lambda taken: None)
        except BaseException:
            while not done.wait(0.001):
                self._stream._ring.wake()
            if found and found[0]:
                self._port.again()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object = None, *exception: object) -> None:
        """Close it. Left without an exception, the item in hand is done, also a group's."""
        if kind is None and not self._port.closed:
            self._port.release()
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self._port.closed else f"at item {self._port.number}"
        return f"<Reader of {self._stream.name!r}, {state}>"

    def _awaited(self) -> _core.Port:
        """What `_select` waits for."""
        return self._port

    def _item(self, taken: _Taken) -> Item:
        slot, length, time_ns, number, missed = taken
        item: Any = self._slots[slot, ...]
        if length != self._rows:
            item = item[:length]
        item.number, item.time_ns, item.missed, item._reader = number, time_ns, missed, self._weak
        return item  # type: ignore[no-any-return]  # views of Items are Items

    def _runs(self, slots: Sequence[int]) -> list[_Plain]:
        """The elements of slots, of each that lie together as one array."""
        runs: list[list[int]] = []
        for slot in slots:
            if runs and runs[-1][1] == slot:
                runs[-1][1] += 1
            else:
                runs.append([slot, slot + 1])
        return [self._slots[first:last].view(np.ndarray) for first, last in runs]


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
        self._ring = _Ring(segment, name)

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
