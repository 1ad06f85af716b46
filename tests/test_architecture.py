"""docs/architecture.md is true: every module is in its room, and imports, lazy ones too, go along the arrows."""

from __future__ import annotations

import ast
import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

PACKAGE = REPOSITORY / "affect"
PAGE = (REPOSITORY / "docs" / "architecture.md").read_text(encoding="utf-8")
Graph = dict[str, set[str]]


def name_of(path: Path) -> str:
    """`data.manifest` for affect/data/manifest.py, `data` for its package and the package's `__main__`."""
    return ".".join(p for p in path.relative_to(PACKAGE).with_suffix("").parts if not p.startswith("__"))


FILES = {path: name for path in sorted(PACKAGE.rglob("*.py")) if (name := name_of(path))}
MODULES = set(FILES.values())


def imported(node: ast.AST) -> set[str]:
    """The project's modules that a statement imports; what a package re-exports counts as the package's."""
    if isinstance(node, ast.Import):
        named = {alias.name for alias in node.names}
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, "imports are written in full"
        named = {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
    else:
        return set()
    ours = {name.removeprefix("affect.") for name in named if name.startswith("affect.")} & MODULES
    return {name for name in ours if not any(other.startswith(f"{name}.") for other in ours)}


@pytest.fixture(scope="module")
def imports() -> Graph:
    """What every module imports of the project, anywhere in it."""
    graph: Graph = {name: set() for name in MODULES}
    for path, name in FILES.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            graph[name] |= imported(node) - {name}
    return graph


def rooms() -> dict[str, list[str]]:
    """The modules that the page names in each room's table."""
    tables = PAGE.split("\n## Modules\n")[1].split("\n## ")[0].split("\n### ")[1:]
    firsts = {table.splitlines()[0]: re.findall(r"^\| (`.*?) \|", table, re.M)[1:] for table in tables}
    return {room: re.findall(r"`([\w.]+)`", " ".join(cells)) for room, cells in firsts.items()}


def reached(arrows: Graph, start: str) -> set[str]:
    """Where the arrows lead from a room, and the room itself."""
    return {start}.union(*(reached(arrows, end) for end in arrows.get(start, ())))


def test_the_page_names_every_module_once() -> None:
    named = [module for modules in rooms().values() for module in modules]
    assert sorted(named) == sorted(MODULES)


def test_every_arrow_is_an_import_and_every_import_goes_along_arrows(imports: Graph) -> None:
    room_of = {module: room for room, modules in rooms().items() for module in modules}
    arrows: Graph = {}
    for start, end in re.findall(r"^ +(\w+) --> (\w+)$", PAGE, re.M):
        arrows.setdefault(start, set()).add(end)
    between = {(room_of[a], room_of[b]): (a, b) for a, targets in imports.items() for b in targets}
    for (start, end), (module, other) in between.items():
        assert end in reached(arrows, start), f"{module} imports {other}, but no arrow leads from {start} to {end}"
    assert {(start, end) for start, ends in arrows.items() for end in ends} <= set(between)


def test_the_arrows_point_one_way_and_so_do_the_imports_of_modules_and_of_packages(imports: Graph) -> None:
    packages: Graph = {}
    for module, targets in imports.items():
        package = module.split(".")[0]
        packages.setdefault(package, set()).update({t.split(".")[0] for t in targets} - {package})
    for graph in (imports, packages):
        TopologicalSorter(graph).prepare()  # raises CycleError, naming the cycle


def test_a_live_start_does_not_pay_for_training(imports: Graph) -> None:
    used = {target for module, targets in imports.items() if module.split(".")[0] == "live" for target in targets}
    assert {target.split(".")[0] for target in used} <= {"live", *rooms()["core"]}
