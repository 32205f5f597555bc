"""A lock whose holder can wait for others to say that something has changed. shm/condition.go has the same in Go."""

import time
from collections.abc import Callable
from threading import get_ident
from typing import Any, TypeVar

from samebytes import _file, _timeout
from samebytes._control import KINDS
from samebytes._errors import Error, FullError, NotOwnerError, OwnerDiedError
from samebytes._mutex import Reentrant
from samebytes._object import AT_LAST, word_of, word_parts

T = TypeVar("T")

_WORDS = 2  # of who waits: who and how, and the ticket

# What the first says.
_WAITS = 1
_NOTIFIED = 2


class Condition(Reentrant):
    """A lock, as `RLock`, whose holder can wait for others, in Go too, to say that something has changed.

    When a process dies that holds it, the next holder gets OwnerDiedError, as with a `Mutex`.

    Examples
    --------
    >>> jobs = sb.create("example-jobs", 1, "int64")
    >>> changed = sb.Condition.create("example")
    >>> with changed:  # who brings a job
    ...     jobs[0] += 1
    ...     changed.notify()
    >>> with changed:  # who takes one, in another process
    ...     changed.wait_for(lambda: jobs[0] > 0, timeout=60)
    ...     jobs[0] -= 1
    np.True_
    >>> sb.delete("example")
    >>> sb.delete("example-jobs")
    """

    _kind = KINDS.index("condition")

    @classmethod
    def _words(cls, slots: int, boxes: int) -> int:
        return _WORDS * boxes

    def wait(self, timeout: float | None = None) -> bool:
        """Give the lock free, wait until notified, and hold it again, as often as before. Returns whether it was notified.

        This thread holds it afterwards whatever is raised, but for NotOwnerError and BrokenError: so it returns after its timeout
        only once it has the lock. What it waited for may be over again: use `wait_for`, or ask in a loop.

        Parameters
        ----------
        timeout : float, optional
            Seconds; None waits without end.

        Raises
        ------
        NotOwnerError
            When this thread does not hold the lock.
        OwnerDiedError
            When a process died that held it meanwhile. See `recover`.
        FullError
            When more wait than the table has rows, twice the slots.
        """
        lock, thread, segment = self._lock, get_ident(), self._segment
        end = _timeout.end_of(_timeout.nanoseconds(timeout))
        self._need_held()
        row, ticket = self._free_row()
        self._state[row + 1] = ticket
        notified = word_of(segment.me, _NOTIFIED)
        try:
            self._state[row] = word_of(segment.me, _WAITS)
            version = segment.load(segment.published)
            lock.give(thread)
            while self._load(row) != notified and (left := _timeout.left(end)) != 0:
                # Who notified it may have died before waking it, and who was to do it, before doing it: so it looks every second.
                found = segment.wait(segment.published, version, AT_LAST if left < 0 else min(left, AT_LAST))
                version = version if found is None else found
                lock.quiet(0, True)  # which raises OwnerDiedError
        except OSError as error:
            raise _file.translated(error, segment.path) from None
        finally:
            interrupted = self._hold_again(thread)
            was_notified = self._state[row] == notified
            self._state[row] = 0
            if interrupted is not None:
                raise interrupted
        if lock.marks():
            raise OwnerDiedError(f"{self!r}: what its last holder was at work on may be half done; mend it within recover()")
        return was_notified

    def wait_for(self, predicate: Callable[[], T], timeout: float | None = None) -> T:
        """Wait until predicate() is true, and return what it said, which is false only when the timeout has passed.

        The errors are those of `wait`.
        """
        end = _timeout.end_of(_timeout.nanoseconds(timeout))
        while not (result := predicate()):
            left = _timeout.left(end)
            if left == 0:
                break
            self.wait(None if left < 0 else left / 1e9)
        return result

    def notify(self, n: int = 1) -> None:
        """Wake the n that have waited for longest, or all that wait if they are fewer, once the lock is free.

        Those that died while waiting are not counted, nor those whose timeout has passed and that have left.

        Raises
        ------
        NotOwnerError
            When this thread does not hold the lock.
        """
        if n < 0:
            raise ValueError(f"expected at least 0 to wake, found {n}")
        self._notify(n)

    def notify_all(self) -> None:
        """Wake all that wait, as `notify` does."""
        self._notify(None)

    def _notify(self, n: int | None) -> None:
        self._need_held()
        words = self._all()
        waiting = [(words[i + 1], i) for i in range(0, len(words), _WORDS) if self._living(words[i]) == _WAITS]
        for _, row in sorted(waiting)[:n]:
            self._state[row] = word_of(word_parts(words[row])[0], _NOTIFIED)
        if waiting:
            self._publish()

    def _need_held(self) -> None:
        if not self._lock.held(get_ident()):
            raise NotOwnerError(f"{self!r}: this thread does not hold it")

    def _free_row(self) -> tuple[int, int]:
        """The first word of a row that says nothing, and a ticket for it."""
        words = self._all()
        free, ticket = None, 0
        for row in range(0, len(words), _WORDS):
            if self._living(words[row]):
                ticket = max(ticket, words[row + 1])
            elif free is None:
                free = row
        if free is None:
            raise FullError(f"{self!r}: expected at most {len(words) // _WORDS} that wait, found another")
        return free, ticket + 1

    def _living(self, word: int) -> int:
        """What the word says of a living participant, or 0."""
        who, what = word_parts(word)
        return what if what and not self._segment.is_dead(who) else 0

    def _hold_again(self, thread: int) -> Any:
        """Takes the lock, and returns what a signal's handler raised meanwhile: who waits holds it when that goes on."""
        interrupted = None
        while True:
            try:
                if self._lock.held(thread) or self._lock.take(-1, thread, True, None):
                    return interrupted
            except FullError:
                time.sleep(0.001)
            except Error:
                raise
            except BaseException as error:
                interrupted = error
