"""Cell outputs of a notebook: text, tables, figures and progress bars."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pandas as pd
from IPython.core.getipython import get_ipython
from IPython.display import Image, Markdown, clear_output, display
from matplotlib.figure import Figure

from affect import figure_style

DPI = 96  # resolution of figures in a notebook; those on the disk have `figure_style.DPI`
REDRAW_S = 0.5  # seconds between redraws of a progress bar


def say(text: str) -> None:
    """Show Markdown text under a cell."""
    display(Markdown(text))


def titled(table: pd.DataFrame, title: str) -> pd.DataFrame:
    """The table with a caption."""
    return table.rename_axis(columns=title)


def show(figure: Figure, path: Path | None = None) -> None:
    """Show a figure under a cell, with its title as alternative text, and save it if a path is given."""
    if path is not None:
        figure_style.save(figure, path)
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=DPI, bbox_inches="tight")
    display(Image(drawn.getvalue(), format="png", alt=figure.get_suptitle().replace("\n", ". ")))


class Lines(io.TextIOBase):
    """Text stream that renders progress bars as a terminal does: a carriage return overwrites the line.

    lines: finished lines.   text: finished lines and the current bar.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._bar = ""
        self._handle: Any = None
        self._drawn = 0.0

    @property
    def text(self) -> str:
        """The finished lines and the current bar, as text."""
        return "\n".join([*self.lines, self._bar] if self._bar.strip() else self.lines)

    def write(self, text: str) -> int:
        """Write text to the stream; returns the number of characters."""
        *ended, bar = (self._bar + text.replace("\x1b[A", "")).split("\n")
        self.lines += [line for line in map(_last_written, ended) if line]
        self._bar = _last_written(bar)
        if get_ipython() is not None and time.monotonic() - self._drawn > REDRAW_S:
            self.draw()
        return len(text)

    def draw(self) -> None:
        """Replace the displayed output by the current text."""
        self._drawn = time.monotonic()
        shown = {"text/plain": self.text}
        if self._handle is None:
            self._handle = display(shown, raw=True, display_id=True)
        else:
            self._handle.update(shown, raw=True)

    def close(self) -> None:
        """Show only the finished lines, or clear the output if there are none."""
        self._bar = ""
        if get_ipython() is None or (self._handle is None and not self.lines):
            return
        if self.lines:
            self.draw()
        else:
            clear_output()


def _last_written(line: str) -> str:
    return line.rstrip("\r").rsplit("\r", 1)[-1].rstrip()


@contextmanager
def progress() -> Iterator[Lines]:
    """Context that shows progress bars and messages in one notebook output; only finished lines remain."""
    lines = Lines()
    if get_ipython() is None:
        yield lines
        return
    try:
        with redirect_stderr(lines), redirect_stdout(lines):
            yield lines
    finally:
        lines.close()
