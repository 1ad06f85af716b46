"""The five notebooks run from top to bottom on a small drawn data set, and what is committed reads well."""

from __future__ import annotations

import base64
import re
import shutil
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

from affect.datasets.sample import write_sample
from tests.conftest import REPOSITORY
from tests.tools.patterns import train_quickly

STORY = [f"Notebook_affectnetv{i}" for i in (1, 2, 3, 4)]
NAMES = ["Exploratory_data_analysis", *STORY]
MAX_IMAGE, MAX_NOTEBOOK = 400_000, 2_000_000  # bytes
PARAMETERS = {
    "DATA", "LABELS", "CLASSES", "SPLIT_MODE", "EPOCHS", "IMAGE_SIZE", "SEED", "INIT_WEIGHTS", "LIMIT", "MODELS",
    "RESULTS", "RESUME", "SHOW_FACES",
}  # fmt: skip


def committed(name: str) -> Any:
    return nbformat.read(REPOSITORY / f"{name}.ipynb", as_version=4)


def code_cells(book: Any) -> list[Any]:
    return [c for c in book.cells if c.cell_type == "code"]


def texts_of(book: Any) -> str:
    """Every text among the outputs."""
    parts = []
    for output in (o for c in code_cells(book) for o in c.outputs):
        parts.append(output.get("text", ""))
        parts += [v for k, v in output.get("data", {}).items() if k.startswith("text/")]
    return "\n".join(parts)


def images_of(book: Any) -> list[bytes]:
    shown = [o["data"]["image/png"] for c in code_cells(book) for o in c.outputs if "image/png" in o.get("data", {})]
    return [base64.b64decode(image) for image in shown]


class Shown(NamedTuple):
    """What the cells of a notebook have shown: their texts, warnings too, and the number of pictures."""

    text: str
    pictures: int


def run_by_papermill(name: str, parameters: dict[str, object], out: Path) -> Shown:
    """As a researcher would, in a kernel of its own."""
    import papermill  # takes seconds

    done = out / f"{name}.ipynb"
    papermill.execute_notebook(REPOSITORY / f"{name}.ipynb", done, parameters, cwd=REPOSITORY, progress_bar=False)
    book = nbformat.read(done, as_version=4)
    return Shown(texts_of(book), len(images_of(book)))


def run_here(name: str, parameters: dict[str, object], out: Path) -> Shown:
    """In this process, which has imported everything and draws only what the notebook shows."""
    texts, pictures = [], 0
    shell = InteractiveShell.instance(config=Config(HistoryManager={"enabled": False}))
    try:
        for cell in code_cells(committed(name)):
            with warnings.catch_warnings(record=True) as told, capture_output() as shown:
                warnings.resetwarnings()
                for unseen in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
                    warnings.simplefilter("ignore", unseen)  # as Python does
                shell.run_cell(cell.source, silent=True).raise_error()
            if "parameters" in cell.metadata.get("tags", []):
                shell.push(parameters)
            texts += [shown.stdout, shown.stderr, *(f"{w.category.__name__}: {w.message}" for w in told)]
            texts += [str(v) for o in shown.outputs for k, v in o.data.items() if k.startswith("text/")]
            pictures += sum("image/png" in o.data for o in shown.outputs)
    finally:
        shell.restore_sys_module_state()
        InteractiveShell.clear_instance()
    return Shown("\n".join(texts), pictures)


class Runs:
    """Runs notebooks one way, in folders of its own, and keeps what each has shown."""

    def __init__(self, folder: Path, how: Callable[[str, dict[str, object], Path], Shown]) -> None:
        self.folder = folder
        self.how = how
        self.shown: dict[str, Shown] = {}

    def run(self, name: str, data: Path) -> Shown:
        out = self.folder / data.stem
        out.mkdir(exist_ok=True)
        parameters: dict[str, object] = {
            "DATA": str(data), "IMAGE_SIZE": 48, "EPOCHS": 1, "INIT_WEIGHTS": "none",
            "MODELS": str(out / "models"), "RESULTS": str(out / "results"),
        }  # fmt: skip
        self.shown[name] = self.how(name, parameters, out)
        return self.shown[name]


@pytest.fixture(scope="module", params=[run_here, pytest.param(run_by_papermill, marks=pytest.mark.nightly)])
def runs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    folder = tmp_path_factory.mktemp("notebooks")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AFFECT_CACHE", str(folder / "cache"))
        patch.chdir(REPOSITORY)
        train_quickly(patch.setattr)
        yield Runs(folder, request.param)


@pytest.fixture(scope="module")
def faces(runs: Runs) -> Path:
    return write_sample(runs.folder / "data" / "faces", train=6, val=3, size=48)


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_runs_on_a_folder_and_shows_no_warning(name: str, runs: Runs, faces: Path) -> None:
    shown = runs.run(name, faces)  # an error in any cell is raised
    assert "data set `faces`" in shown.text
    assert "Warning" not in shown.text
    assert shown.pictures >= 5


def test_v4_ends_with_all_six_models(runs: Runs) -> None:
    text = runs.shown[STORY[-1]].text
    assert "has the highest accuracy on faces val" in text
    assert "Not measured yet" not in text
    assert (runs.folder / "faces" / "results" / "faces" / "comparison.png").is_file()


def test_a_notebook_runs_on_a_zip_without_the_ones_before_it(runs: Runs, faces: Path) -> None:
    archive = Path(shutil.make_archive(str(runs.folder / "data" / "zipped"), "zip", faces.parent, faces.name))
    text = runs.run(STORY[-1], archive).text
    assert "data set `zipped`" in text
    assert "v3 is not measured on `zipped`" in text
    assert "Not measured yet: v1 frozen" in text


@pytest.mark.parametrize("name", NAMES)
def test_a_committed_notebook_is_valid_and_takes_parameters(name: str) -> None:
    book = committed(name)
    nbformat.validate(book)
    assert (book.nbformat, book.nbformat_minor) == (4, 5)
    assert book.metadata.kernelspec.name == "python3"
    tagged = [c for c in code_cells(book) if "parameters" in c.metadata.get("tags", [])]
    assert len(tagged) == 1
    assert set(re.findall(r"^([A-Z_]+) =", tagged[0].source, re.M)) == PARAMETERS
    assert not [c for c in code_cells(book) if "injected-parameters" in c.metadata.get("tags", [])]


@pytest.mark.parametrize("name", NAMES)
def test_a_committed_notebook_has_short_cells(name: str) -> None:
    long = [c.source for c in code_cells(committed(name)) if len(c.source.splitlines()) > 14]
    assert not long


@pytest.mark.parametrize("name", NAMES)
def test_a_committed_notebook_was_run_from_top_to_bottom(name: str) -> None:
    counts = [c.execution_count for c in code_cells(committed(name))]
    assert None not in counts, "run it before it is committed"
    assert counts == sorted(set(counts))


@pytest.mark.parametrize("name", NAMES)
def test_committed_outputs_are_clean_and_name_no_machine(name: str) -> None:
    book = committed(name)
    outputs = [o for c in code_cells(book) for o in c.outputs]
    assert not [o for o in outputs if o.output_type == "error"]
    assert not [o for o in outputs if o.get("name") == "stderr"]
    assert "Warning" not in texts_of(book)
    whole = (REPOSITORY / f"{name}.ipynb").read_text(encoding="utf-8")
    here = re.escape(str(REPOSITORY.parent))
    assert not re.findall(rf"(?:{here}/|/home/|/root/|/tmp/|/Users/|[A-Z]:\\\\)", texts_of(book) + whole)


@pytest.mark.parametrize("name", NAMES)
def test_committed_figures_stay_small(name: str) -> None:
    assert all(len(image) < MAX_IMAGE for image in images_of(committed(name)))
    assert (REPOSITORY / f"{name}.ipynb").stat().st_size < MAX_NOTEBOOK


@pytest.mark.parametrize("name", NAMES)
def test_where_affect_is_not_found_a_notebook_says_what_to_do(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As with papermill in another folder."""
    (cell,) = (c for c in code_cells(committed(name)) if "from affect import" in c.source)
    monkeypatch.setitem(sys.modules, "affect", None)
    with pytest.raises(ModuleNotFoundError, match=r"papermill --cwd FOLDER …, or set .* PYTHONPATH=FOLDER"):
        exec(compile(cell.source, name, "exec"), {})  # noqa: S102
