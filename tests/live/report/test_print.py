"""The report on paper, as Chromium prints it: no heading is parted from what it stands above."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from affect.live.report import write_report
from affect.live.report.texts import TEXTS
from tests.live.report.session_folders import Told, drawn_rows, write_session
from tests.tools.repeats import repeats

CHROMIUM, TO_TEXT = shutil.which("chromium"), shutil.which("pdftotext")
FIGURES = {TEXTS[k]["en"] for k in ("timeline", "shares", "valence", "markers", "episodes", "figures", "rates")}
OTHERS = {TEXTS[key]["en"] for key in ("coverage", "baseline", "worth", "people", "technical", "summary", "comment")}
LEAST = 5  # lines of a figure or table, and of what explains it: the latter alone are fewer


def pages(page: Path) -> list[list[str]]:
    """The lines of each printed page."""
    assert CHROMIUM is not None
    assert TO_TEXT is not None
    pdf = page.with_suffix(".pdf")
    look = ["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer", f"--print-to-pdf={pdf}"]
    profile = f"--user-data-dir={page.parent / 'profile'}"
    subprocess.run([CHROMIUM, *look, profile, page.as_uri()], check=True, capture_output=True, timeout=100)
    text = subprocess.run([TO_TEXT, "-layout", pdf, "-"], check=True, capture_output=True).stdout.decode()
    return [[line.strip() for line in part.splitlines() if line.strip()] for part in text.split("\f") if part.strip()]


@pytest.mark.skipif(CHROMIUM is None or TO_TEXT is None, reason="needs Chromium and pdftotext")
@repeats(3, 24)
def test_no_page_ends_between_a_heading_and_its_figure(repeats: int, tmp_path: Path) -> None:
    for number in range(repeats):
        markers: list[Told] = [(7.0 * i + 3, "marker", "note " * (1 + 30 * (i % 3))) for i in range(1 + 2 * number)]
        faces = 1 + number % 2
        rows = sorted(row for face in range(faces) for row in drawn_rows(240, number + face, 1 + face))
        folder = write_session(tmp_path / str(number), rows, markers, 240.0, settings={"faces": faces})
        (folder / "comment.txt").write_text("line\n" * (3 * number))
        printed = pages(write_report([folder], "en"))
        assert len(printed) > 2
        for lines in printed[:-1]:
            assert lines[-1] not in OTHERS | {"Face 1", "Face 2"}
            assert not FIGURES & set(lines[-LEAST:]), lines[-LEAST:]
