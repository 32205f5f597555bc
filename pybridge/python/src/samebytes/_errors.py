"""The errors, one for each of Go's, with the builtin that a Python user would catch.

Error
├── NotExistError      (FileNotFoundError)    no segment of that name
├── ExistError         (FileExistsError)      create of a taken name
├── AccessError        (PermissionError)      the system refused, or what bears the name is not to be trusted
├── BadNameError       (ValueError)           what cannot be a name
├── NoSpaceError       (OSError)              no room for the segment
├── StaleError         (LookupError)          what a handle names was deleted, or another array has its name
├── NoControlError     (RuntimeError)         ordinary memory or a plain .npy asked to publish, wait or lock
├── BrokenError        (RuntimeError)         a damaged control block, or a file cut or replaced while mapped
├── OwnerDiedError     (RuntimeError)         the last holder of a lock died with it
├── NotOwnerError      (RuntimeError)         release of what is not held
├── DeadlockError      (RuntimeError)         who asks for a lock would wait for itself
├── BarrierBrokenError (RuntimeError)         a party of a barrier gave up, aborted, reset or died
├── FullError          (RuntimeError)         no free row for a participant or a lock
├── ClosedError        (ValueError)           used after closing
├── VersionError       (RuntimeError)         a control block of a newer release
├── UnsupportedError   (NotImplementedError)  this system, or this file system
├── FormatError        (ValueError)           not a valid .npy header, handle or message
├── TruncatedError     (ValueError)           fewer bytes than the shape needs
├── DTypeError         (TypeError)            not the dtype asked for, or objects; what calls do not carry
├── ShapeError         (ValueError)           a negative length, too many axes or elements
├── LayoutError        (ValueError)           not expressible without a copy
├── ReadOnlyError      (ValueError)           write through a read-only opening
├── RemoteError        (RuntimeError)         the function that was called, in another program, failed
├── WorkerDiedError    (ConnectionError)      the program that was called ended, or its connection did
└── DeadlineError      (TimeoutError)         a wait that took too long
"""

import errno as _errno
from threading import BrokenBarrierError as _BrokenBarrierError


class Error(Exception):
    """Base of all errors of samebytes.

    Examples
    --------
    >>> try:
    ...     sb.attach("example")
    ... except sb.Error as error:
    ...     type(error)
    <class 'samebytes.NotExistError'>
    >>> issubclass(sb.NotExistError, FileNotFoundError)
    True
    """


class NotExistError(Error, FileNotFoundError):
    """No segment has the name. The message says which names come near."""

    errno = _errno.ENOENT


class ExistError(Error, FileExistsError):
    """The name to create is taken."""

    errno = _errno.EEXIST


class AccessError(Error, PermissionError):
    """The system refused, or what bears the name is another user's file, a link, or no regular file."""

    errno = _errno.EACCES


class BadNameError(Error, ValueError):
    """What was given cannot be a segment's name."""


class NoSpaceError(Error, OSError):
    """The directory has no room for the segment. The message has both sizes."""

    errno = _errno.ENOSPC


class StaleError(Error, LookupError):
    """What a handle names was deleted, or another array has its name now."""


class NoControlError(Error, RuntimeError):
    """The array is ordinary memory or a plain .npy file, which have no control block."""


class BrokenError(Error, RuntimeError):
    """A control block contradicts its file, or the file was cut or replaced while mapped."""


class OwnerDiedError(Error, RuntimeError):
    """The last holder of a lock died with it. The message names the box that may be half written: see `Lock.recover`."""


class NotOwnerError(Error, RuntimeError):
    """Who releases a lock does not hold it, or not any more."""


class DeadlockError(Error, RuntimeError):
    """Who asks for a lock holds some of it already, and would wait for itself."""


class BarrierBrokenError(Error, _BrokenBarrierError):
    """A party of a barrier gave up, aborted or reset it, or died. It is also a `threading.BrokenBarrierError`."""


class FullError(Error, RuntimeError):
    """The segment has no free row for a further participant, or for a further lock."""


class ClosedError(Error, ValueError):
    """Used after closing."""


class VersionError(Error, RuntimeError):
    """A newer release wrote the control block."""


class UnsupportedError(Error, NotImplementedError):
    """This operating system or file system lacks what is needed."""


class FormatError(Error, ValueError):
    """The file does not begin with a valid .npy header, a text is no handle, or bytes are no message."""


class TruncatedError(Error, ValueError):
    """The file has fewer bytes than its header says."""


class DTypeError(Error, TypeError):
    """The elements are not of the dtype asked for, or are Python objects, which cannot be shared; or a call does not carry the value."""


class ShapeError(Error, ValueError):
    """A length is negative, or there are too many axes or elements."""


class LayoutError(Error, ValueError):
    """What was asked for cannot be expressed without copying."""


class ReadOnlyError(Error, ValueError):
    """The array was opened for reading."""


class RemoteError(Error, RuntimeError):
    """A function that was called in another program failed, by an error that has no class here.

    Attributes
    ----------
    type : str
        The error's type, in its language: "errors.errorString", "ValueError"; "panic" for one of Go's.
    message : str
    trace : str
        Where it was raised, as its language prints it; may be empty.
    """

    def __init__(self, type: str, message: str, trace: str = "") -> None:
        super().__init__(type, message, trace)
        self.type, self.message, self.trace = type, message, trace
        if trace:
            self.add_note(trace.rstrip("\n"))

    def __str__(self) -> str:
        return f"{self.type}: {self.message}" if self.message else self.type


class WorkerDiedError(Error, ConnectionError):
    """The program whose function was called has ended, or its connection has. Whether the function was run is not known."""


class DeadlineError(Error, TimeoutError):
    """A wait took longer than its timeout."""


for _error in (Error, *Error.__subclasses__()):
    _error.__module__ = "samebytes"  # where users have them from, and what tracebacks are to say
