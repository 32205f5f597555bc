"""Closing: letting go of a segment's memory while a variable still has the array.

An array that is closed becomes an empty one of ordinary memory. Nothing else may look into the segment through it then, or it would
look at memory that is no more:

- Views of it are counted by what they refer to. All of them, and the array itself, refer to one array that nobody else has:
  see `_base.present`.
- What NumPy makes without asking its class, by ``np.asarray``, ``memoryview`` and DLPack, refers to the array itself, as variables do. So
  the references to it are counted, and those that the interpreter shows: of variables, attributes and items. A
  reference that it does not show is taken for a view.
"""

import collections
import functools
import gc
import inspect
import sys
import sysconfig
import types
from typing import Any

import numpy as np


def has_views(array: np.ndarray[Any, np.dtype[Any]]) -> bool:
    """Whether anything else looks into the same memory by way of the array, or of what it is a view of."""
    return _holders(array) > _ALONE or (_COUNTED and _hidden(array) > 0)


def empty(array: np.ndarray[Any, np.dtype[Any]]) -> None:
    """Makes an array of no elements in ordinary memory of it."""
    kept = None if _COUNTED else array.base  # which may have a view that was not counted: it lasts as long as the array then
    array.__dict__.clear()
    array.__setstate__((1, (0,), array.dtype, False, b""))  # type: ignore[arg-type]  # of bool, and no np.bool
    if kept is not None:
        array.__dict__["_kept"] = kept


def _holders(array: np.ndarray[Any, np.dtype[Any]]) -> int:
    """How many references there are to what the array is a view of."""
    return sys.getrefcount(array.base)


_ALONE = _holders(np.empty(1).view())


def _hidden(array: object) -> int:
    """How many references to an object the interpreter does not show."""
    shown = 0  # by loops, as what a function within this one refers to would be no plain variable
    for frame in list(sys._current_frames().values()):
        shown += _shown_by_frames(frame, array)
    found = sys.getrefcount(array) - _CALL
    if found == shown:  # most often: a variable, and the calls that led here
        return 0
    for referrer in gc.get_referrers(array):
        shown += _shown_by(referrer, array)
    return found - shown


def _shown_by(referrer: object, array: object) -> int:
    """How often something refers to it as an item or attribute."""
    times = sum(referent is array for referent in gc.get_referents(referrer))  # before __dict__ makes a dict that has it
    if isinstance(referrer, dict):  # which may be the attributes of what looks
        times -= sum(_looks(owner) for owner in gc.get_referrers(referrer) if getattr(owner, "__dict__", None) is referrer)
    if _looks(referrer):
        return 0
    attributes = {} if isinstance(referrer, _CONTAINERS) else getattr(referrer, "__dict__", {})
    return times if isinstance(referrer, _CONTAINERS) or any(value is array for value in attributes.values()) else 0


def _looks(owner: object) -> bool:
    """Whether what has the array in an attribute has its address too: objects of ctypes, and what NumPy makes arrays of."""
    if isinstance(owner, np.ndarray):
        return False  # counted by what it refers to
    ctypes = sys.modules.get("ctypes")
    return (
        (ctypes is not None and isinstance(owner, ctypes._SimpleCData.__mro__[1]))
        or type(owner).__name__ == "_ctypes"  # numpy.ndarray.ctypes
        or hasattr(type(owner), "__array_interface__")
        or "__array_interface__" in getattr(owner, "__dict__", ())
    )


# What refers to things without looking into their memory. A memoryview, and Cython's, do look.
_CONTAINERS = (
    dict, list, tuple, set, frozenset, collections.deque, functools.partial, types.CellType, types.MethodType,
    types.BuiltinMethodType, types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType, types.FrameType,
)  # fmt: skip


def _shown_by_frames(frame: types.FrameType | None, array: object) -> int:
    """In how many variables of functions it is, from a frame outwards."""
    count = 0
    while frame is not None:
        code = frame.f_code
        # What other frames have, the collector shows: of modules and classes a dict, of generators the generator.
        if code.co_flags & inspect.CO_OPTIMIZED and not code.co_flags & _GENERATORS:
            variables = frame.f_locals
            count += sum(variables.get(name) is array for name in code.co_varnames if name not in code.co_cellvars)
            if isinstance(variables, dict) and sys.getrefcount(variables) == _SNAPSHOT:
                variables.clear()  # before CPython 3.13 a copy, which would keep what is in it until the function ends
        frame = frame.f_back
    return count


_GENERATORS = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


_SNAPSHOT = 3  # references to such a copy that no locals() has given away: the frame's, the variable's and the call's


def _calls(thing: object) -> int:
    return sys.getrefcount(thing)


def _probe() -> tuple[int, int]:
    """What getrefcount itself adds, and how many references a variable and a call's argument are together."""
    thing = object()
    return sys.getrefcount(thing), _calls(thing)


_CALL = _probe()[0] - 1
# Since CPython 3.14, and without a global lock, there are references that are not counted. Then such views are not found, and the
# memory stays for as long as a variable has the array.
_COUNTED = _probe()[1] - _probe()[0] == 1 and not sysconfig.get_config_var("Py_GIL_DISABLED")
