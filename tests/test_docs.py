"""The guides exist in two languages that say the same, as far as a program can tell."""

from __future__ import annotations

import csv
import json
import re
import shlex
from collections import Counter
from pathlib import Path

import pytest

from affect.live.bundled import BUNDLED, bundled_models
from affect.live.options import parser
from affect.live.texts import TEXTS
from affect.model.checkpoint import load_checkpoint
from benchmarks.live import SPEED_ROWS
from tests.conftest import REPOSITORY

DOCS = REPOSITORY / "docs"


# What no translation changes, in each page: numbers (whatever separates their digits), options, files, addresses.
KEPT = {
    "numbers": r"\d+",
    "options": r"(?<![\w-])--[a-z][a-z-]+",
    "files and addresses": r"https?://[^>\s)`]+|`[a-z_]+\.\w+`",
}


@pytest.mark.parametrize("name", ["README", "docs/guide", "docs/privacy", "docs/screen", "docs/wall"])
def test_both_languages_have_the_same_sections_tables_lists_and_numbers(name: str) -> None:
    english, spanish = ((REPOSITORY / f"{name}{ending}").read_text(encoding="utf-8") for ending in (".md", ".es.md"))
    assert outline(english) == outline(spanish)
    for what, pattern in KEPT.items():
        found, wanted = (Counter(re.findall(pattern, text)) for text in (spanish, english))
        assert wanted or name == "docs/wall", what
        assert (wanted - found, found - wanted) == (Counter(), Counter()), what


def outline(page: str) -> list[str]:
    """The page's headings by their level, its tables' rows by their cells, its list items and pictures, in order."""
    return [
        f"{line.count('|')} cells" if line.startswith("|") else mark[0].strip()
        for line in page.splitlines()
        if (mark := re.match(r"#+ |\|| *- |\d+\. | *```|!\[", line))
    ]


@pytest.mark.parametrize("name", ["guide.md", "guide.es.md"])
def test_the_program_understands_what_the_guide_tells_to_type(name: str) -> None:
    guide = (DOCS / name).read_text(encoding="utf-8")
    for command in re.findall(r"^ *python affectnet_webcam_detector\.py (.*)$", guide, re.M):
        parser().parse_args(shlex.split(command))
    ours = {option for action in parser()._actions for option in action.option_strings}
    named = set(re.findall(r"`(--[a-z-]+)", guide))
    assert named
    assert named <= ours


def test_both_guides_have_the_same_commands() -> None:
    english, spanish = (
        re.findall(r"^ *```\n(.*?)^ *```$", (DOCS / name).read_text(encoding="utf-8"), re.M | re.S)
        for name in ("guide.md", "guide.es.md")
    )
    assert english == spanish


@pytest.mark.parametrize("path", sorted([*REPOSITORY.glob("*.md"), *DOCS.glob("*.md")]), ids=lambda p: p.name)
def test_what_a_guide_links_to_is_there(path: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target


def cells_of(name: str, first: str) -> list[str]:
    """The cells of a table's row in a guide, by how the row begins."""
    (row,) = (line for line in (REPOSITORY / name).read_text(encoding="utf-8").splitlines() if line.startswith(first))
    return [cell.strip() for cell in row.strip("|").split("|")]


@pytest.mark.parametrize("name", ["README.md", "README.es.md"])
def test_the_results_in_the_readme_are_those_of_the_saved_tables(name: str) -> None:
    with (REPOSITORY / "results" / "ferplus" / "comparison.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            readme = [f"{float(row[f'readme_{key}']):.2f}" for key in ("accuracy", "f1_weighted", "auc_macro")]
            printed = [f"{float(row[f'printed_{key}']):.2f}" for key in ("accuracy", "f1_weighted")]
            reported = [*readme, *printed, f"{float(row['best_epoch_accuracy']):.4f}"]
            measured = [f"{float(row[key]):.3f}" for key in ("accuracy", "f1_weighted", "auc_macro")]
            wanted = [*reported, f"{int(row['reported_n']):,}", *measured, f"{int(row['n']):,}"]
            assert cells_of(name, f"| {row['model']} |")[1:] == wanted


@pytest.mark.parametrize("name", ["README.md", "README.es.md"])
def test_the_readme_tells_how_often_the_bundled_models_are_right_on_each_data_set(name: str) -> None:
    for row, data in (
        ("| FER+, val |", "ferplus/*/as_live"),
        ("| FER+, test", "ferplus_test/*"),
        ("| CK+48", "ck48/*"),
        ("| AffectNet's" if name == "README.md" else "| La parte de AffectNet", "affectnet_part/*"),
    ):
        found = [
            json.loads((REPOSITORY / "results" / data.replace("*", model) / "metrics.json").read_text("utf-8"))
            for model in ("starter_faces", "starter_ferplus")
        ]
        counts = dict.fromkeys(f"{m['n']:,}" for m in found)
        wanted = [f"{m['accuracy']:.3f} / {m['balanced_accuracy']:.3f} / {m['ece']:.3f}" for m in found]
        assert cells_of(name, row)[1:] == ["; ".join(counts), *wanted]
    assert f"{100 * (load_checkpoint(BUNDLED).sure_from or 0):.0f} %" in (REPOSITORY / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("model", bundled_models(), ids=lambda model: model.stem)
def test_what_a_card_says_of_the_share_answered_is_what_was_measured(model: Path) -> None:
    """At the threshold from which a label is shown, at least 85 % are right on each set, as the README says."""
    sure_from = load_checkpoint(model).sure_from
    if sure_from is None:
        pytest.skip("it has no threshold of its own")
    table = REPOSITORY / "results" / "calibration" / model.stem / "risk_coverage.csv"
    with table.open(encoding="utf-8") as file:
        at = [row for row in csv.DictReader(file) if abs(float(row["confidence"]) - sure_from) < 1e-6]
    assert len(at) == 3
    assert all(float(row["accuracy"]) >= 0.85 for row in at)


@pytest.mark.parametrize("name", SPEED_ROWS)
def test_the_speed_in_the_readme_is_that_of_the_saved_benchmark(name: str) -> None:
    found = json.loads((REPOSITORY / "benchmarks" / "live.json").read_text(encoding="utf-8"))
    ours, usual, script = found["loops"]["ours"], found["loops"]["usual loop"], found["script"]
    wanted = [
        [f"{ours['median']:.1f} ms", f"{usual['median']:.0f} ms"],
        [f"{ours['p95']:.1f} ms", f"{usual['p95']:.0f} ms"],
        [f"{ours['cpu_s_per_video_s']:.2f} s", ""],
        [f"{found['program']['headless_cpu_s']:.2f} s", ""],
        [f"{found['program']['window_cpu_s']:.2f} s", ""],
        [f"{script['start_s']:.2f} s", ""],
        [f"{script['peak_mib'] * 1.048576:.0f} MB", ""],
    ]
    assert [cells_of(name, f"| {row} |")[1:] for row in SPEED_ROWS[name]] == wanted


@pytest.mark.parametrize("guide", ["guide.md", "guide.es.md"])
def test_what_the_guide_says_of_covered_faces_is_what_was_measured(guide: str) -> None:
    told = json.loads((REPOSITORY / "results" / "benchmarks" / "covered.json").read_text(encoding="utf-8"))
    mask, bare = told["surgical mask"], told["uncovered"]
    shares = [mask["accuracy"], bare["accuracy"], mask["happy_called_neutral"]]
    shares += [
        told[c]["called_covered"] for c in ("surgical mask", "hand", "black scarf", "patterned mask", "uncovered")
    ]
    page = " ".join((REPOSITORY / "docs" / guide).read_text(encoding="utf-8").replace(" %", "%").split())
    paragraph = page[page.index("FER+, ") : page.index("benchmarks.covered")]
    assert re.findall(r"\d+%", paragraph) == [f"{100 * share:.0f}%" for share in shares]


@pytest.mark.parametrize(("page", "language"), [("wall.md", "en"), ("wall.es.md", "es")])
def test_the_page_for_the_wall_has_every_reason_why_a_face_is_hard_to_read(page: str, language: str) -> None:
    told = (DOCS / page).read_text(encoding="utf-8")
    reasons = [entry[language] for key, entry in TEXTS.items() if key.startswith("quality_")]
    assert len(reasons) == 5
    assert [reason for reason in reasons if f"*{reason}*" not in told] == []
