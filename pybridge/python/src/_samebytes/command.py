"""The command samebytes: a program in Go, which is found and run in place of this process."""

import os
import sys
from pathlib import Path
from typing import NoReturn

BUNDLED = Path(__file__).with_name("bin") / "samebytes"  # setup.py puts it there
_REPOSITORY = Path(
    os.path.normpath(os.path.join(os.path.realpath(__file__), "../../../../.."))
)  # where an editable installation is


def find() -> str:
    """Return the path of the program.

    It is that of the environment's SAMEBYTES_BIN. Without one it is the first that there is of: the program in this package, which
    wheels have; bin/samebytes of the repository, when this package lies in one; and the program of that name on PATH. Scripts on PATH
    are passed over, as one of them is the command that calls this.

    Raises
    ------
    FileNotFoundError
        When there is none. The message says where it was looked for.
    """
    named = os.environ.get("SAMEBYTES_BIN")
    if named:
        if not _is_executable(named):
            raise FileNotFoundError(f"expected a program at SAMEBYTES_BIN, found none: {named}")
        return named
    candidates = [BUNDLED]
    if (_REPOSITORY / "cmd/samebytes/main.go").exists():
        candidates.append(_REPOSITORY / "bin/samebytes")
    for path in candidates:
        if _is_executable(path):
            return str(path)
    for directory in os.get_exec_path():
        path = Path(directory) / "samebytes"
        if _is_executable(path) and _is_elf(path):
            return str(path)
    looked = ", ".join(map(str, candidates))
    raise FileNotFoundError(
        f"the program samebytes is not there: SAMEBYTES_BIN is not set, and neither {looked} nor PATH has it; "
        "`go install ./cmd/samebytes` in the project's clone puts it on PATH, and wheels contain it"
    )


def main() -> NoReturn:
    try:
        program = find()
        os.execv(program, ["samebytes", *sys.argv[1:]])
    except OSError as error:
        sys.exit(f"samebytes: {error}")


def _is_executable(path: str | Path) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)


def _is_elf(path: Path) -> bool:
    """Whether it is compiled, and no script."""
    try:
        with path.open("rb") as file:
            return file.read(4) == b"\x7fELF"
    except OSError:
        return False
