"""The wheel that `make wheel` builds, installed and used in an environment of its own; and the command samebytes."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

import samebytes as sb
from _samebytes import command

ROOT = Path(__file__).resolve().parents[3]
PROJECT = ROOT / "pybridge/python"


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    dist = tmp_path_factory.mktemp("wheel") / "dist"
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    subprocess.run(["make", "--silent", "wheel", f"DIST={dist}"], cwd=ROOT, env=environment, check=True)
    (found,) = dist.iterdir()
    return found


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that has the wheel, and the NumPy of this one, but not this one's samebytes."""
    environment = tmp_path_factory.mktemp("environment")
    venv.create(environment, symlinks=True)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", f"--python={environment}"]
    subprocess.run([*pip, "install", "--quiet", "--no-deps", "--no-index", wheel], check=True)
    (packages,) = environment.glob("lib/python*/site-packages")
    (packages / "numpy.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return environment


def test_one_wheel_for_all_versions(wheel: Path) -> None:
    name, version, python, abi, platform = wheel.stem.split("-")
    assert (name, version, python, abi) == ("samebytes", sb.__version__, "cp311", "abi3")
    assert platform.startswith("manylinux_2_")


def test_the_wheel_has_all_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
    sources = PROJECT / "src"
    kinds = (".py", ".pyi", ".typed")
    expected = {str(p.relative_to(sources)) for p in sources.rglob("*") if p.suffix in kinds or p.name == "py.typed"}
    expected |= {"samebytes/_core.abi3.so", "_samebytes/bin/samebytes"}
    assert {name for name in names if ".dist-info/" not in name} == expected


def test_the_extension_needs_nothing_but_libc(wheel: Path, tmp_path: Path) -> None:
    """And no newer glibc than the wheel's name says."""
    with zipfile.ZipFile(wheel) as archive, archive.open("samebytes/_core.abi3.so") as file:
        elf = ELFFile(file)
        dynamic = elf.get_section_by_name(".dynamic")
        assert [tag.needed for tag in dynamic.iter_tags("DT_NEEDED")] == ["libc.so.6"]
        versions = elf.get_section_by_name(".gnu.version_r").iter_versions()
        needed = [aux.name.removeprefix("GLIBC_") for _, names in versions for aux in names]
    newest = max(tuple(map(int, version.split("."))) for version in needed)
    promised = tuple(map(int, wheel.stem.split("manylinux_")[1].split("_")[:2]))
    assert newest <= promised


def test_the_program_needs_nothing(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive, archive.open("_samebytes/bin/samebytes") as file:
        kinds = {segment.header.p_type for segment in ELFFile(file).iter_segments()}
    assert "PT_LOAD" in kinds
    assert not kinds & {"PT_INTERP", "PT_DYNAMIC"}


def run(*command: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != "SAMEBYTES_BIN"} | variables
    return subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, timeout=60)


def test_the_wheel_works(installed: Path, segments: Path) -> None:
    code = """
import sys, samebytes as sb
from samebytes import _core
from _samebytes import command
for found in (sb.__file__, _core.__file__, command.find()):
    assert found.startswith(sys.prefix), found
a = sb.create("x", (2, 3))
with a.lock:
    a[:] = 1
print(a.publish(), sb.attach("x").sum())
"""
    result = run(installed / "bin/python", "-X", "dev", "-W", "error", "-c", code)
    assert (result.stdout, result.stderr) == ("1 6.0\n", "")
    assert sb.attach("x").version == 1


def test_the_wheel_has_the_command(installed: Path, segments: Path) -> None:
    sb.create("x", (2, 3))
    result = run(installed / "bin/samebytes", "ls", PATH="/nowhere")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines()[1].split()[:3] == ["x", "array", "float64"]
    assert run(installed / "bin/samebytes", "stat", "y").returncode != 0


def test_the_command_starts_without_numpy(installed: Path) -> None:
    code = "import sys; from _samebytes import command; command.find(); print('numpy' in sys.modules, 'samebytes' in sys.modules)"
    assert run(installed / "bin/python", "-c", code).stdout == "False False\n"


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A directory that is all of PATH; nothing else has the program."""
    monkeypatch.delenv("SAMEBYTES_BIN", raising=False)
    monkeypatch.setattr(command, "BUNDLED", tmp_path / "package/samebytes")
    monkeypatch.setattr(command, "_REPOSITORY", tmp_path / "repository")
    path = tmp_path / "path"
    path.mkdir()
    monkeypatch.setenv("PATH", str(path))
    return tmp_path


def program(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy("/bin/true", path)
    return str(path)


def test_where_the_program_is_found(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_path = program(nowhere / "path/samebytes")
    assert command.find() == on_path
    repository = program(nowhere / "repository/bin/samebytes")
    assert command.find() == on_path, "a folder that has no source of the command is no repository"
    (nowhere / "repository/cmd/samebytes").mkdir(parents=True)
    (nowhere / "repository/cmd/samebytes/main.go").touch()
    assert command.find() == repository
    bundled = program(nowhere / "package/samebytes")
    assert command.find() == bundled
    named = program(nowhere / "named")
    monkeypatch.setenv("SAMEBYTES_BIN", named)
    assert command.find() == named


def test_no_program(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileNotFoundError, match=r"SAMEBYTES_BIN is not set, and neither .*package/samebytes nor PATH has it"):
        command.find()
    script = nowhere / "path/samebytes"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    with pytest.raises(FileNotFoundError):  # which may be the very command that looks for the program
        command.find()
    (nowhere / "package").mkdir()
    (nowhere / "package/samebytes").write_bytes(b"\x7fELF")
    with pytest.raises(FileNotFoundError):  # not executable
        command.find()
    program(nowhere / "path/samebytes")
    monkeypatch.setenv("SAMEBYTES_BIN", str(nowhere / "absent"))
    with pytest.raises(FileNotFoundError, match=r"expected a program at SAMEBYTES_BIN, found none: .*absent"):
        command.find()


def test_the_command_says_what_is_missing(installed: Path, tmp_path: Path) -> None:
    result = run(installed / "bin/samebytes", "ls", SAMEBYTES_BIN=str(tmp_path))
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == f"samebytes: expected a program at SAMEBYTES_BIN, found none: {tmp_path}\n"
    broken = tmp_path / "broken"
    broken.write_bytes(b"\x7fELF")
    broken.chmod(0o755)
    result = run(installed / "bin/samebytes", "ls", SAMEBYTES_BIN=str(broken))
    assert result.returncode == 1
    assert result.stderr.startswith("samebytes: ") and "Exec format error" in result.stderr


def build(source: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Builds the extension of a copy of the sources, as pip does with those who have no wheel."""
    shutil.copytree(PROJECT, source, ignore=shutil.ignore_patterns("*.so", "*.egg-info", "build", "tests", "__pycache__"))
    code = "import setuptools.build_meta as backend; backend.build_wheel('.')"
    return subprocess.run(
        [sys.executable, "-c", code], cwd=source, env=os.environ | variables, capture_output=True, text=True, timeout=60
    )


def test_no_compiler(tmp_path: Path) -> None:
    result = build(tmp_path / "source", CC="absent-compiler -O2")
    assert result.returncode != 0
    said = "error: building samebytes from source needs a C compiler, and absent-compiler is not there (apt install gcc libc6-dev, or set CC)"
    assert result.stderr.splitlines()[-1] == said


@pytest.mark.parametrize(
    ("header", "package"), [("Python.h", "python3-dev"), ("linux/futex.h", "linux-libc-dev"), ("stdlib.h", "libc6-dev")]
)
def test_no_header(header: str, package: str, tmp_path: Path) -> None:
    """A compiler that says what gcc says without the header."""
    compiler = tmp_path / "compiler"
    said = f"<stdin>:1:10: fatal error: {header}: No such file or directory"
    compiler.write_text(f"#!/bin/sh\necho '{said}' >&2\nexit 1\n")
    compiler.chmod(0o755)
    result = build(tmp_path / "source", CC=str(compiler))
    assert result.returncode != 0
    expected = f"error: building samebytes from source needs {header}, which is not there (apt install {package})"
    assert result.stderr.splitlines()[-1] == expected
