"""What calls are made of: functions found by name, arguments, results and errors."""

import difflib
import traceback
from collections.abc import Callable
from typing import Any

import numpy as np

from samebytes import _handle, _make, _segment, _wire
from samebytes._array import ndarray
from samebytes._errors import NotExistError


def _pack_array(array: np.ndarray[Any, Any]) -> bytes:
    """A handle of the array, or of a copy in a temporary segment."""
    segment = _segment.of(array)
    if segment is None:
        array = _make.array(array)
        segment = _segment.of(array)
        assert segment is not None  # which all that array() makes have
    return _handle.pack(_handle.send(array, segment))


def _open_array(payload: bytes) -> Any:
    return _handle.open_handle(_handle.unpack(payload), ndarray, False)


_encoder = _wire.Encoder(array=_pack_array)
_decoder = _wire.Decoder(array=_open_array)

encode = _encoder.encode
decode = _decoder.decode


def find(of: Any, name: str) -> Callable[..., Any]:
    """The function of that name, which may have dots. Raises NotExistError, with the names that come near."""
    found = of
    for part in name.split("."):
        if part.startswith("_") or not hasattr(found, part):
            names = [n for n in dir(found) if not n.startswith("_") and callable(getattr(found, n, None))]
            near = difflib.get_close_matches(part, names, 3)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            raise NotExistError(f"no function {name!r}{hint}")
        found = getattr(found, part)
    if not callable(found):
        raise NotExistError(f"{name!r} is a {type(found).__name__}, not a function")
    function: Callable[..., Any] = found
    return function


def described(error: BaseException, skip: int) -> dict[str, str]:
    """An exception as it travels: its type, message and traceback, without the innermost frames of this package."""
    trace = error.__traceback__
    for _ in range(skip - 1):
        trace = trace.tb_next if trace is not None else None
    text = "".join(traceback.format_exception(type(error), error, trace))
    return {"type": type(error).__name__, "message": str(error), "trace": text}
