"""How many calls are under way at a time, as docs/howto/calls.md says."""

from pathlib import Path

import pytest

import samebytes as sb
from conftest import until


def test_a_future_waits_for_room(segments: Path, server: str) -> None:
    with sb.launch(server) as go:
        futures = [go.wait.future() for _ in range(1024)]
        with pytest.raises(sb.DeadlineError):
            while len(futures) < 2048:
                futures.append(go.wait.future(timeout=1))
        assert 1024 + 50 <= len(futures) < 1024 + 100
        for future in futures:
            future.cancel()
        until(lambda: go.waiting() == 0)
        assert go.add(1, 2) == 3
