"""conformance/errors.json in Python. tests/errors_test.go is the same in Go."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import samebytes as sb

CORPUS = json.loads((Path(__file__).parent / "conformance" / "errors.json").read_text())["cases"]
HANDLES: dict[str, str] = {}  # those that a case has been given
ERRORS = {n: getattr(sb, n) for n in sb.__all__ if n.endswith("Error") and n != "Error"}


def call(step: dict[str, Any]) -> None:
    """Makes a call of this library."""
    mode = step.get("mode", "r+")
    match step:
        case {"create": name}:
            options = {key: step[key] for key in ("capacity", "slots") if key in step}
            sb.create(name, step["shape"], step["dtype"], **options)
        case {"attach": name}:
            sb.attach(name, mode, step["dtype"])
        case {"delete": name}:
            sb.delete(name)
        case {"stat": name}:
            sb.stat(name)
        case {"give": name}:
            HANDLES[name] = sb.to_json(sb.attach(name))
        case {"open": name}:
            sb.from_json(HANDLES[name])
        case {"publish": name}:
            opened(name, step).publish()
        case {"wait": name}:
            opened(name, step).wait(0, timeout=0.001)
        case {"lock": name}:
            take(opened(name, step).lock[index(step)])
        case {"rlock": name}:
            take(sb.attach(name, mode).rlock[index(step)])
        case {"recover": name}:
            with sb.attach(name, mode).lock[index(step)].recover(timeout=0.001):
                pass
        case {"barrier": name}:
            sb.Barrier.create(name, step["parties"])
        case {"arrive": name}:
            sb.Barrier.attach(name, mode).wait(timeout=0.001)
        case {"abort": name}:
            sb.Barrier.attach(name, mode).abort()
        case {"resize": name}:
            opened(name, step).resize(step["rows"])
        case _:
            raise AssertionError(f"a call without a verb: {step}")


def opened(name: str, step: dict[str, Any]) -> sb.ndarray:
    """The array that a call is for, which some close before."""
    a = sb.attach(name, step.get("mode", "r+"))
    if step.get("closed"):
        a.close()
    return a


def index(step: dict[str, Any]) -> tuple[Any, ...]:
    """A case's box as the locks take it."""
    return tuple(slice(*axis) if isinstance(axis, list) else axis for axis in step.get("box", [])) or (...,)


def take(lock: Any) -> None:
    """Locks and unlocks, not waiting for long: acquire itself returns False then, as threading's does."""
    if not lock.acquire(timeout=0.001):
        raise sb.DeadlineError(f"{lock!r} is taken: x")
    lock.release()


@pytest.fixture
def prepare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Makes what a case begins with, in a directory of segments of its own."""
    monkeypatch.setenv("SAMEBYTES_DIR", str(tmp_path))
    kept: list[Any] = []
    mounted = False

    def need_root() -> None:
        if os.geteuid() != 0:
            pytest.skip("only root may mount a file system or give a file away")

    def do(step: dict[str, Any]) -> None:
        nonlocal mounted
        match step:
            case {"keep": name}:
                kept.append(sb.attach(name))
            case {"hold": name}:
                program = (
                    f"import samebytes as sb; a = sb.attach({name!r}); a.lock[{index(step)!r}].acquire(); print(); input()"
                )
                holder = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
                kept.append(holder)
                assert holder.stdout and holder.stdout.readline() == b"\n"
            case {"npy": name, "header": text, "data": n}:
                text += " " * (63 - (10 + len(text)) % 64) + "\n"
                head = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()
                (tmp_path / name).write_bytes(head + bytes(n))
            case {"bytes": name, "hex": digits}:
                (tmp_path / name).write_bytes(bytes.fromhex(digits))
            case {"symlink": name, "to": target}:
                (tmp_path / name).symlink_to(target)
            case {"hardlink": name, "to": target}:
                (tmp_path / name).hardlink_to(tmp_path / target)
            case {"fifo": name}:
                os.mkfifo(tmp_path / name)
            case {"directory": name}:
                (tmp_path / name).mkdir()
            case {"socket": name}:
                listener = socket.socket(socket.AF_UNIX)
                kept.append(listener)
                # A socket's path has at most 107 bytes, which pytest's directories come near.
                with monkeypatch.context() as here:
                    here.chdir(tmp_path)
                    listener.bind(name)
            case {"chown": name, "uid": uid}:
                need_root()
                os.chown(tmp_path / name, uid, -1)
            case {"chmod": name, "mode": mode}:
                (tmp_path / name).chmod(int(mode, 8))
            case {"truncate": name, "size": size}:
                os.truncate(tmp_path / name, size)
            case {"patch": name, "at": offset, "hex": digits}:
                with open(tmp_path / name, "r+b") as f:
                    f.seek(offset, 2 if offset < 0 else 0)
                    f.write(bytes.fromhex(digits))
            case {"mount": size}:
                need_root()
                subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "samebytes-test", str(tmp_path)], check=True)
                mounted = True
            case {"without directory": name}:
                monkeypatch.setenv("SAMEBYTES_DIR", str(tmp_path / name))
            case _:
                call(step)

    yield do
    for thing in kept:
        if isinstance(thing, socket.socket):
            thing.close()
        elif isinstance(thing, subprocess.Popen):
            thing.communicate(b"\n")
    kept.clear()
    sb.warm(0)
    sb.warm(128 << 20)
    if mounted:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_corpus_is_not_empty() -> None:
    assert CORPUS


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case["name"])
def test_error(case: dict[str, Any], prepare: Any, tmp_path: Path) -> None:
    if "python" not in case.get("only", ["python"]):
        return
    for step in case.get("given", []):
        prepare(step)
    before = sorted(os.listdir(tmp_path))
    with pytest.raises(sb.Error) as raised:
        call(case["call"])
    assert type(raised.value) is ERRORS[case["error"] + "Error"], raised.value
    message = str(raised.value).lower()
    for part in case["says"]:
        assert part.lower() in message
    assert sorted(os.listdir(tmp_path)) == before, "something was left behind"


def test_table_has_each_error_and_its_builtin() -> None:
    rows = {}
    for line in (Path(__file__).parent.parent / "docs/reference/errors.md").read_text().splitlines():
        cells = [cell.strip(" `") for cell in line.strip("|").split("|")]
        if len(cells) == 5 and cells[2].endswith("Error"):
            rows[cells[2]] = cells[3]
    assert rows.keys() == ERRORS.keys()
    for name, builtin in rows.items():
        assert issubclass(ERRORS[name], sb.Error)
        assert issubclass(ERRORS[name], getattr(__import__("builtins"), builtin))
        assert ERRORS[name].__doc__
