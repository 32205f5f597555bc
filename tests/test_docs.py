"""The documents: their code is the examples' code, it runs, and it prints what they say."""

import doctest
import re
import subprocess
import sys
from pathlib import Path

import pytest

import samebytes as sb

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
HANDOVER = ROOT / "examples/handover"


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_readme_has_the_example() -> None:
    assert blocks(README, "python") == [(HANDOVER / "handover.py").read_text()]
    assert blocks(README, "go") == [(HANDOVER / "main.go").read_text()]


def test_the_example_prints_what_the_readme_says(segments: Path, tmp_path: Path) -> None:
    program = tmp_path / "handover"
    subprocess.run(["go", "build", "-o", program, "./examples/handover"], cwd=ROOT, check=True)
    command = [sys.executable, HANDOVER / "handover.py"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as python:
        try:
            assert python.stdout is not None
            lines = [python.stdout.readline()]
            lines.append(subprocess.run([program], stdout=subprocess.PIPE, text=True, check=True, timeout=60).stdout)
            lines.append(python.stdout.read())
            assert python.wait(60) == 0
        finally:
            python.kill()
    assert "".join(lines) in blocks(README, "")
    assert sb.list() == []


@pytest.mark.parametrize(
    "path",
    ["docs/reference/format.md", "docs/howto/turns.md", "docs/howto/handles.md", "docs/howto/from-sharedarray.md"],
)
def test_python_blocks_run(path: str, segments: Path, tmp_path: Path) -> None:
    found = blocks((ROOT / path).read_text(), "python")
    assert found
    names: dict[str, object] = {}  # a page's blocks go on where the last ended
    for block in found:
        if "__main__" in block:  # but for those that are a program
            (tmp_path / "program.py").write_text(block)
            subprocess.run([sys.executable, "-W", "error", tmp_path / "program.py"], check=True, timeout=60)
        else:
            exec(compile(block, path, "exec"), names)
    names.clear()
    assert sb.list() == []


def test_docstrings(segments: Path) -> None:
    result = doctest.testmod(sb)
    assert result.attempted > 0 and result.failed == 0


def test_links_lead_somewhere() -> None:
    for path in [ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/**/README.md")]:
        if ".venv" in path.parts:
            continue
        prose = re.sub(r"^```.*?^```$", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", prose):
            assert (path.parent / target).exists(), f"{path.name}: {target}"
