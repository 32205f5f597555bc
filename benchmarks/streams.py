"""Streams of items from one process to one and to four others: how long an item takes to those who sleep, how many go through, and what
each costs in page faults and allocations; beside iceoryx2 and what else sends items, and beside bare futexes."""

import json
import shutil
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

import samebytes as sb
from benchmarks import machine, segment, streaming
from benchmarks.handover import KIB, MIB, on_one_cpu, time_limit
from benchmarks.measure import Plan, interleaved, summary
from benchmarks.methods import processes, run_program, start_program, start_worker
from benchmarks.streaming import Flow, Place, Report

Row = dict[str, Any]

RECEIVERS = 1, 4
BATCH = 64

# That whoever waits sleeps: samebytes looks for 50 µs before it does.
_INTERVAL = 1e-3


class Size(NamedTuple):
    label: str
    nbytes: int
    slots: int


SMALL = Size("64 B", 64, 1024)
SIZES = (SMALL, Size("8 KiB", 8 * KIB, 128), Size("1 MiB", MIB, 16), Size("8 MiB", 8 * MIB, 4))


class Runs(NamedTuple):
    sizes: tuple[Size, ...]
    rounds: int
    latency: Plan  # warmup, items and seconds of a turn
    throughput: Plan
    cost: int  # items, each of which is written and read whole


_ANY = 1 << 40  # items: only the time counts
FULL = Runs(SIZES, 2, Plan(0.02, 150, 0.3), Plan(0.05, _ANY, 0.15), 400)
SHORT = Runs((SMALL, SIZES[2]), 1, Plan(0.01, 20, 0.1), Plan(0.01, _ANY, 0.02), 50)

# Beyond, one CPU says nothing new: what is woken is the same. Several receivers would only wait for each other there.
_LARGEST_ON_ONE_CPU = MIB
_COST = SIZES[2]


class Turn(NamedTuple):
    flow: Flow
    receivers: int
    cpu: int | None
    peer: Path


class Received(NamedTuple):
    """What a turn's sender and receivers report."""

    sender: Report
    receivers: list[Report]


class Method(NamedTuple):
    label: str
    turn: Callable[[Turn], Received]
    package: str | None = None  # that must be installed
    sleeps: bool = True  # who waits; else it uses up a CPU
    batches: bool = False


def _samebytes(sender: str, receiver: str, turn: Turn) -> Received:
    flow, name = turn.flow, segment.new_name()
    with segment.deleted(name), ExitStack() as stack:
        made = sb.stream(name, flow.slots, flow.elements, np.int64)
        stack.callback(made.close)
        if receiver == "go":
            command: list[str | Path] = [turn.peer, "receive", name, *_flags(flow)]
            programs = [stack.enter_context(start_program(*command)) for _ in range(turn.receivers)]
            reports: list[Callable[[], Report]] = [partial(_reported, stdout) for _, stdout in programs]
        else:
            reports = _workers(stack, turn, [(streaming.receive_samebytes, name)] * turn.receivers)
        if sender == "python":
            return _sent_by(stack, turn, reports, streaming.send_samebytes, name)
        sent = run_program(turn.peer, "send", name, *_flags(flow))
        return Received(sent, [report() for report in reports])


def _flags(flow: Flow) -> list[str]:
    plan = flow.plan
    flags = [f"-warmup={plan.warmup}s", f"-most={plan.most}", f"-budget={plan.budget}s", f"-batch={flow.batch}"]
    flags += [f"-interval={flow.interval}s", *(["-whole"] if flow.whole else []), *(["-cost"] if flow.cost else [])]
    return flags


def _queue(turn: Turn) -> Received:
    queues = [processes.Queue(turn.flow.slots) for _ in range(turn.receivers)]
    return _sent(turn, [(streaming.receive_queue, queue) for queue in queues], streaming.send_queue, queues)


def _socket(turn: Turn) -> Received:
    with _directory() as directory:
        paths = [f"{directory}/{i}" for i in range(turn.receivers)]
        return _sent(turn, [(streaming.receive_socket, path) for path in paths], streaming.send_socket, paths)


def _zeromq(turn: Turn) -> Received:
    with _directory() as directory:
        path = f"{directory}/socket"
        receivers = [(streaming.receive_zeromq, path)] * turn.receivers
        return _sent(turn, receivers, streaming.send_zeromq, path, turn.receivers)


def _iceoryx2(events: bool, turn: Turn) -> Received:
    place = segment.new_name()
    with _directory() as directory:
        try:
            args = (turn.flow, Place(place, directory), events)
            receivers = [start_worker(turn.cpu, streaming.receive_iceoryx2, *args) for _ in range(turn.receivers)]
            with ExitStack() as stack:
                conns = [stack.enter_context(receiver) for receiver in receivers]
                sender = stack.enter_context(start_worker(turn.cpu, streaming.send_iceoryx2, *args))
                for (
                    conn
                ) in conns:  # each must have looked before the first item is sent, which is else dropped when no more fit
                    conn.send(None)
                    conn.recv()
                sender.send(None)
                sent = _report(sender)
                received = [_report(conn) for conn in conns]
                sender.send(None)
                return Received(sent, received)
        finally:
            for left in Path("/dev/shm").glob(f"{place}*"):
                left.unlink(missing_ok=True)


@contextmanager
def _directory() -> Iterator[str]:
    directory = tempfile.mkdtemp(prefix="benchmark-")
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _sent(turn: Turn, receivers: Sequence[tuple[Any, ...]], send: Callable[..., None], *args: object) -> Received:
    """What a Python worker sends to others."""
    with ExitStack() as stack:
        return _sent_by(stack, turn, _workers(stack, turn, receivers), send, *args)


def _sent_by(
    stack: ExitStack, turn: Turn, reports: Sequence[Callable[[], Report]], send: Callable[..., None], *args: object
) -> Received:
    conn = stack.enter_context(start_worker(turn.cpu, send, turn.flow, *args))
    sent = _report(conn)
    received = [report() for report in reports]
    conn.send(None)
    return Received(sent, received)


def _workers(stack: ExitStack, turn: Turn, works: Sequence[tuple[Any, ...]]) -> list[Callable[[], Report]]:
    """Starts workers, and returns what waits for the report of each."""
    conns = [stack.enter_context(start_worker(turn.cpu, work, turn.flow, *args)) for work, *args in works]
    return [partial(_report, conn) for conn in conns]


def _report(conn: Any) -> Report:
    report: Report = conn.recv()
    return report


def _reported(stdout: IO[str]) -> Report:
    if not (line := stdout.readline()):
        raise RuntimeError("a receiver ended before it had all items")
    report: Report = json.loads(line)
    return report


METHODS = {
    "queue": Method("multiprocessing.Queue", _queue),
    "socket": Method("Unix socket", _socket),
    "zeromq": Method("ZeroMQ, PUB and SUB", _zeromq, "zmq"),
    "iceoryx2": Method("iceoryx2, woken by events", partial(_iceoryx2, True), "iceoryx2", batches=True),
    "iceoryx2_polling": Method("iceoryx2, polling", partial(_iceoryx2, False), "iceoryx2", sleeps=False),
    **{
        f"samebytes_{sender}_{receiver}": Method(
            f"samebytes, {sender.title()} to {receiver.title()}", partial(_samebytes, sender, receiver), batches=True
        )
        for sender in ("python", "go")
        for receiver in ("python", "go")
    },
}

FLOORS = {"futex": "futex, C to C, half a round trip", "wake": "futex, C to C, one way after such an interval"}


def usable() -> list[str]:
    """The methods whose packages are installed."""
    return [key for key, m in METHODS.items() if m.package is None or find_spec(m.package) is not None]


def latencies(runs: Runs) -> list[tuple[str, Size, int, bool]]:
    """Of what latency is measured: method, size, receivers, and whether on one CPU. Floors are measured with each size, since a
    machine's wakes are not the same for minutes."""
    return [
        (key, size, receivers, one_cpu)
        for size in runs.sizes
        for receivers in RECEIVERS
        for one_cpu in ((False, True) if receivers == 1 and size.nbytes <= _LARGEST_ON_ONE_CPU else (False,))
        for key in (*(FLOORS if receivers == 1 else ()), *usable())
        if key in FLOORS or METHODS[key].sleeps or not one_cpu  # who polls would have the CPU alone
    ]


def throughputs(runs: Runs) -> list[tuple[str, Size, int, int]]:
    """Of what throughput is measured: method, size, receivers, and how many items are sent at once."""
    return [
        (key, size, receivers, batch)
        for size in runs.sizes
        for receivers in RECEIVERS
        for batch in ((1, BATCH) if size is SMALL else (1,))
        for key in usable()
        if batch == 1 or METHODS[key].batches
    ]


def measure(runs: Runs, peer: Path, program: Path, say: Callable[[str], None]) -> tuple[dict[str, list[Row]], list[str]]:
    """The rows of latency, throughput and cost, and what was skipped."""
    skipped = [
        f"Streams by {METHODS[key].label} skipped: not installed (pip install {METHODS[key].package})"
        for key in METHODS
        if key not in usable()
    ]
    sizes = tuple(size for size in runs.sizes if not machine.lacks(size.slots * size.nbytes))
    skipped += [
        f"Streams of {size.label} skipped: {machine.lacks(size.slots * size.nbytes)}"
        for size in runs.sizes
        if size not in sizes
    ]
    for line in skipped:
        say(line)
    runs = runs._replace(sizes=sizes)
    say("streaming to who sleeps ...")
    took = {at: partial(_latency, runs.latency, at, peer, program) for at in latencies(runs)}
    slept = _latency_rows(interleaved(runs.rounds, took))
    say("streaming as fast as it goes ...")
    sent = {at: partial(_throughput, runs.throughput, at, peer) for at in throughputs(runs)}
    through = _throughput_rows(interleaved(runs.rounds, sent))
    say("streaming whole items ...")
    costs = [row for key in usable() if METHODS[key].sleeps for row in _cost(key, runs.cost, peer)]
    return {"stream_latency": slept, "stream_throughput": through, "stream_cost": costs}, skipped


def _latency(plan: Plan, at: tuple[str, Size, int, bool], peer: Path, program: Path) -> list[float]:
    key, size, receivers, one_cpu = at
    with time_limit(f"latency of {key}, {size.label} to {receivers}"), on_one_cpu(one_cpu) as cpu:
        if key == "futex":
            trips = run_program(program, "futex", str(plan.warmup), str(plan.most * 10), str(plan.budget))
            return [trip / 2 for trip in trips]
        if key == "wake":
            seconds: list[float] = run_program(program, "wake", str(_INTERVAL), str(plan.most))
            return seconds
        flow = Flow(size.nbytes // 8, min(size.slots, 8), 1, _INTERVAL, False, False, plan)
        received = METHODS[key].turn(Turn(flow, receivers, cpu, peer))
    return [ns / 1e9 for report in received.receivers for ns in report["took"]]


def _throughput(plan: Plan, at: tuple[str, Size, int, int], peer: Path) -> list[float]:
    key, size, receivers, batch = at
    flow = Flow(size.nbytes // 8, size.slots, batch, 0, size is not SMALL, False, plan)
    with time_limit(f"throughput of {key}, {size.label} to {receivers}"):
        received = METHODS[key].turn(Turn(flow, receivers, None, peer))
    return [min(report["items"] / report["seconds"] for report in received.receivers)]


def _cost(key: str, items: int, peer: Path) -> list[Row]:
    plan = Plan(0.02, items, 5)
    flow = Flow(_COST.nbytes // 8, 8, 1, 0, True, True, plan)
    with time_limit(f"cost of {key}"):
        received = METHODS[key].turn(Turn(flow, 1, None, peer))
    sides = (("sender", received.sender), ("receiver", received.receivers[0]))
    return [
        {
            "method": key,
            "label": METHODS[key].label,
            "side": side,
            "size": _COST.label,
            "items": report["items"],
            **{what: None if x is None else float(f"{x:.3g}") for what, x in report["cost"].items()},
        }
        for side, report in sides
    ]


def _latency_rows(samples: dict[tuple[str, Size, int, bool], list[float]]) -> list[Row]:
    medians = {(key, size.label, n, one_cpu): statistics.median(s) for (key, size, n, one_cpu), s in samples.items()}
    return [
        {
            "method": key,
            "label": FLOORS[key] if key in FLOORS else METHODS[key].label,
            "size": size.label,
            "nbytes": size.nbytes,
            "receivers": n,
            "one_cpu": one_cpu,
            **summary(s)._asdict(),
            "p99_s": float(f"{statistics.quantiles(s, n=100, method='inclusive')[98]:.4g}"),
            "to_futex": _ratio(medians[key, size.label, n, one_cpu], medians["futex", size.label, 1, one_cpu]),
            "to_wake": _ratio(medians[key, size.label, n, one_cpu], medians["wake", size.label, 1, one_cpu]),
            "iceoryx2": _ahead(key, medians.get(("iceoryx2", size.label, n, one_cpu)), medians[key, size.label, n, one_cpu]),
        }
        for (key, size, n, one_cpu), s in samples.items()
    ]


def _throughput_rows(samples: dict[tuple[str, Size, int, int], list[float]]) -> list[Row]:
    medians = {at: statistics.median(s) for at, s in samples.items()}
    return [
        {
            "method": key,
            "label": METHODS[key].label,
            "size": size.label,
            "nbytes": size.nbytes,
            "receivers": n,
            "batch": batch,
            "median_per_second": round(medians[key, size, n, batch]),
            "least_per_second": round(min(s)),
            "most_per_second": round(max(s)),
            "gib_per_second": float(f"{medians[key, size, n, batch] * size.nbytes / 2**30:.3g}"),
            "iceoryx2": _ahead(key, medians[key, size, n, batch], medians.get(("iceoryx2", size, n, batch))),
        }
        for (key, size, n, batch), s in samples.items()
    ]


def _ahead(key: str, a: float | None, b: float | None) -> float | None:
    """How many times faster than iceoryx2, both asleep while there is nothing."""
    return None if a is None or b is None or not key.startswith("samebytes") else _ratio(a, b)


def _ratio(a: float, b: float) -> float:
    return float(f"{a / b:.3g}")


def packages() -> str:
    """The packages that streams are compared with and that are installed, with their versions."""
    return ", ".join(f"{name} {version(name)}" for name, module in _PACKAGES.items() if find_spec(module))


_PACKAGES = {"iceoryx2": "iceoryx2", "pyzmq": "zmq"}  # the modules of packages
