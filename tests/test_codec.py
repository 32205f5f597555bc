"""Messages in both languages: whatever the bytes, Go and Python take them for the same value, or both refuse them."""

import datetime
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import samebytes as sb
from conftest import Program
from samebytes import _link
from samebytes._wire import Decoder, Encoder

EXAMPLES = 20_000 if os.environ.get("SAMEBYTES_SOAK") else 300

Echo = Callable[[bytes], bytes | None]


@pytest.fixture
def echo(segments: Path, server: str) -> Iterator[Echo]:
    """Has Go decode a value and encode it again; None where it is no value."""
    program = Program([server, "listen", "worker"])
    sb.connect("worker", timeout=60).close()
    memory = _link.make_memory()
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(str(segments / ".samebytes-calls-worker"))
        _link.introduce(sock, memory)
        answer, _ = _link.read_frame(sock)
        assert answer is not None and answer["ready"]
        link = _link.Link(sock, memory, first=True)
        number = 0

        def through(value: bytes) -> bytes | None:
            nonlocal number
            number += 1
            link.send(_link.CALL, number, _link.CALL_HEAD.pack(0, 0) + b"\x92\xa4echo\x91" + value)
            received = link.receive()
            assert received is not None
            kind, id, payload = received
            assert id == number
            return payload if kind == _link.RESULT else None

        yield through
    program.say()
    assert program.process.wait(60) == 0
    program.close()


NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.floats() | st.complex_numbers()
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | NUMBERS
    | st.text()
    | st.binary()
    | st.datetimes(timezones=st.just(datetime.UTC))
    | st.timedeltas(datetime.timedelta(-100_000), datetime.timedelta(100_000)),
    lambda of: (
        st.lists(of, max_size=5) | st.dictionaries(st.text() | st.integers(-9, 9) | st.booleans() | st.none(), of, max_size=5)
    ),
    max_leaves=20,
)


def test_values_and_what_is_none(echo: Echo) -> None:
    objects: list[bytes] = []
    encoder, decoder = Encoder(), Decoder(object=objects.append)

    def check(message: bytes) -> None:
        objects.clear()
        try:
            mine: Any = decoder.decode(b"\x91\x91" + message)[0][0]  # as deep as an argument is
        except sb.Error as error:
            if "behind it" in str(error):
                return  # which Go takes for what follows in the call
            assert echo(message) is None, message.hex(" ")
            return
        if objects:
            return  # which stay where they are
        theirs = echo(message)
        assert theirs is not None, f"{message.hex(' ')} is {mine!r} in Python"
        assert same(decoder.decode(theirs), mine), message.hex(" ")

    @given(VALUES)
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    def whole(value: Any) -> None:
        check(encoder.encode(value))

    @given(VALUES, st.data())
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    def changed(value: Any, data: st.DataObject) -> None:
        message = bytearray(encoder.encode(value))
        for _ in range(data.draw(st.integers(1, 3))):
            message[data.draw(st.integers(0, len(message) - 1))] = data.draw(st.integers(0, 255))
        check(bytes(message))

    @given(st.binary(max_size=60))
    @example(b"\x91" * 99 + b"\xc0")
    @example(b"\x91" * 98 + b"\xc0")
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    def random(message: bytes) -> None:
        check(message)

    whole()
    changed()
    random()


def same(a: Any, b: Any) -> bool:
    """Whether values are of the same types, and equal, as a NaN is here to a NaN."""
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return sorted(map(repr, a)) == sorted(map(repr, b)) and all(same(value, b[key]) for key, value in a.items())
    return type(a) is type(b) and (a == b or repr(a) == repr(b))
