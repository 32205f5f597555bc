"""What importing the package costs, in new interpreters."""

import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial

from benchmarks.access import Item, Row, compared
from benchmarks.measure import interleaved

ROUNDS, SHORT_ROUNDS = 21, 3

ITEMS = {
    "numpy": Item("Python", "import numpy", None),
    "multiprocessing": Item("Python", "import multiprocessing.shared_memory, after NumPy", "numpy"),
    "samebytes": Item("Python", "import samebytes, after NumPy", "numpy"),
}

# Seconds that a module takes after others.
_TIMED = """
import sys, time
for module in sys.argv[2:]:
    __import__(module)
start = time.perf_counter()
__import__(sys.argv[1])
print(time.perf_counter() - start)
"""


def measure(rounds: int, say: Callable[[str], None]) -> list[Row]:
    say("importing ...")
    turns = {
        "numpy": partial(_seconds, "numpy"),
        "multiprocessing": partial(_seconds, "multiprocessing.shared_memory", "numpy"),
        "samebytes": partial(_seconds, "samebytes", "numpy"),
    }
    for turn in turns.values():  # compiles what is not compiled yet
        turn()
    return compared(ITEMS, interleaved(rounds, turns))


def _seconds(*modules: str) -> list[float]:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", _TIMED, *modules]
    return [float(subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout)]
