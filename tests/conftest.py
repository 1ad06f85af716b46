"""Fixtures: the portrait, a tiny checkpoint, a drawn data set. Nothing is downloaded."""

from __future__ import annotations

import os

# Tests run in as many processes as there are cores, and their threads would only wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Trainings are compared exactly.
os.environ.setdefault("ACCELERATE_MIXED_PRECISION", "no")

import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from affect.faces.detection import FaceBox, HaarDetector
from affect.faces.preprocessing import Image, Preprocessing
from affect.files import TEMPORARY_HOME
from affect.live.bundled import BUNDLED
from affect.live.sources import captures
from affect.spoken import speak
from tests.tools.fake_camera import FakeCamera
from tests.tools.reports import Reports

if TYPE_CHECKING:  # the process that hands out the tests needs no PyTorch, which takes it seconds to import
    import torch

    from tests.tools.virtual_screen import VirtualScreen

REPOSITORY = Path(__file__).resolve().parents[1]
SHARED = REPOSITORY.parent / "shared"

# Files that take longest, the longest first: begun last, one of them would go on alone while the other cores wait.
LONGEST = (
    "training/test_train.py",
    "notebooks/test_notebooks.py",
    "test_commands.py",
    "training/test_training_survival.py",
    "live/sources/test_upright.py",
    "live/sources/test_watch.py",
    "live/pipeline/test_pipeline.py",
    "live/pipeline/test_search.py",
)


# A shell lets what it runs in the background ignore interrupts, and nohup ignores hang-ups. Programs inherit what is
# ignored, and would never hear what the tests send to them; what is heard and does nothing is not inherited.
for _name in ("SIGINT", "SIGQUIT", "SIGHUP"):
    _number = getattr(signal, _name, None)
    if _number is not None and signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, lambda *_: None)


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: some tests wait for a program, a clock or a screen, and use no core then."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """See LONGEST. The order within a file stays."""
    items.sort(key=lambda item: next((i for i, name in enumerate(LONGEST) if item.path.match(name)), len(LONGEST)))


@pytest.fixture(autouse=True)
def english_command_line() -> Iterator[None]:
    """What one test's command line spoke, the next one's does not."""
    yield
    speak("en")


@pytest.fixture(scope="session", autouse=True)
def lab_streams_of_this_process_only(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Lab Streaming Layer sees only what the same process offers, and not the other tests at the same time."""
    settings = tmp_path_factory.mktemp("lsl") / "lsl_api.cfg"
    settings.write_text(f"[lab]\nSessionID = {uuid.uuid4()}\n[log]\nlevel = -3\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LSLAPICFG", str(settings))
        yield


@pytest.fixture(scope="session", autouse=True)
def cache_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What the tests prepare does not go to the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AFFECT_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session", autouse=True)
def small_figures() -> Iterator[None]:
    """Figures are saved at 40 dpi: to draw them large takes half of a small training's time."""
    from affect import figure_style

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figure_style, "DPI", 40)
        yield


@pytest.fixture
def layers_in_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frozen layers are not exported, which takes longer than a few pictures; tests/model holds both ways alike."""
    from affect.model.frozen import Trunk

    monkeypatch.setattr(Trunk, "_on_onnxruntime", lambda trunk: trunk._in_torch)


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are made and named, and not drawn."""
    from affect import figure_style

    monkeypatch.setattr(figure_style, "save", lambda figure, path: path.touch())


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user whom the system does not know, without HOME."""
    if sys.platform == "win32":
        pytest.skip("Windows knows every user")
    import pwd

    def unknown(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    for name in ("HOME", "USERPROFILE", TEMPORARY_HOME):
        monkeypatch.setenv(name, "")  # put back at the end, whatever becomes of it
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def portrait() -> Image:
    """NASA's public-domain portrait of Eileen Collins, uint8 BGR (512, 512, 3). She smiles."""
    from skimage.data import astronaut

    return np.ascontiguousarray(astronaut()[:, :, ::-1])


@pytest.fixture(scope="session")
def portrait_box(portrait: Image) -> FaceBox:
    """Where the real Haar cascade finds her face."""
    return HaarDetector().detect(portrait)[0]


@pytest.fixture
def preprocessing() -> Preprocessing:
    """Settings that differ from every default."""
    return Preprocessing(image_size=64, color="grey", crop_margin=0.1, crop_shift=0.05, detail=48)


@pytest.fixture(scope="session")
def random_model() -> torch.nn.Module:
    """The network with random weights, always the same, in evaluation mode."""
    import torch

    from affect.model.network import build_model

    torch.manual_seed(0)
    return build_model().eval()


@pytest.fixture
def checkpoint_file(tmp_path: Path, random_model: torch.nn.Module, preprocessing: Preprocessing) -> Path:
    """A whole checkpoint with random weights."""
    from affect.model.checkpoint import Checkpoint, save_checkpoint

    path = tmp_path / "random.pt"
    save_checkpoint(path, Checkpoint(dict(random_model.state_dict()), preprocessing, 1.5, {"data": "none"}))
    return path


@pytest.fixture(scope="session")
def bundled_model() -> Path:
    """The model that comes with the repository."""
    assert BUNDLED.is_file()
    return BUNDLED


@pytest.fixture(scope="session")
def kept_portrait_video(tmp_path_factory: pytest.TempPathFactory, portrait: Image) -> Path:
    path = tmp_path_factory.mktemp("video") / "portrait.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 15.0, (640, 480))
    assert writer.isOpened()
    for i in range(30):
        matrix = np.array([[1.2, 0, 20 + i], [0, 1.2, -10 - i / 2]])
        writer.write(cv2.warpAffine(portrait, matrix, (640, 480), borderMode=cv2.BORDER_REPLICATE))
    writer.release()
    return path


@pytest.fixture
def portrait_video(tmp_path: Path, kept_portrait_video: Path) -> Path:
    """A video of two seconds: the portrait drifts slowly over a 640×480 frame."""
    return Path(shutil.copy(kept_portrait_video, tmp_path))


@pytest.fixture
def camera(monkeypatch: pytest.MonkeyPatch) -> type[FakeCamera]:
    """The only camera of the computer, number 0."""
    FakeCamera.plugged, FakeCamera.size, FakeCamera.opened = {0}, (48, 64), []
    FakeCamera.released, FakeCamera.blocks, FakeCamera.grabbed, FakeCamera.decoded = 0, None, 0, 0
    monkeypatch.setattr(cv2, "VideoCapture", FakeCamera)
    monkeypatch.setattr(captures, "_candidates", lambda: range(6))
    return FakeCamera


@pytest.fixture(scope="module")
def display() -> Iterator[VirtualScreen]:
    """A virtual screen of 1600×900."""
    from tests.tools.virtual_screen import virtual_screen

    xvfb = shutil.which("Xvfb")
    if xvfb is None:
        pytest.skip("Xvfb is not installed")
    with virtual_screen(xvfb) as made:
        yield made


@pytest.fixture
def reports(monkeypatch: pytest.MonkeyPatch) -> Reports:
    """Notes the reports that are asked for."""
    import affect.live.session  # noqa: F401  # what it needs of the report is read before that is replaced

    made = Reports()
    for name, function in (
        ("report", made.write_report),
        ("exports", made.write_exports),
        ("recording.model_figures", made.figures_of),
    ):
        module = ModuleType(f"affect.live.{name}")
        setattr(module, function.__name__, function)
        monkeypatch.setitem(sys.modules, module.__name__, module)
    return made


@pytest.fixture
def script() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the real webcam script as a subprocess, without a display unless `env` gives one."""

    def run(*arguments: object, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(REPOSITORY / "affectnet_webcam_detector.py"), *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=240, env=env or no_display())

    return run


def no_display() -> dict[str, str]:
    """The environment without any display."""
    return {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
