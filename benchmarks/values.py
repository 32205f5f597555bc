"""What values and arrays of samebytes.mp cost beside those of multiprocessing: making a large one, and using elements under the lock."""

import time
import timeit
from collections.abc import Callable
from functools import partial
from typing import Any

from benchmarks.access import Item, Row, compared
from benchmarks.measure import interleaved
from benchmarks.methods import processes
from samebytes import mp

ROUNDS, SHORT_ROUNDS = 31, 3

_ELEMENTS, _SHORT_ELEMENTS = 20_000_000, 1_000_000  # of the large array
_MAKES = 9  # rounds in which it is made, at most
_USES = 20_000  # of an element for a sample

_HELD = "with a.get_lock(): a[i] += 1"

ITEMS = {
    "make_standard": Item("Python", "multiprocessing.Array('q', n): create", None),
    "make": Item("Python", "samebytes.mp.Array('q', n): create", "make_standard"),
    "get_standard": Item("Python", "multiprocessing.Array: a[i]", None),
    "get": Item("Python", "samebytes.mp.Array: a[i]", "get_standard"),
    "set_standard": Item("Python", "multiprocessing.Array: a[i] = x", None),
    "set": Item("Python", "samebytes.mp.Array: a[i] = x", "set_standard"),
    "held_standard": Item("Python", f"multiprocessing.Array: {_HELD}", None),
    "held": Item("Python", f"samebytes.mp.Array: {_HELD}", "held_standard"),
    "value_standard": Item("Python", "multiprocessing.Value: v.value", None),
    "value": Item("Python", "samebytes.mp.Value: v.value", "value_standard"),
}


def measure(rounds: int, say: Callable[[str], None]) -> list[Row]:
    say("making and using values and arrays ...")
    n = _SHORT_ELEMENTS if rounds == SHORT_ROUNDS else _ELEMENTS
    ours = mp.get_context(processes.get_start_method())
    makes = {"make_standard": partial(_make, processes, n), "make": partial(_make, ours, n)}
    samples = interleaved(min(rounds, _MAKES), makes)
    turns: dict[str, Callable[[], list[float]]] = {}
    for context, suffix in ((processes, "_standard"), (ours, "")):
        names = {"a": context.Array("q", 100), "v": context.Value("q", 5), "i": 7, "x": 9}
        for key, code in (("get", "a[i]"), ("set", "a[i] = x"), ("held", _HELD), ("value", "v.value")):
            turns[key + suffix] = _turn(code, names)
    return compared(ITEMS, samples | interleaved(rounds, turns))


def _make(context: Any, n: int) -> list[float]:
    """Seconds for making an array; to let it go is not timed."""
    start = time.perf_counter()
    a = context.Array("q", n)
    seconds = time.perf_counter() - start
    del a
    return [seconds]


def _turn(code: str, names: dict[str, Any]) -> Callable[[], list[float]]:
    """Seconds for one use. Ten stand in a row, so that the loop adds little."""
    timer = timeit.Timer("\n".join([code] * 10), globals=names)
    return lambda: [timer.timeit(_USES // 10) / _USES]
