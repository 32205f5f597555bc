"""Places in a stream, and its items. shm/reader.go has the same in Go."""

import operator
import threading
import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from samebytes import _core, _timeout
from samebytes._errors import BadNameError, ClosedError, DeadlineError
from samebytes._loan import InPlace
from samebytes._object import in_bounds

if TYPE_CHECKING:
    from samebytes._stream import Stream

_MOST_NAME = 24  # bytes of a group's name
_LAST = (1 << 62) - 1  # number of an item
_STARTS = {"latest": 1, "next": 2}  # as the extension counts them; 0 is an item's number

_Plain = np.ndarray[Any, np.dtype[Any]]
_Taken = tuple[int, int, int, int, int]  # of an item: its slot, length, time, number, and how many were missed


class Item(InPlace):
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
