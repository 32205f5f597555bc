"""The package as a whole: what it exports, what importing it does, and that no interpreter leaves it uncleanly."""

import doctest
import importlib.metadata
import inspect
import re
import subprocess
import sys
import textwrap
import types
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import samebytes as sb

# What importing the package imports beside itself and NumPy. Each costs every user time: what is needed rarely is imported where
# it is needed.
MODULES = {"array", "atexit", "copy", "dataclasses", "errno", "fcntl", "mmap", "signal", "threading", "numpy.typing"}


def test_all_are_the_public_names() -> None:
    submodules = {name for name in vars(sb) if f"samebytes.{name}" in sys.modules}
    public = {name for name in vars(sb) if name.isidentifier() and not name.startswith("_")}  # pytest adds "@..."
    assert sb.__all__ == sorted(sb.__all__)
    assert set(sb.__all__) == public - submodules


@pytest.mark.parametrize("name", sb.__all__)
def test_public_names_are_at_the_root_and_documented(name: str) -> None:
    value = getattr(sb, name)
    assert value.__doc__
    assert value.__module__.partition(".")[0] == "samebytes", "something of another package is exported"
    if inspect.isclass(value):
        for member, what in vars(value).items():
            if not member.startswith("_") and (callable(what) or isinstance(what, property | classmethod)):
                assert inspect.getdoc(getattr(value, member)), f"{name}.{member} is not documented"


def functions() -> list[tuple[str, types.FunctionType]]:
    found = []
    for name in sb.__all__:
        value = getattr(sb, name)
        if inspect.isclass(value):
            members = inspect.getmembers(value, lambda m: inspect.isfunction(m) or inspect.ismethod(m))
            found += [
                (f"{name}.{m}", f) for m, f in members if not m.startswith("_") and f.__module__.startswith("samebytes")
            ]
        elif inspect.isfunction(value):
            found.append((name, value))
    return found


@pytest.mark.parametrize(("name", "function"), functions())
def test_documented_parameters_are_those_that_there_are(name: str, function: types.FunctionType) -> None:
    """Where a docstring lists parameters, it lists all, in their order."""
    doc = inspect.getdoc(function)
    assert doc
    section = re.search(r"^Parameters\n-+\n(.*?)(?:^\S[^\n]*\n-+\n|\Z)", doc, re.MULTILINE | re.DOTALL)
    if section:
        listed = re.findall(r"^(\w+) : ", section[1], re.MULTILINE)
        assert listed == [p for p in inspect.signature(function).parameters if p != "self"]


def documented() -> Iterator[tuple[str, object]]:
    """The public names that are to have examples, and those of their members that have some."""
    for name in sb.__all__:
        value = getattr(sb, name)
        if not (inspect.isclass(value) and issubclass(value, sb.Error)) or value is sb.Error:
            yield name, value
        if inspect.isclass(value):
            for member, what in vars(value).items():
                if not member.startswith("_") and "\n>>> " in inspect.cleandoc(what.__doc__ or ""):
                    yield f"{name}.{member}", what


@pytest.mark.parametrize(("name", "value"), [("samebytes", sb), *documented()])
def test_examples(name: str, value: object, segments: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    test = doctest.DocTestParser().get_doctest(inspect.cleandoc(value.__doc__ or ""), {"sb": sb, "np": np}, name, None, None)
    assert test.examples, f"{name} has no examples"
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    runner.run(test, out=said.append)
    assert runner.failures == 0, "".join(said)
    assert [info.name for info in sb.list() if not info.temporary] == []


def test_versions_agree() -> None:
    assert importlib.metadata.version("samebytes") == sb.__version__


def run(code: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *options, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=60)


def test_importing_does_nothing_but_import(segments: Path) -> None:
    result = run("""
        import os, signal, sys, numpy
        import numpy.typing  # the rest of NumPy that is used

        def state():
            return {
                "threads": os.listdir("/proc/self/task"),
                "children": open("/proc/thread-self/children").read(),
                "descriptors": sorted(os.listdir("/proc/self/fd")),
                "signals": [signal.getsignal(s) for s in signal.valid_signals()],
                "caught": [line for line in open("/proc/self/status") if line.startswith(("SigBlk", "SigIgn", "SigCgt"))],
                "environment": dict(os.environ),
                "path": (list(sys.path), list(sys.meta_path), list(sys.path_hooks)),
                "hooks": (sys.excepthook, sys.unraisablehook, sys.displayhook, sys.gettrace(), sys.getprofile()),
                "directory": os.getcwd(),
            }

        def audit(event, args):
            if event == "open" and not isinstance(args[0], int) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                written.append(args[0])
            elif event.startswith(("subprocess.", "os.fork", "os.posix_spawn", "os.exec", "os.mkdir", "os.remove", "socket.")):
                written.append(event)

        written = []
        before, modules = state(), set(sys.modules)
        sys.addaudithook(audit)
        import samebytes
        after = state()
        assert before == after, {key: (before[key], after[key]) for key in before if before[key] != after[key]}
        assert not [path for path in written if ".pyc" not in str(path)], written
        print(*sorted({m for m in set(sys.modules) - modules if not m.startswith("samebytes")}))
    """)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    assert set(result.stdout.split()) <= MODULES
    assert list(segments.iterdir()) == []


def test_importing_twice_and_from_source_warns_of_nothing(segments: Path) -> None:
    code = "import sys, samebytes; [sys.modules.pop(m) for m in list(sys.modules) if m.startswith('samebytes')]; import samebytes"
    result = run(code, "-X", "dev", "-W", "error", "-B")
    assert (result.returncode, result.stderr) == (0, "")
