"""Arrays over segments: making and opening them, publishing and waiting."""

import math
import os
from collections.abc import Sequence
from typing import Any, Literal, SupportsIndex

import numpy as np
from numpy.typing import DTypeLike

from samebytes import _file, _name, _npy, _segment
from samebytes._errors import DeadlineError, DTypeError, Error, NoControlError, NotExistError, ReadOnlyError

_FOREVER = 1 << 32  # seconds, 136 years: a longer timeout is none


class ndarray(np.ndarray[Any, np.dtype[Any]]):
    """A NumPy array in a segment, which other processes read and write too.

    Made by `create`, `attach`, `create_file` and `attach_file`. Everything of `numpy.ndarray` holds. Views share the
    segment, and keep it mapped. Results of ufuncs are plain NumPy arrays and scalars. What NumPy makes in other ways (copies,
    selections, sorted arrays) is of this class but ordinary memory, for which `name` is None.
    """

    _found: _segment.Segment | None  # its segment, once that was asked for; views are asked anew

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
    def name(self) -> str | None:
        """The name that the segment was last opened by; None for ordinary memory or a file opened by its path alone."""
        segment = self._find_segment()
        return segment.name if segment else None

    @property
    def version(self) -> int:
        """How often the array was published; 0 without a control block."""
        segment = self._find_segment()
        return segment.load(segment.published) if segment and segment.control else 0

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
        """
        segment = self._find_counter()
        if not segment.writable:
            raise ReadOnlyError(f"publish {segment.path}: opened for reading")
        return segment.publish(segment.published)

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
            When the file was cut while this slept.
        """
        segment = self._find_counter()
        try:
            version = segment.wait(segment.published, since, _nanoseconds(timeout))
        except OSError as error:
            raise _file.translated(error, segment.path) from None
        if version is None:
            raise DeadlineError(f"wait for {segment.path}: still version {since} after {timeout} s")
        return version

    def _find_segment(self) -> _segment.Segment | None:
        try:
            return self._found
        except AttributeError:
            self._found = _segment.of(self)  # which takes longer than publishing
            return self._found

    def _find_counter(self) -> _segment.Segment:
        segment = self._find_segment()
        if segment is None:
            raise NoControlError("expected an array in a segment, found ordinary memory")
        if segment.control is None:
            raise NoControlError(f"{segment.path} is a plain .npy file without a control block")
        return segment


def _nanoseconds(timeout: float | None) -> int:
    """Seconds as the extension takes them: whole nanoseconds, negative for no timeout."""
    if timeout is None or timeout >= _FOREVER:
        return -1
    if timeout <= 0:
        return 0
    if math.isnan(timeout):
        raise ValueError("expected a timeout in seconds, found nan")
    return int(timeout * 1e9)


def create(
    name: str,
    shape: SupportsIndex | Sequence[SupportsIndex],
    dtype: DTypeLike = float,
    order: Literal["C", "F"] = "C",
    mode: int = 0o600,
) -> ndarray:
    """Make a segment of that name with a zeroed array, and open it.

    The segment stays until deleted, also when all processes end. Its memory is reserved: later writes cannot run out of
    space.

    Parameters
    ----------
    name : str
        1 to 200 of ``A-Z a-z 0-9 . _ -``, not beginning with ``.`` or ``-``.
    shape : int or sequence of int
        Lengths of the axes, in elements.
    dtype : dtype, optional
        Any that is plain bytes: no objects.
    order : {"C", "F"}, optional
        Row-major or column-major.
    mode : int, optional
        The permission bits of the file, whatever the umask. The default is for this user alone.

    Raises
    ------
    BadNameError, ExistError, NoSpaceError, AccessError, DTypeError, ShapeError, UnsupportedError
    """
    path = _name.path_of(name)
    try:
        return _create(path, name, shape, dtype, order, mode)
    except Error as error:
        raise _said(error, f"create {name!r}") from None


def create_file(
    path: str | os.PathLike[str],
    shape: SupportsIndex | Sequence[SupportsIndex],
    dtype: DTypeLike = float,
    order: Literal["C", "F"] = "C",
    mode: int = 0o600,
) -> ndarray:
    """Do what `create` does, in the file of that path.

    The array may be larger than memory and outlives the machine's restart. The file system must have unnamed files
    (``O_TMPFILE``), as ext4, xfs, btrfs and tmpfs do.
    """
    path = os.path.abspath(os.fspath(path))
    try:
        return _create(path, None, shape, dtype, order, mode)
    except Error as error:
        raise _said(error, f"create file {path!r}") from None


def _create(
    path: str,
    name: str | None,
    shape: SupportsIndex | Sequence[SupportsIndex],
    dtype: DTypeLike,
    order: str,
    mode: int,
) -> ndarray:
    if order not in ("C", "F"):
        raise ValueError(f"expected order 'C' or 'F', found {order!r}")
    if not 0 <= mode <= 0o777:
        raise ValueError(f"expected permission bits of at most 0o777 as mode, found {mode:#o}")
    element = _as_dtype(dtype)
    axes = _npy.as_shape(shape) + element.shape  # a subarray dtype adds its axes behind the others
    fortran = order == "F" and _npy.orders_differ(axes)
    return _segment.create(path, name, element.base, axes, fortran, mode).array().view(ndarray)


def attach(name: str, mode: Literal["r", "r+"] = "r+", dtype: DTypeLike | None = None) -> ndarray:
    """Open the segment of that name. Attached again, it is the same memory.

    Any .npy file in the directory can be attached; one without a control block cannot publish or wait.

    Parameters
    ----------
    name : str
        The segment's name.
    mode : {"r+", "r"}, optional
        For reading and writing, or for reading alone: then permission to read the file is enough.
    dtype : dtype, optional
        What the elements must be; None takes any.

    Raises
    ------
    BadNameError, NotExistError, AccessError, FormatError, TruncatedError, BrokenError, VersionError, DTypeError, ShapeError
    """
    path = _name.path_of(name)
    try:
        return _attach(path, name, mode, dtype)
    except NotExistError:
        raise _name.not_exist(name) from None
    except Error as error:
        raise _said(error, f"attach {name!r}") from None


def attach_file(path: str | os.PathLike[str], mode: Literal["r", "r+"] = "r+", dtype: DTypeLike | None = None) -> ndarray:
    """Do what `attach` does, with the .npy file of that path, whoever owns it.

    A symbolic link is refused: resolve it first (`os.path.realpath`).
    """
    path = os.path.abspath(os.fspath(path))
    try:
        return _attach(path, None, mode, dtype)
    except Error as error:
        raise _said(error, f"attach file {path!r}") from None


def _attach(path: str, name: str | None, mode: str, dtype: DTypeLike | None) -> ndarray:
    if mode not in ("r", "r+"):
        raise ValueError(f"expected mode 'r' or 'r+', found {mode!r}")
    wanted = None if dtype is None else _as_dtype(dtype)
    segment = _segment.attach(path, name, mode == "r+")
    if wanted is not None and segment.header.dtype != wanted:
        raise DTypeError(f"expected {wanted}, found {segment.header.dtype}")
    return segment.array().view(ndarray)


def _as_dtype(dtype: DTypeLike) -> np.dtype[Any]:
    try:
        return np.dtype(dtype)
    except TypeError as error:
        raise DTypeError(f"expected a dtype, found {dtype!r}: {error}") from None


def _said(error: Error, doing: str) -> Error:
    """The error with what was being done before its text."""
    return type(error)(f"{doing}: {error}")
