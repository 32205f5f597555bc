"""The command line: a full run writes results.json, the picture and the tables; a short one only prints."""

import argparse
import json
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import (
    access,
    calls,
    contended,
    deaths,
    fresh,
    goals,
    handover,
    imports,
    locks,
    loops,
    machine,
    methods,
    npy,
    report,
    split,
    streams,
    values,
    wake,
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--short", action="store_true", help="8 KiB and 1 MiB, few repetitions: some seconds")
    parser.add_argument("--peer", type=Path, default=report.ROOT / "bin/bench-peer", help="the Go program (benchmarks/peer)")
    parser.add_argument("--only", choices=["streams"], help="measure that alone, and write nothing but --json")
    parser.add_argument("--json", type=Path, help="write the results to this file, and nothing else")
    parser.add_argument(
        "--locks", type=Path, default=report.ROOT / "bin/bench-locks", help="the C program (benchmarks/locks.c)"
    )
    parser.add_argument(
        "--competitors",
        type=Path,
        default=report.ROOT / "bin/bench-competitors",
        help="other Go packages (benchmarks/competitors); left out where it is not built",
    )
    args = parser.parse_args()
    for program in (args.peer, args.locks):
        if not program.exists():
            parser.error(f"{program} does not exist: make build makes bin/bench-peer and bin/bench-locks")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that everything is cleaned up
    try:
        if args.only:
            results = measure_streams(args.short, args.peer.absolute(), args.locks.absolute())
        else:
            results = measure(args.short, args.peer.absolute(), args.locks.absolute(), args.competitors.absolute())
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    print(report.full(results))
    if args.json:
        args.json.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    elif not args.short and not args.only:
        report.RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
        for path, text in report.outdated().items():
            path.write_text(text)
    return 0


def measure(short: bool, peer: Path, program: Path, competitors: Path) -> report.Results:
    methods.start_server()
    moved, not_moved = handover.measure(handover.SHORT if short else handover.FULL, peer, _say)
    made, not_made = fresh.measure(fresh.SHORT if short else fresh.FULL, _say)
    mapped, not_mapped = split.measure(split.SHORT if short else split.FULL, _say)
    files, not_compared = npy.measure(npy.SHORT if short else npy.FULL, peer, competitors, _say)
    called, not_called = calls.measure(calls.SHORT if short else calls.FULL, peer, program, _say)
    streamed, not_streamed = streams.measure(streams.SHORT if short else streams.FULL, peer, program, _say)
    rows = {
        "handover": moved,
        "access": access.measure(access.SHORT_ROUNDS if short else access.ROUNDS, peer, _say),
        "loops": loops.measure(loops.SHORT_ROUNDS if short else loops.ROUNDS, peer, _say),
        "fresh": made,
        "imports": imports.measure(imports.SHORT_ROUNDS if short else imports.ROUNDS, _say),
        "wake": wake.measure(wake.SHORT if short else wake.FULL, peer, program, _say),
        "locks": locks.measure(locks.SHORT_ROUNDS if short else locks.ROUNDS, peer, program, _say),
        "contended": contended.measure(contended.SHORT if short else contended.FULL, peer, program, _say),
        "deaths": deaths.measure(deaths.SHORT if short else deaths.FULL, peer, program, _say),
        "values": values.measure(values.SHORT_ROUNDS if short else values.ROUNDS, _say),
        "split": mapped,
        "npy": files,
        "calls": called,
        "callers": calls.measure_throughput(calls.SHORT_THROUGHPUT if short else calls.FULL_THROUGHPUT, peer, _say),
        **streamed,
    }
    return _results(peer, rows, not_moved + not_made + not_mapped + not_compared + not_called + not_streamed)


def measure_streams(short: bool, peer: Path, program: Path) -> report.Results:
    methods.start_server()
    return _results(peer, *streams.measure(streams.SHORT if short else streams.FULL, peer, program, _say))


def _results(peer: Path, rows: dict[str, list[report.Row]], skipped: list[str]) -> report.Results:
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine.describe(peer),
        "packages": streams.packages(),
        "skipped": skipped,
        **rows,
        "goals": goals.judge(rows),
    }


def _say(progress: str) -> None:
    print(progress, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
