"""conformance/handles.json in Python, as tests/handles_test.go has it in Go; and handles that the two give each other."""

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import samebytes as sb
from samebytes import _handle

FILE = json.loads((Path(__file__).parent / "conformance" / "handles.json").read_text())
CORPUS, PAYLOADS = FILE["cases"], FILE["payloads"]


def run(peer: Path, *args: object) -> str:
    done = subprocess.run([peer, *map(str, args)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def make_x() -> sb.ndarray:
    """What the corpus's handles are of."""
    a = sb.create("x", (4, 6))
    a[:] = np.arange(24).reshape(4, 6)
    return a


def text_of(case: dict[str, Any], x: sb.ndarray) -> str:
    if "text" in case:
        return str(case["text"])
    fields = json.loads(sb.to_json(x)) | case["with"]
    return json.dumps({key: value for key, value in fields.items() if key not in case.get("without", [])})


def test_corpus_is_not_empty() -> None:
    assert CORPUS and PAYLOADS


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case["name"])
def test_handle(case: dict[str, Any], segments: Path) -> None:
    if "python" not in case.get("only", ["python"]):
        return
    x = make_x()
    text = text_of(case, x)
    if "error" not in case:
        got = sb.from_json(text)
        assert (list(got.shape), got.ravel().tolist()) == (case["shape"], case["elements"])
        assert got.flags.writeable != json.loads(text)["readonly"] and got.name == "x"
        return
    with pytest.raises(sb.Error) as raised:
        sb.from_json(text)
    assert type(raised.value).__name__ == case["error"] + "Error", raised.value
    for part in case["says"]:
        assert part in str(raised.value)


@pytest.mark.parametrize("case", PAYLOADS, ids=lambda case: case["name"])
def test_payload(case: dict[str, Any]) -> None:
    """Handles as calls carry them."""
    payload = bytes.fromhex(case["hex"])
    if "error" not in case:
        handle = _handle.parse(json.dumps(case["json"]))
        assert _handle.unpack(payload) == handle
        assert _handle.pack(handle) == payload
        return
    with pytest.raises(sb.Error) as raised:
        _handle.unpack(payload)
    assert type(raised.value).__name__ == case["error"] + "Error", raised.value


def test_what_is_no_text(segments: Path) -> None:
    x = make_x()
    for text in (b"\xff", sb.to_json(x).encode().replace(b'"x"', b'"\xff"'), sb.to_json(x) + " " * (1 << 16)):
        with pytest.raises(sb.FormatError):
            sb.from_json(text)
    with pytest.raises(sb.FormatError):
        sb.from_json(7)  # type: ignore[arg-type]
    assert sb.from_json(sb.to_json(x).encode()).shape == (4, 6)


def test_go_opens_what_python_gives(segments: Path, peer: Path) -> None:
    x = make_x()
    seen = json.loads(run(peer, "open", sb.to_json(x[1:3, ::-2]), "float64", 2))
    assert seen == {"shape": [2, 3], "strides": [6, -2], "elements": [11, 9, 7, 17, 15, 13]}
    expected = np.arange(24.0).reshape(4, 6)
    expected[1:3, ::-2] *= 2
    np.testing.assert_array_equal(x, expected)


def test_go_opens_a_field_of_a_struct(segments: Path, peer: Path) -> None:
    a = sb.create("s", 3, [("a", "<i4"), ("b", "<f4"), ("c", "<i8")])
    a["c"] = [1, 2, 3]
    a["b"] = 5
    assert json.loads(run(peer, "open", sb.to_json(a["c"]), "int64", 10))["elements"] == [1, 2, 3]
    assert a["c"].tolist() == [10, 20, 30] and a["b"].tolist() == [5, 5, 5]
    assert json.loads(run(peer, "open", sb.to_json(a["b"][1:2]), "float32", 2))["elements"] == [5]
    assert a["b"].tolist() == [5, 10, 5]


def test_python_opens_what_go_gives(segments: Path, peer: Path) -> None:
    x = make_x()
    text = run(peer, "handle", "x", "float64")
    assert json.loads(text) == json.loads(sb.to_json(x))
    got = sb.from_json(text)
    got[3, 5] = -1
    assert x[3, 5] == -1


def test_temporary_arrays_wait_for_the_other_language(segments: Path, peer: Path) -> None:
    a = sb.create(None, 3, "int64")
    a[:] = [1, 2, 3]
    text = sb.to_json(a[::-1])
    del a
    seen = json.loads(run(peer, "open", text, "int64", 2))
    assert seen["elements"] == [3, 2, 1]
    assert sb.list() == []

    text = run(peer, "temporary", "x", "int64", 5)  # whose process has ended
    assert len(sb.list()) == 1
    got = sb.from_json(text)
    assert got.tolist() == [0, 1, 2, 3, 4]
    del got
    assert sb.list() == []


def test_go_keeps_what_python_has_under_way(segments: Path, peer: Path) -> None:
    a = sb.create(None, 3, "int64")
    first, second = sb.to_json(a), sb.to_json(a)
    del a
    run(peer, "open", first, "int64", 2)  # and closes it, as the last participant
    got = sb.from_json(second)
    assert got.shape == (3,)
    del got
    assert sb.list() == []
