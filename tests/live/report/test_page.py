"""The page: whole, self-contained, in one language, and safe whatever somebody typed."""

from __future__ import annotations

import html
import os
import re
import sys
from base64 import b64encode
from hashlib import sha256
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from affect.cells import as_cell
from affect.emotions import COLORS, EMOTIONS, LANGUAGES, UNCERTAIN_COLOR, label_name
from affect.errors import AffectError
from affect.live.bundled import BUNDLED as MODEL
from affect.live.pipeline.smoothing import LabelChooser
from affect.live.recording.model_figures import figures_of
from affect.live.report import write_report
from affect.live.report.__main__ import main
from affect.live.report.model_quality import label_rule
from affect.live.report.texts import TEXTS
from affect.live.report.timeline import GAPS
from affect.live.report.writing import Writer
from affect.model.checkpoint import load_checkpoint
from tests.conftest import REPOSITORY
from tests.live.report.session_folders import BUNDLED, drawn_rows, one_hot, write_session

SEVERAL = {"faces": 4, "language": "en", "detector": "haar", "backend": "onnx"}
BASELINE = {"face_id": 1, "from_s": 1.0, "to_s": 11.0, "frames": 150, "shift": dict.fromkeys(EMOTIONS, 0.25)}
VOID = {"meta", "br", "link", "img", "input", "hr"}


class Outline(HTMLParser):
    """Takes a page apart: every tag must be closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.told: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        assert len(dict(attrs)) == len(attrs), f"twice the same attribute in <{tag}>"
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.told.append(data)

    @property
    def words(self) -> str:
        """What a person reads, on one line."""
        return " ".join(unescape(" ".join(self.told)).split())


def session_with_everything(folder: Path) -> Path:
    """Gaps of every kind, markers, a snapshot, a baseline, several people, a damaged line."""
    rows = drawn_rows(60, 1, 1, away=[(20, 24), (30, 40)]) + drawn_rows(60, 2, 2, away=[(0, 15), (30, 40)])
    rows += drawn_rows(11, 3, 3, away=[(0, 10)])
    events = [(12.0, "marker", "first"), (20.0, "snapshot", "snapshot_0001.png"), (30.0, "pause", "")]
    events += [(35.0, "resume", ""), (35.0, "signal_lost", ""), (40.0, "signal_back", ""), (58.0, "marker", "")]
    told = {"settings": SEVERAL, "baseline": [{**BASELINE, "undone_at_s": 50.0}], "clock": "source"}
    write_session(folder, sorted(rows, key=lambda row: row[0]), events, 60.0, state="recording", **told)
    with (folder / "emotions.csv").open("a", encoding="utf-8") as file:
        file.write("?\n")
    return folder


def kinds_of_sessions(tmp_path: Path) -> dict[str, list[Path]]:
    plain = write_session(tmp_path / "plain", drawn_rows(30, 7), [(9.0, "marker", "")], 30.0)
    unknown = {"file": "own.pt", "sha256": "ab" * 32, "temperature": None, "figures": None}
    return {
        "plain": [plain],
        "everything": [session_with_everything(tmp_path / "everything")],
        "empty": [write_session(tmp_path / "empty", [], [(2.0, "marker", "nobody")], 20.0)],
        "blink": [write_session(tmp_path / "blink", drawn_rows(0.05, 1), [], 0.0, model=unknown)],
        "comparison": [plain, tmp_path / "everything", tmp_path / "empty", tmp_path / "blink"],
    }


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], str]:
    """The page of every kind of session in every language."""
    kinds = kinds_of_sessions(tmp_path_factory.mktemp("sessions"))
    return {
        (kind, language): write_report(folders, language).read_text(encoding="utf-8")
        for kind, folders in kinds.items()
        for language in LANGUAGES
    }


def test_every_page_is_whole_and_says_its_language(pages: dict[tuple[str, str], str]) -> None:
    for (_, language), page in pages.items():
        assert page.startswith("<!doctype html>")
        outline = Outline(page)
        assert outline.open == []
        assert ("html", {"lang": language}) in outline.tags
        ids = [values["id"] for _, values in outline.tags if "id" in values]
        assert len(ids) == len(set(ids))
        assert "{{" not in page
        assert "nan" not in re.findall(r"[a-z]+", " ".join(re.findall(r'="([^"]*)"', page)))


def test_the_only_script_is_the_page_s_own_and_its_policy_allows_no_other(pages: dict[tuple[str, str], str]) -> None:
    for (kind, _), page in pages.items():
        scripts = re.findall(r"<script[^>]*>(.*?)</script>", page, re.S)
        (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
        hashes = [b64encode(sha256(script.encode()).digest()).decode() for script in scripts]
        allowed = "".join(f"; script-src 'sha256-{found}'" for found in hashes)
        assert html.unescape(policy) == f"default-src 'none'; style-src 'unsafe-inline'{allowed}"
        assert len(scripts) == (0 if "Sessions compared" in page or "Comparación de sesiones" in page else 1), kind
        assert not any(word in script for script in scripts for word in ("fetch", "http", "import", "eval"))


def test_no_page_fetches_anything(pages: dict[tuple[str, str], str]) -> None:
    for page in pages.values():
        for tag, values in Outline(page).tags:
            assert tag not in {"link", "img", "iframe", "object", "embed", "base", "audio", "video"}
            assert not {"src", "href", "xlink:href", "srcset", "action"} & set(values)
            assert not any(name.startswith("on") for name in values)
        assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", page))
        assert "@import" not in page
        assert "default-src 'none'" in page


def test_every_reference_to_a_pattern_is_there(pages: dict[tuple[str, str], str]) -> None:
    for page in pages.values():
        ids = {str(values["id"]) for _, values in Outline(page).tags if "id" in values}
        assert {target[1:] for target in re.findall(r"url\(([^)]*)\)", page)} <= ids


def test_no_sentence_of_the_other_language_is_left(pages: dict[tuple[str, str], str]) -> None:
    for (kind, language), page in pages.items():
        words = Outline(page).words
        other = next(name for name in LANGUAGES if name != language)
        for key, told in TEXTS.items():
            for part in re.split(r"\{\w+\}", told[other]):
                foreign = " ".join(part.split())
                if len(foreign) > 12 and foreign not in told[language]:
                    assert foreign not in words, (kind, key)
        for name in EMOTIONS:
            if label_name(name, other) != label_name(name, language):
                assert not re.search(rf"\b{label_name(name, other)}\b", words), (kind, name)


def test_every_sentence_is_used_somewhere(pages: dict[tuple[str, str], str], tmp_path: Path) -> None:
    rest = " ".join(
        Outline(page).words + " ".join(re.findall(r'aria-label="([^"]*)"', page)) for page in pages.values()
    )
    sources = "".join(
        path.read_text(encoding="utf-8")
        for path in (Path(__file__).parents[3] / "affect" / "live" / "report").rglob("*")
        if path.suffix in (".py", ".html") and path.name != "texts.py"
    )
    families = (
        "source_",
        "legend_",
        "followed_",
        "episodes_",
        "markers_set_",
        "passing_",
        "damaged_",
        "interrupted_",
        "some_",
        "frames_",
        "coverage_",
        *(f"summary_{name}" for name in GAPS),
    )
    for key, told in TEXTS.items():
        shown = max(re.split(r"\{\w+\}", told["en"]), key=len).strip()
        named = f'"{key}"' in sources or key.startswith(families)
        assert named or unescape(shown) in unescape(rest), key


def test_the_numbers_of_a_tiny_session_stand_on_the_page(tmp_path: Path) -> None:
    # 5 s neutral, 2.5 s happy, 2.5 s without a face
    rows = [(i / 10, 1, "neutral", one_hot("neutral")) for i in range(50)]
    rows += [(i / 10, 1, "happy", one_hot("happy")) for i in range(50, 75)]
    folder = write_session(tmp_path / "tiny", rows, [(5.0, "marker", "joke")], 10.0)
    words = Outline(write_report([folder], "en").read_text(encoding="utf-8")).words
    assert "A face was seen for 7.5 s of the 10 s analysed (75%)." in words
    assert "read as neutral for 67% and happy for 33% of the time seen" in words
    assert "There are 2 episodes." in words
    assert "neutral 67% 5.0 s 1 58%" in words  # mean: (5 · 0.86 + 2.5 · 0.02) / 7.5
    assert "happy 33% 2.5 s 1 30%" in words
    assert "0:00.0 0:05.0 5.0 s neutral 86%" in words
    assert "0:05.0 0:07.5 2.5 s happy 86%" in words
    assert "before neutral 100% → after happy 100%" in words
    assert "happy +84 points, neutral −84 points" in words
    assert "with a face: 7.5 s (75%)" in words
    assert "without a face: 2.5 s (25%)" in words


def test_the_statement_of_worth_uses_the_models_own_figures(pages: dict[tuple[str, str], str]) -> None:
    words = Outline(pages["plain", "en"]).words
    of_class = figures_of(BUNDLED)["per_class"]
    weak = [f"{name} ({of_class[name]['recall']:.0%})" for name in EMOTIONS if of_class[name]["recall"] < 0.5]
    contempt = of_class["contempt"]
    assert "On 3,553 pictures that it was measured on (ferplus, val), the model starter_ferplus.pt" in words
    assert f"It is weak on {' and '.join(weak)}: " in words
    assert "contempt (37), disgust (38) and fear (92)" in words
    assert (
        f"contempt weak {contempt['recall']:.0%} {contempt['precision']:.0%} {contempt['f1']:.2f} {contempt['support']}"
        in words
    )
    assert "no diagnosis" in words
    assert "no medical device" in words
    unknown = Outline(pages["blink", "es"]).words
    assert "El modelo own.pt viene sin cifras" in unknown
    assert "3 553" not in unknown


@pytest.mark.parametrize(("complete", "says"), [(True, False), (False, True), (None, False)])
def test_a_session_that_could_not_be_saved_whole_says_so(complete: bool | None, says: bool, tmp_path: Path) -> None:
    told = {} if complete is None else {"complete": complete}  # older versions do not tell
    path = write_report([write_session(tmp_path / "s", drawn_rows(5, 1), [], 5.0, **told)], "en")
    words = Outline(path.read_text(encoding="utf-8")).words
    assert ("Not everything of this session could be saved" in words) == says
    assert "cut off" not in words


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_a_page_is_its_owner_s_alone_from_its_first_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, modes = write_session(tmp_path / "s", drawn_rows(1, 1), [], 1.0), []
    replace = Path.replace

    def noted(part: Path, to: Path) -> Path:
        modes.append(part.stat().st_mode & 0o777)
        return replace(part, to)

    monkeypatch.setattr(Path, "replace", noted)
    path = write_report([folder], "en", tmp_path / "new" / "all.html")
    assert [*modes, path.stat().st_mode & 0o777] == [0o600, 0o600]


def test_a_cut_off_recording_says_so_and_shows_what_there_is(pages: dict[tuple[str, str], str]) -> None:
    words = Outline(pages["everything", "en"]).words
    assert "The recording was cut off" in words
    assert "1 line of the record could not be read" in words
    assert "Face 1" in words
    assert "1 face passed by (seen for 1.0 s)" in words
    assert "It was undone at 0:50." in words
    assert "anger × 1.28" in words  # e to the power of 0.25
    assert "snapshot_0001.png (0:20)" in words
    assert "Times are the video’s own." in words


def test_a_session_without_a_face_still_has_its_markers_and_coverage(pages: dict[tuple[str, str], str]) -> None:
    words = Outline(pages["empty", "es"]).words
    assert "no se vio ninguna cara" in words
    assert "nobody" in words
    assert "sin ninguna cara: 20 s (100 %)" in words


def test_a_recording_from_the_middle_of_a_video_has_the_videos_times(tmp_path: Path) -> None:
    rows = [(60 + i / 10, 1, "sad", one_hot("sad")) for i in range(100)]
    baseline = {**BASELINE, "from_s": 52.0, "to_s": 62.0, "undone_at_s": 65.0}
    told = {"clock": "source", "start_s": 60.0, "baseline": [baseline]}
    folder = write_session(tmp_path / "s", rows, [(64.0, "marker", "tears")], 9.9, **told)
    words = Outline(write_report([folder], "en").read_text(encoding="utf-8")).words
    assert "A face was seen for 9.9 s of the 9.9 s analysed" in words
    assert "1:04 tears" in words  # without the time of day, which the file does not tell
    assert "1:00.0 1:09.9 9.9 s sad" in words
    assert "Measured from 0:52 to 1:02 (150 frames)" in words
    assert "It was undone at 1:05." in words


def test_a_baseline_from_before_the_recording_is_on_its_clock(tmp_path: Path) -> None:
    told = {**BASELINE, "from_s": -12.0, "to_s": -2.0, "undone_at_s": None}
    folder = write_session(tmp_path / "s", drawn_rows(5, 1), [], 5.0, baseline=[told])
    page = write_report([folder], "en").read_text(encoding="utf-8")
    assert "Measured from −0:12 to −0:02" in Outline(page).words
    assert '<line x1="0.00%" x2="100.00%"' in page  # applied throughout


@pytest.mark.parametrize(
    ("kind", "name", "descriptions", "told"),
    [
        ("camera", "2", ("camera 2", "cámara 2"), {"en": "camera 2 Model", "es": "cámara 2 Modelo"}),
        (
            "video", "clip video.avi", ("video clip video.avi", "vídeo clip video.avi"),
            {"en": "video file clip video.avi Model", "es": "archivo de vídeo clip video.avi Modelo"},
        ),
        (
            "screen", "0,0,64,48", ("screen 0,0,64,48", "pantalla 0,0,64,48"),
            {"en": "part of the screen 0,0,64,48 Model", "es": "parte de la pantalla 0,0,64,48 Modelo"},
        ),
        ("stream", "", ("stream", "transmisión"), {"en": "network stream Model", "es": "transmisión por red Modelo"}),
    ],
)  # fmt: skip
def test_a_source_is_named_in_the_readers_language_whatever_the_session_s_was(
    kind: str, name: str, descriptions: tuple[str, str], told: dict[str, str], tmp_path: Path
) -> None:
    for description in descriptions:
        source = {"kind": kind, "description": description} | ({"name": name} if name else {})
        folder = write_session(tmp_path / "s", [], source=source)
        for language, words in told.items():
            page = write_report([folder], language).read_text(encoding="utf-8")
            assert f"{TEXTS['source'][language]} {words}" in Outline(page).words


def test_a_share_of_time_may_be_whole_and_a_confidence_is_not(tmp_path: Path) -> None:
    rows = [(i / 10, 1, "happy", one_hot("happy", 0.9999)) for i in range(100)]
    page = write_report([write_session(tmp_path / "s", rows, [], 10.0)], "en").read_text(encoding="utf-8")
    assert "happy for 100%" in Outline(page).words
    assert "happy >99%" in Outline(page).words  # of the episode
    assert "mean &gt;99%, highest &gt;99%" in page


EARLIER = """<!doctype html><meta content="default-src 'none'; style-src 'unsafe-inline'">which all can read"""
HOSTILE = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>{{ 1234*4321 }}{% raw %}"


def test_hostile_texts_are_shown_and_not_run(tmp_path: Path) -> None:
    told = {
        "source": {"kind": "video", "description": HOSTILE},
        "model": {"file": HOSTILE, "sha256": HOSTILE, "temperature": 1.0, "figures": None},
        "versions": {HOSTILE: HOSTILE},
        "consent": {"given_at": "2026-11-25T10:00:00", "how": HOSTILE},
        "settings": {"faces": 1, "detector": HOSTILE, "backend": HOSTILE},
    }
    events = [(1.0, "marker", HOSTILE), (2.0, "snapshot", HOSTILE)]
    hostile = write_session(tmp_path / "hostile", drawn_rows(5, 1), events, 5.0, **told)
    other = write_session(tmp_path / "other", drawn_rows(5, 2), [], 5.0)
    for page in (write_report([hostile], "en"), write_report([hostile, other], "es")):
        text = page.read_text(encoding="utf-8")
        tags = {tag for tag, _ in Outline(text).tags}
        assert "img" not in tags
        assert "<script>alert" not in text
        assert str(1234 * 4321) not in text  # a template in a text would be worked out
    shown = Outline(write_report([hostile], "en").read_text(encoding="utf-8")).words
    assert shown.count("<script>alert('x')</script>") >= 5


def test_the_report_of_an_hour_stays_small_and_readable(tmp_path: Path) -> None:
    events = [(60.0 * i + 5, "marker", f"question {i}") for i in range(60)]
    folder = write_session(tmp_path / "hour", drawn_rows(3600, 5), events, 3600.0)
    path = write_report([folder], "en")
    assert path.stat().st_size < 1_000_000
    page = path.read_text(encoding="utf-8")
    assert "the five longest of each expression" in page
    assert page.count("<tr>") < 80
    assert "Each point stands for 7.5 s" in page.replace("\u00a0", " ")


def test_the_colours_are_those_of_the_live_window(pages: dict[tuple[str, str], str]) -> None:
    for color in (*COLORS.values(), UNCERTAIN_COLOR):
        assert f'fill="{color}"' in pages["plain", "en"]


def test_a_comparison_is_in_the_order_of_dates_and_on_one_scale(tmp_path: Path) -> None:
    def session(name: str, day: int, label: str, seconds: float) -> Path:
        rows = [(i / 10, 1, label, one_hot(label)) for i in range(round(10 * seconds))]
        return write_session(tmp_path / name, rows, [], seconds, started=f"2026-11-{day}T10:00:00+01:00")

    late, early = session("late", 20, "happy", 60), session("early", 10, "sad", 30)
    path = write_report([late, early], "en")
    assert path == late / "comparison.html"
    words = Outline(path.read_text(encoding="utf-8")).words
    assert "1 10 November 2026, 10:00 30 s 100% 2.0 0 2 20 November 2026, 10:00 1 min 100% 1.0 0" in words
    assert "sad last against first: −100 points 1 100% 2 0%" in words
    assert "happy last against first: +100 points 1 0% 2 100%" in words
    assert "different models" not in words


def filmed(folder: Path, file: str, started: str, recorded: str | None, label: str = "neutral") -> Path:
    """The session of a video file that was analysed on a day of December."""
    rows = [(i / 10, 1, label, one_hot(label)) for i in range(100)]
    told = {} if recorded is None else {"recorded": recorded}
    source = {"kind": "video", "name": file, "description": f"video {file}"}
    return write_session(folder, rows, [], 10.0, started=f"2026-12-{started}", source=source, **told)


def order_in(words: str, names: list[str]) -> list[str]:
    return sorted(names, key=words.index)


def test_several_files_of_one_run_are_compared_by_name_and_by_the_time_of_their_recording(tmp_path: Path) -> None:
    analysed = "04T12:00:00+01:00"
    late = filmed(tmp_path / "1", "may.mp4", analysed, "2026-05-02T09:30:00+02:00", "happy")
    early = filmed(tmp_path / "2", "april.mp4", analysed, "2026-04-01T08:00:00+00:00", "sad")
    for language, first, last, forbidden in (
        ("en", "april.mp4 1 April 2026, 08:00", "may.mp4 2 May 2026, 09:30", "December"),
        ("es", "april.mp4 1 de abril de 2026, 08:00", "may.mp4 2 de mayo de 2026, 09:30", "diciembre"),
    ):
        page = write_report([late, early], language)
        assert page == late / "comparison.html"
        words = Outline(page.read_text(encoding="utf-8")).words
        assert words.index(f"1 {first}") < words.index(f"2 {last}")
        assert forbidden not in words
    words = Outline(write_report([early, late], "en").read_text(encoding="utf-8")).words
    assert "happy last against first: +100 points 1 0% 2 100%" in words
    assert "1 April 2026, 08:00 – 2 May 2026, 09:30" in words


def test_a_comparison_names_file_and_date_at_each_row_band_bar_and_column(tmp_path: Path) -> None:
    late = filmed(tmp_path / "1", "may.mp4", "04T12:00:00+01:00", "2026-05-02T09:30:00+02:00")
    early = filmed(tmp_path / "2", "april.mp4", "04T12:00:00+01:00", "2026-04-01T08:00:00+00:00")
    page = write_report([late, early], "en").read_text(encoding="utf-8")
    words = Outline(page).words
    assert words.count("1 april.mp4 · 1 April 2026, 08:00") == 3  # band, shares, and for the columns on a narrow screen
    assert words.count("2 may.mp4 · 2 May 2026, 09:30") == 3
    assert "expression 1 april.mp4 1 April 2026, 08:00 2 may.mp4 2 May 2026, 09:30 anger" in words
    assert words.index("1 april.mp4 1 April 2026, 08:00 10 s") < words.index("2 may.mp4 2 May 2026, 09:30 10 s")


def test_numbers_of_markers_that_would_touch_on_a_narrow_screen_are_left_out_there(tmp_path: Path) -> None:
    events = [(2.0 * n, "marker", "") for n in range(1, 30)]
    page = write_report([write_session(tmp_path / "s", drawn_rows(60, 1), events, 60.0)], "en").read_text("utf-8")
    drawn = re.findall(r'<svg class="pin( minor)?" x="([\d.]+)%"', page)
    assert [bool(minor) for minor, _ in drawn[:7]] == [False, True, True, False, True, True, False]
    wide = [float(x) for minor, x in drawn if not minor]
    assert min(b - a for a, b in pairwise(wide)) >= 7.5
    assert len(drawn) == 29


def test_where_a_file_does_not_tell_when_it_was_recorded_all_are_in_the_order_of_analysis(tmp_path: Path) -> None:
    made = [
        filmed(tmp_path / "1", "b.mp4", "04T12:00:00+01:00", "2026-05-02T09:30:00+02:00"),
        filmed(tmp_path / "2", "a.mp4", "04T12:10:00+01:00", None),
        filmed(tmp_path / "3", "c.mp4", "04T12:20:00+01:00", "2026-04-01T09:30:00+02:00"),
    ]
    words = Outline(write_report(made[::-1], "en").read_text(encoding="utf-8")).words
    assert order_in(words, ["a.mp4", "b.mp4", "c.mp4"]) == ["b.mp4", "a.mp4", "c.mp4"]
    assert "2 a.mp4 analysed on 4 December 2026, 12:10" in words
    words = Outline(write_report(made, "es").read_text(encoding="utf-8")).words
    assert "2 a.mp4 analizado el 4 de diciembre de 2026, 12:10" in words


def test_a_watched_session_takes_its_place_among_files_by_its_own_time(tmp_path: Path) -> None:
    watched = write_session(tmp_path / "1", drawn_rows(3, 1), [], 3.0, started="2026-05-01T10:00:00+02:00")
    later = filmed(tmp_path / "2", "later.mp4", "01T10:00:00+01:00", "2026-05-01T10:00:00+01:00")
    earlier = filmed(tmp_path / "3", "earlier.mp4", "09T10:00:00+01:00", "2026-04-30T10:00:00+02:00")
    words = Outline(write_report([later, watched, earlier], "en").read_text(encoding="utf-8")).words
    shown = ["1 earlier.mp4 30 April", "2 1 May 2026, 10:00", "3 later.mp4 1 May 2026, 10:00"]
    assert order_in(words, shown[::-1]) == shown


def test_files_of_one_moment_are_in_the_order_of_their_names(tmp_path: Path) -> None:
    moment = "04T12:00:00+01:00"
    made = [filmed(tmp_path / str(i), name, moment, None) for i, name in enumerate(["c.mp4", "a.mp4", "b.mp4"])]
    words = Outline(write_report(made, "en").read_text(encoding="utf-8")).words
    assert order_in(words, ["c.mp4", "b.mp4", "a.mp4"]) == ["a.mp4", "b.mp4", "c.mp4"]


def test_the_page_of_a_file_has_the_time_of_its_recording_and_tells_that_of_its_analysis(tmp_path: Path) -> None:
    known = filmed(tmp_path / "1", "a.mp4", "04T12:00:00+01:00", "2026-05-02T09:30:00+02:00")
    words = Outline(write_report([known], "en").read_text(encoding="utf-8")).words
    assert words.startswith("Session report · 2 May 2026, 09:30 Session report 2 May 2026, 09:30")
    assert "Analysed 4 December 2026, 12:00" in words
    watched = write_session(tmp_path / "2", drawn_rows(3, 1))
    assert "Analysed" not in Outline(write_report([watched], "en").read_text(encoding="utf-8")).words


def test_several_sessions_that_do_not_compare_are_told_in_the_plural(tmp_path: Path) -> None:
    told = {"state": "recording", "baseline": [BASELINE]}
    made = [write_session(tmp_path / str(i), [], [], 5.0, **told) for i in range(2)]
    made += [write_session(tmp_path / "2", drawn_rows(3, 1), [], 3.0)]
    words = Outline(write_report(made, "en").read_text(encoding="utf-8")).words
    assert "A baseline was used in sessions 1 and 2 only" in words
    assert "The recordings of sessions 1 and 2 were cut off" in words
    assert "No face was seen in sessions 1 and 2" in words
    words = Outline(write_report(made, "es").read_text(encoding="utf-8")).words
    assert "En las sesiones 1 y 2 no se vio ninguna cara" in words


@pytest.mark.parametrize(
    ("frames", "told"),
    [
        (0, ("0 frames analysed", "0 fotogramas analizados")),
        (1, ("1 frame analysed, 1 with", "1 fotograma analizado, 1 con")),
        (2, ("2 frames analysed", "2 fotogramas analizados")),
    ],
)
def test_one_frame_is_not_told_as_several(frames: int, told: tuple[str, str], tmp_path: Path) -> None:
    folder = write_session(tmp_path / "s", drawn_rows(3, 1), frames=frames, frames_with_face=frames)
    for language, words in zip(("en", "es"), told, strict=True):
        assert words in Outline(write_report([folder], language).read_text(encoding="utf-8")).words


def test_a_baseline_of_one_frame_is_told_in_the_singular(tmp_path: Path) -> None:
    folder = write_session(tmp_path / "s", drawn_rows(3, 1), baseline=[{**BASELINE, "frames": 1}])
    for language, words in (("en", "(1 frame)"), ("es", "(1 fotograma)")):
        assert words in Outline(write_report([folder], language).read_text(encoding="utf-8")).words


def test_a_comparison_warns_of_what_does_not_compare(pages: dict[tuple[str, str], str]) -> None:
    words = Outline(pages["comparison", "en"]).words
    assert "measured with different models" in words
    assert "A baseline was used in session 3 only" in words  # all of one time, so by name
    assert "The recording of session 3 was cut off" in words
    assert "Several faces were seen in session 3" in words
    assert "No face was seen in session 2" in words


def test_a_name_that_is_no_text_in_a_record_is_an_escape_on_the_page(tmp_path: Path) -> None:
    folder = filmed(tmp_path / "1", "a.mp4", "04T12:00:00+01:00", None)
    told = (folder / "session.json").read_text(encoding="utf-8").replace("a.mp4", "a\\udcff.mp4")
    (folder / "session.json").write_text(told, encoding="utf-8")
    page = write_report([folder], "en").read_text(encoding="utf-8")
    assert "a\\udcff.mp4" in page


def test_a_marker_has_the_time_of_day_and_the_page_tells_valence_and_thirds(tmp_path: Path) -> None:
    rows = [(i / 10, 1, label, one_hot(label)) for i in range(300) for label in ["happy" if i < 200 else "sad"]]
    folder = write_session(tmp_path / "s", rows, [(4.0, "marker", "tears")])
    words = Outline(write_report([folder], "en").read_text(encoding="utf-8")).words
    assert "0:04 10:00:04 tears" in words
    assert "+0.28 on average; above 0 for 67% of the time, below 0 for 33%" in words
    assert "0:00–0:10 happy 100% 10 s +0.84" in words
    assert "0:20–0:30 sad 100% 10 s −0.84" in words
    assert words.index("SHA-256") > words.index("What these numbers are worth")


def test_the_page_tells_what_it_leaves_out_for_its_quality(tmp_path: Path) -> None:
    folder = write_session(tmp_path / "s", [(i / 10, 1, "happy", one_hot("happy")) for i in range(300)])
    table = folder / "emotions.csv"
    lines = table.read_text(encoding="utf-8").splitlines()
    low = [line.rsplit(",", 1)[0] + ",0.100" if float(line.split(",")[0]) < 6 else line for line in lines[1:]]
    table.write_text("\n".join([lines[0], *low]) + "\n", encoding="utf-8")
    words = Outline(write_report([folder], "en").read_text(encoding="utf-8")).words
    assert "For 6.0 s (20%) the picture was too dark" in words


def test_a_comment_of_one_s_own_is_shown_and_can_be_changed(tmp_path: Path) -> None:
    folder = write_session(tmp_path / "s", drawn_rows(5, 1), duration_s=5.0)
    assert "Your comment" in Outline(write_report([folder], "en").read_text(encoding="utf-8")).words
    (folder / "comment.txt").write_bytes("\ufeffShe was tired.\n<b>ñ</b>\n".encode())
    page = write_report([folder], "en").read_text(encoding="utf-8")
    assert page.count("She was tired.\n&lt;b&gt;ñ&lt;/b&gt;") == 2  # at the top, and in its field


def test_a_stretch_that_is_excluded_is_listed_and_counts_nowhere(tmp_path: Path) -> None:
    rows = [(i / 10, 1, label, one_hot(label)) for i in range(300) for label in ["happy" if i < 100 else "sad"]]
    folder = write_session(tmp_path / "s", rows, [(4.0, "marker", "x")])
    (folder / "exclude.csv").write_text("start;end;reason\n0:00;0:10;=phone rang\n12,5;15;\n", encoding="utf-8")
    words = Outline(write_report([folder], "en").read_text(encoding="utf-8")).words
    assert "read as sad for 100%" in words
    assert "12 s were excluded afterwards" in words or "13 s were excluded afterwards" in words
    assert "0:00–0:10 (=phone rang), 0:12–0:15" in words
    assert "In a stretch that was excluded." in words
    assert "0.0,10.0,'=phone rang" in words  # what the form adds a line to


@pytest.mark.parametrize("line", ["0:10,0:05,", "soon,0:10,", "1:2:3:4,2:00:00,", "0:00", "-5,5,"])
def test_an_exclusion_that_cannot_be_read_is_told_and_nothing_is_made(line: str, tmp_path: Path) -> None:
    folder = write_session(tmp_path / "s", drawn_rows(5, 1), duration_s=5.0)
    (folder / "exclude.csv").write_text(f"start,end,reason\n{line}\n0:01,0:02,\n", encoding="utf-8")
    with pytest.raises(AffectError, match=r"exclude\.csv"):
        write_report([folder], "en")
    assert not (folder / "report.html").exists()


def test_the_text_to_paste_has_summary_valence_and_markers(tmp_path: Path) -> None:
    rows = [(i / 10, 1, label, one_hot(label)) for i in range(300) for label in ["happy" if i < 100 else "sad"]]
    page = write_report([write_session(tmp_path / "s", rows, [(10.0, "marker", "the letter")])], "en")
    (text,) = re.findall(r'<textarea id="paste"[^>]*>(.*?)</textarea>', page.read_text(encoding="utf-8"), re.S)
    lines = html.unescape(text).splitlines()
    assert lines[0].startswith("Session report, 25 November 2026, 10:00. Perceived expressions")
    assert any("sad for 67% and happy for 33%" in line for line in lines)
    assert any("From −1 (unpleasant) to 1 (pleasant)" in line for line in lines)
    assert lines[-1] == "0:10 10:00:10 the letter: before happy 100%, after sad 100%"


def test_only_the_owner_may_read_the_report(tmp_path: Path) -> None:
    path = write_report([write_session(tmp_path / "s", drawn_rows(2, 1))], "en", tmp_path / "new" / "out.html")
    assert path == tmp_path / "new" / "out.html"
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
@pytest.mark.parametrize("place", ["", "new", "shared"])
def test_nobody_else_can_read_the_report_for_a_moment(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_session(tmp_path / "s", drawn_rows(2, 1))
    (tmp_path / "shared").mkdir(mode=0o777)
    out = tmp_path / place / "out.html" if place else None
    (out or folder / "report.html").parent.mkdir(exist_ok=True)
    if place == "shared":
        (tmp_path / place / "out.html").write_text(EARLIER)
        (tmp_path / place / "out.html").chmod(0o666)
    seen: list[int] = []

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if watching and event in ("open", "os.rename", "os.chmod", "os.remove"):
            seen.extend(path.stat().st_mode for path in tmp_path.rglob("*.part"))

    watching = True
    sys.addaudithook(watch)
    before = os.umask(0)
    try:
        path = write_report([folder], "en", out)
    finally:
        os.umask(before)
        watching = False
    assert seen
    assert [mode for mode in [*seen, path.stat().st_mode] if mode & 0o077] == []


@pytest.mark.parametrize("name", ["emotions.csv", "events.csv", "session.json", "model.pt", "own.html"])
def test_a_report_replaces_no_file_of_another_kind(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_session(tmp_path / "s", drawn_rows(2, 1), [(1.0, "marker", "x")])
    (folder / "model.pt").write_bytes(b"PK")
    (folder / "own.html").write_text('<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<p>')
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    (tmp_path / "link").symlink_to(folder / name)
    for out in (folder / name, folder / ".." / "s" / name, tmp_path / "link"):
        assert main([str(folder), "--lang", "en", "--out", str(out)]) == 2
        assert "is there already and is no report" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before
    (folder / "old.html").write_bytes(write_report([folder], "es").read_bytes())
    assert main([str(folder), "--lang", "en", "--out", str(folder / "old.html")]) == 0
    assert "<h1>" in (folder / "old.html").read_text(encoding="utf-8")


def test_a_note_that_begins_as_a_formula_is_shown_as_typed(tmp_path: Path) -> None:
    events = [(1.0, "marker", as_cell("=1+1")), (2.0, "marker", "'quoted'")]
    folder = write_session(tmp_path / "s", drawn_rows(4, 1), events)
    words = Outline(write_report([folder], "en").read_text(encoding="utf-8")).words
    assert "=1+1" in words
    assert "'=1+1" not in words
    assert "'quoted'" in words


def test_the_command_writes_a_report_for_each_session_or_one_for_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = [write_session(tmp_path / name, drawn_rows(3, 1)) for name in ("a", "b")]
    assert main([str(tmp_path), "--lang", "es"]) == 0
    names = ("report.html", "session.xlsx", "session.eaf", "episodes.tsv")
    assert capsys.readouterr().out.split() == [str(folder / name) for folder in made for name in names]
    assert 'lang="es"' in (made[0] / "report.html").read_text(encoding="utf-8")
    assert main([*map(str, made), "--compare", "--lang", "en", "--out", str(tmp_path / "all.html")]) == 0
    assert "Sessions compared" in (tmp_path / "all.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none"], "none is not a folder"),
        (["."], "has no session.json"),
        (["a", "--compare"], "--compare needs two sessions"),
        (["a", "b", "--out", "x.html"], "--out names one file"),
        (["a", "--out", "."], "cannot be written"),
        (["broken"], "broken/session.json cannot be read"),
    ],
)
def test_what_cannot_be_reported_is_told_in_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    if arguments != ["."]:
        for name in ("a", "b", "broken"):
            write_session(Path(name), drawn_rows(1, 1))
        Path("broken/session.json").write_text("{", encoding="utf-8")
    assert main(arguments) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.startswith("error: ")
    assert told.count("\n") == 1


def test_a_report_is_not_written_half(tmp_path: Path) -> None:
    folder = write_session(tmp_path / "s", drawn_rows(3, 1))
    write_report([folder], "en")
    before = (folder / "report.html").read_bytes()
    (folder / "emotions.csv").write_text("", encoding="utf-8")
    with pytest.raises(AffectError):
        write_report([folder], "en")
    assert (folder / "report.html").read_bytes() == before
    assert sorted(path.name for path in folder.iterdir() if path.name.startswith(".")) == []


# why there is no reading: four reasons, everywhere


GAP_EVENTS = [(10.0, "pause", ""), (20.0, "resume", ""), (30.0, "signal_lost", ""), (40.0, "signal_back", "")]
GAP_TOLD = {"clock": "source", "not_analysed": [[50.0, 60.0]]}
AWAY = [(10, 20), (30, 40), (49.5, 60), (70, 80)]  # and from 70 on nobody is there
MARKED = {"paused": 15.0, "lost": 35.0, "unrecorded": 55.0, "none": 75.0}


def session_with_gaps(folder: Path, *marked: float, end_s: float = 90.0) -> Path:
    """Ten seconds of each reason, between them ten of a face."""
    events = sorted([*GAP_EVENTS, *((at_s, "marker", f"at {at_s}") for at_s in marked)])
    return write_session(folder, drawn_rows(end_s, 4, 1, away=AWAY), events, end_s, **GAP_TOLD)


def told_of(folder: Path, language: str = "en") -> tuple[str, str]:
    """The page, and its words."""
    page = write_report([folder], language).read_text(encoding="utf-8")
    return page, Outline(page).words


@pytest.mark.parametrize(
    ("language", "state", "sentence"),
    [
        ("en", "paused", "Set while the analysis was paused."),
        ("en", "lost", "Set while there was no usable picture."),
        ("en", "unrecorded", "Set while no picture was analysed."),
        ("en", "none", "No face was seen at this moment."),
        ("es", "paused", "Puesta con el análisis en pausa."),
        ("es", "lost", "Puesta mientras no había imagen útil."),
        ("es", "unrecorded", "Puesta mientras no se analizaba ninguna imagen."),
        ("es", "none", "En este momento no se veía la cara."),
    ],
)
@pytest.mark.parametrize("shift_s", [-5.0, 0.0, 4.9])
def test_a_marker_says_in_which_of_the_four_states_it_was_set(
    language: str, state: str, sentence: str, shift_s: float, tmp_path: Path
) -> None:
    """At a state's first moment, in its middle, and just before its end."""
    page, words = told_of(session_with_gaps(tmp_path / "s", MARKED[state] + shift_s), language)
    assert sentence in words
    others = {TEXTS[f"markers_set_{other}"][language] for other in MARKED} - {sentence}
    assert not any(other in words for other in others)
    around = page[page.index('class="around"') :]
    assert f'fill="url(#{state})"' in around[: around.index("<svg viewBox")]


def test_a_marker_beside_a_face_says_nothing_of_a_state(tmp_path: Path) -> None:
    _, words = told_of(session_with_gaps(tmp_path / "s", 0.0, 9.9, 20.0, 25.0, 90.0))  # the last at the very end
    assert not any(TEXTS[f"markers_set_{state}"]["en"] in words for state in MARKED)


@pytest.mark.parametrize(
    ("at_s", "before", "after"),
    [
        (20.0, "paused 10 s", None),
        (10.0, None, "paused 10 s"),
        (15.0, None, None),  # five seconds of a face on either side
        (40.0, "no usable picture 10 s", None),
        (60.0, "not recorded 10 s", None),
        (80.0, "no face 10 s", None),
        (0.0, "not recorded 10 s", None),
        (90.0, None, "not recorded 10 s"),
    ],
)
def test_a_side_of_a_marker_without_a_face_says_why(
    at_s: float, before: str | None, after: str | None, tmp_path: Path
) -> None:
    page, _ = told_of(session_with_gaps(tmp_path / "s", at_s))
    sides = re.findall(r"<i>(?:before|after)</i>(?:<svg.*?</svg>)?(.*?)</span>", page)
    assert len(sides) == 2
    for told, side in zip((before, after), (" ".join(side.split()) for side in sides), strict=True):
        assert side == told if told else re.fullmatch(r"\w+ \d+%", side), side


def test_a_side_with_several_reasons_names_each_with_its_length(tmp_path: Path) -> None:
    events = [(14.0, "pause", ""), (18.0, "resume", ""), (18.0, "frozen", ""), (19.0, "frozen_end", "")]
    events.append((20.0, "marker", ""))
    rows = drawn_rows(30, 1, away=[(10, 20)])
    _, words = told_of(write_session(tmp_path / "s", rows, events, 30.0))
    assert "before no face 5.0 s, paused 4.0 s, no usable picture 1.0 s →" in words


def test_a_session_without_any_face_says_in_which_state_its_markers_were_set(tmp_path: Path) -> None:
    events = sorted([*GAP_EVENTS, (5.0, "marker", ""), (15.0, "marker", "")])
    _, words = told_of(write_session(tmp_path / "s", [], events, 60.0, **GAP_TOLD))
    assert "0:05 (no text) No face was seen at this moment." in words
    assert "0:15 (no text) Set while the analysis was paused." in words


@pytest.mark.parametrize(
    ("language", "summary", "coverage", "label"),
    [
        (
            "en",
            "The analysis was paused for 10 s. For 10 s the source gave no picture, or only a black or frozen one. "
            "For 10 s no picture was analysed.",
            "paused: 10 s (11%) without a usable picture: 10 s (11%) not recorded: 10 s (11%)",
            "Without a reading: no face 10 s, paused 10 s, no usable picture 10 s, not recorded 10 s.",
        ),
        (
            "es",
            "El análisis estuvo en pausa 10 s. Durante 10 s la fuente no dio imagen, o solo una negra o congelada. "
            "Durante 10 s no se analizó ninguna imagen.",
            "en pausa: 10 s (11 %) sin imagen útil: 10 s (11 %) sin registrar: 10 s (11 %)",
            "Sin lectura: ninguna cara 10 s, en pausa 10 s, sin imagen útil 10 s, sin registrar 10 s.",
        ),
    ],
)
def test_the_four_states_are_told_apart_in_words_in_the_coverage_and_for_those_who_cannot_see(
    language: str, summary: str, coverage: str, label: str, tmp_path: Path
) -> None:
    page, words = told_of(session_with_gaps(tmp_path / "s"), language)
    assert summary in words
    assert coverage in words
    assert TEXTS["unrecorded_how"][language] in words
    (band,) = (values for tag, values in Outline(page).tags if tag == "svg" and values.get("class") == "band")
    assert str(band["aria-label"]).replace("\N{NO-BREAK SPACE}", " ").endswith(label)
    for name in MARKED:
        assert TEXTS[f"legend_{name}"][language] in words


def test_a_session_without_a_gap_mentions_none(tmp_path: Path) -> None:
    page, words = told_of(write_session(tmp_path / "s", drawn_rows(30, 7), [(12.0, "marker", "")], 30.0))
    assert "Without a reading" not in page
    assert "url(#" not in page
    assert not any(TEXTS[f"legend_{name}"]["en"] in words for name in MARKED)


def test_the_patterns_lie_at_their_times(tmp_path: Path) -> None:
    page, _ = told_of(session_with_gaps(tmp_path / "s", end_s=100.0))
    ground = page[page.index('class="ground"') :]
    ground = ground[: ground.index("</svg>")]
    found = re.findall(r'x="([\d.]+)%" width="([\d.]+)%" height="100%" fill="url\(#(\w+)\)"', ground)
    assert [(float(x), float(width), name) for x, width, name in found] == [
        (70, 10, "none"), (10, 10, "paused"), (30, 10, "lost"), (50, 10, "unrecorded"),
    ]  # fmt: skip


def test_sessions_compared_show_the_four_states_and_nothing_after_their_end(tmp_path: Path) -> None:
    long = session_with_gaps(tmp_path / "long", end_s=100.0)
    short = write_session(tmp_path / "short", drawn_rows(20, 1, away=[(10, 20)]), [], 20.0)
    page = write_report([long, short], "en", tmp_path / "c.html").read_text(encoding="utf-8")
    grounds = re.findall(r'class="ground".*?</svg>', page)
    rects = [re.findall(r'x="([\d.]+)%" width="([\d.]+)%" .*?#(\w+)', ground) for ground in grounds]
    assert [name for *_, name in rects[0]] == ["none", "paused", "lost", "unrecorded"]
    assert rects[1] == [("10.00", "10.00", "none")]  # of the scale's hundred seconds
    words = Outline(page).words
    assert all(TEXTS[f"legend_{name}"]["en"] in words for name in MARKED)


def test_a_recording_that_starts_later_has_its_marks_of_time_on_round_moments(tmp_path: Path) -> None:
    rows = [(1.5 + row[0], *row[1:]) for row in drawn_rows(30, 4)]
    folder = write_session(tmp_path / "s", rows, [(1.5, "marker", "start")], 30.0, start_s=1.5, clock="source")
    page, words = told_of(folder)
    axis = page[page.index('class="axis"') :]
    axis = axis[: axis.index("</svg>")]
    assert re.findall(r'<text x="([\d.]+)%".*?>([\d:]+)<', axis)[:2] == [("11.67", "0:05"), ("28.33", "0:10")]
    assert "before not recorded 10 s → after" in words


@pytest.mark.parametrize(
    ("given", "english", "spanish"),
    [
        (["none"], "none is not a folder.", "none no es una carpeta."),
        (["empty"], "empty has no session.json", "En empty no hay session.json"),
        (["s", "--compare"], "--compare needs two sessions or more.", "--compare necesita al menos dos sesiones."),
        (["s", "t", "--out", "x.html"], "but there are 2 sessions", "pero hay 2 sesiones"),
        (["s", "--out", "file/x.html"], "file/x.html cannot be written (", "No se puede escribir file/x.html ("),
        (["torn"], "torn/session.json cannot be read (", "No se puede leer torn/session.json ("),
        (["old"], "is not in format 1", "no tiene el formato 1"),
        (["short"], "short/session.json lacks state", "En short/session.json falta state"),
        (["undated"], "undated/session.json is damaged", "undated/session.json está dañado"),
        (["bare"], "bare/emotions.csv is missing.", "Falta bare/emotions.csv."),
        (["foreign"], "does not have the columns", "no tiene las columnas"),
    ],
)
def test_what_is_wrong_with_a_folder_is_told_in_the_language_that_is_asked_for(
    given: list[str], english: str, spanish: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    for name in ("s", "t", "torn", "old", "short", "undated", "bare", "foreign"):
        write_session(Path(name), drawn_rows(2, 1), **({"started": "once"} if name == "undated" else {}))
    Path("file").touch()
    Path("empty").mkdir()
    for name, content in (("torn", "{"), ("old", "{}"), ("short", '{"format": 1}')):
        Path(name, "session.json").write_text(content, encoding="utf-8")
    Path("bare", "emotions.csv").unlink()
    Path("foreign", "emotions.csv").write_text("a,b\n", encoding="utf-8")
    for language, told in (("en", english), ("es", spanish)):
        assert main([*given, "--lang", language]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("error: ")
        assert told in err
        assert len(err.splitlines()) == 1


def test_the_command_s_help_is_in_the_language_that_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    for language, words in (("en", ("usage: ", "examples:")), ("es", ("uso: ", "ejemplos:"))):
        with pytest.raises(SystemExit):
            main(["--help", "--lang", language])
        told = capsys.readouterr().out
        assert [word for word in words if word not in told] == []
        with pytest.raises(SystemExit):
            main(["--lang", language])
        assert {"en": "are required: DIR", "es": "falta lo siguiente: DIR"}[language] in capsys.readouterr().err


def test_the_rule_of_the_label_is_the_same_in_report_guide_and_readme(pages: dict[tuple[str, str], str]) -> None:
    """Guide and README tell that of the bundled model, which may bring a threshold of its own."""
    sure_from = load_checkpoint(MODEL).sure_from
    bundled = LabelChooser() if sure_from is None else LabelChooser(least=sure_from)
    for language, names in (("en", ("README.md", "docs/guide.md")), ("es", ("README.es.md", "docs/guide.es.md"))):
        own, told = (
            " ".join(label_rule(told_settings(chooser), Writer(language)).split())
            for chooser in (LabelChooser(), bundled)
        )
        assert own in Outline(pages["plain", language]).words
        for name in names:
            assert told in " ".join((REPOSITORY / name).read_text(encoding="utf-8").split()), name


def told_settings(chooser: LabelChooser) -> dict[str, float]:
    """A chooser's numbers as session.json has them."""
    return {f"label_{name}": getattr(chooser, name) for name in ("lead", "least", "keeps", "hold_s")}


def test_a_recording_of_an_older_version_is_not_told_a_rule_that_it_did_not_follow(tmp_path: Path) -> None:
    older = {"faces": 1, "smoothing_s": 0.4, "label_lead": 0.1, "label_least": 0.3}
    folder = write_session(tmp_path / "s", drawn_rows(5, 1), [], 5.0, settings=older)
    words = Outline(write_report([folder], "en").read_text(encoding="utf-8")).words
    assert "smoothed over 0.4 s" in words
    assert "An expression is shown once" not in words


@pytest.mark.parametrize("faces", [1, 4])
def test_a_baseline_is_told_and_drawn_only_where_it_acted(tmp_path: Path, faces: int) -> None:
    rows = [(i / 10, 1 if i < 100 or i >= 150 else 2, "sad", one_hot("sad")) for i in range(200)]
    baseline = {**BASELINE, "face_id": 1, "from_s": -10.0, "to_s": 0.0, "undone_at_s": None}
    settings = {"faces": faces, "language": "en"}
    folder = write_session(tmp_path / "s", rows, [], 20.0, baseline=[baseline], settings=settings)
    page = write_report([folder], "en").read_text(encoding="utf-8")
    assert "Of the 20 s in which a face was seen while it was set, it acted for 15 s (75%)" in Outline(page).words
    drawn = re.findall(r'<line x1="([\d.]+)%" x2="([\d.]+)%" y1="23"', page)
    assert drawn == [("0.00", "50.00"), ("75.00", "100.00")]


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("faces", [1, 4])
def test_a_session_with_cuts_says_when_they_were_and_that_faces_may_be_others(
    tmp_path: Path, faces: int, language: str
) -> None:
    """A speaker view that changes every five seconds: twelve ids, which may be two people."""
    label = ("happy", "sad")
    rows = [(i / 10, 1 + i // 50, label[i // 50 % 2], one_hot(label[i // 50 % 2])) for i in range(600)]
    events = [(5.0 * n, "cut", "") for n in range(1, 12)]
    settings = {"faces": faces, "language": language}
    folder = write_session(tmp_path / "s", rows, events, 60.0, settings=settings)
    words = Outline(write_report([folder], language).read_text(encoding="utf-8")).words
    times = {"en": "changed to another at 0:05, 0:10, 0:15", "es": "cambió a otra en 0:05, 0:10, 0:15"}
    assert times[language] in words
    assert (TEXTS["cuts_warning"][language] in words) == (faces == 1)
    assert (TEXTS["people_how"][language] in words) == (faces == 4)
    seen = {"en": "A face was seen for 1 min of the 1 min analysed", "es": "Se vio una cara durante 1 min de los 1 min"}
    assert seen[language] in words


def test_many_cuts_are_not_all_listed(tmp_path: Path) -> None:
    events = [(0.5 * n, "cut", "") for n in range(1, 60)]
    folder = write_session(tmp_path / "s", drawn_rows(30, 1), events, 30.0)
    words = Outline(write_report([folder], "en").read_text(encoding="utf-8")).words
    assert "0:09, 0:10 …" in words
