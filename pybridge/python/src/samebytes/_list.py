"""What is there: list, stat and delete."""

import builtins
import os
import stat as _stat
from dataclasses import dataclass
from typing import Any

import numpy as np

from samebytes import _file, _name, _segment
from samebytes._errors import Error
from samebytes._npy import Shape


@dataclass(frozen=True)
class Info:
    """A segment as its file was when looked at.

    Attributes
    ----------
    fortran : bool
        The elements are in Fortran order.
    nbytes : int
        Bytes of all elements.
    size : int
        Bytes of the file.
    mode : int
        Permission bits.
    plain : bool
        A .npy file without a control block: id, created and version are empty.
    created : float
        Seconds since 1970-01-01 UTC.
    version : int
        Times published.
    """

    name: str
    dtype: np.dtype[Any]
    shape: Shape
    fortran: bool
    nbytes: int
    size: int
    mode: int
    plain: bool
    id: bytes
    created: float
    version: int


def delete(name: str) -> None:
    """Take the name away. Who has the segment open goes on with it; its memory is free when the last has let go.

    Raises
    ------
    BadNameError, NotExistError, AccessError
    """
    path = _name.path_of(name)
    try:
        os.unlink(path)
    except FileNotFoundError:
        raise _name.not_exist(name) from None
    except OSError as error:
        raise _file.translated(error, f"delete {name!r}") from None


def stat(name: str) -> Info:
    """Describe the segment of that name without mapping it.

    Raises
    ------
    BadNameError, NotExistError, AccessError, FormatError, TruncatedError, BrokenError, VersionError, DTypeError, ShapeError
    """
    path = _name.path_of(name)
    try:
        opened, head, tail = _segment.open_file(path, name, writable=False)
        header, control = _file.read(head, tail, opened.size)
    except FileNotFoundError:
        raise _name.not_exist(name) from None
    except Error as error:
        raise type(error)(f"stat {name!r}: {error}") from None
    except OSError as error:
        raise _file.translated(error, f"stat {name!r}") from None
    return Info(
        name=name,
        dtype=header.dtype,
        shape=header.shape,
        fortran=header.fortran,
        nbytes=header.nbytes,
        size=opened.size,
        mode=_stat.S_IMODE(opened.mode),
        plain=control is None,
        id=control.id if control else bytes(16),
        created=control.created / 1e9 if control else 0.0,
        version=control.published if control else 0,
    )


def list() -> builtins.list[Info]:
    """Describe the arrays in the directory of segments, in the order of their names.

    Files that are none, and arrays that go meanwhile, are left out.

    Raises
    ------
    NotExistError, AccessError
        Of the directory.
    """
    try:
        names = _name.existing()
    except OSError as error:
        raise _file.translated(error, _name.directory()) from None
    infos = []
    for name in names:
        try:
            infos.append(stat(name))
        except (Error, OSError):
            pass  # what is no segment is not listed
    return infos
