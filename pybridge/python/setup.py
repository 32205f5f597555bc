"""The extension, and the program that wheels contain; everything else is in pyproject.toml."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py
from setuptools.errors import PlatformError

# Free-threaded interpreters have no stable ABI: what is built for one is for that version alone.
STABLE_ABI = not sysconfig.get_config_var("Py_GIL_DISABLED")

PROGRAM = "_samebytes/bin/samebytes"

NEEDED = "#include <Python.h>\n#include <linux/futex.h>\n#include <pthread.h>\n"
PACKAGES = {"Python.h": "python3-dev", "linux/futex.h": "linux-libc-dev"}


def lacks() -> str | None:
    """What this machine lacks to build the extension, and how to get it."""
    if sys.platform != "linux":
        return f"Linux, found {sys.platform}"
    compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
    if not shutil.which(compiler[0]):
        return f"a C compiler, and {compiler[0]} is not there (apt install gcc libc6-dev, or set CC)"
    include = {sysconfig.get_path("include"), sysconfig.get_path("platinclude")}
    command = [*compiler, *(f"-I{directory}" for directory in include), "-fsyntax-only", "-xc", "-"]
    found = subprocess.run(command, input=NEEDED, text=True, capture_output=True, env=os.environ | {"LC_ALL": "C"})
    if found.returncode == 0:
        return None
    missing = re.search(r"fatal error: '?([\w/.]+)'?", found.stderr)
    if missing:
        return f"{missing[1]}, which is not there (apt install {PACKAGES.get(missing[1], 'libc6-dev')})"
    return f"a C compiler that works: {shlex.join(command)} says {found.stderr.strip()}"


class BuildExtension(build_ext):
    def run(self) -> None:
        if lack := lacks():
            raise PlatformError(f"building samebytes from source needs {lack}")
        super().run()


class BuildModules(build_py):
    """Adds the program that SAMEBYTES_BUNDLE names, as `make wheel` has it."""

    def run(self) -> None:
        super().run()
        bundle = os.environ.get("SAMEBYTES_BUNDLE")
        if bundle and not self.editable_mode:
            target = Path(self.build_lib, PROGRAM)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(bundle, target)
            target.chmod(0o755)


setup(
    ext_modules=[
        Extension(
            "samebytes._core",
            [
                f"src/samebytes/{name}.c"
                for name in (
                    *("_core", "mapping", "word", "lock", "ring", "atomic", "guard", "locks", "locks_table"),
                    *("stream", "stream_ports", "stream_objects", "stream_reader", "select"),
                )
            ],
            depends=[
                f"src/samebytes/{name}.h"
                for name in ("core", "locks", "locks_internal", "layout", "stream", "stream_internal", "stream_objects")
            ],
            define_macros=[("Py_LIMITED_API", "0x030b0000")] if STABLE_ABI else [],
            extra_compile_args=[
                "-std=c11",
                "-O2",
                "-fvisibility=hidden",
                "-Wall",
                "-Wextra",
                "-Wno-missing-field-initializers",
                "-Werror=implicit-function-declaration",
            ],
            py_limited_api=STABLE_ABI,
        )
    ],
    cmdclass={"build_ext": BuildExtension, "build_py": BuildModules},
    options={"bdist_wheel": {"py_limited_api": "cp311"}} if STABLE_ABI else {},
)
