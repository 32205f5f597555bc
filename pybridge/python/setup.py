"""The extension; everything else is in pyproject.toml."""

from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension(
            "samebytes._core",
            [
                f"src/samebytes/{name}.c"
                for name in ("_core", "mapping", "word", "lock", "atomic", "guard", "locks", "locks_table")
            ],
            depends=[f"src/samebytes/{name}.h" for name in ("core", "locks", "locks_internal", "layout")],
            define_macros=[("Py_LIMITED_API", "0x030b0000")],
            extra_compile_args=[
                "-std=c11",
                "-O2",
                "-fvisibility=hidden",
                "-Wall",
                "-Wextra",
                "-Wno-missing-field-initializers",
                "-Werror=implicit-function-declaration",
            ],
            py_limited_api=True,
        )
    ],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
