"""Streams under fire: writers and readers in Go and Python, killed at random moments."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("policy", ["reliable", "lossy"])
def test_random_kills_lose_tear_and_repeat_no_item(peer: Path, policy: str) -> None:
    kills = 25_000 if os.environ.get("SAMEBYTES_SOAK") else 500
    command = [sys.executable, "-m", "tests.kill.streams", str(kills), peer, policy]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    assert done.stderr == ""
    seen = json.loads(done.stdout)
    print(seen)
    assert seen["violations"] == {} and seen["hangs"] == seen["ended"] == 0, seen
    assert seen["again"] > 0, "no member of a group died with an item in hand: nothing was tested"
    assert (seen["missed"] > 0) == (policy == "lossy"), seen
