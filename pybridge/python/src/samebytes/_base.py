"""What arrays in segments do otherwise than NumPy's: how they travel and are shown."""

import os
from contextlib import suppress
from typing import Any

import numpy as np

from samebytes import _handle, _segment
from samebytes._errors import DTypeError, NoControlError
from samebytes._handle import Handle


class Base(np.ndarray[Any, np.dtype[Any]]):
    """`samebytes.ndarray` without what segments add to NumPy: publishing, waiting, locks and growth."""

    _found: _segment.Segment | None  # its segment, once that was asked for; views are asked anew

    @property
    def handle(self) -> Handle:
        """Where the elements are, for who can open them, in any process.

        To look at. Pickling the array, or `to_json`, gives a handle away: see there what becomes of temporary arrays.

        Raises
        ------
        NoControlError
            For ordinary memory.
        """
        return _handle.handle_of(self, self._need_segment())

    def __reduce_ex__(self, protocol: Any) -> Any:
        """A handle, for elements in a segment; for ordinary memory NumPy's own, which has the elements."""
        segment = self._find_segment()
        if segment is None:
            return super().__reduce_ex__(protocol)
        fields = _handle.send(self, segment).fields()
        return receive, (type(self), *fields, _handle.is_trusted(segment))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the elements to an ordinary .npy file of that path, as `numpy.save` does; nothing is added to the path.

        The file is there whole or not at all: it is written under another name in the same directory, and takes the place of
        what has the path.

        Raises
        ------
        DTypeError
            For Python objects, as ordinary memory may have.
        OSError
            When the directory cannot be written.

        Examples
        --------
        >>> a = sb.arange(3)
        >>> a.save("example.npy")
        >>> np.load("example.npy").tolist()
        [0, 1, 2]
        """
        if self.dtype.hasobject:
            raise DTypeError(f"expected elements that are plain bytes, found {self.dtype}")
        path = os.path.abspath(os.fspath(path))
        other = f"{path}.{os.urandom(6).hex()}"
        try:
            with open(other, "xb") as file:
                np.save(file, self.view(np.ndarray), allow_pickle=False)
                file.flush()
                os.fsync(file.fileno())
            os.replace(other, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(other)
            raise

    def flush(self) -> None:
        """Have what was written to the array of a file be on its disk, as `numpy.memmap.flush` does.

        Raises
        ------
        NoControlError
            For ordinary memory.
        """
        self._need_segment().flush()

    def __repr__(self) -> str:
        """NumPy's, with the name of the segment."""
        text, segment = super().__repr__(), self._find_segment()
        return f"{text[:-1]}, name={segment.name!r})" if segment and segment.name and text.endswith(")") else text

    def _repr_html_(self) -> str:
        """As notebooks show it: where the elements are, and a small picture of numbers."""
        from samebytes import _html  # of use to notebooks alone

        return _html.page(self, self._find_segment())

    def _find_segment(self) -> _segment.Segment | None:
        try:
            return self._found
        except AttributeError:
            self._found = _segment.of(self)  # which takes longer than publishing
            return self._found

    def _need_segment(self) -> _segment.Segment:
        segment = self._find_segment()
        if segment is None:
            raise NoControlError("expected an array in a segment, found ordinary memory")
        return segment


def present(array: Any) -> Any:
    """A segment's elements as users have them: a view of what is given, which nobody else has.

    NumPy lets views of the result refer to what the result refers to, as that has their class. By it, who closes knows whether
    there are other views.
    """
    return array.view()


def receive(cls: type[Any], *fields: Any) -> Any:
    """The array of a pickled handle: its class, the handle's fields, and whether its sender trusted the segment."""
    handle = _handle.checked(*fields[:-1], paths=True)  # type: ignore[misc]  # TypeError for another number of fields
    return present(_handle.open_handle(handle, cls, fields[-1] is True))
