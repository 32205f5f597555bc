"""The documents: their code is the examples' code, it runs, and it prints what they say.

```python             runs; a page's blocks go on where the last ended
```pycon              likewise, and prints what stands there
```console            commands after "$ ", typed in the project's folder, and what each prints
```console background a command that goes on while the reader does, and what it has printed when it ends or another such begins
Other languages are not run.
"""

import doctest
import gc
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import samebytes as sb
from samebytes import mp

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
HANDOVER = ROOT / "examples/handover"


def fences(text: str) -> list[tuple[str, str, int, str]]:
    """Blocks of code: language, what follows it in the line, the line's number, and the text."""
    found = re.finditer(r"^```(\w*)([^\n]*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [(m[1], m[2].strip(), text.count("\n", 0, m.start()) + 1, m[3]) for m in found]


def blocks(text: str, language: str) -> list[str]:
    return [block for found, _, _, block in fences(text) if found == language]


def test_readme_has_the_example() -> None:
    assert blocks(README, "python") == [(HANDOVER / "handover.py").read_text()]
    assert blocks(README, "go") == [(HANDOVER / "main.go").read_text()]


def test_tutorial_has_the_worker() -> None:
    assert blocks((ROOT / "docs/tutorial.md").read_text(), "go") == [(ROOT / "examples/tutorial/main.go").read_text()]


def test_calls_has_its_programs() -> None:
    page, example = (ROOT / "docs/howto/calls.md").read_text(), ROOT / "examples/calls"
    assert blocks(page, "go") == [(example / "main.go").read_text(), (example / "drive/main.go").read_text()]
    assert (example / "model.py").read_text() in blocks(page, "python")


def test_objects_has_parts_of_its_programs() -> None:
    page, example = (ROOT / "docs/howto/objects.md").read_text(), ROOT / "examples/objects"
    programs = " ".join(((example / "main.go").read_text() + (example / "drive/main.go").read_text()).split())
    parts = blocks(page, "go")
    assert len(parts) == 5
    for part in parts:
        assert " ".join(part.split()) in programs


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


# What differs from one reader to the next.
PERSONAL = [
    (r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\b", "TIME"),
    (r"\bpid \d+ on [^\s,]+", "PID"),
    (r"\b[0-9a-f]{32}\b", "ID"),
    (r"\b_[0-9a-f]{20}\b", "TEMPORARY"),
    (r"\b\d+[smhd]$", "AGE"),
]


FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class Checker(doctest.OutputChecker):
    """Finds the same what is the same but for the reader."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        for pattern, word in PERSONAL:
            want, got = (re.sub(pattern, word, text, flags=re.MULTILINE) for text in (want, got))
        return super().check_output(want, got.replace(str(self._directory), "/dev/shm"), optionflags)


class Reader:
    """Reads a page with a directory of segments in place of /dev/shm."""

    def __init__(self, page: Path, directory: Path) -> None:
        self._page, self._directory = page, directory
        self._checker = Checker(directory)
        self._names: dict[str, object] = {"__name__": "__main__"}
        # The program in the background, what it has printed, and what it is to print.
        self._behind: tuple[subprocess.Popen[str], str, str] | None = None

    def do(self, language: str, how: str, line: int, block: str) -> None:
        """Does what a block says."""
        if language == "python" and "__main__" in block:  # a program
            program = self._directory / "program.py"
            program.write_text(self._here(block))
            subprocess.run([sys.executable, "-W", "error", program], check=True, timeout=60)
            program.unlink()
        elif language == "python":
            exec(compile("\n" * line + self._here(block), self._page, "exec"), self._names)
        elif language == "pycon":
            self._type(line, block)
        elif language == "console" and how == "background":
            self._start(block)
        elif language == "console":
            for command, expected in _commands(block):
                self._same(command, expected, self._shell(self._here(command)))

    def interrupt(self) -> None:
        """Ctrl-C to the program in the background, if there is one."""
        if self._behind:
            program, printed, expected = self._behind
            program.send_signal(signal.SIGINT)  # it may have ended before
            printed += program.communicate(timeout=60)[0]
            self._behind = None
            self._same(str(program.args), expected, printed)

    def close(self) -> None:
        self._names.clear()  # and with them temporary segments
        gc.collect()  # those too that tracebacks refer to, which doctest keeps in a cycle
        if self._behind:
            self._behind[0].kill()
            self._behind[0].communicate()

    def _here(self, code: str) -> str:
        return code.replace("/dev/shm", str(self._directory))

    def _same(self, command: str, expected: str, printed: str) -> None:
        assert self._checker.check_output(expected, printed, FLAGS), f"{command}: expected\n{expected}found\n{printed}"

    def _type(self, line: int, block: str) -> None:
        test = doctest.DocTestParser().get_doctest(block, self._names, str(self._page), str(self._page), line)
        for example in test.examples:
            example.source = self._here(example.source)
        said: list[str] = []
        runner = doctest.DocTestRunner(checker=self._checker, optionflags=FLAGS)
        runner.run(test, out=said.append, clear_globs=False)
        self._names.update(test.globs)
        assert runner.failures == 0, "".join(said)

    def _start(self, block: str) -> None:
        self.interrupt()
        ((command, expected),) = _commands(block)
        program = subprocess.Popen(
            command.split(), cwd=ROOT, env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert program.stdout is not None
        printed = program.stdout.readline()  # then it is at work, and the reader goes on
        self._behind = program, printed, expected

    def _shell(self, command: str) -> str:
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=ROOT,
            env=_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
        )
        return done.stdout


def _environment() -> dict[str, str]:
    """As in an activated environment."""
    return os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


def _commands(block: str) -> list[tuple[str, str]]:
    """Commands, each with what it prints."""
    found = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)
    assert found, f"expected a command after '$ ', found {block!r}"
    return found


PAGES = [
    path
    for path in sorted((ROOT / "docs").rglob("*.md"))
    if re.search(r"^```(python|pycon|console)", path.read_text(), re.MULTILINE)
]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_pages_run(path: Path, segments: Path, request: pytest.FixtureRequest) -> None:
    if path.name == "containers.md":  # which is about directories like a container's
        segments = request.getfixturevalue("small_segments")("size=64m")
    reader = Reader(path, segments)
    try:
        for language, how, line, block in fences(path.read_text()):
            reader.do(language, how, line, block)
        reader.interrupt()
    finally:
        reader.close()
    assert sb.list() == []


@pytest.mark.parametrize("module", [mp])
def test_docstrings(module: ModuleType, segments: Path) -> None:
    result = doctest.testmod(module)
    assert result.attempted > 0 and result.failed == 0


def test_links_lead_somewhere() -> None:
    for path in [ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/**/README.md")]:
        if ".venv" in path.parts:
            continue
        prose = re.sub(r"^```.*?^```$|`[^`]*`", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", prose):
            assert (path.parent / target).exists(), f"{path.name}: {target}"
