"""The guides exist in two languages that say the same, as far as a program can tell."""

from __future__ import annotations

import csv
import json
import re
import shlex
from collections import Counter
from pathlib import Path

import pytest

from affect.live.app import parser
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
def test_the_bundled_models_headline_stands_beside_what_flatters_it_less(name: str) -> None:
    """The figure without copies, as its card has it, and those on other data sets."""
    plain, posed, wild = (
        json.loads((REPOSITORY / "results" / data / "starter_ferplus" / "metrics.json").read_text("utf-8"))
        for data in ("ferplus", "ck48", "affectnet_part")
    )
    card = (REPOSITORY / "models" / "starter_ferplus.md").read_text(encoding="utf-8")
    told = re.search(r"near-duplicate in train, n = ([\d,]+): accuracy (\S+) \[.*macro F1 (\S+) \[", card)
    assert told is not None
    text = (REPOSITORY / name).read_text(encoding="utf-8")
    shares = [plain["accuracy"], float(told[2]), posed["accuracy"], wild["accuracy"]]
    figures = [f"{100 * share:.1f} %" for share in shares]
    found = [text.index(figure) for figure in figures]
    assert found == sorted(found)
    for number in (
        told[1],
        told[3],
        f"{plain['f1_macro']:.3f}",
        f"{plain['n']:,}",
        f"{posed['n']:,}",
        f"{wild['n']:,}",
    ):
        assert number in text[found[0] : found[0] + 700]


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
