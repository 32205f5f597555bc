"""Handles of temporary segments that are under way: given away, and not opened yet.

A temporary segment goes with its last participant; but a queue may hold a handle of one that its sender has let go already. So
the control block counts: who gives a handle away adds 1 to InFlight, who opens one takes 1 from it, having become a participant.
The last participant deletes the segment only where InFlight is 0. That needs no message back, holds no memory longer than it
is of use, and it does not matter whether the sender lives by then: a worker may put a result into a queue and end.

What nobody ever opens has to go some time. Keeper is the number of a byte in the domain's file (see _domain.py) that the
processes which multiprocessing started from one another lock, shared, while they live. The first of them, when it ends, deletes
what is under way among them. Where it was killed, `gc` does, once none of them lives. But only who calls it: what is collected
when a temporary segment is made leaves these alone, since the process that is to open the handle may be one that had no use for
this package before, and has locked nothing.
"""

import os
import struct

from samebytes import _control, _domain, _file, _list, _name
from samebytes._atomic import ADD, COMPARE_AND_SWAP
from samebytes._control import PAGE_SIZE
from samebytes._core import IN_FLIGHT, KEEPER
from samebytes._errors import Error
from samebytes._segment import Segment, leave_at_end, leave_temporary, open_file

_WORDS = struct.Struct("<QQ")  # InFlight and Keeper
_NOTHING = b""


def sent(segment: Segment) -> None:
    """A handle of the segment is given away: the segment stays until one is opened, if it is temporary."""
    if not _is_counted(segment):
        return
    keeper = _domain.keep(os.path.dirname(segment.path), _at_end)
    at = segment.size - PAGE_SIZE
    try:
        segment.store(at + KEEPER, keeper)
        _atomic(segment, ADD, 1)
    except OSError as error:
        raise _file.translated(error, segment.path) from None


def received(segment: Segment) -> None:
    """A handle of the segment was opened."""
    if not _is_counted(segment):
        return
    leave_at_end()
    _domain.keep(os.path.dirname(segment.path), _at_end)  # it may be given away again, to this process's family
    try:
        while n := segment.load(segment.size - PAGE_SIZE + IN_FLIGHT):
            if _atomic(segment, COMPARE_AND_SWAP, n, n - 1):
                break
    except OSError as error:
        raise _file.translated(error, segment.path) from None


def is_over(opened: Segment, directory: str, patience: bool) -> bool:
    """Whether nobody who is known to live will open a handle of a temporary segment that has no participants.

    With patience only whether none is under way.
    """
    in_flight, keeper = _words(opened)
    return in_flight == 0 or (not patience and not _domain.is_kept(directory, keeper))


def end(directory: str) -> None:
    """Deletes what is under way among the processes of this one's family, as at the end of the first of them."""
    number = _domain.let_go(directory)
    if number is not None:
        _collect_all(directory, number)


def _at_end(directory: str, number: int) -> None:
    leave_temporary()  # or this process would be a participant of what it is to delete
    _collect_all(directory, number)


def _is_counted(segment: Segment) -> bool:
    return segment.temporary and segment.writable


def _atomic(segment: Segment, op: int, first: int, second: int = 0) -> bool:
    """One atomic operation on InFlight; of COMPARE_AND_SWAP whether it swapped."""
    offset = segment.size - PAGE_SIZE + IN_FLIGHT
    out = bytearray(1 if op == COMPARE_AND_SWAP else 8)
    operand = second.to_bytes(8, "little") if op == COMPARE_AND_SWAP else _NOTHING
    segment.atomic(op, 8, offset.to_bytes(8, "little"), first.to_bytes(8, "little"), operand, out)
    return bool(out[0])


def _words(opened: Segment) -> tuple[int, int]:
    """InFlight and Keeper of a file that is not mapped."""
    in_flight, keeper = _WORDS.unpack(os.pread(opened.fileno(), _WORDS.size, opened.size - PAGE_SIZE + IN_FLIGHT))
    return in_flight, keeper


def _collect_all(directory: str, number: int) -> None:
    """Deletes the temporary segments that are under way among the processes of that number, unless one of them lives.

    And what those left that were killed, as a pool's workers are.
    """
    if _domain.is_kept(directory, number):
        return
    try:
        names = [name for name in os.listdir(directory) if name.startswith(_name.TEMPORARY)]
    except OSError:
        return  # there is nothing to collect
    for name in names:
        path = f"{directory}/{name}"
        try:
            opened, head, tail = open_file(path, name, writable=True, trust=False)
            control = _file.read(head, tail, opened.size)[1]
            if control and control.flags & _control.TEMPORARY and _list.lock_rows(opened, control.slots):
                in_flight, keeper = _words(opened)
                if in_flight == 0 or keeper == number:
                    _file.unlink_if_same(path, opened.fileno())
        except (Error, OSError):
            pass  # what cannot be collected now is left to gc
