"""Every message that the program can give a person is on the troubleshooting page, and no other is.

Messages are read from the source: what is given to AffectError or an argument parser, printed on stderr or beside a
progress bar, or a sentence of TEXTS. A placeholder is "…" in a message; on the page "…" stands for any text.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from affect.live.texts import TEXTS
from affect.spoken import SPANISH_OF_OURS
from tests.conftest import REPOSITORY

PAGES = {"en": REPOSITORY / "docs" / "troubleshooting.md", "es": REPOSITORY / "docs" / "troubleshooting.es.md"}
LISTS = ("source", "annotations", "layouts", "manifest")  # modules of affect.data: why a picture is left out

# Sentences of TEXTS that tell of no trouble: labels, questions, and what goes well.
WELL = re.compile(
    r"(key|help|option|summary|screen_hint|menu|sensitivity|quality|terms)_.*|start_(?!no_camera).*|yes_no|frames|camera|stream|video|image|demo|screen|perceived"
    r"|menu|open_report|end_question|picture|history|ago|face_number|paused|not_recording|recording_(started|ended)|report_made|model_and_source|marked|marker_question"
    r"|consent_question|baseline_(running|on|on_of|begun|applied|unmoved|stopped|undone|earlier|kept|kept_instead|none_kept)|snapshot_(question|stored)|screen_kept"
    r"|signal_back|picture_back|received|pictures(_one|_bar)?|valence(_how)?"
)


def constant(node: ast.expr) -> Iterator[str]:
    """The texts that an expression can become, with "…" for what is not known."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(str(p.value) if isinstance(p, ast.Constant) else "…" for p in parts)
        case ast.IfExp(body=one, orelse=other):
            yield from constant(one)
            yield from constant(other)


def is_message(call: ast.Call) -> bool:
    function = ast.unparse(call.func)
    if function == "print":
        return "file=sys.stderr" in map(ast.unparse, call.keywords)
    return function.endswith(("AffectError", "ArgumentTypeError", ".error", "tqdm.write")) or function == "said"


def messages_of(module: Path) -> Iterator[str]:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    for call in ast.walk(tree):
        if not (isinstance(call, ast.Call) and is_message(call) and call.args):
            continue
        first = call.args[0]
        yield from constant(first)
        if isinstance(first, ast.Call) and isinstance(first.func, ast.Name) and first.func.id in functions:
            for node in ast.walk(functions[first.func.id]):
                if isinstance(node, ast.Return) and node.value is not None:
                    yield from constant(node.value)
    if module.parent.name == "data" and module.stem in LISTS:
        for node in tree.body:
            if isinstance(node, ast.Assign):
                yield from (reason for reason in constant(node.value) if "_" not in reason)


def plain(text: str) -> str:
    """A message with "…" for every placeholder, on one line."""
    return re.sub("…+", "…", " ".join(re.sub(r"\{[^}]*\}", "…", text).split()))


@cache
def messages(language: str = "en") -> dict[str, str]:
    """Every message with words of its own, by a name that is the same in both languages."""
    found = {plain(m): plain(m) for path in (REPOSITORY / "affect").rglob("*.py") for m in messages_of(path)}
    spanish = {plain(of): plain(told) for of, told in SPANISH_OF_OURS.items()} if language == "es" else {}
    found = {name: spanish.get(name, message) for name, message in found.items()}
    for key, told in TEXTS.items():
        found.pop(plain(told["en"]), None)
        if not WELL.fullmatch(key):
            found[key] = plain(told[language])
    return {name: m for name, m in found.items() if len(re.sub(r"\W|error", "", m)) > 3}


def rows(language: str) -> dict[str, list[list[str]]]:
    """For each section of a page the messages that each row of its table quotes in its first column."""
    sections: dict[str, list[list[str]]] = {}
    for line in PAGES[language].read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            sections[line] = []
        elif line.startswith("| "):
            sections[list(sections)[-1]].append(re.findall("`([^`]+)`", line.split(" | ")[0]))
    return sections


def names(quote: str, language: str = "en") -> set[str]:
    """The messages that a quote can stand for."""
    pattern = re.compile(".*".join(map(re.escape, quote.split("…"))))
    return {name for name, message in messages(language).items() if pattern.fullmatch(message)}


def quotes(language: str) -> list[str]:
    return [quote for section in rows(language).values() for row in section for quote in row]


def known(quoted: list[str], language: str) -> set[str]:
    return {name for quote in quoted for name in names(quote, language)}


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_message_is_on_the_page(language: str) -> None:
    wanted = {n: m for n, m in messages(language).items() if language == "en" or n in TEXTS or n != m}
    on_page = known(quotes(language), language)
    assert [message for name, message in wanted.items() if name not in on_page] == []


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_quote_on_the_page_is_one_message_of_the_source(language: str) -> None:
    found = {quote: names(quote, language) for quote in quotes(language)}
    assert {quote: which for quote, which in found.items() if len(which) != 1} == {}


def test_both_languages_have_the_same_rows_about_the_live_program() -> None:
    english, spanish = list(rows("en").values()), list(rows("es").values())
    for section, seccion in zip(english, spanish, strict=False):
        assert len(section) == len(seccion)
        for row, fila in zip(section, seccion, strict=True):
            assert known(row, "en") == known(fila, "es") & set(messages("en")), (row, fila)
