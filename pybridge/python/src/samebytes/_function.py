"""The functions of another program, as functions here."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    from concurrent.futures import Future

    from samebytes._client import Client, Target


class Function(Protocol):
    """A function of a Go program."""

    __name__: str

    def __call__(self, *args: Any, timeout: float | None = None) -> Any:
        """What it returns."""

    def future(self, *args: Any, timeout: float | None = None) -> "Future[Any]":
        """The call, under way."""

    async def aio(self, *args: Any, timeout: float | None = None) -> Any:
        """What it returns, awaited."""


class Shown:
    """How a function is shown, made once."""

    def __init__(self, of: Mapping[str, Any], label: str) -> None:
        import inspect

        self.name, self.items = of["name"], bool(of.get("items"))
        self._label = label
        params, results = of.get("params", []), of.get("results", [])
        self._go = f"{self.name}({', '.join(params)})" + (f" -> {', '.join(results)}" if results else "")
        self._said = of.get("doc") or ""
        one = inspect.Parameter
        self.signature = inspect.Signature(
            [one(f"arg{i}", one.POSITIONAL_ONLY, annotation=_Type(type)) for i, type in enumerate(params, 1)]
            + [one("timeout", one.KEYWORD_ONLY, default=None, annotation=_Type("float | None"))],
            return_annotation=_Type(", ".join(results) or "None"),
        )
        self._of_object = self.signature.replace(
            parameters=[one("self", one.POSITIONAL_ONLY), *self.signature.parameters.values()]
        )
        self._forms = [
            (self.name, self._doc("Calls the Go function")),
            (f"{self.name}.future", self._doc("Begins to call the Go function, and returns a concurrent.futures.Future:")),
            (f"{self.name}.aio", self._doc("To be awaited in asyncio: calls the Go function")),
        ]

    def _doc(self, does: str) -> str:
        return f"{self._said}\n\n{does} {self._go}".lstrip()

    def dress(self, *functions: Any) -> None:
        """Gives a function, its future and its aio what people see of them."""
        for function, (name, doc) in zip(functions, self._forms, strict=False):
            function.__name__, function.__qualname__, function.__module__ = name.rpartition(".")[2], name, self._label
            function.__doc__, function.__signature__ = doc, self.signature

    def unbound(self) -> Any:
        """What help shows of a method of a class."""

        def method(self: Any, *args: Any, timeout: float | None = None) -> Any:
            return getattr(self, name)(*args, timeout=timeout)

        name = self.name
        self.dress(method)
        method.__signature__ = self._of_object  # type: ignore[attr-defined]
        return method


def make(client: "Client", target: "Target", shown: Shown, uses: Any = None) -> Function:
    """The function that calls one of the other program's, which may use an object."""
    if shown.items:

        def items(*args: Any, timeout: float | None = None) -> Any:
            return client.items(target, args, timeout, uses)

        shown.dress(items)
        return cast(Function, items)

    def function(*args: Any, timeout: float | None = None) -> Any:
        return client.call(target, args, timeout, uses)

    def future(*args: Any, timeout: float | None = None) -> Any:
        return client.future(target, args, timeout, uses)

    async def aio(*args: Any, timeout: float | None = None) -> Any:
        import asyncio

        return await asyncio.wrap_future(client.future(target, args, timeout, uses))

    shown.dress(function, future, aio)
    function.future, function.aio = future, aio  # type: ignore[attr-defined]
    return cast(Function, function)


class _Type:
    """A type of Go's, which signatures show as it is."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text
