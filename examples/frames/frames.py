"""A Go program's pictures of a warm plate, read as they come: statistics of each frame, a sheet of them, and a reader that is killed.

README.md tells the whole story; main.go is the Go program.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import samebytes as sb

BIN = Path(__file__).resolve().parents[2] / "bin"  # where `make build` builds to; git ignores it
COLUMNS, ROWS = 5, 2  # of the sheet


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--go", type=Path, default=BIN / "frames", help="the Go program (default: %(default)s)")
    parser.add_argument("--picture", type=Path, default=BIN / "frames.png", help="a file to draw to (default: %(default)s)")
    parser.add_argument("--frames", type=int, default=150, help="how many; Ctrl-C ends it before (default: %(default)s)")
    parser.add_argument("--rate", type=float, default=30, help="frames per second (default: %(default)s)")
    parser.add_argument("--late", action="store_true", help="be the second reader, of the stream that a line of input names")
    args = parser.parse_args()
    if args.late:
        read_and_die()
        return
    if not args.go.exists():
        parser.error(f"no Go program at {args.go}: build it with go build -o bin/frames ./examples/frames")

    name = f"frames-{os.getpid()}"
    late = subprocess.Popen(
        [sys.executable, __file__, "--late"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert late.stdin is not None and late.stdout is not None
    late.stdout.readline()  # it has imported what it needs
    command = [args.go.absolute(), "-name", name, "-n", str(args.frames), "-rate", str(args.rate)]
    with late, subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as go:
        for number in (signal.SIGINT, signal.SIGTERM):  # the Go program ends the stream then, and all goes on as at any end
            signal.signal(number, lambda *_: go.send_signal(signal.SIGINT))
        try:
            assert go.stdout is not None
            print(f"Go      {go.stdout.readline().rstrip()}", flush=True)  # then the stream is there
            with sb.attach_stream(name, dtype=float) as stream:
                sheet, rows = watch(stream, go, late, args.frames)
            for line in go.stdout:
                print(f"Go      {line.rstrip()}")
        except BaseException:
            go.terminate()  # nobody reads what it writes
            raise
        said = late.communicate()[0].rstrip()
    if go.returncode:
        sys.exit(f"the Go program ended with status {go.returncode}")
    print(f"Late    {said or 'was not needed'}")
    if late.returncode < 0:
        print(f"Late    ended by {signal.Signals(-late.returncode).name}")
    if rows:
        report(sheet, np.array(rows), args.picture)


def watch(
    stream: sb.Stream, go: subprocess.Popen[str], late: subprocess.Popen[str], frames: int
) -> tuple[list[tuple[int, np.ndarray]], list[tuple[float, ...]]]:
    """Reads all frames, and has another process join meanwhile. Returns some of them, and the statistics of each."""
    sheet: list[tuple[int, np.ndarray]] = []
    rows: list[tuple[float, ...]] = []
    every = max(1, frames // (COLUMNS * ROWS))
    with stream.reader() as reader:
        while (frame := next_frame(reader, go)) is not None:
            delay = time.time() - frame.time
            row, column = divmod(int(frame.argmax()), frame.shape[1])
            mean, highest = float(frame.mean()), float(frame[row, column])
            rows.append((frame.number, mean, highest, delay))
            progress(frame.number, every, f"of {frames}  mean {mean:6.2f}  hottest {highest:6.2f} at ({row:3}, {column:3})")
            if frame.number % every == 0 and len(sheet) < COLUMNS * ROWS:
                sheet.append((frame.number, frame.copy()))  # the frame's own elements are the ring's, and soon another's
            if frame.number == max(1, frames // 3) and late.stdin is not None:
                late.stdin.write(f"{stream.name}\n")
                late.stdin.flush()
    if sys.stdout.isatty():
        print()
    return sheet, rows


def next_frame(reader: sb.Reader, go: subprocess.Popen[str]) -> sb.Item | None:
    """The next frame, or None at the stream's end. A Go program that was killed does not end it: another could go on."""
    while True:
        try:
            return reader.next(timeout=1)
        except EOFError:
            return None
        except sb.DeadlineError:
            if go.poll() is not None:
                return None


def progress(number: int, every: int, line: str) -> None:
    """Shows a line in place of the last, where somebody looks, else some of the lines."""
    if sys.stdout.isatty():
        print(f"\rframe {number:4} {line}", end="", flush=True)
    elif number % every == 0:
        print(f"frame {number:4} {line}", flush=True)


def read_and_die() -> None:
    """The second reader: joins late, from the newest frame on, and is killed with its fifth frame in hand, if there are as many."""
    print("ready", flush=True)
    name = sys.stdin.readline().rstrip()
    if not name:
        return  # the first has ended before
    reader = sb.attach_stream(name).reader("latest")
    first = number = reader.next().number
    for frame in reader:
        number = frame.number
        if number == first + 4:
            break
    print(f"joined at frame {first}, is killed with frame {number} in hand", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)


def report(sheet: list[tuple[int, np.ndarray]], rows: np.ndarray, picture: Path) -> None:
    """What was seen of the frames, and the picture."""
    numbers, delays = rows[:, 0], rows[:, 3]
    if not np.array_equal(numbers, np.arange(1, len(rows) + 1)):
        sys.exit(f"a frame was lost, or came twice: {numbers}")
    print(
        f"Python  {len(rows)} frames, each once and in order, seen {1e6 * np.median(delays):.0f} us after publication (median)"
    )
    draw(sheet, rows, picture)
    print(f"Picture: {os.path.relpath(picture)}")


def draw(sheet: list[tuple[int, np.ndarray]], rows: np.ndarray, picture: Path) -> None:
    """The sheet of frames, and below it how the plate got warm."""
    figure = Figure(figsize=(10, 6.2), layout="constrained")
    top, below = figure.subfigures(2, 1, height_ratios=(2, 1))
    highest = rows[:, 2].max()
    axes = top.subplots(ROWS, COLUMNS)
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, (number, frame) in zip(axes.flat, sheet, strict=False):
        image = ax.imshow(frame, cmap="inferno", vmin=0, vmax=highest)
        ax.set_title(f"frame {number}", fontsize=9)
    if sheet:
        top.colorbar(image, ax=axes, label="degrees")
    ax = below.subplots()
    ax.plot(rows[:, 0], rows[:, 2], label="hottest point")
    ax.plot(rows[:, 0], rows[:, 1], label="mean")
    ax.set(xlabel="frame", ylabel="degrees")
    ax.legend()
    ax.grid(alpha=0.3)
    figure.savefig(picture, dpi=100)


if __name__ == "__main__":
    main()
