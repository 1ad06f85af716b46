"""Episodes as a table and as an annotation file, read back by the format's own reader."""

from __future__ import annotations

import csv
import stat
import sys
from pathlib import Path

import pytest
from pympi.Elan import Eaf

from affect.errors import AffectError
from affect.live.exports import write_exports
from affect.live.report.session_folder import read_session
from tests.live.report.session_folders import one_hot, write_session


def session(folder: Path, **told: object) -> Path:
    """Two faces: 1 is happy for 3 s, then sad for 2 s; 2 is surprised for 4 s from 1 s on; two markers."""
    first = [(i / 10, 1, label, one_hot(label)) for i in range(50) for label in ["happy" if i < 30 else "sad"]]
    second = [(1 + i / 10, 2, "surprise", one_hot("surprise")) for i in range(40)]
    events = [(2.0, "marker", "<ñ> & \x01"), (4.0, "marker", "")]
    return write_session(folder, [*first, *second], events, duration_s=5.0, **{"settings": {"faces": 2}, **told})


def test_each_episode_is_a_row_in_order_of_time(tmp_path: Path) -> None:
    *_, path = write_exports(session(tmp_path / "s"), "es")
    with path.open(encoding="utf-8") as file:
        rows = list(csv.reader(file, delimiter="\t"))
    assert rows == [
        ["start_s", "end_s", "duration_s", "label", "mean_confidence", "face"],
        ["0.0", "3.0", "3.0", "happy", "0.860", "1"],
        ["1.0", "5.0", "4.0", "surprise", "0.860", "2"],
        ["3.0", "5.0", "2.0", "sad", "0.860", "1"],
    ]


@pytest.mark.parametrize(
    ("language", "tier", "happy"), [("en", "expressions 1", "happy"), ("es", "expresiones 1", "alegría")]
)
def test_the_annotations_are_read_by_elan_s_format(tmp_path: Path, language: str, tier: str, happy: str) -> None:
    _, path, _ = write_exports(session(tmp_path / "s"), language)
    found = Eaf(str(path))
    assert len(found.get_tier_names()) == 5  # expressions and quality of two faces, markers
    assert found.get_annotation_data_for_tier(tier)[0] == (0, 3000, happy)
    markers = found.get_annotation_data_for_tier("markers" if language == "en" else "marcas")
    assert [(start, text) for start, _, text in markers] == [(2000, "<ñ> & \\x01"), (4000, "2")]


def test_stretches_of_low_quality_are_annotated(tmp_path: Path) -> None:
    folder = session(tmp_path / "s")
    table = folder / "emotions.csv"
    lines = table.read_text(encoding="utf-8").splitlines()
    low = [line.rsplit(",", 1)[0] + ",0.100" if 2 <= float(line.split(",")[0]) < 4 else line for line in lines[1:]]
    table.write_text("\n".join([lines[0], *low]) + "\n", encoding="utf-8")
    _, path, _ = write_exports(folder, "en")
    assert Eaf(str(path)).get_annotation_data_for_tier("low quality 1") == [(2000, 4000, "0.10")]


def test_times_of_a_file_are_its_own(tmp_path: Path) -> None:
    rows = [(60 + i / 10, 1, "happy", one_hot("happy")) for i in range(50)]
    told = {"clock": "source", "start_s": 60.0, "source": {"kind": "video", "name": "a.mp4"}}
    folder = write_session(tmp_path / "s", rows, duration_s=5.0, **told)
    _, eaf, table = write_exports(folder, "en")
    assert Eaf(str(eaf)).get_annotation_data_for_tier("expressions") == [(60000, 65000, "happy")]
    assert table.read_text(encoding="utf-8").splitlines()[1].startswith("60.0\t65.0\t5.0\thappy")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_only_the_owner_can_read_the_exports_and_nothing_else_is_left(tmp_path: Path) -> None:
    folder = session(tmp_path / "s")
    before = {*folder.iterdir()}
    for _ in range(2):  # the second time, they are replaced
        paths = write_exports(folder, "en")
    assert {*folder.iterdir()} - before == {*paths}
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o600}


def test_an_export_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    folder = session(tmp_path / "s")
    (folder / "session.xlsx").mkdir()
    with pytest.raises(AffectError, match="session.xlsx"):
        write_exports(folder, "en")
    assert read_session(folder).rows.times_s.size
