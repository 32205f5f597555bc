"""conformance/inline.json in Python, as pybridge/inline_test.go has it in Go."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import samebytes as sb
from samebytes import _inline

CASES = json.loads((Path(__file__).parent / "conformance" / "inline.json").read_text())["cases"]


def test_corpus_is_not_empty() -> None:
    assert CASES


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_payload(case: dict[str, Any]) -> None:
    payload = bytes.fromhex(case["payload"])
    assert _inline.is_packed(payload)
    if "error" in case:
        with pytest.raises(sb.Error) as raised:
            _inline.unpack(payload)
        assert type(raised.value).__name__ == case["error"]
        return
    array = _inline.unpack(payload)
    assert (array.dtype.str, list(array.shape), array.tobytes().hex()) == (case["dtype"], case["shape"], case["data"])
    assert _inline.pack(array) == payload


def test_what_does_not_travel_in_a_message() -> None:
    for array in (
        np.zeros(12289, "u1"),
        np.ones(3, bool),
        np.ones(3, ">f8"),
        np.ones(3, "g"),
        np.array(["x"]),
        np.array([None]),
    ):
        assert _inline.pack(array) is None
    assert _inline.pack(np.zeros(12288, "u1")) is not None
