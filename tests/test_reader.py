"""The door for other programs says what the program says, and refuses what it cannot use."""

from __future__ import annotations

import csv
import dataclasses
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

import affect
from affect.emotions import EMOTIONS
from affect.faces.preprocessing import Image
from affect.live.app import main
from affect.live.bundled import models_folder
from affect.live.recording.sinks import COLUMNS
from affect.live.sources.files import DemoSource, VideoSource
from tests.conftest import REPOSITORY
from tests.tools.fake_camera import FakeCamera

FACE_COLUMNS = ("face_id", "x", "y", "width", "height", "emotion", "confidence", "valence", "quality")


@pytest.fixture(scope="module")
def reader() -> affect.ExpressionReader:
    return affect.ExpressionReader()


@pytest.fixture
def picture(tmp_path: Path, portrait: Image) -> Path:
    path = tmp_path / "portrait.png"
    cv2.imwrite(str(path), portrait)
    return path


def rows_of_program(source: Path, folder: Path, *more: str) -> list[dict[str, str]]:
    """What the program writes into its CSV."""
    path = folder / "program.csv"
    assert main(["--source", str(source), "--headless", "--csv", str(path), *more]) == 0
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def row_of(moment: affect.Moment, face: affect.FaceExpression) -> dict[str, str]:
    """A face as the program's CSV has it."""
    box = {name: str(value) for name, value in face.box._asdict().items()}
    chances = {f"p_{name}": f"{p:.6f}" for name, p in face.probabilities.items()}
    when = {"timestamp_s": f"{moment.timestamp_s:.3f}", "frame": str(moment.frame), "face_id": str(face.face_id)}
    return {
        **when,
        **box,
        "emotion": face.emotion,
        "confidence": f"{face.confidence:.6f}",
        **chances,
        "valence": f"{face.valence:.6f}",
        "quality": f"{face.quality:.3f}",
    }


# --- a light door ----------------------------------------------------------------------------------------------------


def started(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_importing_affect_imports_nothing_that_takes_long() -> None:
    code = "import sys; import affect; print(*{n.split('.')[0] for n in sys.modules} - sys.stdlib_module_names)"
    assert {*started(code).split()} & {"affect", "numpy", "cv2", "onnxruntime", "torch", "pandas"} == {"affect"}


def test_a_reader_needs_neither_torch_nor_pandas(picture: Path) -> None:
    code = (
        f"import affect, sys; faces = affect.ExpressionReader().read({str(picture)!r})\n"
        "print(faces[0].emotion, *({'torch', 'pandas', 'matplotlib', 'sklearn', 'scipy'} & {*sys.modules}))"
    )
    assert started(code) == "happy"


def test_the_public_names_are_few_and_each_has_an_example_that_is_a_program() -> None:
    assert {*affect.__all__} <= {*dir(affect)}
    reader = affect.ExpressionReader
    for public in (reader, reader.read, reader.follow, reader.table, affect.FaceExpression, affect.Moment):
        example = str(public.__doc__).split("Example:")[1]
        assert "import affect" in example
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        affect.Nothing  # noqa: B018


# --- read ------------------------------------------------------------------------------------------------------------


def test_a_picture_reads_as_the_program_reads_it(
    reader: affect.ExpressionReader, picture: Path, portrait: Image, tmp_path: Path
) -> None:
    (face,) = reader.read(picture)
    assert [row_of(affect.Moment(0.0, 0, ()), face)] == rows_of_program(picture, tmp_path)
    assert reader.read(str(picture)) == reader.read(portrait) == [face]
    assert (face.emotion, face.turned) == ("happy", 0)


def test_a_face_says_what_it_is_in_the_stated_ranges(reader: affect.ExpressionReader, portrait: Image) -> None:
    (face,) = reader.read(portrait)
    assert list(face.probabilities) == list(EMOTIONS)
    assert sum(face.probabilities.values()) == pytest.approx(1, abs=1e-5)
    assert face.confidence == face.probabilities[face.emotion]
    assert 0.9 < face.valence <= 1
    assert 0.5 < face.quality < 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        face.emotion = "sad"  # type: ignore[misc]
    assert len({face, face}) == 1


def test_valence_is_happy_less_the_strongest_unpleasant_one() -> None:
    from affect.faces.detection import FaceBox

    def valence(**given: float) -> float:
        chances = dict.fromkeys(EMOTIONS, 0.0) | given
        return affect.FaceExpression(FaceBox(0, 0, 9, 9), 1, "happy", 1.0, chances, 1.0).valence

    assert valence(happy=1.0) == 1
    assert valence(surprise=0.6, neutral=0.4) == 0
    for name in ("anger", "contempt", "disgust", "fear", "sad"):
        assert valence(**{name: 1.0}) == -1
        assert valence(happy=0.5, **{name: 0.3}) == pytest.approx(0.2)
    assert valence(happy=0.2, anger=0.3, sad=0.5) == pytest.approx(-0.3)


def test_a_reader_forgets_one_picture_before_the_next(reader: affect.ExpressionReader, portrait: Image) -> None:
    mirrored = np.ascontiguousarray(portrait[:, ::-1])
    (first,), (other,), (again,) = reader.read(portrait), reader.read(mirrored), reader.read(portrait)
    assert first == again
    assert (other.face_id, first.box == other.box) == (1, False)


def test_the_largest_so_many_faces_are_read_largest_first(portrait: Image) -> None:
    small = cv2.resize(portrait, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
    group = np.full((512, 900, 3), 90, np.uint8)
    group[:, :512], group[:307, 560:867] = portrait, small
    faces = affect.ExpressionReader(faces=4).read(group)
    assert [face.face_id for face in faces] == [1, 2]
    assert faces[0].box.width > faces[1].box.width > 40
    assert affect.ExpressionReader().read(group) == faces[:1]


def test_a_picture_that_lies_on_its_side_is_turned_and_says_so(
    reader: affect.ExpressionReader, portrait: Image
) -> None:
    (upright,) = reader.read(portrait)
    (face,) = reader.read(np.ascontiguousarray(np.rot90(portrait)))
    assert (face.turned, face.emotion, face.box) == (90, "happy", upright.box)


@pytest.mark.parametrize("kind", ["grey", "BGRA", "16 bits"])
def test_an_array_of_another_kind_is_a_picture_as_well(
    reader: affect.ExpressionReader, portrait: Image, kind: str
) -> None:
    given = {
        "grey": cv2.cvtColor(portrait, cv2.COLOR_BGR2GRAY),
        "BGRA": cv2.cvtColor(portrait, cv2.COLOR_BGR2BGRA),
        "16 bits": portrait.astype(np.uint16) * 257,
    }[kind]
    assert reader.read(given)[0].emotion == "happy"


def test_without_a_face_the_list_is_empty(reader: affect.ExpressionReader) -> None:
    assert reader.read(np.full((360, 640, 3), 90, np.uint8)) == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("nothing.jpg", "nothing.jpg is no file"),
        (Path(), "is no file"),
        (None, "not a NoneType"),
        (np.zeros((9, 9, 3)), r"not float64 \(9, 9, 3\)"),
        (np.zeros((0, 9, 3), np.uint8), "uint8 BGR"),
        (b"bytes", "not a bytes"),
    ],
)
def test_what_is_no_picture_is_refused_in_one_line(
    reader: affect.ExpressionReader, given: object, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(affect.AffectError, match=words) as refused:
        reader.read(given)  # type: ignore[arg-type]
    assert "\n" not in str(refused.value)


def test_a_file_that_is_no_picture_is_refused(reader: affect.ExpressionReader, tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("no picture")
    with pytest.raises(affect.AffectError, match="cannot be read as an image"):
        reader.read(tmp_path / "text.jpg")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"faces": 0}, "faces is 0"),
        ({"faces": True}, "faces is True"),
        ({"faces": "2"}, "faces is '2'"),
        ({"backend": "tensorrt"}, "Choose onnx or torch"),
        ({"sensitivity": "highest"}, "Choose low, normal, high"),
        ({"sensitivity": "high", "model": models_folder() / "starter_ferplus.pt"}, "assumes no class shares"),
        ({"detector": "eyes"}, "Choose haar or yunet"),
        ({"detector": "yunet"}, "YuNet"),
        ({"model": "nothing.pt"}, "nothing.pt does not exist"),
    ],
)
def test_a_setting_that_is_wrong_is_refused_at_once(settings: dict, words: str) -> None:
    with pytest.raises(affect.AffectError, match=words):
        affect.ExpressionReader(**settings)


def test_a_model_of_ones_own_and_either_backend_are_used(
    checkpoint_file: Path, portrait: Image, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AFFECT_CACHE", str(checkpoint_file.parent))  # where no other test's export of it lies
    with caplog.at_level(logging.INFO, "affect"):
        faces = [affect.ExpressionReader(checkpoint_file, backend=b).read(portrait)[0] for b in ("onnx", "torch")]
    assert "Preparing random.pt" in caplog.text
    one, other = (list(face.probabilities.values()) for face in faces)
    np.testing.assert_allclose(one, other, atol=1e-4)
    assert faces[0].probabilities != affect.ExpressionReader().read(portrait)[0].probabilities


# --- follow ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def moments(reader: affect.ExpressionReader, kept_portrait_video: Path) -> list[affect.Moment]:
    """What is read in the portrait's video."""
    return list(reader.follow(kept_portrait_video))


def test_a_video_reads_as_the_program_reads_it(
    reader: affect.ExpressionReader, moments: list[affect.Moment], portrait_video: Path, tmp_path: Path
) -> None:
    assert next(reader.follow(str(portrait_video))) == moments[0]
    assert [m.frame for m in moments] == list(range(30))
    rows = [row_of(moment, face) for moment in moments for face in moment.faces]
    assert len(rows) > 25
    assert rows == rows_of_program(portrait_video, tmp_path)


def test_own_frames_give_a_moment_each_at_their_own_time_in_ones_own_thread(
    reader: affect.ExpressionReader, portrait: Image
) -> None:
    asked: list[tuple[int, threading.Thread]] = []

    def frames() -> Iterator[tuple[float, Image]]:
        for number in range(6):
            asked.append((number, threading.current_thread()))
            yield 10 + number / 7, portrait

    for number, moment in enumerate(reader.follow(frames())):
        assert (moment.frame, moment.timestamp_s) == (number, 10 + number / 7)
        assert [face.face_id for face in moment.faces] == [1]
        assert asked[-1] == (number, threading.current_thread()), "no frame is asked for ahead"


def test_own_frames_are_tracked_and_smoothed_as_those_of_a_video(
    reader: affect.ExpressionReader, moments: list[affect.Moment], portrait_video: Path
) -> None:
    source = VideoSource(portrait_video)
    own = [(frame.timestamp_s, frame.picture) for frame in source.frames()]
    source.close()
    assert list(reader.follow(own)) == moments


def test_the_demo_and_a_camera_are_followed(reader: affect.ExpressionReader, camera: type[FakeCamera]) -> None:
    moments = reader.follow("demo")
    assert next(moments).faces[0].emotion == "happy"
    moments.close()  # type: ignore[attr-defined]
    for source in (0, "0"):
        live = reader.follow(source)
        assert next(live).faces == ()
        live.close()  # type: ignore[attr-defined]
    deadline = time.monotonic() + 5
    while camera.released < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert camera.released == 2


@pytest.mark.parametrize(
    ("source", "words"),
    [("nothing.mp4", "nothing.mp4"), (7, "7"), (Path("0"), "0"), (None, "NoneType"), (3.5, "float")],
)
def test_a_source_that_cannot_be_opened_is_refused_before_the_first_frame(
    reader: affect.ExpressionReader, source: object, words: str, camera: type[FakeCamera]
) -> None:
    with pytest.raises(affect.AffectError, match=words):
        reader.follow(source)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        ((0.1, "text"), "not a str"),
        ((float("nan"), None), "has the time nan"),
        ((0.0, None), r"seconds that do not go back \(the frame before it has 0.5\)"),
        (("1", None), "has the time '1'"),
        (1.0, r"Frame 1 must be \(timestamp_s, frame\), not a float"),
    ],
)
def test_an_own_frame_that_cannot_be_used_is_refused(
    reader: affect.ExpressionReader, portrait: Image, frame: object, words: str
) -> None:
    if isinstance(frame, tuple):
        frame = (frame[0] + 0.6 if frame[0] == 0.1 else frame[0], frame[1] or portrait)
    moments = reader.follow([(0.5, portrait), frame])  # type: ignore[list-item]
    assert next(moments).faces
    with pytest.raises(affect.AffectError, match=words):
        next(moments)


def test_a_video_that_breaks_off_gives_its_frames_and_then_says_so(
    reader: affect.ExpressionReader, portrait_video: Path, tmp_path: Path
) -> None:
    cut = tmp_path / "cut.avi"
    cut.write_bytes(portrait_video.read_bytes()[: portrait_video.stat().st_size // 2])
    frames = 0
    with pytest.raises(affect.AffectError, match=r"cut\.avi"):
        for _ in reader.follow(cut):
            frames += 1
    assert 5 < frames < 30


# --- table -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, portrait: Image) -> Path:
    """A folder of pictures: one with a face, one without, one in a subfolder, a damaged one, and another file."""
    made = tmp_path / "pictures"
    (made / "more").mkdir(parents=True)
    cv2.imwrite(str(made / "a.png"), portrait)
    cv2.imwrite(str(made / "b.png"), np.full((360, 640, 3), 90, np.uint8))
    cv2.imwrite(str(made / "more" / "c.png"), DemoSource().picture(0.0))
    (made / "damaged.png").write_bytes((made / "a.png").read_bytes()[:20_000])
    (made / "notes.txt").write_text("notes")
    return made


def test_a_table_has_the_programs_columns_and_a_row_for_each_face_and_for_what_has_none(
    reader: affect.ExpressionReader, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    table = reader.table(folder)
    assert list(table.columns) == [*COLUMNS, "path"]
    assert [Path(p).name for p in table["path"]] == ["a.png", "b.png", "c.png"]
    assert table["emotion"].isna().tolist() == [False, True, False]
    assert table.loc[1, list(FACE_COLUMNS)].isna().all()
    assert "damaged.png cannot be read as an image" in caplog.text
    (face,) = reader.read(folder / "a.png")
    first = table.iloc[0]
    assert tuple(first[["x", "y", "width", "height"]]) == face.box
    assert (first["emotion"], first["valence"], first["quality"]) == (face.emotion, face.valence, face.quality)
    assert first[[f"p_{name}" for name in EMOTIONS]].tolist() == list(face.probabilities.values())


def test_a_video_in_a_table_has_a_row_for_each_frame(
    reader: affect.ExpressionReader, moments: list[affect.Moment], portrait_video: Path, folder: Path
) -> None:
    table = reader.table([portrait_video, folder / "a.png"])
    assert table["path"].value_counts().to_dict() == {str(portrait_video): 30, str(folder / "a.png"): 1}
    assert table["timestamp_s"].tolist()[:30] == [m.timestamp_s for m in moments]
    assert table["frame"].tolist() == [*range(30), 0]


def test_a_table_of_nothing_has_the_same_columns(reader: affect.ExpressionReader, tmp_path: Path) -> None:
    empty = reader.table(tmp_path)
    assert (len(empty), list(empty.columns)) == (0, [*COLUMNS, "path"])


def test_a_table_refuses_a_wrong_path_before_any_work(reader: affect.ExpressionReader, folder: Path) -> None:
    reads = []
    reader_of_none = affect.ExpressionReader()
    reader_of_none.read = reads.append  # type: ignore[assignment, method-assign]
    with pytest.raises(affect.AffectError, match=r"nothing\.jpg is no file"):
        reader_of_none.table([folder, folder / "nothing.jpg"])
    assert reads == []
    with pytest.raises(affect.AffectError, match="cannot be read as an image"):
        reader.table([folder / "damaged.png"])


def test_a_table_says_that_it_needs_pandas(
    reader: affect.ExpressionReader, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(affect.AffectError, match="pip install pandas"):
        reader.table(folder)
