"""Every command that a guide quotes is valid, and those of the two READMEs are run, or it says here why not."""

from __future__ import annotations

import io
import re
import runpy
import shlex
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import cv2
import pytest
from accelerate.commands.launch import launch_command_parser
from torch.distributed.run import get_args_parser

from affect.datasets.sample import write_sample
from affect.faces.preprocessing import Image
from affect.live.app import main
from affect.live.sources.files import DemoSource
from affect.live.sources.region import Desktop, Region, remember
from tests.conftest import REPOSITORY, no_display
from tests.tools.commands import SCRIPT, Command, commands_of, options_of, parser_of
from tests.tools.fake_camera import FakeCamera
from tests.tools.patterns import train_quickly
from tests.tools.virtual_call import window_showing
from tests.tools.virtual_screen import VirtualScreen

READMES = ("README.md", "README.es.md")
GUIDES = sorted(
    path
    for pattern in ("README*.md", "CONTRIBUTING.md", "docs/*.md", "benchmarks/*.md", "models/*.md", "results/*/*.md")
    for path in REPOSITORY.glob(pattern)
)

# --- every guide: options and choices that the programs know -------------------------------------------------------

NAMES = {"NAME": "v4", "mine": "v4"}  # what a guide calls an experiment that the reader adds
LAUNCHERS = {"torchrun": get_args_parser, "accelerate": launch_command_parser}
OURS = re.compile(
    r"([A-Z_]+=\S+ |export |/usr/bin/time -v )*"
    rf"((python|{'|'.join(LAUNCHERS)}) .*\b(affect|benchmarks)[./]|python {SCRIPT})"
)


@cache
def quoted() -> dict[str, Command]:
    """Each different command of the guides; one of a code block rather than the same in a sentence."""
    found = [command for path in GUIDES for command in commands_of(path)]
    return {command.text: command for command in sorted(found, key=lambda command: not command.inline)}


def words_of(text: str) -> tuple[dict[str, str], list[str]]:
    """A command's environment variables, and its words from the program on."""
    words = shlex.split(text.removeprefix("export ").removeprefix("/usr/bin/time -v "))
    variables = {}
    while words and re.match(r"[A-Z_]+=", words[0]):
        name, _, value = words.pop(0).partition("=")
        variables[name] = value
    return variables, words


def check(words: list[str]) -> None:
    """Parse a command of ours as its program does. Raises SystemExit where that refuses it."""
    if words[0] in LAUNCHERS:
        launched = LAUNCHERS[words[0]]().parse_args([w for w in words[1:] if w != "launch"])
        assert launched.module, "-m is missing"
        words = ["python", "-m", launched.training_script, *launched.training_script_args]
    _, *rest = words
    program, *arguments = rest[1:] if rest[0] == "-m" else rest
    if program.startswith("benchmarks/"):
        program = program.removesuffix(".py").replace("/", ".")
    parser_of(program).parse_args([NAMES.get(word, word) for word in arguments])


@pytest.mark.parametrize("text", [text for text in quoted() if OURS.match(text)])
def test_a_quoted_command_has_the_options_that_its_program_takes(text: str) -> None:
    words = words_of(text)[1]
    if quoted()[text].inline and words[:2] == ["python", "-m"] and len(words) == 3:
        parser_of(words[2])  # the program is named, and may need more
    elif "--version" in words:
        with pytest.raises(SystemExit, match="0"):
            check(words)
    elif quoted()[text].inline and "…" in words:  # as a message quotes it, with something left out
        options = {word for word in words if word.startswith("--")}
        assert options <= set(re.findall(r"--[a-z-]+", parser_of(words[2]).format_help()))
    else:
        check(words)


@pytest.mark.parametrize(
    "text",
    [
        "python -m affect.training v9 --data AffectNet",
        "python -m affect.evaluation --model FILE.pt --splits val",
        "python -m affect.comparison",
        "python affectnet_webcam_detector.py --lang fr",
        "python affectnet_webcam_detector.py --head",
        "torchrun --nproc-per-node 2 -m affect.training v4 --date AffectNet",
        "torchrun --processes 2 -m affect.training v4",
    ],
)
def test_a_command_with_a_wrong_option_or_choice_would_be_noticed(text: str) -> None:
    with pytest.raises(SystemExit):
        check(words_of(text)[1])


def test_the_guides_name_only_options_that_a_program_has() -> None:
    programs = {name for text in quoted() for name in re.findall(rf"{SCRIPT}|(?<=-m )affect[.a-z_]+", text)}
    known = "\n".join([*(parser_of(name).format_help() for name in programs), get_args_parser().format_help()])
    named = {option for path in GUIDES for option in options_of(path)}
    assert len(named) > 20
    assert {option for option in named if not re.search(rf"(?<![\w-]){option}(?![\w-])", known)} == set()


@pytest.mark.parametrize(
    "program",
    [
        SCRIPT,
        *(f"affect.{n}" for n in ("training", "evaluation", "comparison", "evaluation.robustness", "live.report")),
    ],
)
def test_the_examples_in_a_help_are_valid(program: str) -> None:
    examples = re.findall(r"^(?:  |example: )((?:python|torchrun) .*?)(?:  |$)", parser_of(program).epilog or "", re.M)
    assert examples
    for example in examples:
        check(words_of(example)[1])


def test_a_variable_that_a_guide_sets_is_one_that_is_read() -> None:
    sources = "\n".join(path.read_text(encoding="utf-8") for path in REPOSITORY.glob("affect/**/*.py"))
    setting = [text for text in quoted() if re.match(r"(export )?[A-Z_]+=", text)]
    named = {name for text in setting for name in words_of(text)[0]} - {"PYTHONPATH"}
    assert named >= {"AFFECTNET_DIR", "AFFECT_CACHE"}
    assert {name for name in named if f'"{name}"' not in sources} == set()


def test_the_tests_that_a_guide_runs_are_there() -> None:
    paths = [word for text in quoted() if "-m pytest" in text for word in text.split() if word.startswith("tests/")]
    assert paths
    assert [path for path in paths if not (REPOSITORY / path).exists()] == []


# --- the two READMEs: every command is run, by CI or here ----------------------------------------------------------

# packages that Qt needs on a bare Linux
QT = (
    "libegl1 libgl1 libglib2.0-0 libfontconfig1 libdbus-1-3 libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 "
    "libxcb-keysyms1 libxcb-shape0"
)
# Run by CI. The value is what .ci/run says.
CI = {
    "pip install -r requirements-live.txt": "  pip install -r requirements-live.txt && python ",
    "pip install -r requirements-dev.txt": "\npip install -r requirements-dev.txt && python -m pytest\n",
    "python -m pytest": "\npip install -r requirements-dev.txt && python -m pytest\n",
    # requirements-dev.txt begins with requirements.txt
    "pip install -r requirements.txt": "\npip install -r requirements-dev.txt",
    "pip install -r requirements.txt -c constraints.txt": '\nexport PIP_CONSTRAINT="$PWD/constraints.txt"',
    # packages rather than a command
    QT: QT,
    "libxcb-randr0 libxcb-render0 libxcb-shm0 libxcb-xfixes0": (
        " libxcb-randr0 libxcb-render0 libxcb-shm0 libxcb-xfixes0 "
    ),
}

NOT_RUN = {
    "python -m affect.datasets.download --out data": "8 GB; tests/datasets downloads from a local server",
    "AFFECTNET_DIR=data/affectnet.zip jupyter lab": "waits for a browser; tests/notebooks runs the notebooks",
    "pip install pylsl": "for --lsl only; requirements-dev.txt has it, and test_lab_streams.py uses it",
    "python -m benchmarks.live": "its figures mean something on an idle machine only",
    "python -m benchmarks.installation": "installs some gigabytes; .ci/run installs the smaller half",
    r".venv\Scripts\activate": "for Windows' own shells; the line for the others is run",
}


@dataclass(frozen=True)
class Run:
    """How a command is run in a scratch folder.

    more:   appended; it only shortens the run.      says:  what it prints.
    leaves: how many files it leaves, by pattern.    after: the command that must have been run before.
    stand:  words of the command, and the pattern of the path that stands in for each.
    """

    more: str = ""
    says: str = ""
    leaves: dict[str, int] = field(default_factory=dict)
    after: str = ""
    stand: dict[str, str] = field(default_factory=dict)


RECORD = "python affectnet_webcam_detector.py --source a.mp4 b.mp4 --record sessions --consent"
TRAIN = "python -m affect.training all --data data/affectnet.zip"
RUNS = {
    "python -m venv .venv": Run("--without-pip", leaves={".venv/pyvenv.cfg": 1}),
    "source .venv/bin/activate": Run("&& echo $VIRTUAL_ENV", says=".venv", after="python -m venv .venv"),
    "python affectnet_webcam_detector.py --source demo": Run("--max-frames 20", says="20 frames of demo clip"),
    "python affectnet_webcam_detector.py --source demo --headless --max-frames 90 --csv demo.csv": Run(
        says="90 frames of demo clip", leaves={"demo.csv": 1}
    ),
    "python affectnet_webcam_detector.py --source talk.mp4 --csv talk.csv": Run(
        says="15 frames of video talk.mp4", leaves={"talk.csv": 1}
    ),
    RECORD: Run(leaves={f"sessions/*/{name}": 2 for name in ("emotions.csv", "session.json", "report.html")}),
    "python -m affect.live.report DIR": Run(says="report.html", after=RECORD, stand={"DIR": "sessions/*"}),
    TRAIN: Run(
        "--epochs 1 --image-size 32 --init-weights none",
        leaves={"models/best_model_*_affectnet_v*.pt": 6, "results/affectnet/v*/*/metrics.json": 6},
    ),
    "papermill Notebook_affectnetv4.ipynb v4.ipynb -p DATA data/affectnet.zip": Run(
        "-p EPOCHS 1 -p IMAGE_SIZE 32 -p INIT_WEIGHTS none", leaves={"v4.ipynb": 1}, after=TRAIN
    ),
    "python -m affect.evaluation --model models/starter_ferplus.pt --data ferplus.zip --split val --out out": Run(
        says="balanced_accuracy", leaves={"out/metrics.json": 1, "out/*.png": 4}
    ),
    "python -m affect.comparison --results results/ferplus": Run(
        says="v4 finetuned",
        leaves={"results/affectnet/comparison.*": 3},
        after=TRAIN,
        stand={"results/ferplus": "results/affectnet"},
    ),
}

# what these print and leave is looked at, and not that a process can be started: the others show that
RESEARCH = ("affect.training", "affect.evaluation", "affect.comparison")

# the camera that each opens, and what stands for the person's answer
CAMERA = {
    "python affectnet_webcam_detector.py": (0, ""),
    "python affectnet_webcam_detector.py --source 0": (0, ""),
    "python affectnet_webcam_detector.py --source 1 --lang es": (1, ""),
    "python affectnet_webcam_detector.py --record sessions": (0, "--consent"),
}
SCREEN = ("python affectnet_webcam_detector.py --source screen",)


@pytest.mark.parametrize("name", READMES)
def test_every_command_of_the_readme_is_run_or_it_says_here_why_not(name: str) -> None:
    found = {command.text for command in commands_of(REPOSITORY / name)}
    assert found == {*CI, *NOT_RUN, *RUNS, *CAMERA, *SCREEN}


@pytest.mark.parametrize("command", CI)
def test_ci_runs_a_command_word_for_word(command: str) -> None:
    assert CI[command] in (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8")
    assert "-r requirements.txt\n" in (REPOSITORY / "requirements-dev.txt").read_text(encoding="utf-8")


class Folder:
    """A folder that is to the commands what the repository is to a reader. Each command is run once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._done: dict[str, subprocess.CompletedProcess[str]] = {}
        self.trained: dict[Path, float] = {}
        for name in (SCRIPT, "Notebook_affectnetv4.ipynb", "models/starter_ferplus.pt"):
            (path / name).parent.mkdir(exist_ok=True)
            shutil.copy(REPOSITORY / name, path / name)
        writer = cv2.VideoWriter(str(path / "talk.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), 30.0, DemoSource.SIZE)
        for i in range(15):
            writer.write(DemoSource().picture(i / 30))
        writer.release()
        for name in ("a.mp4", "b.mp4"):
            shutil.copy(path / "talk.mp4", path / name)

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """The command as `RUNS` has it, after what must come before it."""
        how = RUNS[command]
        if how.after:
            assert self.run(how.after).returncode == 0
        if ".zip" in command:
            self._draw_faces()
        if command not in self._done:
            stand = {word: str(next(self.path.glob(pattern))) for word, pattern in how.stand.items()}
            words = [stand.get(word, word) for word in words_of(f"{command} {how.more}")[1]]
            start = self.start_here if words[:2] == ["python", "-m"] and words[2] in RESEARCH else self.start
            self._done[command] = start(["bash", "-c", " ".join(words)] if words[0] == "source" else words)
            if command == TRAIN:
                self.trained = {path: path.stat().st_mtime for path in self.path.glob("models/best_model_*.pt")}
        return self._done[command]

    def start_here(self, words: list[str]) -> subprocess.CompletedProcess[str]:
        """Run `python -m MODULE …` in the folder, in this process, which has imported everything."""
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.chdir(self.path)
            patch.setattr(sys, "argv", words[2:])
            if words[2] == "affect.training":
                train_quickly(patch.setattr)
            with pytest.raises(SystemExit) as left, warnings.catch_warnings():
                warnings.filterwarnings("ignore", ".* found in sys.modules", RuntimeWarning)  # from an earlier run
                runpy.run_module(words[2], run_name="__main__", alter_sys=True)
        return subprocess.CompletedProcess(words, left.value.code or 0, out.getvalue(), err.getvalue())

    def start(self, words: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a program in the folder, without a display unless the environment names one, in English."""
        programs = {"python": [sys.executable], "papermill": [sys.executable, "-m", "papermill"]}
        return subprocess.run(
            [*programs.get(words[0], words[:1]), *words[1:]], cwd=self.path, capture_output=True, text=True,
            timeout=600, stdin=subprocess.DEVNULL, encoding="utf-8",
            env=no_display() | {"PYTHONPATH": str(REPOSITORY), "LC_ALL": "C.UTF-8"} | environment,
        )  # fmt: skip

    def _draw_faces(self) -> None:
        """Both data sets of the READMEs: three drawn faces of each class to learn from, and two to measure on."""
        if (self.path / "ferplus.zip").is_file():
            return
        faces = write_sample(self.path / "drawn", train=3, val=2, size=48)
        for name in ("data/affectnet", "ferplus"):
            shutil.make_archive(str(self.path / name), "zip", faces)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    return Folder(tmp_path_factory.mktemp("reader"))


@pytest.mark.parametrize("command", RUNS)
def test_a_command_of_the_readme_does_what_it_says(folder: Folder, command: str) -> None:
    if command.startswith("source") and (sys.platform == "win32" or shutil.which("bash") is None):
        pytest.skip("there is no bash")
    done, how = folder.run(command), RUNS[command]
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert how.says in done.stdout
    left = {pattern: [p for p in folder.path.glob(pattern) if p.stat().st_size] for pattern in how.leaves}
    assert {pattern: len(files) for pattern, files in left.items()} == how.leaves


def test_the_notebook_reads_the_models_that_the_command_before_it_trained_and_leaves_them(folder: Folder) -> None:
    folder.run("papermill Notebook_affectnetv4.ipynb v4.ipynb -p DATA data/affectnet.zip")
    assert "read, not repeated" in (folder.path / "v4.ipynb").read_text(encoding="utf-8")
    models = {path: path.stat().st_mtime for path in folder.path.glob("models/best_model_*.pt")}
    assert models == folder.trained != {}


def test_several_sessions_go_on_one_page(folder: Folder) -> None:
    assert folder.run(RECORD).returncode == 0
    done = folder.start(["python", "-m", "affect.live.report", "sessions", "--compare"])
    assert done.returncode == 0, done.stderr
    assert Path(folder.path, done.stdout.strip()).is_file()


@pytest.mark.skipif(
    sys.platform != "linux" or any(Path("/dev").glob("video*")),
    reason="no test switches on somebody's camera, or fills their screen",
)
@pytest.mark.parametrize("command", [*CAMERA, *SCREEN])
def test_where_there_is_no_camera_or_screen_a_command_says_so_in_one_line(folder: Folder, command: str) -> None:
    done = folder.start(words_of(command)[1])
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")


@pytest.mark.parametrize("command", CAMERA)
def test_a_command_for_a_camera_opens_that_camera(
    command: str, camera: type[FakeCamera], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, answer = CAMERA[command]
    camera.plugged = {number}
    monkeypatch.chdir(tmp_path)
    assert main([*words_of(f"{command} {answer}")[1][2:], "--headless", "--max-frames", "3"]) == 0
    assert [opened for _, opened in camera.opened] == [True]
    assert len(list(tmp_path.glob("sessions/*/session.json"))) == command.count("--record")


@pytest.fixture
def call(
    display: VirtualScreen, portrait: Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, str]]:
    """The environment of a desktop with a video call, whose rectangle was drawn before."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    with window_showing(display, portrait, 100, 200):
        desktop = Region(0, 0, 1600, 900)
        remember(Region(100, 200, 640, 480), Desktop(desktop, (desktop,)))
        yield {"DISPLAY": display.name, "XDG_CONFIG_HOME": str(tmp_path), "XDG_SESSION_TYPE": "x11"}


@pytest.mark.parametrize("command", [*SCREEN, f"{SCREEN[0]}:100,200,640,480"])
def test_a_command_for_the_screen_reads_the_call(folder: Folder, call: dict[str, str], command: str) -> None:
    assert command in quoted()
    done = folder.start([*words_of(command)[1], "--headless", "--max-frames", "3"], **call)
    assert done.returncode == 0, done.stderr
    assert "3 frames of screen 100,200,640,480" in done.stdout
    assert "a face in 100% of the frames" in done.stdout
