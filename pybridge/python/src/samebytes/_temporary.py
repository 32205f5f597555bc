"""Temporary segments, which go with their last participant. shm/temporary.go explains them.

The last that lets go deletes the file, which the extension does when it unmaps it. A process that is killed deletes nothing; the next
one of the same user that makes a temporary segment does it in its place.
"""

import builtins
import os
import stat

import numpy as np

from samebytes import _control, _file, _flight, _list, _name, _recycle, _segment
from samebytes._errors import Error

_collected = False


def make_name() -> str:
    """A name that nobody else has: 80 random bits, as many as 10**9 names need to be alike with a chance of one in a million."""
    _segment.leave_at_end()
    _collect_once()
    return _name.TEMPORARY + os.urandom(10).hex()


def _collect_once() -> None:
    """Deletes what killed processes left, the first time that this process makes a temporary segment."""
    global _collected
    if not _collected:
        _collected = True
        try:
            collect(dry_run=False, patience=True)
        except (Error, OSError):
            pass  # what cannot be collected now is left to the next


def gc(dry_run: bool = False) -> builtins.list[_list.Info]:
    """Delete the temporary segments of this user that no process has open for writing, as those of killed ones, and describe them.

    Those of which a handle is under way stay as long as a process of their sender's family lives: those that multiprocessing
    started from one another. Named segments are nobody's to collect: they stay until `delete`.

    Parameters
    ----------
    dry_run : bool, optional
        Only describe them.

    Raises
    ------
    NotExistError, AccessError
        Of the directory.

    Examples
    --------
    >>> a = sb.create(None, 4)
    >>> sb.gc()  # it has a user
    []
    """
    return collect(dry_run, patience=False)


def collect(dry_run: bool, patience: bool) -> builtins.list[_list.Info]:
    """As `gc`; with patience all stay of which a handle is under way."""
    dead = [info for info in _list.list() if info.temporary and not any(p.alive for p in info.participants)]
    dead = [info for info in dead if _collect(info.name, dry_run, patience)]
    for path, opened in _recycle.dead(_name.directory()):
        if not dry_run:
            _file.unlink_if_same(path, opened.fileno())
        dead.append(_spare(path, opened))
    return dead


def _spare(path: str, opened: _segment.Segment) -> _list.Info:
    """Describes memory that was kept for another segment, as bytes."""
    n, mode = opened.size, stat.S_IMODE(opened.mode)
    return _list.Info(
        os.path.basename(path), np.dtype(np.uint8), (n,), False, n, n, mode, False, bytes(16), 0, 0, "spare", True, 0, (), ()
    )


def _collect(name: str, dry_run: bool, patience: bool) -> bool:
    """Deletes the segment of that name if it is temporary, has no participants, and nobody will open a handle of it."""
    path = _name.path_of(name)
    try:
        opened, head, tail = _segment.open_file(path, name, writable=True, trust=False)
        control = _file.read(head, tail, opened.size)[1]
        if control is None or not control.flags & _control.TEMPORARY:
            return False
        if dry_run or _list.lock_rows(opened, control.slots):
            over = _flight.is_over(opened, _name.directory(), patience)
            if over and not dry_run:
                _file.unlink_if_same(path, opened.fileno())
            return over
    except (Error, OSError):
        pass
    return False
