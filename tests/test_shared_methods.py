"""What shared dicts, lists and queues have of Python's own, as docs/howto/shared.md says."""

import queue
from collections.abc import Iterator
from typing import Any

import pytest

import samebytes as sb
from conftest import Program


@pytest.fixture
def m(segments: Any, command: str) -> Iterator[sb.Remote]:
    program = Program([command, "serve", "--objects", "methods"])
    assert program.line() == "serving as methods"
    with sb.connect("methods", timeout=30) as remote:
        yield remote
    program.process.terminate()
    assert program.process.wait(60) == 0
    program.close()


def public(kind: type) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_")}


def test_methods(m: sb.Remote) -> None:
    assert public(dict) - public(type(m.Dict())) == {"fromkeys"}
    assert public(list) <= public(type(m.List()))
    missing = public(queue.Queue) - public(type(m.Queue()))
    assert missing <= {"shutdown"}  # of 3.13


def test_operators(m: sb.Remote) -> None:
    d, same = m.Dict(a=1, b=2), {"a": 1, "b": 2}
    assert d | {"b": 3} == same | {"b": 3}
    assert {"b": 3, "c": 4} | d == {"b": 3, "c": 4} | same
    assert d | d == same and type(d | d) is dict
    assert list(reversed(d)) == ["b", "a"]
    with pytest.raises(TypeError):
        d | 1
    x = m.List([1, 2])
    assert x * 2 == 2 * x == [1, 2, 1, 2]
    x *= 3
    assert isinstance(x, m.List) and x == [1, 2] * 3
    x *= 0
    assert len(x) == 0


def test_what_contains_itself_is_shown(m: sb.Remote) -> None:
    d, x, n = m.Dict(a=1), m.List([1]), m.Namespace(a=1)
    d["self"], n.self = [d], n
    x.append({"x": x})
    assert repr(d) == "<Dict {'a': 1, 'self': [<Dict {...}>]}>"
    assert repr(x) == "<List [1, {'x': <List [...]>}]>"
    assert repr(n) == "<Namespace {'a': 1, 'self': <Namespace {...}>}>"
    d["other"] = m.Dict(d=d)
    assert repr(d).endswith("'other': <Dict {'d': <Dict {...}>}>}>")
    for of in (d, x):
        of.clear()
    del n.self
