"""A notebook whose slow cells are Go's: functions of a Go program work on its array, in place, on all CPUs.

Each "# %%" begins a cell, where an editor or `jupytext` opens this file as a notebook; as a program it runs from top to bottom.
README.md tells the whole story.
"""

# %% The Go program: launched here, it ends with this process.
import argparse
import time
from pathlib import Path

import numpy as np

import samebytes as sb

BIN = Path(__file__).resolve().parents[2] / "bin"
parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--go", type=Path, default=BIN / "notebook", help="the Go program (default: %(default)s)")
parser.add_argument("--rows", type=int, default=64, help="random walks (default: %(default)s)")
parser.add_argument("--columns", type=int, default=250_000, help="steps of each (default: %(default)s)")
args, _ = parser.parse_known_args()  # a notebook has arguments of its own

go = sb.launch(args.go)
help(go.rolling_median)

# %% A big array, in memory that both have.
rng = np.random.default_rng(1)
prices = sb.empty((args.rows, args.columns))
np.cumsum(rng.normal(size=prices.shape), axis=1, out=prices)
print(f"{prices.nbytes / 2**20:.0f} MiB in {prices.name}")


# %% What a call costs, whatever the array's size: nothing of it is sent.
def seconds(work):
    """What the work takes."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


nothing = prices[:0]
for _ in range(100):
    go.sort_rows(nothing)
print(f"a call takes {1e6 * min(seconds(lambda: go.sort_rows(nothing)) for _ in range(1000)):.0f} us")

# %% Rolling medians: NumPy has no function for them, Go a loop of ten lines.
WINDOW = 51
medians = sb.empty(prices.shape)
in_go = seconds(lambda: go.rolling_median(prices, WINDOW, medians))
part = prices[:1, :20_000]
windows = np.lib.stride_tricks.sliding_window_view(part, WINDOW, axis=1)
in_numpy = seconds(lambda: np.median(windows, axis=-1)) * prices.size / windows[..., 0].size
np.testing.assert_array_equal(medians[:1, WINDOW - 1 : 20_000], np.median(windows, axis=-1))
print(f"rolling medians: {in_go:.2f} s in Go, {in_numpy:.1f} s in NumPy (from a part), equal")

# %% Sorting each row, in the background: this process goes on meanwhile.
expected = np.array(prices)
sorting = go.sort_rows.future(prices)
in_numpy = seconds(lambda: expected.sort(axis=1))
sorting.result()
np.testing.assert_array_equal(prices, expected)
print(f"sorted: NumPy's took {in_numpy:.2f} s beside Go's, equal")

# %% What Go has measured; and the end.
for name, of in go.stats()["functions"].items():
    print(f"{name:15} {of['calls']:5} calls, p50 {of['p50'].total_seconds():.6f} s, p99 {of['p99'].total_seconds():.6f} s")
go.close()
