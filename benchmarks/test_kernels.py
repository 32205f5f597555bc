"""A short run of the kernels' benchmark, in which each operation's result in Go is compared with NumPy's. No test looks at a time."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import kernel_classes, kernel_goals, kernels
from benchmarks.conftest import Programs
from benchmarks.kernel_classes import KERNELS
from benchmarks.methods import WrongResult
from benchmarks.report import ROOT


def start(programs: Programs, mark: str, *args: str) -> subprocess.Popen[str]:
    key, value = mark.split("=")
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.kernels", "--short", f"--peer={programs.peer}", *args],
        cwd=ROOT,
        env=os.environ | {key: value},
        start_new_session=True,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_short_run(programs: Programs, nothing_left: str, tmp_path: Path) -> None:
    # A run stops with an error where Go's result is not NumPy's.
    with start(programs, nothing_left, f"--json={tmp_path / 'kernels.json'}") as run:
        output, errors = run.communicate()
    assert run.returncode == 0, errors
    results = json.loads((tmp_path / "kernels.json").read_text())

    found = {(row["class"], row["dtype"], row["n"]): row for row in results["rows"]}
    assert len(found) == len(results["rows"])
    assert set(found) == {
        (key, dtype, n)
        for key, kernel in KERNELS.items()
        for dtype in kernel.dtypes
        for n in (kernels.SHORT.sides if kernel.matrices else kernels.SHORT.sizes)
    }
    sets = results["instructions"]
    assert sets["ours"] in ("none", "AVX2", "AVX-512")
    for (key, dtype, _), row in found.items():
        kernel = KERNELS[key]
        columns = {name for name in kernels.SETTINGS if name in row}
        assert {"numpy", "ours", "two"} <= columns
        assert ("avx2" in columns) == (sets["ours"] == "AVX-512")
        assert ("gonum" in columns) == (dtype in kernel.gonum)
        assert ("halves" in columns) == (kernel.halves and row["traffic"] > kernels.SHARED)
        assert ("numpy_two" in columns) == kernel.matrices
        assert ("gonum_two" in columns) == (kernel.matrices and dtype in kernel.gonum)
        for column in columns:
            assert 0 < row[column]["best_s"] <= row[column]["median_s"] * 1.001, row

    assert {goal["met"] for goal in results["goals"]} <= {True, False}
    for goal in results["goals"]:
        assert goal["met"] or goal["goal"] in output
    assert results["machine"]["cpu"] in output
    assert os.uname().nodename not in json.dumps(results)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_stopped_run_leaves_nothing(how: signal.Signals, programs: Programs, nothing_left: str) -> None:
    with start(programs, nothing_left) as run:
        assert run.stderr is not None
        assert any(line.startswith("sqrt") for line in run.stderr)
        if how == signal.SIGINT:
            os.killpg(run.pid, how)  # as Ctrl-C does
        else:
            run.send_signal(how)
        output, errors = run.communicate()
    assert run.returncode == 128 + how
    assert "Traceback" not in errors
    assert not output


@pytest.mark.parametrize("key", KERNELS)
def test_result_that_is_not_written_is_found(key: str, segments: Path) -> None:
    def idle(job: Mapping[str, Any]) -> dict[str, Any]:
        return {"calls": 1, "seconds": [1.0]}

    n = 16 if KERNELS[key].matrices else 256
    dtype = KERNELS[key].dtypes[0]
    with kernels.arrays_of([key], dtype, n) as (_, made):
        arrays = {role: made[role] for role in made if not role.startswith("out")}
        (arrays["out"],) = (made[role] for role in made if role.startswith("out"))
        if key == "argmax":
            arrays["a"][0] = 0  # else it may be the index that an empty result says
        with pytest.raises(WrongResult, match=f"{key}, {dtype}, {n}: ours: expected"):
            kernels.check(key, dtype, n, {}, arrays, {"go": idle}, ["ours"])
        arrays.clear()


def test_result_that_is_too_far_away_is_found() -> None:
    near = np.nextafter(np.ones(3), 2)
    kernels.compare("", KERNELS["exp"], near, np.ones(3), 3)
    with pytest.raises(WrongResult, match=r"at 0, found .*, and 2 more"):
        kernels.compare("", KERNELS["add"], near, np.ones(3), 3)
    with pytest.raises(WrongResult, match=r"at 1, found .*, and 0 more"):
        kernels.compare("", KERNELS["exp"], np.array([1, np.nan]), np.ones(2), 2)
    with pytest.raises(WrongResult):
        kernels.compare("", KERNELS["sum"], np.array([1 + 20 * np.spacing(1.0)]), np.ones(1), 10)
    kernels.compare("", KERNELS["sum"], np.array([1 + 20 * np.spacing(1.0)]), np.ones(1), 20)


def test_goals_are_of_what_is_measured() -> None:
    assert set(kernel_goals.LEAST) <= set(KERNELS)
    sizes = set(kernels.LABELS.values())
    for key, by_size in (kernel_goals.LEAST | kernel_goals.LEAST_FLOAT32).items():
        assert set(by_size) <= sizes
        assert "64 Mi" not in by_size or KERNELS[key].large


def test_traffic() -> None:
    assert kernel_classes.traffic(KERNELS["add"], "float64", 1024) == 3 * 8192
    assert kernel_classes.traffic(KERNELS["where"], "uint8", 1024) == 4 * 1024
    assert kernel_classes.traffic(KERNELS["less"], "float32", 1024) == 9 * 1024
    assert kernel_classes.traffic(KERNELS["sum_axis0"], "float64", 1024) == 8192 + 32 * 8
    assert kernel_classes.traffic(KERNELS["matmul"], "float32", 32) == 3 * 4096
