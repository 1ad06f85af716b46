"""What appears under a cell: words, tables, figures, and one progress bar in one place."""

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

DPI = 96  # of a figure in a notebook; `figure_style.save` writes 150
REDRAW_S = 0.5  # a progress bar in a notebook is redrawn so often, seconds


def say(text: str) -> None:
    """Show words (Markdown) under a cell."""
    display(Markdown(text))


def titled(table: pd.DataFrame, title: str) -> pd.DataFrame:
    """The table with a name above its rows."""
    return table.rename_axis(columns=title)


def show(figure: Figure, path: Path | None = None) -> None:
    """Show a figure under a cell, and save it where a path is given. Its title is the picture's alternative text."""
    if path is not None:
        figure_style.save(figure, path)
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=DPI, bbox_inches="tight")
    display(Image(drawn.getvalue(), format="png", alt=figure.get_suptitle().replace("\n", ". ")))


class Lines(io.TextIOBase):
    """Reads what progress bars write as a terminal does: a carriage return begins the line again.

    lines: the lines that stay.   text: those, and the bar as it stands.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._bar = ""
        self._handle: Any = None
        self._drawn = 0.0

    @property
    def text(self) -> str:
        """See the class."""
        return "\n".join([*self.lines, self._bar] if self._bar.strip() else self.lines)

    def write(self, text: str) -> int:
        """As a stream's; returns how many characters were taken."""
        *ended, bar = (self._bar + text.replace("\x1b[A", "")).split("\n")
        self.lines += [line for line in map(_last_written, ended) if line]
        self._bar = _last_written(bar)
        if get_ipython() is not None and time.monotonic() - self._drawn > REDRAW_S:
            self.draw()
        return len(text)

    def draw(self) -> None:
        """Show the text in place of what was shown before."""
        self._drawn = time.monotonic()
        shown = {"text/plain": self.text}
        if self._handle is None:
            self._handle = display(shown, raw=True, display_id=True)
        else:
            self._handle.update(shown, raw=True)

    def close(self) -> None:
        """Leave the lines that stay, or, where there are none, nothing."""
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
    """In a notebook, bars and messages of what runs inside are drawn in one place; only whole lines stay."""
    lines = Lines()
    if get_ipython() is None:
        yield lines
        return
    try:
        with redirect_stderr(lines), redirect_stdout(lines):
            yield lines
    finally:
        lines.close()
