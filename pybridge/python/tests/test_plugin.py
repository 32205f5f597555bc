"""The plugin of pytest, in runs of pytest of its own."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import samebytes as sb

pytest_plugins = ["pytester"]

ROOT = Path(__file__).resolve().parents[3]

Run = Callable[[str], pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester, segments: Path) -> Run:
    """Runs pytest on a file of tests, which find a list `kept` that outlives them, and says what it printed."""

    def go(tests: str) -> pytest.RunResult:
        pytester.makepyfile("import os, samebytes as sb, pytest\nkept = []\n" + tests)
        return pytester.runpytest_subprocess("-p", "no:cacheprovider")

    return go


def said(result: pytest.RunResult) -> list[str]:
    lines = [line.strip() for line in result.outlines if line.startswith("- ")]
    return list(dict.fromkeys(lines))  # with CI set pytest's summary has them once more


def test_who_uses_no_fixture_pays_nothing(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import sys
        def test(request):
            assert request.config.pluginmanager.has_plugin("samebytes")
            assert not {"numpy", "samebytes"} & set(sys.modules)
    """)
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_the_tests_in_the_documentation_pass(run: Run, segments: Path) -> None:
    page = (ROOT / "docs/howto/testing.md").read_text()
    run("\n".join(re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))).assert_outcomes(passed=2)


def test_names(run: Run, segments: Path) -> None:
    result = run("""
names = set()

@pytest.mark.parametrize("what", ["a b/c", "x" * 300, "", "-", "ü"])
def test_unique(segment_name, what):
    names.update([segment_name(), segment_name(), segment_name("prices"), segment_name("prices")])
    for name in list(names):
        sb.create(name, 4)
        sb.delete(name)

def test_of_several_tests():
    assert len(names) == 5 * 4
    assert sum(name.startswith("prices-") for name in names) == 10
""")
    result.assert_outcomes(passed=6)
    assert sb.list() == []


def test_a_directory_of_its_own(run: Run, segments: Path) -> None:
    result = run("""
directories = []

@pytest.mark.parametrize("i", range(2))
def test_names_go_with_it(segment_dir, i):
    assert segment_dir not in directories
    directories.append(segment_dir)
    sb.create("prices", 4)
    assert os.listdir(segment_dir) == ["prices"]
    os.environ["SAMEBYTES_DIR"] = "/nowhere"  # of which the plugin takes no notice

def test_and_is_gone():
    assert os.environ["SAMEBYTES_DIR"] == str(directories[0].parent)
    assert not any(map(os.path.exists, directories))
""")
    result.assert_outcomes(passed=3)
    assert list(segments.iterdir()) == []


def test_a_name_left_behind(run: Run, segments: Path) -> None:
    result = run("""
def test(segment_name):
    sb.create(segment_name("prices"), 4)
    sb.Mutex.create(segment_name("jobs"))
    name = segment_name("gone")
    sb.create(name, 4)
    sb.delete(name)
""")
    result.assert_outcomes(passed=1, errors=1)
    first, second = sorted(said(result))
    assert first.startswith("- the name jobs-") and second.startswith("- the name prices-")
    assert first.endswith(" was not deleted")
    assert sb.list() == []


@pytest.mark.parametrize(
    "keep",
    [
        "kept.append(sb.create(name, 4))",
        "kept.append(sb.create(name, (4, 4))[1:, 2])",
        "kept.append(memoryview(sb.create(name, 4)))",
        "kept.append(sb.Event.create(name))",
        "sb.create(name, 4).lock.acquire(); kept.append(sb.attach(name).lock)",
    ],
)
@pytest.mark.parametrize("fixture", ["segment_name", "segment_dir"])
def test_a_mapping_left_behind(run: Run, segments: Path, keep: str, fixture: str) -> None:
    result = run(f"""
def test({fixture}):
    name = segment_name("prices") if "segment_name" in locals() else "prices"
    {keep}
    sb.delete(name)

def test_another(segment_name, segment_dir):  # is not told of it
    sb.create("prices", 4)
""")
    result.assert_outcomes(passed=2, errors=1)
    (line,) = said(result)
    assert "is still mapped" in line and f"{segments}/" in line and "/prices" in line


def test_a_directory_that_is_a_link(run: Run, segments: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "link").symlink_to(segments)
    monkeypatch.setenv("SAMEBYTES_DIR", str(tmp_path / "link"))
    result = run("""
def test_name(segment_name):
    name = segment_name("first")
    kept.append(sb.create(name, 4))
    sb.delete(name)

def test_dir(segment_dir):
    kept.append(sb.create("second", 4))
""")
    result.assert_outcomes(passed=2, errors=2)
    first, second = sorted(said(result), key=lambda line: "second" in line)
    assert "/first-" in first and "is still mapped" in first
    assert "/second is still mapped" in second


def test_a_descriptor_left_behind(run: Run, segments: Path) -> None:
    result = run("""
def test(segment_dir):
    sb.create("prices", 4)
    kept.append(os.open(segment_dir / "prices", os.O_RDONLY))
""")
    result.assert_outcomes(passed=1, errors=1)
    (line,) = said(result)
    assert "/prices is still open, as descriptor" in line


def test_warm_mappings_and_cycles_are_no_leaks(run: Run, segments: Path) -> None:
    result = run("""
from samebytes import _segment

@pytest.mark.parametrize("i", range(2))
def test(segment_dir, segment_name, i):
    sb.create("prices", 4)
    name = segment_name()
    cycle = [sb.create(name, 4)]
    cycle.append(cycle)
    sb.delete(name)
    assert _segment._warm_limit == 128 << 20
    sb.warm(10)
""")
    result.assert_outcomes(passed=2)


def test_a_failing_test_is_told_of_its_failure_alone(run: Run, segments: Path) -> None:
    result = run("""
def test_fails(segment_name, segment_dir):
    a = sb.create(segment_name("prices"), 4)
    assert a.sum() == 1

@pytest.mark.xfail
def test_expected(segment_name):
    a = sb.create(segment_name("prices"), 4)
    assert a.sum() == 1

def test_after(segment_name):
    sb.create(segment_name("left"), 4)
""")
    result.assert_outcomes(passed=1, failed=1, xfailed=1, errors=1)
    (line,) = said(result)
    assert line.startswith("- the name left-")
    assert os.listdir(segments) == []
