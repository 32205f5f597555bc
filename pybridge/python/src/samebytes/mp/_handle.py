"""Handles of segments, which this package's objects pickle to: a name, and the id that tells it from later ones of that name."""

from multiprocessing import context

from samebytes import _flight, _name, _segment
from samebytes._errors import Error, NotExistError, StaleError
from samebytes._segment import Segment

Handle = tuple[str, bytes]


def of(segment: Segment) -> Handle:
    """The handle of a segment, to be given away: a temporary one stays until it is opened.

    What is pickled as an argument of a new process stays until that has ended.
    """
    assert segment.name is not None and segment.control is not None  # which all of this package have
    popen = context.get_spawning_popen()
    if popen is not None:  # who starts the process may let go of the argument before it is there
        vars(popen).setdefault("_segments", []).append(segment)
    _flight.sent(segment)
    return segment.name, segment.control.id


def attached(handle: Handle) -> Segment:
    """The segment of a handle.

    Raises
    ------
    StaleError
        When it was deleted, or another has its name.
    """
    name, id = handle
    try:
        segment = _segment.attach(_name.path_of(name), name, True)
    except NotExistError:
        raise StaleError(f"unpickle {name!r}: the segment was deleted") from None
    except Error as error:
        raise type(error)(f"unpickle {name!r}: {error}") from None
    if segment.control is None or segment.control.id != id:
        raise StaleError(f"unpickle {name!r}: another segment has the name now")
    _flight.received(segment)
    return segment
