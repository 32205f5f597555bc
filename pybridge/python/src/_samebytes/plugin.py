"""The plugin of pytest: fixtures for tests that make segments. Nothing but pytest is imported until a test uses one.

segment_name   makes names that nobody else has
segment_dir    gives the test a directory of segments of its own

Both fail a test that leaves something behind, and say what: a name that `segment_name` made, memory that is still mapped, a descriptor
that is still open. Names left in a directory of its own are none of these, since they go with it. A test that fails is told of
nothing more: its traceback keeps its arrays alive.
"""

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

_DELETED = " (deleted)"


@pytest.fixture
def segment_name(request: pytest.FixtureRequest) -> Iterator[Callable[..., str]]:
    """Makes names for segments that nobody else has: segment_name() or segment_name("prices").

    The test deletes what it gives them to. It fails when it leaves a name behind, or has one mapped or open at its end.
    """
    if "segment_dir" in request.fixturenames:
        request.getfixturevalue("segment_dir")  # first, so that it is there until the names were looked for
    paths: dict[str, str] = {}
    test = re.sub(r"[^A-Za-z0-9._-]", "-", request.node.name).lstrip("-.")[:100]

    from samebytes import _name

    def make(prefix: str = test) -> str:
        name = f"{prefix}-{os.urandom(6).hex()}"
        paths[os.path.realpath(_name.path_of(name))] = name  # as the kernel says it, should the directory be a link
        return name

    with _WarmLimit():
        yield make
        leaks = _mapped_or_open(lambda path: path in paths)
    for path, name in paths.items():
        if os.path.lexists(path):
            os.unlink(path)
            leaks.append(f"the name {name} was not deleted")
    _fail_with(leaks)


@pytest.fixture
def segment_dir(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory of segments for this test alone, where SAMEBYTES_DIR points meanwhile.

    It lies in the ordinary one, and is deleted with all that is in it. The test fails when it has something of it mapped or open
    at its end.
    """
    from samebytes import _name

    directory = tempfile.mkdtemp(prefix="pytest-", dir=os.path.realpath(_name.directory()))  # as the kernel says it
    monkeypatch.setenv("SAMEBYTES_DIR", directory)
    try:
        with _WarmLimit():
            yield Path(directory)
            leaks = _mapped_or_open(lambda path: path.startswith(directory + "/"))
    finally:
        shutil.rmtree(directory)
    _fail_with(leaks)


class _WarmLimit:
    """Gives `samebytes.warm` back what it was."""

    def __enter__(self) -> None:
        from samebytes import _segment

        self._limit = _segment._warm_limit

    def __exit__(self, *exception: object) -> None:
        import samebytes

        samebytes.warm(self._limit)


def _mapped_or_open(ours: Callable[[str], bool]) -> list[str]:
    """What this process has mapped and open of such paths, when all that nothing refers to is gone."""
    import gc

    import samebytes

    samebytes.warm(0)
    if _look(ours):
        gc.collect()  # takes long where much is loaded, so only if it matters
    return _look(ours)


def _look(ours: Callable[[str], bool]) -> list[str]:
    mapped: dict[str, int] = {}  # inodes; each path once, though it be mapped in parts
    with open("/proc/self/maps", errors="surrogateescape") as maps:
        for line in maps:
            head, slash, tail = line.rstrip("\n").partition("/")
            if ours((slash + tail).removesuffix(_DELETED)):
                mapped[slash + tail] = int(head.split()[4])
    leaks = [f"{path} is still mapped: an array of it, a view of one or a sync object is alive" for path in mapped]
    for fd in os.listdir("/proc/self/fd"):
        try:
            path, inode = os.readlink(f"/proc/self/fd/{fd}"), os.fstat(int(fd)).st_ino
        except OSError:
            continue  # that by which it was listed
        if ours(path.removesuffix(_DELETED)) and inode not in mapped.values():  # a mapping has one itself
            leaks.append(f"{path} is still open, as descriptor {fd}")
    return leaks


def _fail_with(leaks: list[str]) -> None:
    if leaks and not hasattr(sys, "last_value"):  # which pytest sets when a test raises
        pytest.fail("segments were left behind:\n" + "\n".join(f"- {leak}" for leak in leaks), pytrace=False)
