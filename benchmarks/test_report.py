"""The documents and the picture are those of results.json, and can be read."""

import json
import re
from pathlib import Path

import pytest

from benchmarks import kernel_picture, picture, report


def test_documents_and_picture_are_those_of_the_results() -> None:
    assert [path.name for path in report.outdated()] == [], "run python -m benchmarks.report"


def test_results_hold_no_paths() -> None:
    for path in (report.RESULTS, report.KERNELS):
        assert not re.search(r"/(?!dev/shm|\s)\w+/", path.read_text())


def test_picture_is_the_same_again() -> None:
    results = json.loads(report.RESULTS.read_text())
    assert picture.draw(results) == picture.draw(results)
    assert picture.draw_calls(results) == picture.draw_calls(results)
    kernels = json.loads(report.KERNELS.read_text())
    assert kernel_picture.draw(kernels) == kernel_picture.draw(kernels)


@pytest.mark.parametrize("background", ["#ffffff", "#0d1117"])
@pytest.mark.parametrize("color", [picture.TEXT, picture.OTHERS, picture.OURS])
def test_picture_is_read_on_light_and_dark(color: str, background: str) -> None:
    assert contrast(color, background) >= 3  # WCAG 2, success criterion 1.4.11


def contrast(a: str, b: str) -> float:
    """WCAG 2's ratio of the relative luminances of two colours."""
    darker, lighter = sorted(map(luminance, (a, b)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(color: str) -> float:
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0.00 ns"),
        (5e-10, "0.50 ns"),
        (126e-9, "126 ns"),
        (999.6e-9, "1.00 µs"),
        (24.349e-6, "24.3 µs"),
        (9.996e-6, "10.0 µs"),
        (99.96e-6, "100 µs"),
        (9.79, "9.79 s"),
        (123.4, "123 s"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    assert report.duration(seconds) == text


def test_document_without_marks_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.md"
    page.write_text("no marks\n")
    monkeypatch.setattr(report, "ROOT", tmp_path)
    monkeypatch.setitem(report.DOCUMENTS, page, report.full)
    with pytest.raises(ValueError, match=r"page\.md: expected the lines"):
        report.filled(page, json.loads(report.RESULTS.read_text()))
