"""What calls are made of: functions found by name, arguments, results and errors."""

import difflib
import functools
import threading
import traceback
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from samebytes import _flight, _handle, _inline, _make, _segment, _wire
from samebytes._array import ndarray
from samebytes._errors import BrokenError, Error, NotExistError, RemoteError, WorkerDiedError


class _Carried(threading.local):
    """The temporary arrays of the message that this thread makes, where somebody asks: copies made for it, and the caller's own."""

    made: list[ndarray] | None = None
    given: list[np.ndarray[Any, Any]] | None = None


_carried = _Carried()


def _pack_array(array: np.ndarray[Any, Any]) -> bytes:
    """A handle of the array, or of a copy in a temporary segment; or, of a small one, the array itself."""
    segment = _segment.of(array)
    if segment is None:
        payload = _inline.pack(array)
        if payload is not None:
            return payload
        copy = _make.array(array)
        segment = _segment.of(copy)
        assert segment is not None  # which all that array() makes have
        if _carried.made is not None:
            _carried.made.append(copy)
        array = copy
    elif segment.temporary and _carried.given is not None:
        _carried.given.append(array)
    return _handle.pack(_handle.send(array, segment))


def _open_array(payload: bytes) -> Any:
    if _inline.is_packed(payload):
        return _inline.unpack(payload).view(ndarray)
    return _handle.open_handle(_handle.unpack(payload), ndarray, False)


PARTS = ("function", "args")  # of a call


def encoder(pack_object: Callable[[Any], bytes | None]) -> _wire.Encoder:
    """What makes messages for one connection, whose objects the function packs."""
    return _wire.Encoder(array=_pack_array, object=pack_object)


def decoder(open_object: Callable[[bytes], Any]) -> _wire.Decoder:
    """What opens the messages of one connection, whose objects the function opens."""
    return _wire.Decoder(array=_open_array, object=open_object)


encode = _wire.Encoder(array=_pack_array).encode
decode = _wire.Decoder(array=_open_array, object=lambda payload: None).decode


_NO_ARGS = encode([])


@functools.lru_cache(1024)
def _call_head(target: Any) -> bytes:
    """What the value of a call begins with, before its arguments."""
    return encode([target, []])[: -len(_NO_ARGS)]


def encode_plain_call(encode: Callable[..., bytes], target: Any, args: tuple[Any, ...]) -> bytes | None:
    """The value of a call without arrays, if it is one whose arguments are carried as they are."""
    if not args:
        return _call_head(target) + _NO_ARGS
    if not _wire.PLAIN.issuperset(map(type, args)):
        return None
    try:
        return _call_head(target) + encode(args)
    except Error:
        return None  # encode_call says where it is


def encode_call(
    encode: Callable[..., bytes],
    target: Any,
    args: tuple[Any, ...],
    made: list[ndarray],
    given: list[np.ndarray[Any, Any]],
) -> bytes:
    """The value of a call. The temporary arrays that it has copies in are added to made, the caller's own to given.

    The copies are to be kept until the answer, and then taken back, so that their memory is there for the next call's. The caller's are
    to be kept until then too, and taken back where nobody may have opened them.
    """
    return _encode_noting(made, given, encode, [target, args], PARTS)


def encode_result(encode: Callable[..., bytes], value: Any) -> bytes:
    """The value of an answer. Where it cannot be carried, nothing of it stays under way."""
    return _encode_noting([], [], encode, value)


def _encode_noting(
    made: list[ndarray], given: list[np.ndarray[Any, Any]], encode: Callable[..., bytes], *message: Any
) -> bytes:
    """A message, whose temporary arrays are added to made and given. With an exception they are taken back."""
    _carried.made, _carried.given = made, given
    try:
        return encode(*message)
    except BaseException:
        take_back(made)
        take_back(given)
        raise
    finally:
        _carried.made = _carried.given = None


def take_back(arrays: Sequence[Any]) -> None:
    """Lets arrays go whose handles nobody will open from now on."""
    for array in arrays:
        segment = _segment.of(array)
        if segment is not None:
            _flight.received(segment)


# The classes of errors that are raised here where the other language has their twin. The others say of this process what is so there.
_TWINS = {error.__name__: error for error in Error.__subclasses__() if error not in (RemoteError, WorkerDiedError)}


def error_of(payload: bytes) -> Error:
    """The error that an answer is."""
    fields = decode(payload)
    if not isinstance(fields, list) or len(fields) != 3 or not all(isinstance(field, str) for field in fields):
        return BrokenError(f"expected an error of three strings, found {fields!r:.80}")
    return twin_of(*fields)


def twin_of(type: str, message: str, trace: str = "") -> Error:
    """Another program's error, as the class of that name where it is one of the errors that both languages have."""
    twin = _TWINS.get(type)
    return RemoteError(type, message, trace) if twin is None else twin(message)


def drop(payload: bytes, decode: Callable[[bytes], Any] = decode) -> None:
    """Lets the arrays and objects go that are under way in a result that nobody wants."""
    try:
        decode(payload)
    except Error:
        pass  # then there is nothing to let go


def nearest(name: str, names: Iterable[str]) -> str:
    """A hint at the names that come near."""
    near = difflib.get_close_matches(name, names, 3)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def find(of: Any, name: str) -> Callable[..., Any]:
    """The function of that name, which may have dots. Raises NotExistError, with the names that come near."""
    found = of
    for part in name.split("."):
        if part.startswith("_") or not hasattr(found, part):
            names = [n for n in dir(found) if not n.startswith("_") and callable(getattr(found, n, None))]
            raise NotExistError(f"no function {name!r}{nearest(part, names)}")
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
    kind = type(error).__name__
    message = _said(lambda: str(error), "no message: its __str__")
    text = _said(lambda: "".join(traceback.format_exception(type(error), error, trace)), "no trace: its printing")
    return {"type": _carried_text(kind), "message": message, "trace": text}


def _said(say: Callable[[], str], what: str) -> str:
    """What code of the user's says, which may fail too."""
    try:
        return _carried_text(say())
    except BaseException as error:  # whatever it is: the answer is to be given
        return f"<{what} raised {_carried_text(type(error).__name__)}>"


def _carried_text(text: str) -> str:
    """A text as calls carry it: of whole characters."""
    return text.encode(errors="backslashreplace").decode()
