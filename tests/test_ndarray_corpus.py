"""conformance/ndarray.jsonl.gz is what make_ndarray.py there writes; tests/ndarray_test.go replays it."""

import gzip
import subprocess
import sys
from pathlib import Path

CONFORMANCE = Path(__file__).parent / "conformance"


def test_the_corpus_is_what_its_generator_writes(tmp_path: Path) -> None:
    made = tmp_path / "ndarray.jsonl.gz"
    subprocess.run([sys.executable, CONFORMANCE / "make_ndarray.py", made], check=True, stdout=subprocess.DEVNULL)
    kept, now = (gzip.decompress(path.read_bytes()).splitlines() for path in (CONFORMANCE / made.name, made))
    assert len(kept) > 20_000
    different = [line for line in range(len(kept)) if now[line : line + 1] != kept[line : line + 1]]
    assert not different and len(now) == len(kept), (
        f"{len(different)} cases, first {kept[different[0]]!r}" if different else "more cases"
    )
