"""Objects that stay where they are: those of this program that another one holds, and proxies of the other's.

In a message an object is a byte, 0 for one of the sender's and 1 for one of the receiver's; its number, 8 bytes, little-endian; and, of
the sender's, the name of its type. Each program counts how often it has given an object, and lets it go when it is told as often.
"""

import struct
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from samebytes._errors import BrokenError, ClosedError, DTypeError, NotExistError

if TYPE_CHECKING:
    from samebytes._client import Client

_HEAD = struct.Struct("<BQ")
_OF_SENDER, _OF_RECEIVER = 0, 1

# What may be called of a lent object beside the methods that have names of their own.
_SPECIAL = frozenset(
    "__call__ __contains__ __delitem__ __enter__ __exit__ __getitem__ __iter__ __len__ __next__ __repr__ __setitem__ __str__".split()
)


class Lent:
    """An object that is to stay here."""

    __slots__ = ("object",)

    def __init__(self, object: Any) -> None:
        self.object = object


def lend(object: Any) -> Any:
    """What, as an argument or a result of a call, is the object itself and no copy: the other program calls its methods here.

    Functions are lent without this. The object lives as long as somebody holds it, here or there.

    Parameters
    ----------
    object : any
        Its methods and attributes whose names do not begin with ``_`` can be used, and its ``len``, items, iteration and call.

    Examples
    --------
    >>> go.fill(sb.lend(target))  # doctest: +SKIP
    """
    return object if isinstance(object, (Proxy, Lent)) else Lent(object)


class Proxy:
    """An object of another program, used from here: `Objects.open` makes one."""

    __slots__ = ("__weakref__", "_client", "_connection", "_hold")

    _type = "object"
    _names: tuple[str, ...] = ()

    _client: "Client"
    _connection: Any  # which it keeps open
    _hold: list[int]  # its number, and how often it was given

    def __getattr__(self, name: str) -> Any:
        from samebytes import _calls

        hint = "" if name.startswith("_") else _calls.nearest(name, self._names)
        raise AttributeError(f"a {self._type} has no {name!r}{hint}")

    def __setattr__(self, name: str, value: Any) -> None:
        if hasattr(type(self), name):
            object.__setattr__(self, name, value)
        else:
            self.__getattr__(name)

    def __reduce__(self) -> Any:
        raise TypeError(f"a {self._type} of {self._client.label} stays there: it cannot be pickled")

    def __repr__(self) -> str:
        return f"<{self._type} {self._hold[0]} of {self._client.label}>"

    def _as_of(self, client: "Client") -> "Proxy":
        """What another connection knows the object as, where it does."""
        mine, other = self._client.label, client.label
        if mine == other:
            raise DTypeError(f"expected an object of this connection to {other}, found one of another connection")
        raise DTypeError(f"expected an object of {other}, found one of {mine}")

    def _call(self, method: str, *args: Any, timeout: float | None = None) -> Any:
        return self._client.call((self._hold[0], method), args, timeout)


class RemoteFunction(Proxy):
    """A function of another program."""

    __slots__ = ()

    _type = "function"

    def __call__(self, *args: Any, timeout: float | None = None) -> Any:
        return self._call("__call__", *args, timeout=timeout)


class _Given:
    __slots__ = ("count", "object")

    def __init__(self, object: Any) -> None:
        self.object, self.count = object, 0


class Objects:
    """Those of one connection."""

    def __init__(self, client: "Client", types: Sequence[Mapping[str, Any]] = ()) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._last = 0
        self._given: dict[int, _Given] = {}
        self._numbers: dict[int, int] = {}  # by id
        self._proxies: weakref.WeakValueDictionary[int, Proxy] = weakref.WeakValueDictionary()
        self.connection: Callable[[], Any] = lambda: None
        self.classes: dict[str, type[Proxy]] = {"function": RemoteFunction}
        for of in types:
            self.classes[of["name"]] = make_class(client, of)

    def pack(self, value: Any) -> bytes | None:
        """The payload of an object, or None for what is to be copied."""
        if isinstance(value, Proxy):
            if value._client is not self._client:
                value = value._as_of(self._client)
            self._client.retain(value._hold[0])
            return _HEAD.pack(_OF_RECEIVER, value._hold[0])
        if isinstance(value, Lent):
            value = value.object
        elif not callable(value) or isinstance(value, type):
            return None
        with self._lock:
            number = self._numbers.get(id(value), 0)
            if not number:
                self._last = number = self._last + 1
                self._given[number] = _Given(value)
                self._numbers[id(value)] = number
            self._given[number].count += 1
        self._client.listen()
        return _HEAD.pack(_OF_SENDER, number) + type(value).__qualname__.encode()

    def open(self, payload: bytes) -> Any:
        """The object of a payload: one of this program's, or a proxy."""
        mine, number, name = parse(payload)
        if mine:
            found = self._find(number)
            self.released(deque([(number, 1)]))  # which the message has held
            return found
        with self._lock:
            proxy = self._proxies.get(number)
            if proxy is None:
                proxy = self._proxies[number] = self._proxy(number, name)
            proxy._hold[1] += 1
        return proxy

    def _proxy(self, number: int, name: str) -> Proxy:
        self._client.prepare()
        proxy: Proxy = object.__new__(self.classes.get(name, Proxy))
        hold = [number, 0]
        for attribute, value in [("_client", self._client), ("_connection", self.connection()), ("_hold", hold)]:
            object.__setattr__(proxy, attribute, value)
        weakref.finalize(proxy, _let_go, weakref.ref(self._client), hold).atexit = False
        return proxy

    def released(self, what: deque[tuple[int, int]]) -> None:
        """The other program lets objects go: numbers, and how often. What is done is taken away, so that who is interrupted can begin anew."""
        gone = []
        with self._lock:
            while what:
                number, count = what[0]
                given = self._given.get(number)
                if given is not None and given.count >= count:  # a negative one is of a message
                    given.count, what[0] = given.count - count, (number, 0)
                    if not given.count:
                        gone.append(given)
                        self._numbers.pop(id(given.object), None)
                        self._given.pop(number, None)
                elif count:
                    raise BrokenError(f"expected an object that was given, found {number} let go")
                what.popleft()
        gone.clear()  # what ends with them runs without the lock

    @property
    def any_given(self) -> bool:
        """Whether the other program holds objects of this one."""
        return bool(self._given)

    def _find(self, number: int) -> Any:
        try:
            return self._given[number].object
        except KeyError:
            raise ClosedError(f"no object {number} is lent") from None

    def method(self, number: Any, name: Any) -> Callable[..., Any]:
        """What a call of an object's method calls."""
        from samebytes import _calls

        of = self._find(number)
        if name == "__call__" and callable(of):
            function: Callable[..., Any] = of
            return function
        if name == "__getattr__":
            return lambda attribute: getattr(of, _public(of, attribute))
        if name == "__setattr__":
            return lambda attribute, value: setattr(of, _public(of, attribute), value)
        if name in _SPECIAL and hasattr(of, name):
            special: Callable[..., Any] = getattr(of, name)
            return special
        return _calls.find(of, name)


def parse(payload: bytes) -> tuple[bool, int, str]:
    """Whether an object is the receiver's, its number, and of the sender's the name of its type."""
    if len(payload) < _HEAD.size or payload[0] > _OF_RECEIVER:
        raise BrokenError(f"expected an object of at least {_HEAD.size} bytes, found {payload[:40]!r}")
    owner, number = _HEAD.unpack_from(payload)
    return owner == _OF_RECEIVER, number, payload[_HEAD.size :].decode(errors="replace")


def parse_released(value: Any) -> deque[tuple[int, int]]:
    """What a message says of objects that are let go: numbers, and how often."""
    pairs = value if isinstance(value, list) else [value]
    if not all(isinstance(pair, list) and len(pair) == 2 and all(type(n) is int for n in pair) and pair[1] for pair in pairs):
        raise BrokenError(f"expected objects that are let go, found {value!r:.80}")
    return deque((number, count) for number, count in pairs)


def _public(of: Any, attribute: str) -> str:
    if attribute.startswith("_"):
        raise NotExistError(f"a {type(of).__name__} has no {attribute!r} that others may use")
    return attribute


def _let_go(client: "weakref.ref[Client]", hold: list[int]) -> None:
    of = client()
    if of is not None:
        of.let_go(*hold)


class _Method:
    """A method of another program's objects."""

    def __init__(self, of: Mapping[str, Any], label: str) -> None:
        from samebytes import _function

        self._of = of
        self._shown = _function.Shown(of, label)

    def __get__(self, proxy: Proxy | None, kind: type) -> Any:
        from samebytes import _function

        if proxy is None:
            return self._shown.unbound()
        return _function.make(proxy._client, (proxy._hold[0], self._of["name"]), self._shown, uses=proxy)


class _Attribute(property):
    """A field of another program's objects."""

    def __init__(self, of: Mapping[str, Any]) -> None:
        name = of["name"]
        super().__init__(
            lambda proxy: proxy._call("__getattr__", name),
            lambda proxy, value: proxy._call("__setattr__", name, value),
            doc=f"{(of.get('results') or ['any'])[0]}, as Go has it.",
        )


def make_class(client: "Client", of: Mapping[str, Any]) -> type[Proxy]:
    """The class of proxies of a type that the other program has described."""
    kind = of.get("kind")
    base: type[Proxy] = Proxy
    if kind is not None:
        from samebytes import _shared

        base = _shared.KINDS.get(kind, Proxy)
    name, methods = of["name"], {method["name"]: method for method in of.get("methods", [])}
    content: dict[str, Any] = {
        "__slots__": (),
        "__module__": client.label,
        "__doc__": of.get("doc") or f"A {name} of {client.label}.",
        "_type": name,
    }
    if base is Proxy:
        content.update(
            {method: _Method(said, client.label) for method, said in methods.items() if not method.startswith("_")}
        )
        content.update({attribute["name"]: _Attribute(attribute) for attribute in of.get("attributes", [])})
        if "__len__" in methods:
            content["__len__"] = lambda self: self._call("__len__")
        if "__iter__" in methods:
            content["__iter__"] = content["__aiter__"] = _iterate
        if "__str__" in methods:
            content["__str__"] = lambda self: self._call("__str__")
        if "close" in methods:
            content["__enter__"] = lambda self: self
            content["__exit__"] = lambda self, *exception: self._call("close") and None
    content["_names"] = tuple(name for name in content if not name.startswith("_"))
    owner = weakref.ref(client)

    def of_class() -> "Client":
        of = owner()
        if of is None:
            raise ClosedError("the connection is closed")
        return of

    def new(cls: type, /, *args: Any, timeout: float | None = None) -> Any:
        return of_class().call(name, args, timeout)

    content["_owner"] = staticmethod(of_class)
    if base is Proxy:
        content["__new__"] = new
    meta: Any = type(base)  # that of the abstract classes, of a Dict
    made: type[Proxy] = meta(name, (base,), content)
    return made


def _iterate(self: Proxy) -> Iterator[Any]:
    return self._client.items((self._hold[0], "__iter__"), (), None, uses=self)
