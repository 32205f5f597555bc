"""From a publication to the end of the wait for it in another process: half a round trip of publications, with nothing done
between them, beside two C processes that do the same with bare futexes."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from benchmarks import measure as repeating
from benchmarks import segment, worker
from benchmarks.access import Item, Row, compared
from benchmarks.handover import on_one_cpu, time_limit
from benchmarks.methods import Turn, run_peer, run_program, start_program, start_worker


class Plan(NamedTuple):
    rounds: int
    turn: repeating.Plan


FULL = Plan(9, repeating.Plan(0.03, 2000, 0.3))
SHORT = Plan(2, repeating.Plan(0.03, 300, 0.05))

ITEMS = {
    "futex_one_cpu": Item("C to C", "futex, one CPU", None),
    "go_go_one_cpu": Item("Go to Go", "publish to wait, one CPU", "futex_one_cpu"),
    "go_python_one_cpu": Item("Go to Python", "publish to wait, one CPU", "futex_one_cpu"),
    "python_python_one_cpu": Item("Python to Python", "publish to wait, one CPU", "futex_one_cpu"),
    "futex": Item("C to C", "futex", None),
    "go_go": Item("Go to Go", "publish to wait", "futex"),
    "go_python": Item("Go to Python", "publish to wait", "futex"),
    "python_python": Item("Python to Python", "publish to wait", "futex"),
}

_ONE_CPU = "_one_cpu"


def measure(plan: Plan, peer: Path, program: Path, say: Callable[[str], None]) -> list[Row]:
    say("publishing and waking ...")
    turns = {key: partial(_take_turn, key, plan.turn, peer, program) for key in ITEMS}
    return compared(ITEMS, repeating.interleaved(plan.rounds, turns))


def _take_turn(key: str, plan: repeating.Plan, peer: Path, program: Path) -> list[float]:
    item = ITEMS[key]
    with time_limit(f"{item.language}: {item.label}"), on_one_cpu(key.endswith(_ONE_CPU)) as cpu:
        turn = Turn(1, plan, cpu, peer)
        match key.removesuffix(_ONE_CPU):
            case "futex":
                trips = run_program(program, "futex", *map(str, plan))
            case "go_go":
                trips = _go_go(turn)
            case "go_python":
                trips = _go_python(turn)
            case _:
                trips = _python_python(turn)
    return [trip / 2 for trip in trips]


def _go_go(turn: Turn) -> list[float]:
    with segment.made(turn.elements) as (name, _), start_program(turn.peer, "answer", name):
        return run_peer(turn, "ask", name)


def _go_python(turn: Turn) -> list[float]:
    with segment.made(turn.elements) as (name, _), start_worker(turn.cpu, worker.answer, name):
        return run_peer(turn, "ask", name)


def _python_python(turn: Turn) -> list[float]:
    with segment.made(turn.elements) as (name, a), start_worker(turn.cpu, worker.answer, name):
        return repeating.repeat(turn.plan, lambda: a.wait(a.publish()), lambda version, last: None)
