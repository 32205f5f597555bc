"""conformance/values.json in Python, and what the two languages make of the same bytes. pybridge/internal/wire has the cases in Go."""

import datetime
import json
import math
import random
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import samebytes as sb
from samebytes._wire import Decoder, Encoder

ROOT = Path(__file__).resolve().parent.parent
CORPUS = json.loads((ROOT / "tests/conformance/values.json").read_text())["cases"]
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
MICROSECOND = datetime.timedelta(microseconds=1)


class Opaque:
    """An object that stays where it is, known by its payload."""

    def __init__(self, payload: bytes) -> None:
        self.payload = payload


ENCODER = Encoder(lambda array: array.tobytes(), lambda value: value.payload if isinstance(value, Opaque) else None)
DECODER = Decoder(lambda payload: np.frombuffer(payload, np.uint8), Opaque)


def unhex(text: Any) -> bytes:
    """The bytes that the corpus has as hex."""
    if isinstance(text, str):
        return bytes.fromhex(text)
    return b"".join(bytes.fromhex(part) if isinstance(part, str) else bytes.fromhex(part[0]) * part[1] for part in text)


def build(value: Any) -> Any:
    """The value that the corpus means."""
    if isinstance(value, list):
        return [build(item) for item in value]
    if not isinstance(value, dict):
        return value
    ((kind, what),) = value.items()
    match kind:
        case "float":
            return float(what)
        case "float32":
            return np.float32(what)
        case "complex":
            return complex(*map(float, what))
        case "complex64":
            return np.complex64(complex(*map(float, what)))
        case "bytes":
            return unhex([what] if isinstance(what, list) else what)
        case "text":
            return what[0] * what[1]
        case "list":
            return [build(what[0])] * what[1]
        case "map":
            return {build(key): build(item) for key, item in what}
        case "time":
            return time_of(*what)
        case "duration":
            return np.timedelta64(what, "ns") if what % 1000 else datetime.timedelta(microseconds=what // 1000)
        case "array":
            return np.frombuffer(unhex([what] if isinstance(what, list) else what), np.uint8)
        case "object":
            return Opaque(unhex([what] if isinstance(what, list) else what))
        case "deep":
            times, how, inner = what[0], what[1], build(what[2])
            for _ in range(times):
                inner = {"list": [inner], "map": {"a": inner}, "both": [{"a": inner}]}[how]
            return inner
    raise AssertionError(f"a value without a kind: {value}")


def time_of(seconds: int, ns: int) -> Any:
    if ns % 1000:
        return np.datetime64(seconds * 10**9 + ns, "ns")
    return EPOCH + datetime.timedelta(seconds=seconds, microseconds=ns // 1000)


def describe(value: Any) -> str:
    """A text that equal values of equal types share, and no others. Go's tests write the same."""
    match value:
        case None | bool():
            return {None: "nil", True: "true", False: "false"}[value]
        case np.datetime64():
            return f"time {int(value.astype(np.int64)) // 1000}"
        case np.timedelta64():
            ns = int(value.astype(np.int64))
            return f"duration {ns // 1000 if ns >= 0 else -(-ns // 1000)}"
        case float() | np.float32():
            return f"float {'nan' if math.isnan(value) else struct.pack('>d', value).hex()}"
        case complex() | np.complex64():
            return f"complex {describe(float(value.real))} {describe(float(value.imag))}"
        case int():
            return f"int {value}"
        case str():
            return f"string {value.encode().hex()}"
        case bytes():
            return f"bytes {value.hex()}"
        case datetime.datetime():
            assert value.tzinfo is datetime.UTC
            return f"time {(value - EPOCH) // MICROSECOND}"
        case datetime.timedelta():
            return f"duration {value // MICROSECOND}"
        case list():
            return f"[{', '.join(map(describe, value))}]"
        case dict():
            return f"{{{', '.join(sorted(f'{describe(key)}: {describe(item)}' for key, item in value.items()))}}}"
        case np.ndarray():
            return f"array {value.tobytes().hex()}"
        case Opaque():
            return f"object {value.payload.hex()}"
    raise AssertionError(f"nothing that a message gives: {value!r}")


def test_corpus_is_not_empty() -> None:
    assert len(CORPUS) > 150 and len({case["name"] for case in CORPUS}) == len(CORPUS)


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case["name"])
def test_message(case: dict[str, Any]) -> None:
    message = unhex(case["hex"])
    if "error" in case:
        with pytest.raises(sb.Error) as raised:
            DECODER.decode(message)
        assert type(raised.value).__name__ == case["error"] + "Error", raised.value
        return
    value = build(case["value"])
    assert describe(DECODER.decode(message)) == describe(value)
    if case.get("canonical") in (True, "python"):
        assert ENCODER.encode(value) == message


class Go:
    """What the Go program makes of messages: a description of their value, or that they have none."""

    def __init__(self, program: Path) -> None:
        self._program = program

    def describe(self, messages: list[bytes]) -> list[str]:
        done = subprocess.run(
            [self._program, "-test.run=^TestDescribe$"],
            input="".join(f"{message.hex()}\n" for message in messages),
            env={"SAMEBYTES_DESCRIBE": "1"},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=120,
        )
        lines = done.stdout.splitlines()[: len(messages)]
        assert len(lines) == len(messages)
        return lines


@pytest.fixture(scope="module")
def go_values(tmp_path_factory: pytest.TempPathFactory) -> Go:
    program = tmp_path_factory.mktemp("bin") / "wire.test"
    subprocess.run(["go", "test", "-c", "-o", program, "./pybridge/internal/wire"], cwd=ROOT, check=True)
    return Go(program)


def outcome(message: bytes) -> str:
    try:
        return describe(DECODER.decode(message))
    except sb.FormatError:
        return "refused"


def test_the_languages_agree_on_all_messages_of_two_bytes(go_values: Go) -> None:
    messages = [bytes([a, b]) for a in range(256) for b in range(256)]
    disagree = [
        (message.hex(), ours, theirs)
        for message, theirs in zip(messages, go_values.describe(messages), strict=True)
        if (ours := outcome(message)) != theirs
    ]
    assert not disagree, disagree[:20]


def mutations(seed: int) -> Iterator[bytes]:
    """Messages of the corpus with bytes changed, left out, put in, doubled, and swapped among them."""
    rng = random.Random(seed)
    known = [message for case in CORPUS if len(message := unhex(case["hex"])) < 300]
    heads = [0x80, 0x81, 0x82, 0x90, 0x91, 0x92, 0xA0, 0xA1, *range(0xC0, 0xE0), 0xFF]
    while True:
        message = bytearray(rng.choice(known))
        for _ in range(rng.randint(1, 4)):
            at = rng.randint(0, len(message))
            match rng.randrange(6):
                case 0:
                    message[at : at + 1] = bytes([rng.randrange(256)])
                case 1:
                    message[at : at + 1] = bytes([rng.choice(heads)])
                case 2:
                    del message[at : at + rng.randint(1, 3)]
                case 3:
                    message[at:at] = rng.choice(known)
                case 4:
                    message[at:at] = bytes([rng.choice(heads)])
                case 5:
                    message[:0] = bytes([rng.choice([0x91, 0x92, 0x81, 0x82])])
        yield bytes(message)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_languages_agree_on_mutated_messages(go_values: Go, seed: int) -> None:
    messages = [message for message, _ in zip(mutations(seed), range(10_000), strict=False)]
    theirs = go_values.describe(messages)
    disagree = [(m.hex(), ours, go) for m, go in zip(messages, theirs, strict=True) if (ours := outcome(m)) != go]
    assert not disagree, disagree[:20]
    assert 500 < sum(line != "refused" for line in theirs) < 9_500
