"""CPython's own tests of multiprocessing, with samebytes.mp in its place: cpython_multiprocessing.py."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import samebytes as sb

SCRIPT = Path(__file__).parent / "cpython_multiprocessing.py"
NO_TESTS = 77


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run([sys.executable, str(SCRIPT), *arguments], capture_output=True, text=True, timeout=850)
    if done.returncode == NO_TESTS:
        pytest.skip(done.stderr)
    return done


@pytest.mark.timeout(900)  # a spawned process imports everything anew, some 200 times
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_cpythons_own_tests_pass(method: str, segments: Path) -> None:
    done = run(method)
    assert done.returncode == 0, done.stderr
    ran = re.search(r"^Ran (\d+) tests", done.stderr, re.MULTILINE)
    assert ran and int(ran[1]) >= 77 and "skipped" not in done.stderr
    assert sb.list() == []


def test_the_script_notices_failures_and_that_nothing_ran(segments: Path, tmp_path: Path) -> None:
    done = run("fork", "-k", "no_test_is_called_so")
    assert done.returncode == 1 and "Ran 0 tests" in done.stderr
    broken = tmp_path / "broken.py"
    broken.write_text(
        "import sys; from samebytes.mp import synchronize; synchronize.Event.is_set = lambda self: True\n"
        f"sys.argv[0] = {str(SCRIPT)!r}; exec(compile(open(sys.argv[0]).read(), sys.argv[0], 'exec'))"
    )
    done = subprocess.run(
        [sys.executable, str(broken), "fork", "WithProcessesTestEvent.test_repr"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1 and "AssertionError" in done.stderr
