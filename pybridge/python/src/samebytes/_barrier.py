"""A barrier that parties pass together. shm/barrier.go has the same in Go, and says why a death leaves it whole."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Self

from samebytes import _control, _timeout
from samebytes._control import KINDS
from samebytes._errors import BarrierBrokenError, BrokenError, Error
from samebytes._object import SOON, Object, in_bounds, word_of, word_parts
from samebytes._segment import Segment

# Words of the state.
_PARTIES = 0
_PASSED = 1
_RESET = 2
_BROKEN = 3
_ARRIVED = 4  # and one for each participant

# What word 3 says.
_BY_ABORT = 1
_BY_DEATH = 2

_MOST = (1 << 16) - 1  # parties: what an arrival's 16 bits can count


class Barrier(Object):
    """A number of parties that wait for each other, again and again. A party is a thread of any process, or a goroutine.

    It stays broken, so that every `wait` fails, until `reset`. The death of a process that has arrived breaks it; one that has
    not is not known, and is waited for until a timeout passes.

    Examples
    --------
    >>> import threading
    >>> barrier = sb.Barrier.create("example", 2)
    >>> other = threading.Thread(target=sb.Barrier.attach("example").wait)  # or another process
    >>> other.start()
    >>> barrier.wait(timeout=60) in (0, 1)
    True
    >>> other.join()
    >>> sb.delete("example")
    """

    _kind = KINDS.index("barrier")

    def __init__(self, segment: Segment) -> None:
        super().__init__(segment)
        self._parties = self._load(_PARTIES)
        if not 1 <= self._parties <= _MOST:
            raise BrokenError(f"attach barrier {self.name!r}: expected 1 to {_MOST} parties, found {self._parties}")

    @classmethod
    def _words(cls, slots: int, boxes: int) -> int:
        return _ARRIVED + slots

    @classmethod
    def create(cls, name: str | None, parties: int, mode: int = 0o600, slots: int = _control.SLOTS) -> Self:
        """Make a barrier of that name for so many parties, and open it. The rest is as in `Mutex.create`.

        Raises
        ------
        ValueError
            For less than 1 party or more than 65535.
        """
        in_bounds(1, _MOST, parties, "parties")
        return cls(cls._created(name, (parties,), mode, slots))

    @property
    def parties(self) -> int:
        """How many pass together."""
        return self._parties

    @property
    def n_waiting(self) -> int:
        """How many parties wait now, none where it is broken. It may be over as soon as it is said."""
        return 0 if self.broken else sum(parties for _, parties in self._arrived(self._generation()))

    @property
    def broken(self) -> bool:
        """Whether the barrier is broken. A death is seen by those who wait."""
        return self._load(_BROKEN) != 0

    def wait(self, timeout: float | None = None) -> int:
        """Wait until as many parties as the barrier has have called this.

        Returns how many of them had before this one: a different number from 0 to parties - 1 to each. A party's death is seen
        within 10 ms or so. Ctrl-C works.

        Parameters
        ----------
        timeout : float, optional
            Seconds; None waits without end.

        Raises
        ------
        BarrierBrokenError
            When another party gave up, aborted or reset it, or died.
        DeadlineError
            When the timeout has passed, which breaks the barrier for all.
        """
        deadline = _timeout.Deadline(timeout, f"wait at {self!r}")
        generation, index, passed = self._locked(self._arrive)
        if passed:
            self._publish()
            return index
        try:
            if self._until(deadline.end, SOON, lambda: self._is_over(generation)):
                return index
        except Error:
            raise
        except BaseException:  # Ctrl-C
            with suppress(Error):
                self._locked(lambda: self._outcome(generation, give_up=True))
            raise
        if self._locked(lambda: self._outcome(generation, give_up=True)):
            return index
        raise deadline.error()

    def abort(self) -> None:
        """Break the barrier: who waits there, and every later `wait`, fails until `reset`."""

        def work() -> None:
            if not self.broken:
                self._break(_BY_ABORT)

        self._locked(work)

    def reset(self) -> None:
        """Make the barrier whole and empty. Who waits there gets BarrierBrokenError."""

        def work() -> None:
            self._end(_RESET)
            self._store(_BROKEN, 0)
            self._publish()

        self._locked(work)

    def _arrive(self) -> tuple[int, int, bool]:
        """Adds this party to the generation, or ends it as its last. Returns it, how many had come before, and whether it passed."""
        self._check_intact()
        generation = self._generation()
        arrived = list(self._arrived(generation))
        index = sum(parties for _, parties in arrived)
        me = self._segment.me
        mine = sum(parties for who, parties in arrived if who == me)
        word = word_of(me, (generation & 0xFFFF) << 16 | mine + 1)
        last = index >= self._parties - 1
        if last:
            self._complete(word)
        else:
            self._state[_ARRIVED + self._segment.row] = word
        return generation, index, last

    def _complete(self, word: int) -> None:
        """Ends the generation, all of whose parties have arrived; word would say so of this one. The lock is held."""
        self._end(_PASSED)

    def _is_over(self, generation: int) -> bool:
        if self._load(_PASSED) == generation + 1:
            return True
        # Without the lock: what seems to have happened may be over already.
        stirred = self._generation() != generation or self.broken or self._any_dead(generation)
        return stirred and self._locked(lambda: self._outcome(generation, give_up=False))

    def _outcome(self, generation: int, give_up: bool) -> bool:
        """Whether a generation has passed. One that will not raises. Who gives up breaks the barrier. The lock is held."""
        passed, reset = self._load(_PASSED), self._load(_RESET)
        if passed == generation + 1 or (passed > generation and reset <= generation):
            return True
        if max(passed, reset) != generation:
            raise BarrierBrokenError(f"{self!r}: it was reset")
        self._check_intact()
        if give_up:
            self._break(_BY_ABORT)
        return False

    def _check_intact(self) -> None:
        """Says why the barrier is broken, and breaks it if somebody who has arrived is dead. The lock is held."""
        if not self.broken and self._any_dead(self._generation()):
            self._break(_BY_DEATH)
        why = self._load(_BROKEN)
        if why:
            raise BarrierBrokenError(
                f"{self!r}: " + ("a party died" if why == _BY_DEATH else "a party gave up, or aborted it")
            )

    def _break(self, why: int) -> None:
        self._store(_BROKEN, why)
        self._publish()

    def _generation(self) -> int:
        return max(self._load(_PASSED), self._load(_RESET))

    def _end(self, word: int) -> None:
        """Ends the generation by one of the two words that say how. The lock is held."""
        self._store(word, self._generation() + 1)
        for row in range(_ARRIVED, len(self._state)):
            if self._state[row]:
                self._state[row] = 0

    def _any_dead(self, generation: int) -> bool:
        return any(self._segment.is_dead(who) for who, _ in self._arrived(generation))

    def _arrived(self, generation: int) -> Iterator[tuple[int, int]]:
        """Who has arrived in the generation, with how many parties."""
        for word in filter(None, self._state[_ARRIVED:]):
            who, count = word_parts(word)
            if count & 0xFFFF and count >> 16 == generation & 0xFFFF:
                yield who, count & 0xFFFF
