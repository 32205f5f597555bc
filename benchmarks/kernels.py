"""NumPy's and Go's ways through the same arrays in shared memory, in turns: a full run writes kernels.json, the picture and the
tables of docs/explain/kernels.md; a short one only prints. `python -m benchmarks.kernels`.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks import kernel_goals, kernel_report, machine, report, segment
from benchmarks.kernel_classes import KERNELS, Kernel, call, elements, result_dtype, result_elements, traffic
from benchmarks.measure import interleaved, summary
from benchmarks.methods import WrongResult, run_program, start_program

Array = NDArray[Any]
Row = dict[str, Any]
Side = Callable[[Mapping[str, Any]], dict[str, Any]]  # does a job, and answers

LABELS = {1 << 10: "1 Ki", 1 << 16: "64 Ki", 1 << 20: "1 Mi", 1 << 24: "16 Mi", 1 << 26: "64 Mi"}
LARGEST, LESS = 1 << 26, 1 << 24  # elements; the second where memory has no room for the first
SORTED_MOST = 1 << 20

# Arrays of fewer bytes in all are in the caches of the two cores, whose bandwidth is not shared.
SHARED = 1 << 20


class Plan(NamedTuple):
    sizes: tuple[int, ...]  # elements
    sides: tuple[int, ...]  # of matrices
    target: float  # seconds that a sample's calls take
    samples: int  # a turn
    rounds: tuple[int, int]  # least and most
    budget: float  # seconds of a row, in which there are as many rounds as there is time for


FULL = Plan((1 << 10, 1 << 16, 1 << 20, LARGEST), (2, 4, 8, 16, 32, 64, 512, 1024), 5e-4, 3, (3, 11), 0.5)
SHORT = Plan((1 << 10, 1 << 16), (2, 16, 64), 5e-5, 2, (1, 1), 0)


class Setting(NamedTuple):
    """What a column of a row is."""

    side: str  # the process
    job: dict[str, Any]


SETTINGS = {
    "numpy": Setting("numpy", {}),
    "ours": Setting("go", {"workers": 1}),
    "avx2": Setting("avx2", {"workers": 1}),
    "gonum": Setting("go", {"workers": 1, "gonum": True}),
    "gonum_two": Setting("go", {"workers": 2, "gonum": True}),
    "two": Setting("go", {"workers": 2}),
    "halves": Setting("go", {"workers": 1, "halves": True}),
    "numpy_two": Setting("numpy_two", {}),
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kernels", description=__doc__)
    parser.add_argument("--short", action="store_true", help="1 Ki and 64 Ki, few repetitions: some seconds; writes nothing")
    parser.add_argument("--only", nargs="+", choices=KERNELS, default=list(KERNELS), help="these alone, and write nothing")
    parser.add_argument("--peer", type=Path, default=report.ROOT / "bin/bench-peer", help="the Go program (benchmarks/peer)")
    parser.add_argument("--json", type=Path, help="write the results to this file, and nothing else")
    args = parser.parse_args()
    if not args.peer.exists():
        parser.error(f"{args.peer} does not exist: make build makes it")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that everything is cleaned up
    try:
        results = measure(SHORT if args.short else FULL, args.only, args.peer.absolute())
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    print(kernel_report.full(results))
    if args.json:
        args.json.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    elif not args.short and args.only == list(KERNELS):
        report.KERNELS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
        for path, text in report.outdated().items():
            path.write_text(text)
    return 0


def measure(plan: Plan, only: list[str], peer: Path) -> report.Results:
    _say("kernels ...")
    best = _instructions(peer)
    rows: list[Row] = []
    with started(peer, two_sets=best == "AVX-512") as sides:
        for n in plan.sizes:
            for dtype in ("float64", "float32", "int32", "uint8"):
                length = n
                if n == LARGEST and not machine.fits(4 * n * np.dtype(dtype).itemsize, 3 * n * np.dtype(dtype).itemsize):
                    length = LESS
                keys = [key for key in only if _takes(KERNELS[key], dtype, n)]
                rows += _rows(plan, keys, dtype, length, sides)
        for n in plan.sides:
            for dtype in ("float64", "float32"):
                keys = [key for key in only if KERNELS[key].matrices and dtype in KERNELS[key].dtypes]
                rows += _rows(plan, keys, dtype, n, sides)
    results = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine.describe(peer),
        "instructions": {"ours": best, "numpy": _numpy_instructions(), "openblas": _openblas_core()},
        "rows": rows,
    }
    return results | {"goals": kernel_goals.judge(results)}


def _takes(kernel: Kernel, dtype: str, n: int) -> bool:
    if kernel.matrices or dtype not in kernel.dtypes or (kernel is KERNELS["sort"] and n > SORTED_MOST):
        return False
    return n < LARGEST or dtype in kernel.large


def _rows(plan: Plan, keys: list[str], dtype: str, n: int, sides: Mapping[str, Side]) -> list[Row]:
    if not keys:
        return []
    rows = []
    with arrays_of(keys, dtype, n) as (names, arrays):
        for key in keys:
            used = {role: role for role in _inputs(KERNELS[key])} | {"out": _result(KERNELS[key], dtype, n)}
            job = {
                "class": key,
                "dtype": dtype,
                "n": n,
                "arrays": {role: names[made] for role, made in used.items()},
                "warm": elements(KERNELS[key], n) <= 1 << 20,
                "target": plan.target,
                "samples": plan.samples,
            }
            _say(f"{key}, {dtype}, {n} ...")
            rows.append(_row(plan, key, dtype, n, job, {role: arrays[made] for role, made in used.items()}, sides))
        for side in sides.values():
            side({"close": True})
    return rows


@contextmanager
def arrays_of(keys: list[str], dtype: str, n: int) -> Iterator[tuple[dict[str, str], dict[str, Array]]]:
    """The arrays of these classes, in segments: their names and what is in them, by what they are."""
    kernels = [KERNELS[key] for key in keys]
    names: dict[str, str] = {}
    arrays: dict[str, Array] = {}
    with ExitStack() as stack:

        def make(key: str, length: int, of: str) -> None:
            names[key], a = stack.enter_context(segment.made(length, of))
            arrays[key] = np.asarray(a)

        for seed, role in enumerate(sorted({role for kernel in kernels for role in _inputs(kernel)})):
            make(role, elements(kernels[0], n), "bool" if role == "mask" else dtype)
            fill(arrays[role], role, seed)
        for kernel in kernels:
            if (result := _result(kernel, dtype, n)) not in names:
                make(result, result_elements(kernel, n), result_dtype(kernel, dtype))
        try:
            yield names, arrays
        finally:
            arrays.clear()


def _inputs(kernel: Kernel) -> list[str]:
    return ["mask" if name == "m" else name for name in kernel.inputs]


def _result(kernel: Kernel, dtype: str, n: int) -> str:
    """What an array for the results is called: one serves all classes with results of its dtype and length."""
    return f"out {result_dtype(kernel, dtype)} {result_elements(kernel, n)}"


def fill(a: Array, name: str, seed: int) -> None:
    """Random elements as KERNELS says, of the whole range for integers. Of long arrays a beginning is repeated."""
    rng = np.random.default_rng(seed)
    some = a[: 1 << 20]
    if a.dtype == np.bool_:
        some[:] = rng.random(some.size) < 0.5
    elif a.dtype.kind in "iu":
        limits = np.iinfo(a.dtype)
        some[:] = rng.integers(limits.min, limits.max, some.size, a.dtype, endpoint=True)
    else:
        some[:] = rng.uniform(-10, 10, some.size) if name == "c" else rng.uniform(0.5, 2, some.size)
    for low in range(some.size, a.size, some.size):
        a[low : low + some.size] = some[: a.size - low]


def _row(
    plan: Plan, key: str, dtype: str, n: int, job: dict[str, Any], arrays: dict[str, Array], sides: Mapping[str, Side]
) -> Row:
    kernel = KERNELS[key]
    moved = traffic(kernel, dtype, n)
    columns = ["numpy", "ours"]
    columns += ["avx2"] if "avx2" in sides else []
    columns += ["gonum"] if dtype in kernel.gonum else []
    columns += ["gonum_two"] if kernel.matrices and dtype in kernel.gonum else []
    columns += ["two"]
    columns += ["halves"] if kernel.halves and moved > SHARED else []
    columns += ["numpy_two"] if kernel.matrices else []
    if elements(kernel, n) <= 1 << 20:
        check(key, dtype, n, job, arrays, sides, columns)
    once: dict[str, float] = {}
    jobs: dict[str, dict[str, Any]] = {}
    for column in columns:
        setting = SETTINGS[column]
        jobs[column] = job | setting.job | {"calls": 0}
        answer = sides[setting.side](jobs[column] | {"warm": False, "samples": 0})
        jobs[column]["calls"] = answer["calls"]
        once[column] = answer["took"]
    each = sum(once.values()) * (plan.samples + job["warm"])
    least, most = plan.rounds
    samples = interleaved(
        max(least, min(most, int(plan.budget / each))),
        {column: partial(_turn, sides[SETTINGS[column].side], jobs[column], once[column]) for column in columns},
    )
    row = {
        "class": key,
        "label": kernel.label,
        "dtype": dtype,
        "n": n,
        "size": f"{n} x {n}" if kernel.matrices else LABELS[n],
        "traffic": moved,
    }
    for column, seconds in samples.items():
        of = summary(seconds)
        row[column] = {"best_s": float(f"{min(seconds):.4g}"), "median_s": of.median_s, "samples": of.samples}
    return row


def _turn(side: Side, job: dict[str, Any], once: float) -> list[float]:
    # One sample of what takes long: it is its own average.
    seconds: list[float] = side(job | ({"samples": 1} if once > 0.05 else {}))["seconds"]
    return seconds


def check(
    key: str, dtype: str, n: int, job: dict[str, Any], arrays: dict[str, Array], sides: Mapping[str, Side], columns: list[str]
) -> None:
    """That each column's result is NumPy's, or as near to it as is said of the class."""
    kernel, out = KERNELS[key], arrays["out"]
    once = {"calls": 1, "samples": 1, "warm": False}

    def reset() -> None:
        out[...] = arrays["a"][: out.size] if key == "add_inplace" else 0

    reset()
    made = call(kernel, arrays)()
    expected = np.array(made if isinstance(made, np.ndarray) and not np.shares_memory(made, out) else out)
    for column in columns:
        if column.startswith("numpy") or (column == "halves" and kernel.length == "one"):
            continue  # a half's result is one of its own
        reset()
        sides[SETTINGS[column].side](job | SETTINGS[column].job | once)
        compare(f"{key}, {dtype}, {n}: {column}", kernel, out, expected, elements(kernel, n))


def compare(what: str, kernel: Kernel, found: Array, expected: Array, n: int) -> None:
    found, expected = found.ravel(), expected.ravel()
    if kernel.error == "none" or found.dtype.kind != "f":
        wrong = found != expected
    else:
        units = 5 if kernel.error == "few" else 5 + n
        largest = np.maximum(np.abs(found), np.abs(expected))
        wrong = ~(np.abs(found - expected) <= units * np.spacing(largest))
    if wrong.any():
        at = int(np.argmax(wrong))
        raise WrongResult(f"{what}: expected {expected[at]!r} at {at}, found {found[at]!r}, and {wrong.sum() - 1} more")


@contextmanager
def started(peer: Path, two_sets: bool) -> Iterator[dict[str, Side]]:
    """The processes that do jobs: NumPy with one thread and with two, and Go with all instruction sets and without AVX-512."""
    numpy_side = [sys.executable, "-m", "benchmarks.kernel_classes"]
    commands: dict[str, list[str | Path]] = {
        "numpy": ["env", "OPENBLAS_NUM_THREADS=1", *numpy_side],
        "numpy_two": ["env", "OPENBLAS_NUM_THREADS=2", *numpy_side],
        "go": [peer, "kernels"],
    }
    if two_sets:
        commands["avx2"] = ["env", "GODEBUG=cpu.avx512f=off", peer, "kernels"]
    with ExitStack() as stack:
        yield {name: partial(_ask, *stack.enter_context(start_program(*command))) for name, command in commands.items()}


def _ask(stdin: IO[str], stdout: IO[str], job: Mapping[str, Any]) -> dict[str, Any]:
    stdin.write(json.dumps(job) + "\n")
    stdin.flush()
    line = stdout.readline()
    if not line:
        raise RuntimeError(f"no answer to {job}")
    answer: dict[str, Any] = json.loads(line)
    return answer


def _instructions(peer: Path) -> str:
    found: str = run_program(peer, "instructions")
    return found


def _numpy_instructions() -> str:
    """The last of the instruction sets that NumPy was built for and finds here."""
    command = "import numpy as np; print(np.show_config(mode='dicts')['SIMD Extensions'].get('found', ['baseline'])[-1])"
    return subprocess.run([sys.executable, "-c", command], check=True, capture_output=True, text=True).stdout.strip()


def _openblas_core() -> str:
    """The processor whose kernels NumPy's OpenBLAS takes."""
    done = subprocess.run(
        [sys.executable, "-c", "import numpy"], env=os.environ | {"OPENBLAS_VERBOSE": "2"}, capture_output=True, text=True
    )
    return done.stderr.strip().removeprefix("Core: ")


def _say(progress: str) -> None:
    print(progress, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
