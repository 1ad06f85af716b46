"""Comparison of the six models, and the cost in accuracy of each mistake of the original.

    python -m affect.comparison --results results/ferplus

reads `<experiment>/<stage>/metrics.json` of the six models and `mistakes/<experiment>__<mistake>/<stage>/` beside
them, all written by `affect.evaluation`, and writes `comparison.*` and `mistakes.*` (CSV, Markdown, PNG).
`measured` reads and formats the results, `models` and `mistakes` compare them.
"""

from __future__ import annotations

from pathlib import Path

from affect.comparison.measured import Comparison
from affect.comparison.mistakes import compare_mistakes, mistakes_text
from affect.comparison.models import compare_models, models_text
from affect.data.tables import write_table
from affect.files import write_text

__all__ = ["Comparison", "compare_mistakes", "compare_models", "write_comparison"]


def write_comparison(results: Path, out: Path) -> tuple[Comparison, Comparison]:
    """Write `comparison.*`, and `mistakes.*` if there are any, to `out`. Returns both comparisons."""
    from affect import figure_style
    from affect.comparison import figures

    models, mistakes = compare_models(results), compare_mistakes(results)
    _write(models, models_text(models), out, "comparison")
    figure_style.save(figures.six_models(models.table, models.origin), out / "comparison.png")
    if not mistakes.table.empty:
        _write(mistakes, mistakes_text(mistakes), out, "mistakes")
        figure_style.save(figures.mistakes_cost(mistakes.table, mistakes.origin), out / "mistakes.png")
    return models, mistakes


def _write(comparison: Comparison, text: str, out: Path, name: str) -> None:
    write_table(comparison.table, out / f"{name}.csv", float_format="%.6f")
    write_text(out / f"{name}.md", text)
