"""Domains: which processes can open each other's segments, and who lives that may still do it.

A domain is a directory of segments. Its file ``.samebytes`` has a random token, made once: two processes that read the same one
can open each other's handles, whatever their host names, containers and mounts are. The bytes of that file far past its end are
locked, shared, by those who may still open handles that are under way: see _flight.py.
"""

import errno
import fcntl
import os
import re
import struct
from collections.abc import Callable

from samebytes import _exit, _file
from samebytes._errors import AccessError, BrokenError

FILE = ".samebytes"  # no segment's name begins with a dot

_TOKEN = 32  # hexadecimal digits
_is_token = re.compile(rb"[0-9a-f]{32}\n").fullmatch
_FLOCK = struct.Struct("hhqqi4x")

# By the file's path: what tells the file from others, and its token. It is looked at again each time, as it may have been
# deleted.
_tokens: dict[str, tuple[tuple[int, ...], str]] = {}
# By directory: the descriptor that a byte of its file is locked by, and which. A forked child has them too.
_kept: dict[str, tuple[int, int]] = {}


def token(directory: str) -> str | None:
    """The directory's token, or None when nobody has needed one there. Raises AccessError and BrokenError."""
    path = f"{directory}/{FILE}"
    try:
        known = _tokens.get(path)
        if known and known[0] == _what(os.lstat(path)):
            return known[1]
        fd = _open(path)
        try:
            what, text = _what(os.fstat(fd)), os.read(fd, 2 * _TOKEN)
        finally:
            os.close(fd)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _file.translated(error, path) from None
    if not _is_token(text):
        raise BrokenError(f"expected {_TOKEN} hexadecimal digits in {path}, found {text!r}")
    found = text.decode().rstrip()
    _tokens[path] = what, found
    return found


def _what(st: os.stat_result) -> tuple[int, ...]:
    return st.st_dev, st.st_ino, st.st_size, st.st_mtime_ns


def made_token(directory: str) -> str:
    """The directory's token, which is made if nobody has needed one there. It is there whole or not at all."""
    while (found := token(directory)) is None:
        fd = _file.unnamed(directory)
        try:
            os.fchmod(fd, 0o644)  # for all who may come to share segments: it is no secret
            os.write(fd, os.urandom(_TOKEN // 2).hex().encode() + b"\n")
            _file.link(fd, directory, FILE)
        except FileExistsError:
            pass  # another was faster
        except OSError as error:
            raise _file.translated(error, directory) from None
        finally:
            os.close(fd)
    return found


def keep(directory: str, at_end: Callable[[str, int], None]) -> int:
    """Locks, for as long as this process lives, the byte of the processes that multiprocessing started from one another.

    Returns its number. The first of those processes calls at_end with the directory and the number when it ends.
    """
    if directory not in _kept:
        made_token(directory)
        fd, number = _open(f"{directory}/{FILE}"), _family()
        try:
            fcntl.fcntl(fd, fcntl.F_OFD_SETLK, _FLOCK.pack(fcntl.F_RDLCK, os.SEEK_SET, number, 1, 0))
        except OSError:
            pass  # a file system without such locks, or a hostile owner: what is under way is then collected by its age
        if _kept.setdefault(directory, (fd, number))[0] != fd:
            os.close(fd)  # another thread was faster
        else:
            _exit.at_end(_end, os.getpid(), directory, at_end)
    return _kept[directory][1]


def is_kept(directory: str, number: int) -> bool:
    """Whether a process that lives has locked the byte. When the system cannot tell, it has."""
    try:
        fd = _open(f"{directory}/{FILE}")
    except FileNotFoundError:
        return False
    except (OSError, AccessError):
        return True
    try:
        found = fcntl.fcntl(fd, fcntl.F_OFD_GETLK, _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, number, 1, 0))
        return bool(_FLOCK.unpack(found)[0] != fcntl.F_UNLCK)
    except (OSError, struct.error):  # no lock can be at such a number
        return 0 <= number < 1 << 62
    finally:
        os.close(fd)


def let_go(directory: str) -> int | None:
    """Undoes `keep`; returns the number."""
    fd, number = _kept.pop(directory, (-1, None))
    if fd >= 0:
        os.close(fd)
    return number


def _end(pid: int, directory: str, at_end: Callable[[str, int], None]) -> None:
    from multiprocessing import parent_process

    if os.getpid() != pid or parent_process() is not None:
        return  # a child: what it gave away is for others of its family to open
    number = let_go(directory)
    if number is not None:
        at_end(directory, number)


def _family() -> int:
    """A number that this process has in common with those that multiprocessing started, and that started it, in whatever way.

    They share a random key, by which they know each other. Of it 56 bits of a hash tell nothing.
    """
    # Not at the top: what needs a family has multiprocessing already, and others need not wait for its import.
    import hashlib  # rarely needed, and slow to import
    from multiprocessing.process import current_process

    digest = hashlib.sha256(b"samebytes" + current_process().authkey).digest()
    return int.from_bytes(digest[:7], "little") + (1 << 32)  # past the file's end


def _open(path: str) -> int:
    """Opens the file for reading, which is enough for a shared lock."""
    try:
        return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise AccessError(f"{path}: expected a regular file, found a symbolic link") from None
        raise
