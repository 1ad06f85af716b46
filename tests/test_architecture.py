"""docs/architecture.md is true: the rooms are the folders, and imports, lazy ones too, go along its arrows."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

PACKAGE = REPOSITORY / "affect"
PAGE = (REPOSITORY / "docs" / "architecture.md").read_text(encoding="utf-8")
Graph = dict[str, set[str]]


def name_of(path: Path) -> str:
    """`data.manifest` for affect/data/manifest.py, `data` for its package."""
    return ".".join(p for p in path.relative_to(PACKAGE).with_suffix("").parts if p != "__init__")


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


def room_of(module: str) -> str:
    """The folder of `affect/` that a module is in; "core" for a file beside the folders, but for the door."""
    first = module.split(".")[0]
    return first if first == "reader" or (PACKAGE / first).is_dir() else "core"


def place_of(module: str) -> str:
    """The innermost folder of a module; a command, or a file of `affect/` or `affect/live/`, is a place of its own."""
    parts = module.split(".")
    folder = parts if PACKAGE.joinpath(*parts).is_dir() else parts[:-1]
    return module if folder in ([], ["live"]) or parts[-1] == "__main__" else ".".join(folder)


def reached(arrows: Graph, start: str) -> set[str]:
    """Where the arrows lead from a room, and the room itself."""
    return {start}.union(*(reached(arrows, end) for end in arrows.get(start, ())))


def test_every_arrow_is_an_import_and_every_import_goes_along_arrows(imports: Graph) -> None:
    arrows: Graph = {}
    for start, end in re.findall(r"^ +(\w+) --> (\w+)$", PAGE, re.M):
        arrows.setdefault(start, set()).add(end)
    between = {(room_of(a), room_of(b)): (a, b) for a, targets in imports.items() for b in targets}
    for (start, end), (module, other) in between.items():
        assert end in reached(arrows, start), f"{module} imports {other}, but no arrow leads from {start} to {end}"
    assert {(start, end) for start, ends in arrows.items() for end in ends} <= set(between)
    assert {room for ends in between for room in ends} == {room_of(module) for module in MODULES}


@pytest.mark.parametrize("grouped", [str, place_of, room_of])
def test_imports_point_one_way(grouped: Callable[[str], str], imports: Graph) -> None:
    """Of modules, of folders, and of rooms."""
    graph: Graph = {}
    for module, targets in imports.items():
        start = grouped(module)
        graph.setdefault(start, set()).update({grouped(target) for target in targets} - {start})
    TopologicalSorter(graph).prepare()  # raises CycleError, naming the cycle


def test_a_live_start_does_not_pay_for_training(imports: Graph) -> None:
    used = {room_of(target) for module, targets in imports.items() if room_of(module) == "live" for target in targets}
    assert used <= {"live", "faces", "model", "core"}
