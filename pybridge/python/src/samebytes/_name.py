"""Names of segments, and the directory whose files they are."""

import os
import re

from samebytes._core import getenv
from samebytes._errors import BadNameError, NotExistError

# NAME_MAX is 255, and 55 are left for what belongs to a segment beside it.
MAX_NAME = 200
TEMPORARY = "_"  # what the made-up names of temporary segments begin with; others may, too

_valid = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,199}").fullmatch


def directory() -> str:
    """``SAMEBYTES_DIR``, or ``/dev/shm``."""
    return getenv("SAMEBYTES_DIR") or "/dev/shm"


def existing() -> list[str]:
    """The names that files in the directory have which may be arrays, sorted."""
    with os.scandir(directory()) as entries:
        return sorted(e.name for e in entries if _valid(e.name) and e.is_file(follow_symlinks=False))


def path_of(name: str) -> str:
    """The path of the segment of that name. Raises BadNameError."""
    if isinstance(name, str) and _valid(name):
        return f"{directory()}/{name}"
    if isinstance(name, str) and len(name) > MAX_NAME:
        raise BadNameError(f"expected at most {MAX_NAME} bytes, found a longer name: {name[:MAX_NAME]!r}...")
    raise BadNameError(f"expected a name of 1 to {MAX_NAME} of A-Z a-z 0-9 . _ - not beginning with . or -, found {name!r}")


def near(name: str) -> list[str]:
    """Up to three segments' names that are likely meant by one that does not exist."""
    import difflib  # as rarely as there are errors

    try:
        return difflib.get_close_matches(name, existing(), n=3)
    except OSError:
        return []  # a hint that cannot be given is left out


def not_exist(name: str) -> NotExistError:
    hint = ", ".join(near(name))
    return NotExistError(f"no segment {name!r} in {directory()}" + (f"; did you mean {hint}?" if hint else ""))
