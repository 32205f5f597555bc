"""The example as a user runs it, on a smaller array, and what it leaves behind."""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def test_notebook(segment_dir: Path, tmp_path: Path) -> None:
    program = tmp_path / "notebook"
    subprocess.run(["go", "build", "-o", program, "."], cwd=HERE, check=True)
    command = [sys.executable, HERE / "notebook.py", "--go", program, "--rows", "4", "--columns", "30000"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    assert "rolling_median(arg1: array[float64], arg2: int, arg3: array[float64]" in done.stdout
    assert done.stdout.count("equal") == 2 and "1 MiB" in done.stdout
    assert "rolling_median      1 calls" in done.stdout
    assert [name for name in os.listdir(segment_dir) if name != ".samebytes"] == []
