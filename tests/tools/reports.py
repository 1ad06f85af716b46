"""Stands in for the report of a recorded session, where a test is about something else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from affect.errors import AffectError


class Reports:
    """Stands in for `affect.live.report`, `…exports` and `…recording.model_figures`, whose own tests are elsewhere."""

    def __init__(self) -> None:
        self.asked: list[tuple[list[Path], str]] = []
        self.fails = False

    def write_report(self, folders: list[Path], language: str, out: Path | None = None) -> Path:
        if self.fails:
            raise AffectError("no room")
        self.asked.append((folders, language))
        path = out or folders[0] / "report.html"
        path.write_text(language)
        return path

    def write_exports(self, folder: Path, language: str) -> list[Path]:
        return []

    def figures_of(self, model: Path) -> dict[str, Any] | None:
        return {"n": 3553, "of": model.name}
