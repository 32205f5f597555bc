"""Memory of temporary segments, kept for later ones whose files are as large: there the pages are, and in this process's page table.

To make pages and map them costs several times what filling them does. So the maker of a temporary segment that goes keeps its memory
among what is warm (see `warm`), with the file under a hidden name, which no attach takes and no list shows. When a segment of that
size is made, the file is written anew, with an id of its own, and renamed to its new name.

No one who had the old segment may see the new one's bytes. They may be participants, which `leave` finds; others who have the
file open or mapped, also for reading alone and by other programs, for whom the kernel refuses the lease (fcntl(2), F_SETLEASE) that
`reuse` asks for; and forked children, who may have nothing but the memory, and are found by neither: what was mapped at a fork is
not kept.

Who ends without letting go leaves the hidden file. The kept descriptor locks a byte of it, so that `samebytes.gc`, and who next makes a temporary segment, find the file of
a process that was killed by its lock being free.
"""

import fcntl
import os
import signal
import sys
from collections.abc import Iterator
from typing import Self

from samebytes import _file, _list, _segment
from samebytes._errors import Error
from samebytes._segment import Segment

PREFIX = ".samebytes-spare-"  # of hidden names
LEAST = 256 << 10  # bytes: smaller files are made as fast as they would be found

_BYTE = -1  # before those of the participants' rows


class Recyclable(Segment):
    """A temporary segment that this process has made."""

    hidden: str  # the path of a spare one's file

    def __del__(self) -> None:
        if not self.spare and not sys.is_finalizing() and _goes_at_the_end():
            self._retire()

    def _retire(self) -> None:
        """Keeps the memory, which a new object takes, since an object is finalized once."""
        if self.size > _segment.warm_limit() or self.broken or self.forked() or not self.links() or not self.leave():
            return
        directory = os.path.dirname(self.path)
        hidden = os.path.join(directory, PREFIX + os.urandom(10).hex())
        try:
            fcntl.fcntl(self.fileno(), fcntl.F_OFD_SETLK, _list.byte_lock(_BYTE, 1))
            if not os.path.samestat(os.lstat(self.path), os.fstat(self.fileno())):
                return
            os.rename(self.path, hidden)
        except OSError:
            return  # it is deleted as if there was no recycling
        self.delete_last(hidden)
        spare = type(self).take(self)
        spare.spare, spare.path, spare.hidden = True, hidden, hidden
        _segment.keep_warm(spare)

    def reuse(self) -> Self | None:
        """The spare memory, if nobody else has the file open."""
        if self.forked():
            return None
        try:
            # Who opens the file while the lease lasts has the kernel tell by a signal, which by default is SIGIO and ends the process.
            fcntl.fcntl(self.fileno(), fcntl.F_SETSIG, signal.SIGURG)
            fcntl.fcntl(self.fileno(), fcntl.F_SETLEASE, fcntl.F_WRLCK)
            fcntl.fcntl(self.fileno(), fcntl.F_SETLEASE, fcntl.F_UNLCK)
        except OSError:
            return None
        return self if self.links() == 1 else None


def _goes_at_the_end() -> bool:
    """Whether what this process keeps is let go when it ends: a forked child may end without, but for those of multiprocessing."""
    process = sys.modules.get("multiprocessing.process")
    return not _forked or (process is not None and process.parent_process() is not None)


_forked = False  # this process is a forked child


def _after_fork() -> None:
    global _forked
    _forked = True


os.register_at_fork(after_in_child=_after_fork)


def find(size: int, directory: str) -> Recyclable | None:
    """Spare memory of a file that large in the directory, which nobody else has open from now on."""
    spare = _segment.take_warm(lambda s: s.spare and s.size == size and os.path.dirname(s.path) == directory)
    return spare.reuse() if isinstance(spare, Recyclable) else None


def dead(directory: str) -> Iterator[tuple[str, Segment]]:
    """The paths of hidden files of processes that have ended, each opened: as long as that is, nobody else collects it."""
    for name in os.listdir(directory):
        if name.startswith(PREFIX):
            path = os.path.join(directory, name)
            try:
                opened, _, _ = _segment.open_file(path, name, writable=True, trust=False)
                fcntl.fcntl(opened.fileno(), fcntl.F_OFD_SETLK, _list.byte_lock(_BYTE, 1))
            except (Error, OSError):
                continue  # in use, or gone
            yield path, opened


def collect(directory: str) -> None:
    """Deletes them."""
    for path, opened in dead(directory):
        _file.unlink_if_same(path, opened.fileno())
