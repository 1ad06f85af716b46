"""The commands that the guides quote, and the command-line parsers of the programs that they start."""

from __future__ import annotations

import argparse
import importlib
import re
import sys
from pathlib import Path
from typing import NamedTuple, NoReturn

import pytest

from tests.conftest import REPOSITORY

SHELL = ("", "bash", "sh", "console")  # languages of the code blocks that hold commands
SCRIPT = "affectnet_webcam_detector.py"


class Command(NamedTuple):
    """A command as a guide has it. inline: in a sentence, not in a code block."""

    text: str
    inline: bool


def commands_of(path: Path) -> list[Command]:
    """The commands of a guide, in order; `a && b` is two.

    Every line of a code block is one, up to the two or more spaces after which it is explained, but for the names of
    files. In a sentence, code of several words is one, unless it is an option with its value; so is a Windows path.
    """
    text = path.read_text(encoding="utf-8")
    fence = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
    lines = [
        line for language, block in fence.findall(text) if language in SHELL for line in _joined(block).splitlines()
    ]
    spans = [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", fence.sub("", text))]
    quoted = [(re.split(r"\s{2,}", line.strip())[0], False) for line in lines]
    quoted += [(span, True) for span in spans if (" " in span and not span.startswith("--")) or "\\" in span]
    return [
        Command(part, inline)
        for quote, inline in quoted
        for part in quote.split(" && ")
        if quote and (" " in quote or not any(REPOSITORY.glob(quote.rstrip("/"))))
    ]


def _joined(block: str) -> str:
    """A code block with its continued lines in one."""
    return re.sub(r"\s*\\\n\s*", " ", block)


def options_of(path: Path) -> set[str]:
    """The options (`--csv`) that a guide's sentences and tables name."""
    spans = re.findall(r"`(--[^`]+)`", path.read_text(encoding="utf-8"))
    return {option for span in spans for option in re.findall(r"--[a-z][a-z-]*", span)}


class _ParserFound(Exception):
    """Ends a program where it would parse its arguments."""


def parser_of(program: str) -> argparse.ArgumentParser:
    """The real parser of a program, `affect.training` or the webcam script, that takes options by their whole name."""
    name = {SCRIPT: "affect.live.app"}.get(program, program)
    found: list[argparse.ArgumentParser] = []

    def stop(parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        found.append(parser)
        raise _ParserFound

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(argparse.ArgumentParser, "parse_args", stop)
        patch.setattr(sys, "argv", [program])
        module = importlib.import_module(name)
        if hasattr(module, "__path__"):
            module = importlib.import_module(f"{name}.__main__")
        with pytest.raises(_ParserFound):
            module.main()
    found[0].allow_abbrev = False
    return found[0]
