"""The guides exist in two languages that say the same, as far as a program can tell."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import REPOSITORY

DOCS = REPOSITORY / "docs"


@pytest.mark.parametrize("name", ["privacy", "screen"])
def test_both_languages_have_the_same_sections_rows_and_sources(name: str) -> None:
    english, spanish = ((DOCS / f"{name}{ending}").read_text(encoding="utf-8") for ending in (".md", ".es.md"))
    for pattern in (r"^#+ ", r"^\|", r"^- ", r"^> ?$", r"^\d\. "):
        assert len(re.findall(pattern, english, re.M)) == len(re.findall(pattern, spanish, re.M)), pattern
    for pattern in (r"https?://[^>\s)]+", r"`(?:--[a-z-]+|[a-z_]+\.\w+)`", r"20\d\d/\d+"):
        assert sorted(re.findall(pattern, english)) == sorted(re.findall(pattern, spanish)), pattern


@pytest.mark.parametrize("path", sorted([REPOSITORY / "README.md", *DOCS.glob("*.md")]), ids=lambda p: p.name)
def test_what_a_guide_links_to_is_there(path: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target
