"""What arrays in segments do otherwise than NumPy's, publishing and locks apart: how they travel, close, are saved and shown."""

import functools
import os
import stat
from typing import Any, NoReturn, Self

import numpy as np

from samebytes import _file, _handle, _segment
from samebytes._errors import ClosedError, DTypeError, NoControlError
from samebytes._handle import Handle


class Base(np.ndarray[Any, np.dtype[Any]]):
    """`samebytes.ndarray` without what segments add to NumPy: publishing, waiting, locks and growth."""

    _closed = False
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

    def close(self) -> None:
        """Let go of the segment: the array becomes an empty one in ordinary memory. Closed again, it stays so.

        Without it the segment is let go with the last array over it. Other openings, by `attach`, stay. To use the array after
        that raises `ClosedError`, except where NumPy takes it for an empty array without asking. What is in ordinary memory
        is not closed.

        Raises
        ------
        BufferError
            While there are other views: slices and other arrays made of it, memoryviews, plain NumPy arrays of it, or the array
            that it is itself a view of. Nothing is closed then.
        """
        if self._closed or self._find_segment() is None:
            return
        from samebytes import _close  # rarely needed

        if _close.has_views(self):
            raise BufferError(f"expected {self.name or 'the array'} to have no other views when it is closed")
        name = self.name
        _close.empty(self)
        cls: Any = type(self)
        self.__class__ = _closed_class(cls)
        self.__dict__["_name"] = name

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object = None, *exception: object) -> None:
        try:
            self.close()
        except BufferError:
            if kind is None:
                raise  # else the traceback has the views, and what happened matters more

    def flush(self) -> None:
        """Write what was changed to the disk, if the segment is a file on one, and return when it is there.

        Other processes see changes without it, at once.

        Raises
        ------
        OSError
            When the disk failed.
        """
        segment = self._find_segment()
        if segment is not None:
            try:
                segment.flush()
            except OSError as error:
                raise _file.translated(error, segment.path) from None

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the elements to an ordinary .npy file, as `numpy.save` does, under that very path.

        A file that is there is replaced by the whole new one, at once: who reads it sees either. For elements that others change
        meanwhile, save a `snapshot`.

        Parameters
        ----------
        path : str or path-like
            Nothing is appended to it.

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
        path = os.path.realpath(os.fspath(path))  # the file, not a link to it, is replaced
        temporary = f"{path}.{os.urandom(8).hex()}"
        try:
            fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
            with open(fd, "wb") as file:
                if os.path.exists(path):
                    os.fchmod(fd, stat.S_IMODE(os.stat(path).st_mode))
                np.save(file, self.view(np.ndarray), allow_pickle=False)
                file.flush()
                os.fsync(fd)
            os.replace(temporary, path)
        except BaseException as error:
            try:
                os.unlink(temporary)
            except OSError:
                pass  # it was not made, or its directory is gone
            if isinstance(error, OSError) and error.filename == temporary:
                raise type(error)(error.errno, error.strerror, path) from None  # of the path that the caller knows
            raise

    def __repr__(self) -> str:
        """As NumPy's, with the name; of ordinary memory as a plain array's."""
        name = self.name
        if name is None:
            return repr(self.view(np.ndarray))
        text = super().__repr__()
        return f"{text[:-1]}, name={name!r})" if text.endswith(")") else text

    def _repr_html_(self) -> str:
        """What notebooks show: a small picture of the elements, and how they lie in memory."""
        from samebytes import _html  # which only notebooks need

        return _html.page(self)

    @property
    def name(self) -> str | None:
        """The name that the segment was last opened by; None for ordinary memory or a file opened by its path alone.

        Examples
        --------
        >>> a = sb.create("example", 4)
        >>> a[1:].name
        'example'
        >>> sb.delete("example")
        """
        segment = self._find_segment()
        return segment.name if segment else None

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


class Closed:
    """What an array is when it was closed: a class beside its own, with which nothing can be done."""

    _closed = True
    _name: str | None

    def _refuse(self, *args: object, **kwargs: object) -> NoReturn:
        raise ClosedError(f"expected an open array, found {self!r}")

    _find_segment = __getitem__ = __setitem__ = __iter__ = __array_ufunc__ = __array_function__ = __reduce_ex__ = _refuse
    __array_wrap__ = __copy__ = __deepcopy__ = __dlpack__ = __len__ = __bytes__ = __float__ = __int__ = __bool__ = _refuse
    copy = save = tolist = tobytes = tofile = item = fill = sort = mean = dot = view = reshape = ravel = astype = _refuse

    name = None

    def __repr__(self) -> str:
        return f"<closed array {getattr(self, '_name', None)!r}>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def _repr_html_(self) -> None:
        """Nothing but the text."""


@functools.cache
def _closed_class(cls: type[Any]) -> type[Any]:
    """The class of closed arrays of a class."""
    return type(f"closed {cls.__name__}", (Closed, cls), {"__module__": cls.__module__})


def present(array: Any) -> Any:
    """A segment's elements as users have them: a view of what is given, which nobody else has.

    NumPy lets views of the result refer to what the result refers to, as that has their class. By it, who closes knows whether
    there are other views.
    """
    return array.view()


def receive(cls: type[Any], *fields: Any) -> Any:
    """The array of a pickled handle: its class, the handle's fields, and whether its sender trusted the segment."""
    handle = _handle.checked(*fields[:-1], paths=True)  # type: ignore[misc]  # a wrong number of fields is a TypeError
    return present(_handle.open_handle(handle, cls, trust=fields[-1] is True))
