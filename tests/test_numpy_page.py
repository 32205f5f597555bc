"""docs/numpy.md: each of its lines runs in both languages, and the two print the same."""

import re
import subprocess
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs/numpy.md").read_text()

PROGRAM = """package main

import (
	"fmt"
	"math"

	nd "github.com/samebytes/samebytes/ndarray"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// show prints numbers as arrays print them.
func show(v any) {
	switch v := v.(type) {
	case float64:
		fmt.Print(nd.Scalar(v))
	case int:
		fmt.Print(v)
	default:
		fmt.Print(v)
	}
	fmt.Print("\\n---\\n")
}

func main() {
	%s
}
"""


def pairs() -> list[tuple[str, str]]:
    return re.findall(r"^\| `([^`]+)` \| `((?:nd|must|[abmxc]\.)[^`]*)` \|$", PAGE, re.MULTILINE)


def block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def parted(line: str) -> tuple[str, str]:
    """What a line does, and what is printed after."""
    does, _, shows = line.rpartition("; ")
    return does, shows


def printed_by_python() -> list[str]:
    names: dict[str, object] = {}
    exec(block("python"), names)
    printed = []
    for line, _ in pairs():
        does, shows = parted(line)
        exec(does, names)
        printed.append(str(np.asarray(eval(shows, names))))
    return printed


def printed_by_go(directory: Path) -> list[str]:
    _, _, setup = block("go").partition("\n\n")
    lines = [setup, "\t_, _, _, _, _ = a, b, m, x, c\n"]
    for _, line in pairs():
        does, shows = parted(line)
        lines.append(f"\t{does}\n\tshow({shows})\n")
    program = directory / "main.go"
    program.write_text(PROGRAM % "".join(lines))
    done = subprocess.run(["go", "run", program], cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n---\n")[:-1]


def test_both_languages_print_the_same(tmp_path: Path) -> None:
    go = printed_by_go(tmp_path)
    assert len(pairs()) >= 40
    for (line, twin), python, found in zip(pairs(), printed_by_python(), go, strict=True):
        assert found.lower() == python.lower(), f"{line}\n{python}\n{twin}\n{found}"
