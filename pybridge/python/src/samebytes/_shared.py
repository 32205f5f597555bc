"""Proxies of the dicts, lists, namespaces and queues that a Go program keeps: `Remote` has them as Dict, List, Namespace and Queue.

Each method is one call, and done as a whole; those of a list that the Go program does not know are done here, on a copy that
takes its place unless another program has changed the list meanwhile.
"""

import itertools
import os
import queue
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, MutableSequence
from contextlib import suppress
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, Self, TypeVar

from samebytes._errors import BrokenError, ClosedError, Error, NotExistError, StaleError
from samebytes._proxy import Proxy
from samebytes._timeout import checked, nanoseconds

if TYPE_CHECKING:
    from samebytes._client import Client
    from samebytes._connect import Remote

T = TypeVar("T")

_MISSING: Any = object()
_tickets = itertools.count(1)  # by which items of queues are taken
_GONE = NotExistError, StaleError, BrokenError  # what opening an array raises that nobody can open any more
_connections: dict[tuple[int, str], "Remote"] = {}  # those of this process by which pickled proxies find their objects


class Shared(Proxy):
    """What they have in common: a program hands them to another by pickling, and a forked child goes on to use its parent's."""

    __slots__ = ("_other",)

    _owner: "Callable[[], Client]"
    _kind = ""

    @classmethod
    def named(cls, name: str | None = None) -> Self:
        """The one of that name, which all programs that connect to the server share and which stays as long as it; without a name a new one."""
        return cls() if name is None else cls._found(name, 0)

    @classmethod
    def _found(cls, name: str, size: int) -> Self:
        found: Self = cls._owner().call("named_object", (cls._kind, name, size), None)
        return found

    @classmethod
    def _made(cls, *args: Any) -> Self:
        made: Self = cls._owner().call(cls._type, args, None)
        return made

    def _call(self, method: str, *args: Any, timeout: float | None = None) -> Any:
        if self._client.is_of_parent:
            self._join()
        return super()._call(method, *args, timeout=timeout)

    def _join(self) -> None:
        """In a forked child: uses a connection of its own."""
        if self._client.server is None:
            raise ClosedError(
                f"the {self._type} is of the process which this one was forked from, and {self._client.label} listens to no name"
            )
        other = _adopted(self._client.server, self._hold[0])
        for name in ("_client", "_connection", "_hold"):
            object.__setattr__(self, name, getattr(other, name))
        object.__setattr__(self, "_other", other)  # by which it is held

    def _as_of(self, client: "Client") -> Proxy:
        if self._client.is_of_parent:
            self._join()
        mine, other = self._connection, client.objects.connection()
        if other is None or mine.peer is None or mine.peer != other.peer:
            return super()._as_of(client)
        adopted: Proxy = client.call("adopted_object", (self._hold[0],), None)
        return adopted

    def __reduce__(self) -> Any:
        if self._client.server is None:
            raise TypeError(f"a {self._type} of {self._client.label}, which listens to no name, cannot be pickled")
        return _adopted, (self._client.server, self._hold[0])


def _adopted(server: str, number: int) -> Any:
    """A proxy of what another process has a proxy of, too."""
    from samebytes._connect import connect

    key = os.getpid(), server
    remote = _connections.get(key)
    if remote is None or remote._connection.client.ended:
        remote = _connections[key] = connect(server)
    return remote._connection.client.call("adopted_object", (number,), None)


class Dict(Shared, MutableMapping[Any, Any]):
    """A dict. ``keys``, ``values`` and ``items`` return lists, of one moment. Keys are strings, numbers, bools and None."""

    __slots__ = ()
    _kind = "dict"

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        made = cls._made()
        if args or kwargs:
            made.update(*args, **kwargs)
        return made

    def __getitem__(self, key: Any) -> Any:
        value, found = self._call("get", key)
        if not found:
            raise KeyError(key)
        return value

    def __setitem__(self, key: Any, value: Any) -> None:
        self._call("put", key, value)

    def __delitem__(self, key: Any) -> None:
        if not self._call("delete", key):
            raise KeyError(key)

    def __contains__(self, key: Any) -> bool:
        return bool(self._call("contains", key))

    def __len__(self) -> int:
        return int(self._call("len"))

    def __iter__(self) -> Iterator[Any]:
        return iter(self.keys())

    def __reversed__(self) -> Iterator[Any]:
        return iter(self.keys()[::-1])

    @recursive_repr("<Dict {...}>")
    def __repr__(self) -> str:
        return f"<{self._type} {self.copy()!r}>"

    def __or__(self, other: Mapping[Any, Any]) -> dict[Any, Any]:
        return {**self.copy(), **other} if isinstance(other, Mapping) else NotImplemented

    def __ror__(self, other: Mapping[Any, Any]) -> dict[Any, Any]:
        return {**other, **self.copy()} if isinstance(other, Mapping) else NotImplemented

    def __ior__(self, other: Any) -> Self:  # type: ignore[misc]  # which takes more than __or__ does, as that of dict
        self.update(other)
        return self

    def get(self, key: Any, default: Any = None) -> Any:
        """The value of a key, or the default."""
        value, found = self._call("get", key)
        return value if found else default

    def keys(self) -> list[Any]:  # type: ignore[override]  # a list, as SyncManager's
        """All keys, in the order in which they were added."""
        return list(self._call("keys"))

    def values(self) -> list[Any]:  # type: ignore[override]
        """All values, likewise."""
        return [value for _, value in self._call("items")]

    def items(self) -> list[tuple[Any, Any]]:  # type: ignore[override]
        """All keys and values, likewise."""
        return [(key, value) for key, value in self._call("items")]

    def copy(self) -> dict[Any, Any]:
        """A dict of this process's."""
        return dict(self._call("items"))

    def pop(self, key: Any, default: Any = _MISSING) -> Any:
        """Takes a key away, and returns its value, or the default where there is none."""
        value, found = self._call("pop", key)
        if found:
            return value
        if default is _MISSING:
            raise KeyError(key)
        return default

    def popitem(self) -> tuple[Any, Any]:
        """Takes away the last that was added, and returns it."""
        found = self._call("pop_item")
        if not found:
            raise KeyError("the dict is empty")
        return tuple(found[0])

    def setdefault(self, key: Any, default: Any = None) -> Any:
        """The value of a key, which is the default if there was none."""
        return self._call("set_default", key, default)

    def update(self, other: Any = (), /, **kwargs: Any) -> None:
        """Gives many keys values, at once."""
        pairs = dict(other, **kwargs)
        self._call("update", [part for pair in pairs.items() for part in pair])

    def clear(self) -> None:
        """Takes all keys away."""
        self._call("clear")


class Namespace(Shared):
    """Attributes, whose names do not begin with ``_``."""

    __slots__ = ()
    _kind = "namespace"

    def __new__(cls, **attributes: Any) -> Self:
        made = cls._made()
        if attributes:
            made._call("update", [part for pair in attributes.items() for part in pair])
        return made

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        value, found = self._call("get", name)
        if not found:
            from samebytes import _calls

            raise AttributeError(f"the {self._type} has no {name!r}{_calls.nearest(name, self._call('keys'))}")
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_"):
            raise AttributeError(f"expected a name that does not begin with '_', found {name!r}")
        self._call("put", name, value)

    def __delattr__(self, name: str) -> None:
        if not self._call("delete", name):
            raise AttributeError(name)

    def __dir__(self) -> Iterable[str]:
        return [*super().__dir__(), *self._call("keys")]

    @recursive_repr("<Namespace {...}>")
    def __repr__(self) -> str:
        return f"<{self._type} {dict(self._call('items'))!r}>"


class List(Shared, MutableSequence[Any]):
    """A list."""

    __slots__ = ()
    _kind = "list"

    def __new__(cls, items: Iterable[Any] = ()) -> Self:
        made = cls._made()
        items = list(items)
        if items:
            made.extend(items)
        return made

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return self.copy()[index]
        value, found = self._call("get", index)
        if not found:
            raise IndexError(f"no item {index}, of {len(self)}")
        return value

    def __setitem__(self, index: Any, value: Any) -> None:
        if isinstance(index, slice):
            value = list(value)
            self._change(lambda items: items.__setitem__(index, value))
        elif not self._call("put", index, value):
            raise IndexError(f"no item {index}, of {len(self)}")

    def __delitem__(self, index: Any) -> None:
        if isinstance(index, slice):
            self._change(lambda items: items.__delitem__(index))
        else:
            self.pop(index)

    def __len__(self) -> int:
        return int(self._call("len"))

    def __iter__(self) -> Iterator[Any]:
        return iter(self.copy())

    def __reversed__(self) -> Iterator[Any]:
        return iter(self.copy()[::-1])

    def __contains__(self, value: Any) -> bool:
        return value in self.copy()

    def __eq__(self, other: object) -> bool:
        if isinstance(other, List):
            return self.copy() == other.copy()
        return self.copy() == other

    __hash__ = None  # type: ignore[assignment]

    def __add__(self, other: Iterable[Any]) -> list[Any]:
        return self.copy() + list(other)

    def __mul__(self, times: int) -> list[Any]:
        return self.copy() * times

    __rmul__ = __mul__

    def __imul__(self, times: int) -> Self:
        def change(items: list[Any]) -> None:
            items *= times

        self._change(change)
        return self

    @recursive_repr("<List [...]>")
    def __repr__(self) -> str:
        return f"<{self._type} {self.copy()!r}>"

    def copy(self) -> list[Any]:
        """A list of this process's."""
        return list(self._call("snapshot")[1])

    def append(self, value: Any) -> None:
        """Adds an item at the end."""
        self._call("append", value)

    def extend(self, values: Iterable[Any]) -> None:
        """Adds items at the end, at once."""
        self._call("extend", list(values))

    def __iadd__(self, values: Iterable[Any]) -> Self:
        self.extend(values)
        return self

    def insert(self, index: int, value: Any) -> None:
        """Adds an item before another."""
        self._call("insert", index, value)

    def pop(self, index: int = -1) -> Any:
        """Takes an item away, and returns it."""
        value, found = self._call("pop", index)
        if not found:
            raise IndexError(f"no item {index}, of {len(self)}")
        return value

    def remove(self, value: Any) -> None:
        """Takes the first item away that is equal."""
        self._change(lambda items: items.remove(value))

    def index(self, value: Any, start: int = 0, stop: int = 2**63 - 1) -> int:
        """Where the first item is that is equal."""
        return self.copy().index(value, start, stop)

    def count(self, value: Any) -> int:
        """How many items are equal."""
        return self.copy().count(value)

    def reverse(self) -> None:
        """Turns the order around."""
        self._change(lambda items: items.reverse())

    def sort(self, *, key: Callable[[Any], Any] | None = None, reverse: bool = False) -> None:
        """Sorts the items."""
        self._change(lambda items: items.sort(key=key, reverse=reverse))

    def clear(self) -> None:
        """Takes all items away."""
        self._call("clear")

    def _change(self, change: Callable[[list[Any]], object]) -> None:
        while True:
            version, items = self._call("snapshot")
            change(items)
            if self._call("swap", version, items):
                return


class Queue(Shared):
    """A queue, as `queue.Queue`. An item is taken when ``get`` returns: if its process is killed before, the item is the first again."""

    __slots__ = ()
    _kind = "queue"

    def __new__(cls, maxsize: int = 0) -> Self:
        return cls._made(max(maxsize, 0))

    @classmethod
    def named(cls, name: str | None = None, maxsize: int = 0) -> Self:
        """The one of that name, which all programs that connect to the server share; a new one, if there is none, has the size."""
        return cls(maxsize) if name is None else cls._found(name, max(maxsize, 0))

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Adds an item, as soon as there is room. Raises `queue.Full` if there is none in time."""
        if not self._call("put", item, _seconds(block, timeout)):
            raise queue.Full

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Takes the first item away, as soon as there is one. Raises `queue.Empty` if there is none in time."""
        seconds, ticket = _seconds(block, timeout), next(_tickets)
        value, found = None, None
        try:
            value, found = self._call("take", ticket, seconds)
            if found:
                self._call("took", ticket)
        except _GONE:
            with suppress(Error):
                self._call("took", ticket)  # or it would be the first again, for all who get
            raise
        except BaseException:
            with suppress(Error):  # the server puts it back when the connection ends
                if found:
                    self._call("give_back", ticket, value)
                else:
                    self._call("put_back", ticket)
            raise
        if not found:
            raise queue.Empty
        return value

    def put_nowait(self, item: Any) -> None:
        """``put`` without waiting."""
        self.put(item, False)

    def get_nowait(self) -> Any:
        """``get`` without waiting."""
        return self.get(False)

    def qsize(self) -> int:
        """How many items there are."""
        return int(self._call("len"))

    def empty(self) -> bool:
        """Whether there are none."""
        return self.qsize() == 0

    def full(self) -> bool:
        """Whether there is no room for more."""
        size = self._call("size")
        return bool(0 < size <= self.qsize())

    def task_done(self) -> None:
        """Says that the work on an item is done."""
        if not self._call("task_done"):
            raise ValueError("task_done() called too many times")

    def join(self) -> None:
        """Waits until the work on all items is done."""
        self._call("join")


def _seconds(block: bool, timeout: float | None) -> float:
    """Of a timeout: negative for none."""
    if not block:
        return 0.0
    if timeout is None:
        return -1.0
    if checked(timeout) < 0:
        raise ValueError("expected a timeout that is not negative")
    return nanoseconds(timeout) / 1e9


KINDS: Mapping[str, type[Proxy]] = {"dict": Dict, "list": List, "namespace": Namespace, "queue": Queue}
