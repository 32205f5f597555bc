"""NumPy's constructors, of arrays in temporary segments. Each takes what NumPy's of the same name takes."""

from typing import Any, Literal, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from samebytes import _array, _npy
from samebytes._array import ndarray
from samebytes._errors import DTypeError

_Order = Literal["C", "F"]
_Orders = Literal["C", "F", "A", "K"]


def empty(shape: Any, dtype: DTypeLike = float, order: _Order = "C") -> ndarray:
    """Make a temporary array whose elements may be anything, for who writes all of them.

    As all that these constructors make it goes with the last process that has it open for writing, and travels to other processes as
    a handle of some 200 bytes. `create` with None as its name has more options.

    Parameters
    ----------
    shape : int or sequence of int
    dtype : dtype, optional
    order : {"C", "F"}, optional

    Raises
    ------
    NoSpaceError, DTypeError, ShapeError

    Examples
    --------
    >>> a = sb.empty((2, 3), "int32")
    >>> a.shape, a.dtype, a.name is None
    ((2, 3), dtype('int32'), False)
    """
    return _array.temporary(shape, dtype, order, zeros=False)


def zeros(shape: Any, dtype: DTypeLike = float, order: _Order = "C") -> ndarray:
    """Make a temporary array of zeros: see `empty`.

    Examples
    --------
    >>> sb.zeros(3).tolist()
    [0.0, 0.0, 0.0]
    """
    return _array.temporary(shape, dtype, order)


def ones(shape: Any, dtype: DTypeLike = float, order: _Order = "C") -> ndarray:
    """Make a temporary array of ones: see `empty`.

    Examples
    --------
    >>> sb.ones((2, 2), "int8").tolist()
    [[1, 1], [1, 1]]
    """
    return _filled(empty(shape, dtype, order), 1)


def full(shape: Any, fill_value: ArrayLike, dtype: DTypeLike | None = None, order: _Order = "C") -> ndarray:
    """Make a temporary array of that value, which is broadcast: see `empty`. The dtype is the value's unless given.

    Examples
    --------
    >>> sb.full((2, 3), [1, 2, 3]).tolist()
    [[1, 2, 3], [1, 2, 3]]
    """
    if dtype is None:
        dtype = np.asarray(fill_value).dtype
    return _filled(empty(shape, dtype, order), fill_value)


def array(object: ArrayLike, dtype: DTypeLike | None = None, order: _Orders = "K", ndmin: int = 0) -> ndarray:
    """Make a temporary array with the elements of anything that NumPy makes an array of: see `empty`.

    Parameters
    ----------
    object : array_like
        What is copied.
    dtype : dtype, optional
        The elements' own unless given.
    order : {"K", "A", "C", "F"}, optional
        As of `numpy.array`; but "K" is "F" for what is in Fortran order alone, and else "C".
    ndmin : int, optional
        The least number of axes.

    Examples
    --------
    >>> sb.array([[1, 2], [3, 4]]).sum()
    np.int64(10)
    """
    source = np.array(object, dtype=_checked(dtype), copy=None, subok=False, ndmin=ndmin)
    made = empty(source.shape, source.dtype, _order_of(source, order))
    made[...] = source
    return made


def asarray(a: ArrayLike, dtype: DTypeLike | None = None, order: _Orders | None = None) -> ndarray:
    """Return the array itself if it is in a segment and as asked for, else a temporary copy, as `array` makes it.

    Examples
    --------
    >>> a = sb.zeros(3)
    >>> sb.asarray(a) is a, sb.asarray(a, "i4") is a
    (True, False)
    """
    if isinstance(a, ndarray) and a._find_segment() is not None:
        as_asked = order in (None, "K", "A") or (a.flags.c_contiguous if order == "C" else a.flags.f_contiguous)
        if as_asked and (dtype is None or a.dtype == _checked(dtype)):
            return a
    return array(a, dtype, order or "K")


def arange(*args: Any, dtype: DTypeLike | None = None) -> ndarray:
    """Make a temporary array of evenly spaced values, from ``start``, 0 unless given, up to but without ``stop``: see `empty`.

    Examples
    --------
    >>> sb.arange(2, 10, 3).tolist()
    [2, 5, 8]
    """
    return array(np.arange(*args, dtype=_checked(dtype)))


def linspace(
    start: Any,
    stop: Any,
    num: SupportsIndex = 50,
    endpoint: bool = True,
    dtype: DTypeLike | None = None,
    axis: SupportsIndex = 0,
) -> ndarray:
    """Make a temporary array of so many evenly spaced values, from start to stop: see `empty`.

    Examples
    --------
    >>> sb.linspace(0, 1, 5).tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    return array(np.linspace(start, stop, num, endpoint, dtype=_checked(dtype), axis=axis))


def eye(N: int, M: int | None = None, k: int = 0, dtype: DTypeLike = float, order: _Order = "C") -> ndarray:
    """Make a temporary array of zeros, with ones on a diagonal: see `empty`.

    Examples
    --------
    >>> sb.eye(2, 3, k=1, dtype="i1").tolist()
    [[0, 1, 0], [0, 0, 1]]
    """
    a = zeros((N, N if M is None else M), dtype, order)
    np.fill_diagonal(a[max(0, -k) :, max(0, k) :], 1)  # the diagonal k is the main one of what is right of it and below
    return a


def empty_like(prototype: ArrayLike, dtype: DTypeLike | None = None, order: _Orders = "K", shape: Any = None) -> ndarray:
    """Make a temporary array as `empty` does, of another array's shape, dtype and order where they are not given.

    Examples
    --------
    >>> sb.empty_like(np.zeros((2, 3), "f4")).dtype
    dtype('float32')
    """
    return _like(prototype, dtype, order, shape, zeros=False)


def zeros_like(a: ArrayLike, dtype: DTypeLike | None = None, order: _Orders = "K", shape: Any = None) -> ndarray:
    """Make a temporary array of zeros, as `empty_like` does.

    Examples
    --------
    >>> sb.zeros_like([1, 2, 3]).tolist()
    [0, 0, 0]
    """
    return _like(a, dtype, order, shape)


def ones_like(a: ArrayLike, dtype: DTypeLike | None = None, order: _Orders = "K", shape: Any = None) -> ndarray:
    """Make a temporary array of ones, as `empty_like` does.

    Examples
    --------
    >>> sb.ones_like([1.5, 2.5]).tolist()
    [1.0, 1.0]
    """
    return _filled(empty_like(a, dtype, order, shape), 1)


def full_like(
    a: ArrayLike, fill_value: ArrayLike, dtype: DTypeLike | None = None, order: _Orders = "K", shape: Any = None
) -> ndarray:
    """Make a temporary array of that value, as `empty_like` does.

    Examples
    --------
    >>> sb.full_like([1, 2, 3], 7).tolist()
    [7, 7, 7]
    """
    return _filled(empty_like(a, dtype, order, shape), fill_value)


def _like(prototype: ArrayLike, dtype: DTypeLike | None, order: _Orders, shape: Any, zeros: bool = True) -> ndarray:
    source = np.asanyarray(prototype)
    axes = source.shape if shape is None else _npy.as_shape(shape)
    return _array.temporary(axes, source.dtype if dtype is None else dtype, _order_of(source, order), zeros)


def _order_of(source: np.ndarray[Any, Any], order: str) -> _Order:
    if order not in ("C", "F", "A", "K"):
        raise ValueError(f"expected order 'C', 'F', 'A' or 'K', found {order!r}")
    if order in ("C", "F"):
        return "C" if order == "C" else "F"
    return "F" if source.flags.fnc else "C"


def _checked(dtype: DTypeLike | None) -> np.dtype[Any] | None:
    try:
        return None if dtype is None else np.dtype(dtype)
    except TypeError as error:
        raise DTypeError(f"expected a dtype, found {dtype!r}: {error}") from None


def _filled(made: ndarray, value: Any) -> ndarray:
    made[...] = value
    return made
