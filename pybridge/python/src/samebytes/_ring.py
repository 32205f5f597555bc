"""The ring of a stream, which the extension works on, and what it says when that fails. shm/ring.go has the argument."""

import errno
import os
from typing import NoReturn

from samebytes import _control, _core, _file
from samebytes._errors import BrokenError, ClosedError, FullError, ShapeError
from samebytes._segment import Segment

_READER, _MEMBER = 2, 4  # roles of ports


class Ring(_core.Stream):
    """An opening's ring, and what its errors are called."""

    __slots__ = ("control", "item", "name", "rows")
    control: _control.Block
    name: str
    rows: int  # elements on an item's first axis; 1 where it has none
    item: tuple[int, ...]
    mapping: Segment

    def __new__(cls, segment: Segment, name: str) -> "Ring":
        control, shape = segment.control, segment.header.shape
        assert control is not None  # it is a stream
        slots, ports, _ = _file.tables(control.slots, control.boxes, control.ndim, control.ring, control.ports)
        at, rows = control.control_offset, shape[1] if len(shape) > 1 else 1
        lossy = control.flags & _control.LOSSY != 0
        self = super().__new__(
            cls, segment, at + slots, at + ports, control.ring, control.ports, rows, lossy, control.patience
        )
        self.control, self.name, self.rows, self.item = control, name, rows, shape[1:]
        return self

    def checked(self, n: int) -> int:
        """So many elements of the first axis."""
        if not self.item or not 0 <= n <= self.rows:
            raise ShapeError(
                f"publish to {self.name!r}: expected 0 to the length of the first axis of {self.item}, found {n}"
            )
        return n

    def _failed(self, error: int) -> NoReturn:
        c, said = self.control, f"stream {self.name!r}"
        if error == errno.ESHUTDOWN:
            raise ClosedError(f"{said}: closed")
        if error == errno.EPERM:
            raise ClosedError(
                f"{said}: the loan was published or discarded, or is of the process that this one was forked from"
            )
        if error == errno.ENOLCK:
            raise FullError(f"{said}: expected at most {c.ports} writers, readers and groups, found another")
        if error == errno.EUSERS:
            raise _file.too_many(c)
        if error == errno.ENOBUFS:
            raise FullError(f"{said}: {self._slowest()}")
        if error == errno.EUCLEAN and not self.mapping.broken:
            raise BrokenError(f"{said}: the tables contradict each other")
        if error == errno.ENOMEM:
            raise MemoryError
        raise _file.translated(OSError(error, os.strerror(error)), self.mapping.path)

    def _slowest(self) -> str:
        """What keeps writers from the slots."""
        c, head = self.control, self.counts()[0]
        held = [p for p in self.ports() if p[1] == _READER or (p[1] == _MEMBER and p[2] < p[3])]
        wait = f"no room after {c.patience / 1e9:g} s" if c.patience else "no room"
        if not held or c.flags & _control.LOSSY:
            return f"{wait}: all {c.ring} slots are on loan, or readers have them in hand"
        owner, _, number, *_ = min(held, key=lambda p: p[2])
        row = (owner & 0x3FF) - 1
        if not 0 <= row < c.slots:
            return f"{wait}: a reader is at item {number} of {head}"
        at = c.control_offset + row * _control.PARTICIPANT.size
        with memoryview(self.mapping) as memory:
            who = _control.Participant._make(_control.PARTICIPANT.unpack_from(memory, at))
        language, program = (field.rstrip(b"\0").decode("utf-8", "replace") for field in (who.language, who.program))
        return f"{wait}: a reader is at item {number} of {head} (process {who.pid}, {language}, {program})"
