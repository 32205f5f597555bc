"""What a call costs: of Python functions from Go and of Go functions from Python, empty and with arrays that the callee doubles in
place, beside other ways to call another process, and beside a round trip of two bare futexes."""

import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import samebytes as sb
from benchmarks import called, machine, others, segment, worker
from benchmarks.handover import KIB, MIB, on_one_cpu, time_limit
from benchmarks.measure import Plan, interleaved, repeat, summary
from benchmarks.methods import (
    SMALLEST,
    Turn,
    check_whole,
    doubled_again,
    doubled_once,
    filled,
    flags,
    pickle_over_pipe,
    processes,
    run_peer,
    run_program,
    start_program,
    start_worker,
)

Row = dict[str, Any]

CALLED = Path(called.__file__)


class Size(NamedTuple):
    label: str
    nbytes: int  # 0: a call without an array
    rounds: int
    plan: Plan  # of each turn
    copies: Plan  # of each turn of a method that copies


class Throughput(NamedTuple):
    rounds: int
    plan: Plan  # of which the time counts


NOTHING = "empty"

FULL = (
    Size(NOTHING, 0, 5, Plan(0.03, 2000, 0.2), Plan(0.03, 2000, 0.2)),
    Size("8 KiB", 8 * KIB, 3, Plan(0.03, 1000, 0.2), Plan(0.03, 1000, 0.2)),
    Size("1 MiB", MIB, 3, Plan(0.03, 500, 0.2), Plan(0.03, 500, 0.2)),
    # A copy of this size goes to memory that was never touched, each time anew: there is nothing to warm up.
    Size("64 MiB", 64 * MIB, 3, Plan(0.03, 50, 0.3), Plan(0, 3, 0.3)),
)
SHORT = (
    Size(NOTHING, 0, 1, Plan(0.01, 200, 0.05), Plan(0.01, 200, 0.05)),
    Size("8 KiB", 8 * KIB, 1, Plan(0.01, 200, 0.05), Plan(0.01, 200, 0.05)),
    Size("1 MiB", MIB, 1, Plan(0.01, 50, 0.05), Plan(0.01, 50, 0.05)),
)
FULL_THROUGHPUT = Throughput(3, Plan(0.05, 1, 0.3))
SHORT_THROUGHPUT = Throughput(1, Plan(0.01, 1, 0.05))

CALLERS = (1, 2, 8)
WORKERS = 2  # of the pool that Go's callers share

_FLOORS = ("alone", "alone_go")  # of which nobody is called

# The others are measured on one CPU too up to this size.
_LARGEST_ON_ONE_CPU = MIB


class Sample(NamedTuple):
    seconds: float
    above: float | None  # those of a call beyond the callee's work, where that says how long its work takes


class Method(NamedTuple):
    label: str
    turn: Callable[[Turn], list[Sample]]
    empty: bool = True  # measured without an array
    arrays: bool = True  # measured with arrays
    copies: bool = False  # the array is sent, and not shared
    one_cpu: bool = True  # measured on one CPU too
    slow: bool = False  # to start: it has one turn


def _alone(turn: Turn) -> list[float]:
    with filled(turn) as (_, a):
        return repeat(turn.plan, lambda: worker.double(a), doubled_again())


def _alone_go(turn: Turn) -> list[float]:
    with filled(turn) as (name, a):
        seconds = run_peer(turn, "alone", name)
        check_whole(a, a[0])
        return seconds


def _futex(program: Path, turn: Turn) -> list[float]:
    seconds: list[float] = run_program(program, "futex", *map(str, turn.plan))
    return seconds


def _socket(turn: Turn) -> list[float]:
    with _path() as path, start_worker(turn.cpu, others.serve_socket, path):
        return run_peer(turn, "ping", path)


def _pickled(turn: Turn) -> list[float]:
    if turn.elements:
        return pickle_over_pipe(turn)
    with start_worker(turn.cpu, others.serve_pickled) as conn:

        def call() -> None:
            conn.send(None)
            conn.recv()

        return repeat(turn.plan, call, lambda result, last: None)


def _pool(turn: Turn) -> list[float]:
    with processes.Pool(1, worker.start, (turn.cpu,)) as pool:
        if not turn.elements:
            return repeat(turn.plan, lambda: pool.apply(called.nothing), lambda result, last: None)
        a = np.full(turn.elements, SMALLEST)
        return repeat(turn.plan, lambda: pool.apply(worker.double, (a,)), doubled_once)


def _zeromq(turn: Turn) -> list[float]:
    return _asked(turn, others.serve_zeromq, others.ask_zeromq)


def _grpc(turn: Turn) -> list[float]:
    return _asked(turn, others.serve_grpc, others.ask_grpc)


def _asked(turn: Turn, serve: Callable[..., None], ask: Callable[..., None]) -> list[float]:
    with (
        _path() as path,
        start_worker(turn.cpu, serve, path),
        start_worker(turn.cpu, ask, path, turn.elements, turn.plan) as conn,
    ):
        seconds: list[float] = conn.recv()
        return seconds


def _ray(turn: Turn) -> list[float]:
    with start_worker(turn.cpu, others.ask_ray, turn.elements, turn.plan) as conn:
        seconds: list[float] = conn.recv()
        return seconds


def _go_python(turn: Turn) -> list[Sample]:
    command: tuple[str | Path, ...] = (turn.peer, "call", CALLED, f"-python={sys.executable}", *flags(turn.plan))
    if not turn.elements:
        return [Sample(*pair) for pair in run_program(*command)]
    with filled(turn) as (name, a):
        samples = [Sample(*pair) for pair in run_program(*command, f"-segment={name}")]
        check_whole(a, a[0])  # which the client has checked
        return samples


def _launched(turn: Turn) -> list[Sample]:
    with sb.launch([turn.peer, "serve"]) as go:
        return _python_go(turn, go)


def _connected(turn: Turn) -> list[Sample]:
    with _listening(turn.peer) as name, sb.connect(name, timeout=10) as go:
        return _python_go(turn, go)


def _python_go(turn: Turn, go: sb.Remote) -> list[Sample]:
    if not turn.elements:
        return [Sample(s, s) for s in repeat(turn.plan, go.nothing, lambda result, last: None)]
    above: list[float] = []
    with filled(turn) as (_, a):
        check_array = doubled_again()

        def check(result: None, last: bool) -> None:
            start = time.perf_counter()
            back = go.there_and_back(a)
            above.append(time.perf_counter() - start - 2 * back)
            check_array(a, last)

        seconds = repeat(turn.plan, lambda: go.double(a), check)
    return [Sample(*pair) for pair in zip(seconds, above[-len(seconds) :], strict=True)]


def _methods(program: Path) -> dict[str, Method]:
    def silent(turn: Callable[[Turn], list[float]]) -> Callable[[Turn], list[Sample]]:
        return lambda given: [Sample(seconds, None) for seconds in turn(given)]

    return {
        "alone": Method("doubling alone, NumPy", silent(_alone), empty=False),
        "alone_go": Method("doubling alone, Go", silent(_alone_go), empty=False),
        "futex": Method("futex, C to C", silent(partial(_futex, program)), arrays=False),
        "socket": Method("Unix socket, Go to Python, 8 bytes", silent(_socket), arrays=False),
        "pickle": Method("pickle over a Pipe", silent(_pickled), copies=True),
        "pool": Method("Pool.apply", silent(_pool), copies=True, one_cpu=False),
        "zeromq": Method("ZeroMQ, Python to Python", silent(_zeromq), copies=True),
        "grpc": Method("gRPC, Python to Python", silent(_grpc), copies=True),
        "ray": Method("Ray, an actor", silent(_ray), copies=True, one_cpu=False, slow=True),
        "samebytes_go_python": Method("samebytes, Go to Python", _go_python),
        "samebytes_launched": Method("samebytes, Python to Go", _launched),
        "samebytes_connected": Method("samebytes, the same by connect", _connected),
    }


def measured(size: Size, without: list[str]) -> list[tuple[str, bool]]:
    """The methods at a size, each with whether on one CPU."""
    methods = {
        key: method
        for key, method in _methods(Path()).items()
        if key not in without and (method.arrays if size.nbytes else method.empty)
    }
    bound = [key for key, m in methods.items() if m.one_cpu and (not m.copies or size.nbytes <= _LARGEST_ON_ONE_CPU)]
    return [(key, False) for key in methods] + [(key, True) for key in bound]


def measure(sizes: tuple[Size, ...], peer: Path, program: Path, say: Callable[[str], None]) -> tuple[list[Row], list[str]]:
    """The rows of all methods at all sizes, and what was skipped."""
    rows: list[Row] = []
    skipped: list[str] = []
    if without := others.missing():
        names = ", ".join(others.PACKAGES[method][1] for method in without)
        skipped.append(f"Calls by {names} skipped: not installed")
        say(skipped[-1])
    methods = _methods(program)
    for size in sizes:
        if lack := machine.lacks(size.nbytes):
            skipped.append(f"Calls with {size.label} skipped: {lack}")
            say(skipped[-1])
            continue
        say(f"calling with {size.label} ..." if size.nbytes else "calling ...")
        turns = {at: partial(_take_turn, methods[at[0]], size, at[1], peer) for at in measured(size, without)}
        slow = {at: turn for at, turn in turns.items() if methods[at[0]].slow}
        samples = interleaved(size.rounds, {at: turn for at, turn in turns.items() if at not in slow})
        samples |= {at: turn() for at, turn in slow.items()}
        rows += _rows(size, methods, {at: samples[at] for at in turns})
    return rows, skipped


def _take_turn(method: Method, size: Size, one_cpu: bool, peer: Path) -> list[Sample]:
    plan = size.copies if method.copies else size.plan
    with time_limit(f"{method.label}, {size.label}"), on_one_cpu(one_cpu) as cpu:
        return method.turn(Turn(size.nbytes // 8, plan, cpu, peer))


def _rows(size: Size, methods: dict[str, Method], samples: dict[tuple[str, bool], list[Sample]]) -> list[Row]:
    medians = {at: statistics.median(s.seconds for s in taken) for at, taken in samples.items()}
    return [
        {
            "method": key,
            "label": methods[key].label,
            "size": size.label,
            "nbytes": size.nbytes,
            "one_cpu": one_cpu,
            **summary([s.seconds for s in taken])._asdict(),
            "p99_s": _digits(_p99([s.seconds for s in taken])),
            "above_s": None if key in _FLOORS else _digits(_above(taken, medians.get(("alone", one_cpu), 0))),
            "to_futex": _ratio(medians[key, one_cpu], medians.get(("futex", one_cpu))),
        }
        for (key, one_cpu), taken in samples.items()
    ]


def _above(taken: list[Sample], floor: float) -> float:
    """The seconds of a call beyond its work: what the callee lets know, or else beyond NumPy's doubling alone."""
    return statistics.median(s.seconds - floor if s.above is None else s.above for s in taken)


def _p99(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=100, method="inclusive")[98] if len(seconds) > 1 else seconds[0]


def _digits(x: float) -> float:
    return float(f"{x:.4g}")


def _ratio(a: float, b: float | None) -> float | None:
    return None if b is None else float(f"{a / b:.3g}")


def measure_throughput(how: Throughput, peer: Path, say: Callable[[str], None]) -> list[Row]:
    """Empty calls a second, by several callers at once."""
    say("calling from several goroutines and threads ...")
    turns = {
        (key, callers): partial(_count, counted, callers, how.plan, peer)
        for key, (_, counted) in _THROUGHPUT.items()
        for callers in CALLERS
    }
    return [
        {
            "method": key,
            "label": _THROUGHPUT[key][0],
            "callers": callers,
            "median_per_second": round(statistics.median(rates)),
            "least_per_second": round(min(rates)),
            "most_per_second": round(max(rates)),
        }
        for (key, callers), rates in interleaved(how.rounds, turns).items()
    ]


def _count(counted: Callable[[int, Plan, Path], float], callers: int, plan: Plan, peer: Path) -> list[float]:
    with time_limit(f"calls by {callers}"):
        return [counted(callers, plan, peer)]


def _goroutines(callers: int, plan: Plan, peer: Path) -> float:
    how = (f"-python={sys.executable}", f"-callers={callers}", f"-workers={WORKERS}", *flags(plan))
    rate: float = run_program(peer, "callers", CALLED, *how)
    return rate


def _threads(callers: int, plan: Plan, peer: Path) -> float:
    with sb.launch([peer, "serve"]) as go:
        _calls_by(callers, go, plan.warmup)
        return _calls_by(callers, go, plan.budget)


def _calls_by(callers: int, go: sb.Remote, budget: float) -> float:
    """Calls a second."""
    made: list[int] = []
    begin = time.perf_counter()

    def call() -> None:
        n = 0
        while time.perf_counter() - begin < budget:
            go.nothing()
            n += 1
        made.append(n)

    threads = [threading.Thread(target=call) for _ in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(made) < callers:
        raise RuntimeError(f"{callers - len(made)} of {callers} callers failed")
    return sum(made) / (time.perf_counter() - begin)


_THROUGHPUT: dict[str, tuple[str, Callable[[int, Plan, Path], float]]] = {
    "samebytes_go_python": (f"Go to Python, goroutines, {WORKERS} workers", _goroutines),
    "samebytes_launched": ("Python to Go, threads, 1 connection", _threads),
}


@contextmanager
def _listening(peer: Path) -> Iterator[str]:
    """The name of a Go server, which has deleted its socket when this is over."""
    name = segment.new_name()
    with start_program(peer, "listen", name) as (stdin, stdout):
        try:
            yield name
        finally:
            stdin.close()
            stdout.read()


@contextmanager
def _path() -> Iterator[str]:
    """A path for a socket."""
    with tempfile.TemporaryDirectory() as directory:
        yield f"{directory}/socket"
