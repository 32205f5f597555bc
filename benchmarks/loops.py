"""What adding arrays takes in Go, beside the loop that one would write by hand: a nanosecond or less for an element."""

from collections.abc import Callable
from pathlib import Path

from benchmarks.access import Item, Row, compared
from benchmarks.methods import run_program

ROUNDS, SHORT_ROUNDS = 21, 3

# What is added, by its key in peer/loops.go.
LAYOUTS = {
    "contiguous": "contiguous",
    "row_column": "a row and a column",
    "every_second": "every second element",
    "transposed": "one of them transposed",
    "rows_of_3": "a row of 3 to each of many",
    "rows_of_16": "a row of 16 to each of many",
    "rows_of_64": "a row of 64 to each of many",
}

ITEMS = {
    key: item
    for layout, label in LAYOUTS.items()
    for key, item in (
        (f"hand_{layout}", Item("Go", f"by hand: {label}", None)),
        (layout, Item("Go", f"ndarray.Add: {label}", f"hand_{layout}")),
    )
}


def measure(rounds: int, peer: Path, say: Callable[[str], None]) -> list[Row]:
    say("looping ...")
    return compared(ITEMS, run_program(peer, "loops", f"-most={rounds}"))
