"""What sync objects share: each is a small segment whose elements, one axis of int64, are its state.

docs/reference/format.md says what the words of each kind mean, and shm/object.go why no death leaves a state that is neither the
one before a change nor the one after it: who changes more than one word, or one by what others say, holds the lock of the whole
array, and each change becomes what it is by one store.
"""

import errno
import functools
import time
from array import array
from collections.abc import Callable, Sequence
from threading import get_ident
from typing import Any, ClassVar, Literal, NoReturn, Self, TypeVar

import numpy as np

from samebytes import _control, _creation, _file, _lock, _name, _segment, _temporary, _timeout
from samebytes._atomic import ADD, STORE
from samebytes._control import KINDS
from samebytes._errors import (
    BrokenError,
    DeadlineError,
    DeadlockError,
    DTypeError,
    Error,
    FullError,
    NoControlError,
    NotExistError,
    NotOwnerError,
    OwnerDiedError,
    ReadOnlyError,
)
from samebytes._segment import Segment

T = TypeVar("T")

# The longest sleeps, in ns: of who must see a death that nobody says, and of who must see what was stored by one that died before
# it woke others.
SOON = 10_000_000
AT_LAST = 1_000_000_000

_NOTHING = b""
_FULL = 0.001  # seconds until a full table of locks is looked at again
_INT64 = np.dtype("<i8")


class Object:
    """A sync object that is open. It is closed with its last reference."""

    _kind: ClassVar[int]  # as the control block says it
    _segment: Segment

    def __init__(self, segment: Segment) -> None:
        self._segment = segment
        state = segment.array()
        self._layout = segment.layout_of(state)
        self._state = (
            state.data
        )  # words, each loaded and stored at once: Python copies eight aligned bytes by one instruction
        self._first = segment.header.size

    @property
    def name(self) -> str | None:
        """The name that others attach it by."""
        return self._segment.name

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"

    @classmethod
    def attach(cls, name: str, mode: Literal["r", "r+"] = "r+", trust: bool = False) -> Self:
        """Open the object of that name.

        Parameters
        ----------
        name : str
            Its name.
        mode : {"r+", "r"}, optional
            With "r" permission to read is enough: what it says can be read and waited for.
        trust : bool, optional
            Open what another user owns, or everybody may write.

        Raises
        ------
        BadNameError, NotExistError, AccessError, BrokenError, VersionError, FullError
        DTypeError
            When that is an array, or an object of another kind.
        NoControlError
            When it is a plain .npy file.
        """
        return cls(cls._attached(name, mode, trust, (cls._kind,)))

    @classmethod
    def _words(cls, slots: int, boxes: int) -> int:
        """How many words the state has, in a segment of so many participants and boxes."""
        return 1

    @classmethod
    def _created(
        cls,
        name: str | None,
        first: Sequence[int],
        mode: int,
        slots: int,
        recover: str | None = "always",
    ) -> Segment:
        """A new segment whose state begins with the given words."""
        if not 0 <= mode <= 0o777:
            raise ValueError(f"expected permission bits of at most 0o777 as mode, found {mode:#o}")
        if recover not in (None, "always"):
            raise ValueError(f"expected recover None or 'always', found {recover!r}")
        kind, flags = cls._kind, _control.RECOVER_ALWAYS if recover else 0
        if name is None:
            name, flags = _temporary.make_name(), flags | _control.TEMPORARY
        path = _name.path_of(name)
        words = cls._words(slots, slots * _control.BOXES_PER_SLOT)
        try:
            return _creation.create(
                path, name, _INT64, (max(words, 1),), False, mode, slots, flags, kind, array("q", first).tobytes()
            )
        except Error as error:
            raise type(error)(f"create {KINDS[kind]} {name!r}: {error}") from None

    @classmethod
    def _attached(cls, name: str, mode: str, trust: bool, kinds: tuple[int, ...]) -> Segment:
        if mode not in ("r", "r+"):
            raise ValueError(f"expected mode 'r' or 'r+', found {mode!r}")
        path = _name.path_of(name)
        try:
            segment = _segment.attach(path, name, mode == "r+", trust)
            cls._check(segment, kinds)
            return segment
        except NotExistError:
            raise _name.not_exist(name) from None
        except Error as error:
            raise type(error)(f"attach {KINDS[kinds[0]]} {name!r}: {error}") from None

    @classmethod
    def _check(cls, segment: Segment, kinds: tuple[int, ...]) -> None:
        """Says why the segment is none of the kinds."""
        control, header = segment.control, segment.header
        if control is None:
            raise NoControlError("a plain .npy file without a control block")
        if control.kind not in kinds:
            found = KINDS[control.kind] if control.kind < len(KINDS) else f"kind {control.kind}"
            raise DTypeError(f"expected the kind {KINDS[kinds[0]]}, found {found}")
        words = cls._words(control.slots, control.boxes)
        if header.shape != (words,):
            raise BrokenError(f"expected {words} words of state, found shape {header.shape}")
        if header.dtype != _INT64:
            raise DTypeError(f"expected {_INT64}, found {header.dtype}")

    @functools.cached_property
    def _lock(self) -> "WholeLock":
        self._need_writable()
        return WholeLock(self._segment, self._layout)

    def _need_writable(self) -> None:
        if not self._segment.writable:
            raise ReadOnlyError(f"{self!r}: opened for reading")

    def _locked(self, work: Callable[[], T], timeout: int = -1) -> T:
        """What work returns, called with the lock of the whole array. An exception at any moment, as Ctrl-C's, leaves it unlocked.

        Raises
        ------
        DeadlineError
            When others had the lock for longer than timeout nanoseconds.
        """
        lock, thread = self._lock, get_ident()
        mine = True
        try:
            while True:
                try:
                    taken = lock.take(timeout, thread, False, None)
                    break
                except FullError:  # more threads want it than the table has rows
                    time.sleep(_FULL)
            if not taken:
                raise DeadlineError(f"{self!r}: locked by others")
            return work()
        except DeadlockError:  # a signal's handler found its own thread in the midst of a change, which goes on afterwards
            mine = False
            raise
        finally:
            if mine:
                try:
                    lock.give(thread)
                except NotOwnerError:
                    pass  # it was not taken

    def _until(self, end: int | None, most: int, ready: Callable[[], bool]) -> bool:
        """True once ready() is, False when it still is not at the end (see `_timeout.end_of`).

        It is called at first, after each publication, and after each sleep of most nanoseconds.
        """
        segment = self._segment
        try:
            while True:
                version = segment.load(segment.published)  # before ready() looks: what comes after that ends the sleep
                if ready():
                    return True
                left = _timeout.left(end)
                if left == 0:
                    return False
                segment.wait(segment.published, version, most if left < 0 else min(left, most))
        except OSError as error:
            raise _file.translated(error, segment.path) from None

    def _publish(self) -> None:
        try:
            self._segment.publish(self._segment.published)
        except OSError as error:
            raise _file.translated(error, self._segment.path) from None

    def _all(self) -> list[int]:
        """All words. Without the lock they may be of different moments."""
        return self._state.tolist()

    def _load(self, word: int) -> int:
        """One word, and what was written before it was stored."""
        try:
            value = self._segment.load(self._first + 8 * word)
        except OSError as error:
            raise _file.translated(error, self._segment.path) from None
        return value - (value >> 63 << 64)

    def _store(self, word: int, value: int) -> None:
        self._atomic(STORE, word, value, bytearray())

    def _add(self, word: int, value: int) -> int:
        """Adds to a word, and returns what it is then."""
        out = array("q", (0,))
        self._atomic(ADD, word, value, out)
        return out[0]

    def _atomic(self, op: int, word: int, value: int, out: Any) -> None:
        self._segment.atomic(op, 8, array("q", (self._first + 8 * word,)), array("q", (value,)), _NOTHING, out)


class WholeLock(_lock.Lock):
    """The lock on all of an object's state."""

    __slots__ = ()

    def _failed(self, error: int, damage: bytes) -> NoReturn:
        if error == errno.EOWNERDEAD:
            raise OwnerDiedError(
                f"{self.mapping.path}: what its last holder was at work on may be half done; mend it within recover()"
            )
        super()._failed(error, damage)
        raise AssertionError("_failed returns")


def word_of(who: int, count: int) -> int:
    """The word of a participant that holds count of something."""
    return who << 32 | count


def word_parts(word: int) -> tuple[int, int]:
    """Who holds how many of something."""
    return word >> 32 & 0xFFFFFFFF, word & 0xFFFFFFFF


def in_bounds(least: int, most: int, found: int, of: str) -> None:
    if not least <= found <= most:
        raise ValueError(f"expected {least} to {most} {of}, found {found}")
