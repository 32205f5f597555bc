"""Short runs from end to end, with real processes. No test looks at a time."""

import json
import math
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from benchmarks import (
    access,
    calls,
    contended,
    fresh,
    handover,
    imports,
    locks,
    loops,
    measure,
    methods,
    npy,
    others,
    split,
    streaming,
    streams,
    values,
    wake,
    worker,
)
from benchmarks.conftest import SHM, Programs
from benchmarks.report import ROOT


def start(programs: Programs, mark: str, *args: str) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-m",
        "benchmarks",
        "--short",
        f"--peer={programs.peer}",
        f"--locks={programs.locks}",
        "--competitors=none",
        *args,
    ]
    key, value = mark.split("=")
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | {key: value},
        start_new_session=True,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_short_run(programs: Programs, nothing_left: str, tmp_path: Path) -> None:
    # A run stops with an error when an array comes back that was not doubled, or a lock lets two count at once.
    with start(programs, nothing_left, f"--json={tmp_path / 'results.json'}") as run:
        output, errors = run.communicate()
    assert run.returncode == 0, errors
    results = json.loads((tmp_path / "results.json").read_text())

    found = {(row["size"], row["method"], row["one_cpu"]) for row in results["handover"]}
    free = {(size.label, key, False) for size in handover.SHORT for key in methods.METHODS}
    bound = {(size.label, key, True) for size in handover.SHORT for key, m in methods.METHODS.items() if m.one_cpu}
    assert found == free | bound
    assert [row["item"] for row in results["access"]] == list(access.ITEMS)
    made = [item for item in fresh.ITEMS if item != "huge" or os.geteuid() == 0]
    assert [row["item"] for row in results["fresh"]] == made * len(fresh.SHORT)
    assert [row["item"] for row in results["loops"]] == list(loops.ITEMS)
    assert [row["item"] for row in results["imports"]] == list(imports.ITEMS)
    assert [row["item"] for row in results["wake"]] == list(wake.ITEMS)
    assert [row["item"] for row in results["locks"]] == list(locks.ITEMS)
    assert [row["item"] for row in results["values"]] == list(values.ITEMS)
    assert [row["method"] for row in results["split"]] == list(split.LABELS)
    # The other Go packages take a module of their own, which make bench builds.
    assert [row["item"] for row in results["npy"]] == [item for item in npy.ITEMS if not item.startswith(("gonpy", "npyio"))]
    for row in [
        row
        for section in ("handover", "access", "loops", "fresh", "imports", "wake", "locks", "values", "split", "npy", "calls")
        for row in results[section]
    ]:
        assert row["samples"] >= 1
        assert 0 < row["p10_s"] <= row["median_s"] <= row["p90_s"] < math.inf, row
    assert {row["to_floor"] for row in results["handover"] if row["method"] == "floor"} == {1}
    assert {row["faster_than_pickle"] for row in results["handover"] if row["method"] == "pickle"} == {1}

    # Packages that are not installed are left out, and that is said.
    without = others.missing()
    assert without == [] or any("skipped: not installed" in line for line in results["skipped"])
    called = [(row["size"], row["method"], row["one_cpu"]) for row in results["calls"]]
    assert called == [(size.label, *at) for size in calls.SHORT for at in calls.measured(size, without)]
    for row in results["calls"]:
        assert row["median_s"] <= row["p99_s"] < math.inf, row
        assert (row["above_s"] is None) == row["method"].startswith("alone"), row
        assert (row["to_futex"] is None) == (row["nbytes"] > 0), row
    counted = {(row["method"], row["callers"]) for row in results["callers"]}
    assert counted == {(method, n) for method in ("samebytes_go_python", "samebytes_launched") for n in calls.CALLERS}
    for row in results["callers"]:
        assert 0 < row["least_per_second"] <= row["median_per_second"] <= row["most_per_second"], row

    counted = {(row["processes"], row["method"]) for row in results["contended"]}
    assert counted == {(n, method) for n in contended.PROCESSES for method in contended.LABELS}
    for row in results["contended"]:
        assert 0 < row["least_per_second"] <= row["median_per_second"] <= row["most_per_second"], row
        assert 0 <= row["fewest"] <= 1, row
    assert [row["waiter"] for row in results["deaths"]] == ["Go", "Python"]
    for row in results["deaths"]:
        assert 0 < row["median_s"] <= row["p99_s"] <= row["most_s"] < math.inf, row

    lines = [(row["size"], row["method"], row["receivers"], row["one_cpu"]) for row in results["stream_latency"]]
    assert lines == [(size.label, key, n, one_cpu) for key, size, n, one_cpu in streams.latencies(streams.SHORT)]
    for row in results["stream_latency"]:
        assert 0 < row["p10_s"] <= row["median_s"] <= row["p90_s"] <= row["p99_s"] < math.inf, row
    lines = [(row["size"], row["method"], row["receivers"], row["batch"]) for row in results["stream_throughput"]]
    assert lines == [(size.label, key, n, batch) for key, size, n, batch in streams.throughputs(streams.SHORT)]
    for row in results["stream_throughput"]:
        assert 0 < row["least_per_second"] <= row["median_per_second"] <= row["most_per_second"], row
    for row in results["stream_cost"]:
        assert row["items"] > 1, row
        assert row["faults"] >= 0, row

    judged = [goal["goal"] for goal in results["goals"]]
    assert sum("an empty call on one CPU" in goal for goal in judged) == sum("above the work" in goal for goal in judged) == 2
    assert {goal["met"] for goal in results["goals"]} <= {True, False}
    for goal in results["goals"]:
        assert goal["goal"] in output
    assert results["machine"]["cpu"] in output
    assert os.uname().nodename not in json.dumps(results)


@pytest.mark.parametrize(
    ("how", "at"),
    [(signal.SIGINT, "handing"), (signal.SIGTERM, "handing"), (signal.SIGINT, "calling"), (signal.SIGTERM, "calling")],
)
def test_stopped_run_leaves_nothing(how: signal.Signals, at: str, programs: Programs, nothing_left: str) -> None:
    with start(programs, nothing_left) as run:
        assert run.stderr is not None
        assert any(line.startswith(at) for line in run.stderr)
        if how == signal.SIGINT:
            os.killpg(run.pid, how)  # as Ctrl-C does
        else:
            run.send_signal(how)
        output, errors = run.communicate()
    assert run.returncode == 128 + how
    assert "Traceback" not in errors
    assert not output


def test_killed_run_leaves_no_process(programs: Programs, nothing_left: str) -> None:
    before = set(os.listdir(SHM))
    with start(programs, nothing_left) as run:
        assert run.stderr is not None
        run.stderr.readline()
        run.kill()
    for name in set(os.listdir(SHM)) - before:  # nobody was there to delete it
        if name.startswith(f"benchmark-{run.pid}-"):
            (SHM / name).unlink()


def test_wrong_result_is_found() -> None:
    check = methods.doubled_again()
    a = np.full(100, methods.SMALLEST)
    with pytest.raises(methods.WrongResult):
        check(a, False)
    check = methods.doubled_again()
    a *= 2
    a[3] = 0
    check(a, False)
    check = methods.doubled_again()
    with pytest.raises(methods.WrongResult):
        check(a, True)


def test_lost_item_is_found() -> None:
    """By who receives items of any method: one number is missing, or comes twice."""
    ours, theirs = methods.processes.Pipe()
    flow = streaming.Flow(8, 2, 1, 0, False, False, measure.Plan(0, 1, 0))
    for numbers in ([1, 3], [1, 1], [2]):
        items = iter(np.array([0, number]) for number in numbers)
        with pytest.raises(methods.WrongResult, match="expected item"):
            streaming.receive_items(theirs, flow, lambda items=items: next(items))  # type: ignore[misc]
    sent = iter(np.array(item) for item in ([0, 1], [1, 2], [1, 3], [1, -4]))
    streaming.receive_items(theirs, flow, lambda: next(sent))
    assert ours.recv()["items"] == 2


def test_lost_count_is_found() -> None:
    contended.check(5, [2, 3])
    with pytest.raises(methods.WrongResult, match="5 together, but the counter says 4"):
        contended.check(4, [2, 3])


def test_doubling_never_ends() -> None:
    a = np.full(8, methods.SMALLEST)
    check = methods.doubled_again()
    for _ in range(5000):
        check(worker.double(a), True)
    assert np.isfinite(a).all()


def test_turns_take_turns() -> None:
    order: list[str] = []

    def turn(key: str) -> list[float]:
        order.append(key)
        return [1.0]

    samples = measure.interleaved(3, {key: partial(turn, key) for key in "abc"})
    assert "".join(order) == "abcbcacab"
    assert samples == {key: [1.0, 1.0, 1.0] for key in "abc"}


def test_summary() -> None:
    assert measure.summary([float(i) for i in range(1, 12)]) == (11, 6.0, 2.0, 10.0)
    assert measure.summary([2.5]) == (1, 2.5, 2.5, 2.5)
