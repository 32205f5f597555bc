"""Messages: what Python's values become, what is refused, and that any bytes are a value or an error. tests/test_values.py has the cases that
Go passes too."""

import dataclasses
import datetime
import enum
import math
import sys
import threading
import tracemalloc
from collections import OrderedDict, UserDict, defaultdict, deque, namedtuple
from collections.abc import Callable
from typing import Any, NamedTuple

import msgpack
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import samebytes as sb
from samebytes._wire import Decoder, Encoder

UTC = datetime.UTC
CET = datetime.timezone(datetime.timedelta(hours=1))
NOON = datetime.datetime(2024, 1, 2, 12, tzinfo=UTC)


class Proxy:
    def __init__(self, payload: bytes) -> None:
        self.payload = payload

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Proxy) and other.payload == self.payload


encoder = Encoder(lambda array: array.tobytes(), lambda value: value.payload if isinstance(value, Proxy) else None)
decoder = Decoder(lambda payload: np.frombuffer(payload, np.uint8), Proxy)


def through(value: Any) -> Any:
    """What arrives of a value."""
    return decoder.decode(encoder.encode(value))


class Colour(enum.Enum):
    RED = 1


class Size(enum.IntEnum):
    BIG = 7


class Word(enum.StrEnum):
    YES = "yes"


class OldWord(str, enum.Enum):  # noqa: UP042  # as it was written before there was StrEnum
    NO = "no"


class Point(NamedTuple):
    x: float
    y: float


@dataclasses.dataclass
class Person:
    name: str
    sizes: list[Any]
    cached: int = dataclasses.field(default=0, repr=False)
    given: dataclasses.InitVar[int] = 5


@dataclasses.dataclass(slots=True, frozen=True)
class Slotted:
    at: Any


class Subclassed(datetime.datetime):
    pass


class FineTime(datetime.datetime):
    """As pandas.Timestamp."""

    nanosecond = 7


class FineDelta(datetime.timedelta):
    """As pandas.Timedelta."""

    nanoseconds = 7


class Mine(dict[str, int]):
    pass


@pytest.mark.parametrize(
    ("value", "arrives"),
    [
        ((1, (2, "x")), [1, [2, "x"]]),
        (Point(1.5, 2), [1.5, 2]),
        (namedtuple("Pair", "a b")(1, Point(2, 3)), [1, [2, 3]]),
        (Person("Ada", [np.int8(3)]), {"name": "Ada", "sizes": [3], "cached": 0}),
        (Slotted(NOON), {"at": NOON}),
        ([Person("Ada", [Slotted(NOON)])], [{"name": "Ada", "sizes": [{"at": NOON}], "cached": 0}]),
        (Size.BIG, 7),
        ([Word.YES, OldWord.NO], ["yes", "no"]),
        ({Word.YES: Size.BIG, Size.BIG: 1}, {"yes": 7, 7: 1}),
        (np.bool_(True), True),
        (np.uint64(2**64 - 1), 2**64 - 1),
        (np.int8(-5), -5),
        (np.float16(0.5), 0.5),
        (np.float32(0.1), float(np.float32(0.1))),
        (np.float64(0.1), 0.1),
        (np.complex64(1 + 2j), 1 + 2j),
        (np.complex128(0.1j), 0.1j),
        (np.str_("a"), "a"),
        (np.bytes_(b"a"), b"a"),
        ({np.str_("a"): 1, np.int64(2): 3, np.float32(0.5): 4, np.bool_(True): 5}, {"a": 1, 2: 3, 0.5: 4, True: 5}),
        (bytearray(b"ab"), b"ab"),
        (memoryview(b"abcd"), b"abcd"),
        (memoryview(b"abcd")[::2], b"ac"),
        (memoryview(np.arange(2, dtype="<i2")), b"\0\0\1\0"),
        (datetime.datetime(2024, 1, 2, 13, tzinfo=CET), NOON),
        (Subclassed(2024, 1, 2, 12, tzinfo=UTC), NOON),
        (datetime.datetime.min.replace(tzinfo=UTC), datetime.datetime.min.replace(tzinfo=UTC)),
        (datetime.datetime.max.replace(tzinfo=UTC), datetime.datetime.max.replace(tzinfo=UTC)),
        (np.datetime64("2024-01-02T12", "h"), NOON),
        (np.datetime64("2024-01-02T12:00:00.000001999", "ns"), NOON.replace(microsecond=1)),
        (np.datetime64(-1, "ns"), datetime.datetime(1969, 12, 31, 23, 59, 59, 999999, UTC)),
        (np.datetime64(3, "25s"), datetime.datetime(1970, 1, 1, 0, 1, 15, tzinfo=UTC)),
        (np.timedelta64(-1500, "ms"), datetime.timedelta(seconds=-1.5)),
        (np.timedelta64(2, "W"), datetime.timedelta(weeks=2)),
        (datetime.timedelta(days=-1, microseconds=1), datetime.timedelta(days=-1, microseconds=1)),
        (OrderedDict(a=1), {"a": 1}),
        (defaultdict(list, {"a": [1]}), {"a": [1]}),
        (Mine(a=1), {"a": 1}),
        (Proxy(b"p"), Proxy(b"p")),
        ({"a": (Proxy(b"p"), 1)}, {"a": [Proxy(b"p"), 1]}),
        (list(range(100)), list(range(100))),
        ([*range(100), (1, 2j)], [*range(100), [1, 2j]]),
    ],
    ids=repr,
)
def test_what_arrives(value: Any, arrives: Any) -> None:
    got = through(value)
    assert got == arrives
    assert type(got) is type(arrives)


def test_arrays_arrive_anywhere() -> None:
    a = np.arange(3, dtype=np.uint8)
    got = through({"a": [a, {"b": a[1:]}], 5: (a,)})
    assert [got["a"][0].tolist(), got["a"][1]["b"].tolist(), got[5][0].tolist()] == [[0, 1, 2], [1, 2], [0, 1, 2]]
    assert through(np.array(7, np.uint8)).tolist() == [7]


def test_nanoseconds_are_kept() -> None:
    for value, same in (
        (FineTime(2024, 1, 2, tzinfo=CET), np.datetime64("2024-01-01T23:00:00.000000007")),
        (FineDelta(microseconds=5), np.timedelta64(5007, "ns")),
    ):
        assert encoder.encode(value) == encoder.encode(same)


def test_values_stay_as_they_were() -> None:
    value = {"a": (1, np.int8(2)), np.int8(3): [np.float32(1)]}
    items = value["a"]
    through(value)
    assert value["a"] is items and type(items[1]) is np.int8 and [type(key) for key in value] == [str, np.int8]


CIRCLE: list[Any] = [1]
CIRCLE.append({"self": CIRCLE})


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (2**64, "expected an int from -2**63 to 2**64 - 1, found 18446744073709551616"),
        ([-(2**63) - 1], "[0]: expected an int from -2**63 to 2**64 - 1, found -9223372036854775809"),
        ({"a": (1, 10**5000)}, "['a'][1]: expected an int from -2**63 to 2**64 - 1, found one of 16610 bits"),
        ({2**64: 1}, "expected an int from"),
        ("\ud800", "expected a str of whole characters, found '\\ud800'"),
        ({"a": ["\udcff"]}, "['a'][0]: expected a str of whole characters"),
        ({"\ud800": 1}, "expected a str of whole characters"),
        (
            datetime.datetime(2024, 1, 2),
            "expected a datetime with a time zone, found datetime.datetime(2024, 1, 2, 0, 0): value.astimezone()",
        ),
        (
            [datetime.date(2024, 1, 2)],
            "[0]: expected a datetime with a time zone, found datetime.date(2024, 1, 2): send value.isoformat()",
        ),
        (datetime.time(5), "expected a datetime"),
        (datetime.datetime.min.replace(tzinfo=CET), "expected a time in the years 1 to 9999 of UTC"),
        (datetime.timedelta.max, "expected a duration of at most 292 years"),
        (datetime.timedelta.min, "expected a duration of at most 292 years"),
        (np.datetime64("NaT"), "expected a time, found np.datetime64('NaT'"),
        (np.timedelta64("NaT", "s"), "expected a time, found"),
        (np.datetime64(2024 - 1970, "Y"), "expected a unit from weeks to ns"),
        (np.timedelta64(1, "M"), "expected a unit from weeks to ns"),
        (np.datetime64(1, "as"), "expected a unit from weeks to ns"),
        (np.datetime64(2**62, "s"), "expected a time in the years 1 to 9999"),
        (np.timedelta64(2**62, "D"), "expected a duration of at most 292 years"),
        (np.longdouble(1), "found a scalar of"),
        (np.zeros(1, "i4,i4")[0], "found a scalar of [('f0', '<i4'), ('f1', '<i4')]: put it into an array"),
        (Colour.RED, "expected a value, found <Colour.RED: 1>: send its .value, or make it an IntEnum or StrEnum"),
        ({"a": {1, 2}}, "['a']: expected a value that calls carry, found set, which has no order: send sorted(value)"),
        (frozenset(), "found frozenset, which has no order"),
        (deque([1]), "expected a value that calls carry, found collections.deque: send list(value)"),
        (range(3), "expected a value that calls carry, found range: send list(value)"),
        ((i for i in ()), "expected a value that calls carry, found generator: send list(value)"),
        (UserDict(), "expected a value that calls carry, found collections.UserDict"),
        (len, "expected a value that calls carry, found builtin_function_or_method"),
        (object(), "expected a value that calls carry, found object"),
        (int, "expected a value that calls carry, found type"),
        (Person, "expected a value that calls carry, found type"),
        ([1, [Person("Ada", [1, object()])]], "[1][0].sizes[1]: expected a value that calls carry, found object"),
        (ValueError("x"), "expected a value that calls carry, found ValueError"),
        (msgpack.ExtType(1, b""), "expected a value that calls carry, found msgpack.ext.ExtType"),
        (msgpack.Timestamp(1), "expected a value that calls carry, found msgpack.ext.Timestamp"),
        ({(1, 2): 3}, "expected a key that is a str, an int, a float, a bool or None, found (1, 2)"),
        ({"a": {b"k": 3}}, "['a']: expected a key that is a str"),
        ({NOON: 3}, "found datetime.datetime("),
        ({math.nan: 3}, "expected a key that equals itself, found nan"),
        ({np.float32("nan"): 3}, "expected a key that equals itself, found nan"),
        ({1j: 3}, "expected a key that is"),
        ({np.complex64(1j): 3}, "expected a key that is"),
        ({Colour.RED: 3}, "expected a key that is"),
        (CIRCLE, "[1]['self'][1]['self']"),
        (CIRCLE, "expected lists and dicts at most 100 deep: does it contain itself?"),
    ],
    ids=lambda value: None if isinstance(value, str) and len(value) > 20 else f"{type(value).__name__}",
)
def test_what_is_refused(value: Any, says: str) -> None:
    with pytest.raises(sb.DTypeError) as raised:
        encoder.encode(value)
    assert says in str(raised.value)
    assert len(str(raised.value)) < 320
    assert through([1, "x"]) == [1, "x"]  # nothing of the other is left


def test_arrays_with_a_mask_are_refused() -> None:
    masked = np.ma.array([1.0, 2.0], mask=[0, 1])  # type: ignore[no-untyped-call]
    for value, where in ((masked, ""), ({"a": [masked[:1]]}, r"\['a'\]\[0\]: "), (np.ma.masked, "")):
        with pytest.raises(
            sb.DTypeError, match=rf"^{where}expected an array without a mask, .* send its \.filled\(\) or its \.data$"
        ):
            encoder.encode(value)
    assert through(masked.filled(0.0).astype(np.uint8)).tolist() == [1, 0]


def test_without_functions_there_are_no_arrays_and_objects() -> None:
    with pytest.raises(sb.DTypeError, match=r"\[0\]: expected no arrays, found a ndarray of shape \(2, 3\)"):
        Encoder().encode([np.zeros((2, 3))])
    with pytest.raises(sb.DTypeError, match=r"expected a value that calls carry, found .*Proxy"):
        Encoder().encode(Proxy(b""))
    for value, what in ((np.zeros(1), "an array"), (Proxy(b""), "an object")):
        with pytest.raises(sb.DTypeError, match=f"expected no array and no object, found {what}"):
            Decoder().decode(encoder.encode([value]))


def test_errors_of_functions_say_where() -> None:
    def stale(value: Any) -> bytes:
        raise sb.StaleError("deleted")

    with pytest.raises(sb.StaleError, match=r"^\['a'\]\[1\]: deleted$"):
        Encoder(stale).encode({"a": [1, np.zeros(1)]})
    with pytest.raises(sb.StaleError, match=r"^deleted$"):
        Decoder(stale).decode(encoder.encode({"a": [1, np.zeros(1)]}))


def test_what_is_behind_a_failure_is_opened_once() -> None:
    """Who opens it lets it go, which nobody else would."""
    payloads = iter([b"a first array", b"one that is gone", b"another of those", b"the last array"])
    message = Encoder(array=lambda array: next(payloads)).encode(
        [np.zeros(1), {"x": [np.zeros(1), np.zeros(1)]}, np.zeros(1)]
    )
    opened = []

    def array(payload: bytes) -> bytes:
        opened.append(payload)
        if payload == b"one that is gone":
            raise sb.StaleError("gone")
        return payload

    with pytest.raises(sb.StaleError, match="gone"):
        Decoder(array=array).decode(message)
    assert opened == [b"a first array", b"one that is gone", b"another of those", b"the last array"]


def test_paths_begin_with_the_names_of_a_messages_parts() -> None:
    names = ("kind", "args")
    for value, path in (([0, [1, {2}]], "args[1]"), ([{3}, []], "kind"), ([0, 0, {4}], "[2]"), ({0: {5}}, "[0]")):
        with pytest.raises(sb.DTypeError) as raised:
            encoder.encode(value, names)
        assert str(raised.value).startswith(f"{path}: expected a value"), value


def test_depth() -> None:
    def deep(n: int, wrap: Callable[[Any], Any]) -> Any:
        value: Any = None
        for _ in range(n):
            value = wrap(value)
        return value

    for wrap in (lambda v: [v], lambda v: (v,), lambda v: {"a": v}, lambda v: Slotted(v), lambda v: OrderedDict(a=v)):
        encoder.encode(deep(100, wrap))
        with pytest.raises(sb.DTypeError, match="at most 100 deep"):
            encoder.encode(deep(101, wrap))
    assert through(deep(100, lambda v: [v])) == deep(100, lambda v: [v])
    wide = [[[i]] for i in range(1000)]
    assert through(wide) == wide
    assert sys.getrecursionlimit() >= 1000


@pytest.mark.parametrize("make", [bytes, bytearray, memoryview], ids=lambda make: make.__name__)
def test_messages_are_any_bytes(make: Callable[[bytes], Any]) -> None:
    for value in ([1, "x"], [[[i]] for i in range(200)]):
        message = make(encoder.encode(value))
        assert decoder.decode(message) == value
    with pytest.raises(sb.FormatError, match=r"expected one value, found 1 bytes behind it"):
        decoder.decode(make(b"\x01\x01"))
    with pytest.raises(sb.FormatError):
        decoder.decode(make(b"\xc1"))


def test_what_is_decoded_is_not_the_messages_memory() -> None:
    message = bytearray(encoder.encode([b"abc", "x"]))
    got = decoder.decode(memoryview(message))
    message[:] = bytes(len(message))
    assert got == [b"abc", "x"]


def test_lies_allocate_little() -> None:
    """However long lists and maps claim to be, memory is allocated for what is there."""
    for head in (
        b"\xdd\x00\x00\x7f\xff",
        b"\xdf\x00\x00\x3f\xff",
        b"\xdd\xff\xff\xff\xff",
        b"\xdc\xff\xff",
        b"\x9f",
        b"\xdf\x00\x00\x3f\xff\xa1a",
    ):
        for times in (1, 8, 20_000):
            message = head * times
            tracemalloc.start()
            with pytest.raises(sb.FormatError):
                decoder.decode(message)
            _, most = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            assert most < 64 * len(message) + (1 << 18), (head, times)


def test_threads_share_an_encoder() -> None:
    value = {"a": [1.5, "x" * 100, (1, 2)], "b": list(range(50))}
    arrives = through(value)
    wrong: list[Any] = []

    def work() -> None:
        for _ in range(500):
            wrong.extend(got for got in [through(value)] if got != arrives)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_what_encodes_within_an_encoding() -> None:
    nested = Encoder(lambda array: nested.encode(array.tolist()))
    assert Decoder(Decoder().decode).decode(nested.encode([1, np.arange(3), "x"])) == [1, [0, 1, 2], "x"]


def test_the_memory_of_a_long_message_is_given_back() -> None:
    one = Encoder()
    one.encode("x" * (4 << 20))
    assert one._packers == []
    one.encode("x")
    assert len(one._packers) == 1


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.complex_numbers(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.binary()
    | st.datetimes(timezones=st.just(UTC)).map(lambda at: at.replace(fold=0))
    | st.timedeltas(datetime.timedelta(days=-100_000), datetime.timedelta(days=100_000))
    | st.builds(Proxy, st.binary())
)
KEYS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=30)


@given(VALUES)
@settings(deadline=None)
def test_values_arrive_as_they_are(value: Any) -> None:
    got = through(value)
    assert got == value
    assert repr(got) == repr(value) or "Proxy" in repr(value)  # where True is not 1, and 0.0 not -0.0


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_any_bytes_are_a_value_or_an_error(message: bytes) -> None:
    try:
        value = decoder.decode(message)
    except sb.FormatError:
        return
    assert encoder.encode(value) == encoder.encode(decoder.decode(encoder.encode(value)))


@given(VALUES, st.data())
@settings(deadline=None)
def test_changed_messages_are_a_value_or_an_error(value: Any, data: st.DataObject) -> None:
    message = bytearray(encoder.encode(value))
    at = data.draw(st.integers(0, len(message) - 1))
    message[at] = data.draw(st.integers(0, 255))
    try:
        decoder.decode(message[: data.draw(st.integers(0, len(message)))])
    except sb.FormatError:
        pass
