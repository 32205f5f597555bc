"""Writes ndarray.jsonl.gz: what NumPy gives for every function of package ndarray, on operands of every dtype and layout.

    .venv/bin/python tests/conformance/make_ndarray.py

Line 1 is {"pools": name -> [dtype, base64 of the elements]}. Each other line is a case:

    function    its name in Go
    dtype       of its operands
    memory      [pool, first element, elements] of each memory that operands lie in; those in one memory share elements
    operands    [memory, shape, strides in elements, offset in elements]
    dst         likewise, where there is one
    parameters  by name: axes, ddof, k ...
    results     [dtype, shape, base64 of the elements in C order] of each
    within      float64s in base64: how far each element (of a complex one, each part) may be from the result; or two for each,
                how far below and how far above
    error       in place of results, the kind of error
    agreement   "exact": the same bits, but for NaN's; "equal": also 0 and -0; "1 ulp", "2 ulp" and "4 ulp", of a complex
                element's magnitude; "within": see there

The corpus is the same in every run: hypothesis draws views from a fixed seed, each function and dtype has a random source
of its own, and truth.py replaces what depends on the machine. tests/test_ndarray_corpus.py says so.
"""

import gzip
import json
import sys
import warnings
from pathlib import Path

import cases_elementwise
import cases_moves
import cases_order
import cases_reduction
import cases_statistics
import cases_views
from case import encoded
from operands import RECORD, Pools, Views

CORPUS = Path(__file__).parent / "ndarray.jsonl.gz"
FAMILIES = [cases_views, cases_moves, cases_elementwise, cases_reduction, cases_order, cases_statistics]


def main(path: Path) -> None:
    warnings.simplefilter("ignore", RuntimeWarning)  # means of nothing are NaN in Go too
    pools, views = Pools(), Views()
    lines, counts = [], {}
    for family in FAMILIES:
        for case in family.cases(pools, views):
            lines.append(case.line())
            counts[case.function] = counts.get(case.function, 0) + 1
    head = {
        "pools": {
            name: ["record" if values.dtype == RECORD else str(values.dtype), encoded(values)]
            for name, values in pools.made.items()
        }
    }
    text = "".join(line + "\n" for line in [json.dumps(head), *lines])
    path.write_bytes(gzip.compress(text.encode(), mtime=0))
    print(f"{len(lines)} cases of {len(counts)} functions, {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else CORPUS)
