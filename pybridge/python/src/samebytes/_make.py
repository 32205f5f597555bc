"""NumPy's constructors, for arrays that processes share: in temporary segments, without a name of their own.

They go with their last user, as `create` says of the name None.
"""

from collections.abc import Sequence
from typing import Any, Literal, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from samebytes._array import create, ndarray

Shape = SupportsIndex | Sequence[SupportsIndex]
Order = Literal["C", "F"]
OrderLike = Literal["K", "A", "C", "F"]


def empty(shape: Shape, dtype: DTypeLike = float, order: Order = "C") -> ndarray:
    """As `numpy.empty`, in a temporary segment. The elements are zero: new memory always is.

    Raises
    ------
    NoSpaceError, DTypeError, ShapeError, NotExistError, AccessError, UnsupportedError
        As of `create`.
    """
    return create(None, shape, dtype, order)


def zeros(shape: Shape, dtype: DTypeLike = float, order: Order = "C") -> ndarray:
    """As `numpy.zeros`, in a temporary segment, which goes with its last user.

    Examples
    --------
    >>> import samebytes as sb
    >>> a = sb.zeros((2, 3))
    >>> b = sb.attach(a.name)
    >>> b[1, 2] = 7
    >>> float(a.sum())
    7.0
    """
    return create(None, shape, dtype, order)


def ones(shape: Shape, dtype: DTypeLike | None = None, order: Order = "C") -> ndarray:
    """As `numpy.ones`, in a temporary segment."""
    return full(shape, 1, float if dtype is None else dtype, order)


def full(shape: Shape, fill_value: ArrayLike, dtype: DTypeLike | None = None, order: Order = "C") -> ndarray:
    """As `numpy.full`, in a temporary segment."""
    a = create(None, shape, np.asarray(fill_value).dtype if dtype is None else dtype, order)
    a[...] = fill_value
    return a


def array(object: ArrayLike, dtype: DTypeLike | None = None, *, order: OrderLike = "K", ndmin: int = 0) -> ndarray:
    """As `numpy.array`: a copy of anything like an array, in a temporary segment.

    Raises
    ------
    DTypeError
        For objects. And the errors of `empty`.
    """
    given = np.array(object, dtype, copy=None, order=order, ndmin=ndmin)
    a = empty(given.shape, given.dtype, _order(given, order))
    a[...] = given
    return a


def asarray(a: ArrayLike, dtype: DTypeLike | None = None, order: OrderLike | None = None) -> ndarray:
    """As `numpy.asarray`: the array itself if it is in a segment and as asked for, else a copy in a temporary one, by `array`."""
    if isinstance(a, ndarray) and a._find_segment() is not None:
        as_asked = order in (None, "K", "A") or (a.flags.c_contiguous if order == "C" else a.flags.f_contiguous)
        if as_asked and (dtype is None or a.dtype == np.dtype(dtype)):
            return a
    return array(a, dtype, order=order or "K")


def arange(*args: Any, dtype: DTypeLike | None = None) -> ndarray:
    """As `numpy.arange`, of (stop), (start, stop) or (start, stop, step), in a temporary segment."""
    return array(np.arange(*args, dtype=dtype))


def linspace(
    start: Any, stop: Any, num: SupportsIndex = 50, endpoint: bool = True, dtype: Any = None, axis: SupportsIndex = 0
) -> ndarray:
    """As `numpy.linspace`, in a temporary segment."""
    return array(np.linspace(start, stop, num, endpoint, dtype=dtype, axis=axis))


def eye(N: int, M: int | None = None, k: int = 0, dtype: DTypeLike = float, order: Order = "C") -> ndarray:
    """As `numpy.eye`, in a temporary segment."""
    a = zeros((N, N if M is None else M), dtype, order)
    np.fill_diagonal(a[max(0, -k) :, max(0, k) :], 1)  # the diagonal k is the main one of what is right of it and below
    return a


def empty_like(
    prototype: ArrayLike, dtype: DTypeLike | None = None, order: OrderLike = "K", *, shape: Shape | None = None
) -> ndarray:
    """As `numpy.empty_like`, in a temporary segment: an array of zeros of the prototype's shape, dtype and order."""
    like = np.asarray(prototype)
    return empty(like.shape if shape is None else shape, like.dtype if dtype is None else dtype, _order(like, order))


def zeros_like(a: ArrayLike, dtype: DTypeLike | None = None, order: OrderLike = "K", *, shape: Shape | None = None) -> ndarray:
    """As `numpy.zeros_like`, in a temporary segment."""
    return empty_like(a, dtype, order, shape=shape)


def ones_like(a: ArrayLike, dtype: DTypeLike | None = None, order: OrderLike = "K", *, shape: Shape | None = None) -> ndarray:
    """As `numpy.ones_like`, in a temporary segment."""
    return full_like(a, 1, dtype, order, shape=shape)


def full_like(
    a: ArrayLike, fill_value: ArrayLike, dtype: DTypeLike | None = None, order: OrderLike = "K", *, shape: Shape | None = None
) -> ndarray:
    """As `numpy.full_like`, in a temporary segment."""
    made = empty_like(a, dtype, order, shape=shape)
    made[...] = fill_value
    return made


def _order(like: np.ndarray[Any, np.dtype[Any]], order: str) -> Order:
    """C or Fortran order, as it is asked for or an array has it; C where it has neither."""
    if order not in ("K", "A", "C", "F"):
        raise ValueError(f"expected order 'K', 'A', 'C' or 'F', found {order!r}")
    return "F" if order == "F" or (order in ("K", "A") and like.flags.fnc) else "C"
