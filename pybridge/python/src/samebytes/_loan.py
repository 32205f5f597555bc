"""Slots of a stream on loan, to be filled in place. shm/loan.go has the same in Go."""

import operator
from typing import Any, Self, SupportsIndex

import numpy as np

from samebytes import _core
from samebytes._ring import Ring

_Plain = np.ndarray[Any, np.dtype[Any]]


class InPlace(np.ndarray[Any, np.dtype[Any]]):
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


class Loan(InPlace):
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
    _stream: "Ring"

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
