"""Arrays over segments: making and opening them, publishing and waiting."""

import operator
import os
from collections.abc import Callable, Sequence
from typing import Any, Generic, Literal, SupportsIndex, TypeVar, overload

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from samebytes import (
    _changes,
    _control,
    _creation,
    _file,
    _handle,
    _lock,
    _name,
    _npy,
    _resize,
    _segment,
    _snapshot,
    _temporary,
)
from samebytes._atomic import Atomic
from samebytes._base import Base, present
from samebytes._box import Layout
from samebytes._errors import DTypeError, Error, NoControlError, NotExistError, ReadOnlyError

T = TypeVar("T")


class _once(Generic[T]):
    """A property that is made once for each array, and found in the array's own attributes from then on."""

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make, self.__doc__ = make, make.__doc__

    @overload
    def __get__(self, array: None, owner: type) -> "_once[T]": ...
    @overload
    def __get__(self, array: "ndarray", owner: type) -> T: ...
    def __get__(self, array: "ndarray | None", owner: type) -> "_once[T] | T":
        if array is None:
            return self
        value = array.__dict__[self._make.__name__] = self._make(array)
        return value


class ndarray(Base):
    """A NumPy array in a segment, which other processes read and write too.

    Made by `create`, `attach`, `create_file` and `attach_file`. Everything of `numpy.ndarray` holds. Views share the
    segment, and keep it mapped. Results of ufuncs are plain NumPy arrays and scalars. What NumPy makes in other ways (copies,
    selections, sorted arrays) is of this class but ordinary memory, for which `name` is None.

    Examples
    --------
    >>> a = sb.create("example", (2, 3))
    >>> a[0] = [1, 2, 3]
    >>> row = a[0]  # a view: the same memory, the same name
    >>> row.name
    'example'
    >>> (row * 2).tolist()
    [2.0, 4.0, 6.0]
    >>> a.copy().name is None
    True
    >>> sb.delete("example")
    """

    def __array_wrap__(
        self,
        array: np.ndarray[Any, np.dtype[Any]],
        context: Any = None,
        return_scalar: bool = False,
    ) -> Any:
        """What NumPy makes of a ufunc's result: as for a plain array, unless it was put into this one by ``out``."""
        if array is self:
            return self
        return array[()] if return_scalar else array.view(np.ndarray)

    @property
    def version(self) -> int:
        """How often the array was published; 0 without a control block.

        Examples
        --------
        >>> a = sb.create("example", 4)
        >>> a.version
        0
        >>> sb.attach("example").publish()
        1
        >>> a.version
        1
        >>> sb.delete("example")
        """
        segment = self._find_segment()
        if segment is None or segment.control is None:
            return 0
        try:
            return segment.load(segment.published)
        except OSError as error:
            raise _file.translated(error, segment.path) from None

    def publish(self) -> int:
        """Say that the elements have changed: advance the version and wake all who wait, in any process.

        What this thread wrote before is visible to those whose `wait` returns the new version or a later one.

        Returns
        -------
        int
            The new version.

        Raises
        ------
        NoControlError
            For ordinary memory or a plain .npy file.
        ReadOnlyError
            When opened with mode "r".

        Examples
        --------
        >>> a = sb.create("example", 4)
        >>> a[:] = 1.5
        >>> a.publish()
        1
        >>> sb.delete("example")
        """
        segment = self._find_writable("publish")
        try:
            return segment.publish(segment.published)
        except OSError as error:
            raise _file.translated(error, segment.path) from None

    def wait(self, since: int, timeout: float | None = None) -> int:
        """Return the version as soon as it is another than `since`, which is at once if that has happened already.

        Pass the version last seen, and no publication is missed; versions that came and went meanwhile are skipped.
        Other threads run meanwhile, and Ctrl-C works.

        Parameters
        ----------
        since : int
            The version last seen.
        timeout : float, optional
            Seconds; None waits without end.

        Raises
        ------
        DeadlineError
            When the timeout has passed. It is also a `TimeoutError`.
        NoControlError
            For ordinary memory or a plain .npy file.
        BrokenError
            When the file was cut while this slept, or its control block is overwritten.

        Examples
        --------
        >>> a = sb.create("example", 4)
        >>> seen = a.version
        >>> sb.attach("example").publish()  # in another process, sooner or later
        1
        >>> a.wait(seen)
        1
        >>> a.wait(1, timeout=0.01)
        Traceback (most recent call last):
            ...
        samebytes.DeadlineError: wait for ...example: still version 1 after 0.01 s
        >>> sb.delete("example")
        """
        return _changes.wait(self._find_counter(), since, timeout)

    def changes(self, timeout: float | None = None) -> _changes.Changes:
        """Return the versions that come after the present one, as they come, for ``for`` and ``async for``.

        An array that is published faster than the loop runs skips some.

        Parameters
        ----------
        timeout : float, optional
            Seconds that the next version may take to come; None waits without end.

        Raises
        ------
        DeadlineError
            In the loop, when the timeout has passed. And the errors of `wait`.

        Examples
        --------
        >>> a = sb.create("example", 4)
        >>> changes = a.changes(timeout=60)
        >>> a.publish()  # in another process, now and then
        1
        >>> for version in changes:
        ...     print("version", version)
        ...     if version == 1:
        ...         break
        version 1
        >>> sb.delete("example")
        """
        return _changes.Changes(self._find_counter(), self.version, timeout)

    @_once
    def lock(self) -> _lock.Lock:
        """The lock on these elements, which one holds alone: ``with a.lock:``, or some of them: ``with a.lock[2:5, 0]:``.

        That of the array as created is on the whole array, also when it grows. That of a view is on the least box of the array as
        created that holds the view's elements. Locks are for those who use them: elements are plain memory, and nothing
        stops who reads or writes without one.

        Raises
        ------
        NoControlError
            For ordinary memory or a plain .npy file.
        ReadOnlyError
            When opened with mode "r".

        Examples
        --------
        >>> a = sb.create("example", (4, 3))
        >>> with a.lock:
        ...     a += 1
        >>> with a.lock[:2, 0]:  # the first two rows of the first column
        ...     a[:2, 0] = 7
        >>> first = a.lock[0]  # quicker where it is used often
        >>> first.acquire(timeout=1)
        True
        >>> first.release()
        >>> sb.delete("example")
        """
        return _lock.Lock(*self._find_lockable())

    @_once
    def rlock(self) -> _lock.ReadLock:
        """As `lock`, but others may hold an `rlock` on the same elements at the same time. Its holder's death leaves no mark.

        Examples
        --------
        >>> a = sb.create("example", (4, 3))
        >>> with a.rlock[1:3]:
        ...     float(a[1:3].sum())
        0.0
        >>> sb.delete("example")
        """
        return _lock.ReadLock(*self._find_lockable())

    def snapshot(self, timeout: float | None = None) -> np.ndarray[Any, np.dtype[Any]]:
        """Return a copy, an ordinary array, that nobody tore who writes under `lock`.

        It waits for such writers, and lets none wait for long: it takes the `rlock` only after 100 tries, and for an opening with
        mode "r" never.

        Parameters
        ----------
        timeout : float, optional
            Seconds; None waits without end.

        Raises
        ------
        DeadlineError
            When the timeout has passed.
        OwnerDiedError
            When a dead writer has left elements half written.
        NoControlError
            For ordinary memory or a plain .npy file.

        Examples
        --------
        >>> a = sb.create("example", 3, "int64")
        >>> copy = a.snapshot()
        >>> a += 1
        >>> copy
        array([0, 0, 0])
        >>> sb.delete("example")
        """
        segment = self._find_counter()
        return _snapshot.take(self.view(np.ndarray), segment, segment.layout_of(self), timeout)

    def resize(self, rows: SupportsIndex, timeout: float | None = None) -> "ndarray":  # type: ignore[override]
        """Set the length of the first axis, up to the capacity that the array was created with, and wake all who wait.

        It is `numpy.ndarray.resize` no more: NumPy cannot change an array's shape in place while there are views of it, so the array of
        the new shape is returned, ``a = a.resize(5)``. Arrays made before stay valid, and as they are. Other processes
        have the new shape when they attach or `refresh`. New rows are zero. The whole array is locked meanwhile, as by `lock`.

        Parameters
        ----------
        rows : int
            The new length.
        timeout : float, optional
            Seconds to wait for the lock; None waits without end.

        Raises
        ------
        NoSpaceError
            Beyond the capacity.
        ShapeError
            For a negative length.
        LayoutError
            For an array created without a capacity.
        DeadlineError, OwnerDiedError, DeadlockError, FullError, NoControlError, ReadOnlyError, BrokenError
            As `lock` and `publish`.

        Examples
        --------
        >>> a = sb.create("example", (2, 3), capacity=100)
        >>> a = a.resize(5)
        >>> a.shape
        (5, 3)
        >>> sb.delete("example")
        """
        segment = self._find_writable("resize")
        _resize.resize(segment, operator.index(rows), timeout)
        return _opened(segment)

    def append(self, rows: ArrayLike, timeout: float | None = None) -> "ndarray":
        """Add rows behind the last as `resize` does, and return the longer array: ``a = a.append(rows)``.

        The elements are there before the length says so.

        Parameters
        ----------
        rows : array_like
            As many axes as the array, with the same lengths but for the first; or one less, for a single row. They are converted
            as in ``a[...] = rows``.
        timeout : float, optional
            Seconds to wait for the lock; None waits without end.

        Raises
        ------
        ShapeError
            For rows of another shape. And the errors of `resize`.

        Examples
        --------
        >>> a = sb.create("example", (0, 3), capacity=100)
        >>> a = a.append([1, 2, 3])  # a row
        >>> a = a.append([[4, 5, 6], [7, 8, 9]])  # rows
        >>> a.shape
        (3, 3)
        >>> sb.delete("example")
        """
        segment = self._find_writable("append to")
        _resize.append(segment, rows, timeout)
        return _opened(segment)

    def refresh(self) -> "ndarray":
        """Return the whole array in the shape that it has now, which others may have changed by `resize` and `append`.

        Raises
        ------
        NoControlError
            For ordinary memory.
        BrokenError

        Examples
        --------
        >>> a = sb.create("example", (0, 3), capacity=100)
        >>> longer = sb.attach("example").append([1, 2, 3])  # in another process
        >>> a.shape
        (0, 3)
        >>> a = a.refresh()
        >>> a.shape
        (1, 3)
        >>> sb.delete("example")
        """
        return _opened(self._need_segment())

    @_once
    def atomic(self) -> Atomic:
        """Atomic operations on the elements: ``a.atomic.add((2, 3), 1)``.

        Raises
        ------
        DTypeError
            Unless they are int32, int64, uint32 or uint64.
        NoControlError
            For ordinary memory, which nobody shares.

        Examples
        --------
        >>> a = sb.create("example", (2, 3), "int64")
        >>> a.atomic.add((1, 2), 10)
        np.int64(10)
        >>> a.atomic.add((0, [0, 1, 1]), 1)  # many at once, some twice
        array([1, 1, 2])
        >>> a.atomic.compare_and_swap((1, 2), 10, 11)
        np.True_
        >>> sb.delete("example")
        """
        segment = self._need_segment()
        return Atomic(segment, segment.layout_of(self), self.dtype)

    def _find_lockable(self) -> tuple[_segment.Segment, Layout]:
        segment = self._find_writable("lock")
        return segment, segment.layout_of(self)

    def _find_writable(self, doing: str) -> _segment.Segment:
        segment = self._find_counter()
        if not segment.writable:
            why = ", as is a stream: attach_stream takes part in it" if segment.is_stream else ""
            raise ReadOnlyError(f"{doing} {segment.path}: opened for reading{why}")
        return segment

    def _find_counter(self) -> _segment.Segment:
        segment = self._need_segment()
        if segment.control is None:
            raise NoControlError(f"{segment.path} is a plain .npy file without a control block")
        return segment


def create(
    name: str | None,
    shape: SupportsIndex | Sequence[SupportsIndex],
    dtype: DTypeLike = float,
    order: Literal["C", "F"] = "C",
    mode: int = 0o600,
    capacity: SupportsIndex | None = None,
    slots: int = _control.SLOTS,
    recover: Literal["always"] | None = None,
    huge: bool = False,
) -> ndarray:
    """Make a segment of that name with a zeroed array, and open it.

    The segment stays until deleted, also when all processes end. Its memory is reserved: later writes cannot run out of
    space.

    Parameters
    ----------
    name : str or None
        1 to 200 of ``A-Z a-z 0-9 . _ -``, not beginning with ``.`` or ``-``. With None the segment is temporary: its name,
        which others attach it by, is made up, and it goes with the last process that has it open for writing. When that is
        killed, the next one of this user that makes a temporary segment deletes it, or `gc`.
    shape : int or sequence of int
        Lengths of the axes, in elements.
    dtype : dtype, optional
        Any that is plain bytes: no objects.
    order : {"C", "F"}, optional
        Row-major or column-major.
    mode : int, optional
        The permission bits of the file, whatever the umask. The default is for this user alone.
    capacity : int, optional
        Memory is reserved for so many rows, the length of the first axis that `ndarray.resize` and `ndarray.append` may grow the
        array to: at most 99,999,999. The array is in C order. None makes one that cannot grow.
    slots : int, optional
        How many processes may have it open for writing at the same time: 1 to 256. Each takes 256 bytes and more of the file.
    recover : {None, "always"}, optional
        With "always" locks take no note of deaths: the next holder finds whatever the dead one left, and must cope with it.
    huge : bool, optional
        Ask for huge pages, of 2 MiB on most machines, which are made and first touched several times faster. The system decides:
        see ``/sys/kernel/mm/transparent_hugepage/shmem_enabled``, and the option huge of tmpfs.

    Raises
    ------
    BadNameError, ExistError, FullError, NoSpaceError, AccessError, DTypeError, ShapeError, LayoutError, UnsupportedError

    Examples
    --------
    >>> a = sb.create("example", (1000, 64), "float32")
    >>> a.shape, a.name
    ((1000, 64), 'example')
    >>> b = sb.create("example-grows", (0, 64), capacity=1_000_000)
    >>> sb.create("example", 4)
    Traceback (most recent call last):
        ...
    samebytes.ExistError: create 'example': ...
    >>> sb.delete("example")
    >>> sb.delete("example-grows")
    >>> temporary = sb.create(None, 4)  # goes with its last user
    """
    flags = 0
    if name is None:
        name, flags = _temporary.make_name(), _control.TEMPORARY
    path = _name.path_of(name)
    try:
        return _create(path, name, shape, dtype, order, mode, capacity, slots, recover, huge, flags)
    except Error as error:
        raise _said(error, f"create {name!r}") from None


def temporary(shape: SupportsIndex | Sequence[SupportsIndex], dtype: DTypeLike, order: str, zeros: bool = True) -> ndarray:
    """What `create` makes without a name."""
    name = _temporary.make_name()
    path = _name.path_of(name)
    try:
        return _create(path, name, shape, dtype, order, 0o600, None, _control.SLOTS, None, False, _control.TEMPORARY, zeros)
    except Error as error:
        raise _said(error, "create a temporary array") from None


def create_file(
    path: str | os.PathLike[str],
    shape: SupportsIndex | Sequence[SupportsIndex],
    dtype: DTypeLike = float,
    order: Literal["C", "F"] = "C",
    mode: int = 0o600,
    capacity: SupportsIndex | None = None,
    slots: int = _control.SLOTS,
    recover: Literal["always"] | None = None,
    huge: bool = False,
) -> ndarray:
    """Do what `create` does, in the file of that path.

    The array may be larger than memory and outlives the machine's restart. The file system must have unnamed files
    (``O_TMPFILE``), as ext4, xfs, btrfs and tmpfs do.

    Examples
    --------
    >>> a = sb.create_file("example.npy", (1000, 64))
    >>> a[:] = 1
    >>> a.name is None
    True
    >>> float(np.load("example.npy").sum())
    64000.0
    """
    path = os.path.abspath(os.fspath(path))
    try:
        return _create(path, None, shape, dtype, order, mode, capacity, slots, recover, huge, 0)
    except Error as error:
        raise _said(error, f"create file {path!r}") from None


def _create(
    path: str,
    name: str | None,
    shape: SupportsIndex | Sequence[SupportsIndex],
    dtype: DTypeLike,
    order: str,
    mode: int,
    capacity: SupportsIndex | None,
    slots: int,
    recover: str | None,
    huge: bool,
    flags: int,
    zeros: bool = True,
) -> ndarray:
    if order not in ("C", "F"):
        raise ValueError(f"expected order 'C' or 'F', found {order!r}")
    if not 0 <= mode <= 0o777:
        raise ValueError(f"expected permission bits of at most 0o777 as mode, found {mode:#o}")
    if recover not in (None, "always"):
        raise ValueError(f"expected recover None or 'always', found {recover!r}")
    element = as_dtype(dtype)
    axes = _npy.as_shape(shape) + element.shape  # a subarray dtype adds its axes behind the others
    fortran = order == "F" and _npy.orders_differ(axes)
    if recover:
        flags |= _control.RECOVER_ALWAYS
    rows = None if capacity is None else operator.index(capacity)
    segment = _creation.create(
        path, name, element.base, axes, fortran, mode, operator.index(slots), flags, rows=rows, huge=huge, zeros=zeros
    )
    return _opened(segment)


def attach(name: str, mode: Literal["r", "r+"] = "r+", dtype: DTypeLike | None = None, trust: bool = False) -> ndarray:
    """Open the segment of that name. Attached again, it is the same memory.

    Any .npy file in the directory can be attached; one without a control block cannot publish or wait. A stream is opened for reading,
    whatever the mode: all its slots, in which others publish meanwhile; `attach_stream` takes part in it.

    Parameters
    ----------
    name : str
        The segment's name.
    mode : {"r+", "r"}, optional
        For reading and writing, or for reading alone: then permission to read the file is enough.
    dtype : dtype, optional
        What the elements must be; None takes any.
    trust : bool, optional
        Open also what another user owns, or what everybody may write. Those who may write it can change any element at any
        time, and cut the file: see `guard`.

    Raises
    ------
    BadNameError, NotExistError, AccessError, FormatError, TruncatedError, BrokenError, VersionError, DTypeError, ShapeError

    Examples
    --------
    >>> a = sb.create("example", (2, 3))
    >>> b = sb.attach("example")  # in this process or another
    >>> b[0, 0] = 5
    >>> float(a[0, 0])
    5.0
    >>> sb.attach("example", dtype="int64")
    Traceback (most recent call last):
        ...
    samebytes.DTypeError: attach 'example': expected int64, found float64
    >>> sb.attach("exampel")
    Traceback (most recent call last):
        ...
    samebytes.NotExistError: no segment 'exampel' in ...; did you mean example?
    >>> sb.delete("example")
    """
    path = _name.path_of(name)
    try:
        return _attach(path, name, mode, dtype, trust)
    except NotExistError:
        raise _name.not_exist(name) from None
    except Error as error:
        raise _said(error, f"attach {name!r}") from None


def attach_file(path: str | os.PathLike[str], mode: Literal["r", "r+"] = "r+", dtype: DTypeLike | None = None) -> ndarray:
    """Do what `attach` does, with the .npy file of that path, whoever owns it.

    A symbolic link is refused: resolve it first (`os.path.realpath`).

    Examples
    --------
    >>> np.save("example.npy", np.arange(4.0))
    >>> a = sb.attach_file("example.npy")
    >>> a[0] = 10  # is in the file
    >>> np.load("example.npy")
    array([10.,  1.,  2.,  3.])
    """
    path = os.path.abspath(os.fspath(path))
    try:
        return _attach(path, None, mode, dtype, True)
    except Error as error:
        raise _said(error, f"attach file {path!r}") from None


def _attach(path: str, name: str | None, mode: str, dtype: DTypeLike | None, trust: bool) -> ndarray:
    if mode not in ("r", "r+"):
        raise ValueError(f"expected mode 'r' or 'r+', found {mode!r}")
    wanted = None if dtype is None else as_dtype(dtype)
    segment = _segment.attach(path, name, mode == "r+", trust)
    if wanted is not None and segment.header.dtype != wanted:
        raise DTypeError(f"expected {wanted}, found {segment.header.dtype}")
    return _opened(segment)


def from_json(text: str | bytes, trust: bool = False) -> ndarray:
    """Open what `to_json`, or Go's ``Handle``, gave away: the same elements, in the same memory.

    The text may come from anybody: it names elements of a segment that this process can open, or is refused.

    Parameters
    ----------
    text : str or bytes
        The handle, as JSON.
    trust : bool, optional
        As of `attach`.

    Raises
    ------
    FormatError, VersionError, BadNameError, ShapeError, DTypeError
        For what is no handle.
    LayoutError
        For a handle of bytes outside the segment's elements.
    StaleError
        When the segment was deleted, or another array has its name.
    NotExistError
        For a handle of another domain: of a directory of segments that is not this process's.
    AccessError, FullError, BrokenError
        As of `attach`.

    Examples
    --------
    >>> a = sb.create("example", (4, 6))
    >>> text = sb.to_json(a[1:3])  # for another process
    >>> b = sb.from_json(text)
    >>> b.shape, b.name
    ((2, 6), 'example')
    >>> sb.delete("example")
    """
    array: ndarray = present(_handle.open_handle(_handle.parse(text), ndarray, trust))
    return array


def _opened(segment: _segment.Segment) -> ndarray:
    """All of a segment's elements."""
    array: ndarray = present(segment.array().view(ndarray))
    return array


def as_dtype(dtype: DTypeLike) -> np.dtype[Any]:
    try:
        return np.dtype(dtype)
    except TypeError as error:
        raise DTypeError(f"expected a dtype, found {dtype!r}: {error}") from None


def _said(error: Error, doing: str) -> Error:
    """The error with what was being done before its text."""
    return type(error)(f"{doing}: {error}")
