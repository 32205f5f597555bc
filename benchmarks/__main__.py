"""The command line: a full run writes results.json, the picture and the tables; a short one only prints."""

import argparse
import json
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import access, goals, handover, machine, report


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--short", action="store_true", help="8 KiB and 1 MiB, few repetitions: some seconds")
    parser.add_argument("--peer", type=Path, default=report.ROOT / "bin/bench-peer", help="the Go program (benchmarks/peer)")
    parser.add_argument("--json", type=Path, help="write the results to this file, and nothing else")
    args = parser.parse_args()
    if not args.peer.exists():
        parser.error(f"{args.peer} does not exist: make it with go build -o {args.peer} ./benchmarks/peer")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that everything is cleaned up
    try:
        results = measure(args.short, args.peer.absolute())
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    print(report.full(results))
    if args.json:
        args.json.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    elif not args.short:
        report.RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
        for path, text in report.outdated().items():
            path.write_text(text)
    return 0


def measure(short: bool, peer: Path) -> report.Results:
    rows, skipped = handover.measure(handover.SHORT if short else handover.FULL, peer, _say)
    opened = access.measure(access.SHORT_ROUNDS if short else access.ROUNDS, peer, _say)
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine.describe(peer),
        "skipped": skipped,
        "handover": rows,
        "access": opened,
        "goals": goals.judge(rows, opened),
    }


def _say(progress: str) -> None:
    print(progress, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
