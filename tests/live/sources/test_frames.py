"""What a device may give: odd pictures, sizes that change, too many faces, nothing to see, and clocks that jump."""

from __future__ import annotations

import csv
import json
import math
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from affect.errors import AffectError
from affect.faces.detection import FaceBox
from affect.faces.preprocessing import Image, Preprocessing
from affect.live.app import main
from affect.live.control import Command
from affect.live.frame import Frame
from affect.live.pipeline.classifier import Classifier, load_classifier
from affect.live.pipeline.pipeline import Pipeline
from affect.live.pipeline.search import AroundKnown
from affect.live.recording.overlay import Overlay
from affect.live.recording.recording import Consent
from affect.live.report.measures import shares
from affect.live.report.session_folder import read_session
from affect.live.report.session_page import session_view
from affect.live.report.timeline import clock_of, people_of
from affect.live.report.writing import Writer
from affect.live.session import Session
from affect.live.sources.clock import SteadyTime
from affect.live.sources.feed import FrameFeed, as_picture
from affect.live.sources.files import DemoSource, open_source
from affect.live.sources.watch import SourceWatch
from affect.live.summary import Summary
from affect.model.calibration import Calibration
from tests.live.report.session_folders import one_hot, write_session
from tests.live.sources.test_files import slow_down_second_half
from tests.tools.reports import Reports

SMILE = DemoSource().picture(0.0)
EMPTY = np.full((360, 640, 3), 90, np.uint8)
BLACK = np.zeros((360, 640, 3), np.uint8)
GIVEN = Consent("2026-11-25T10:00:00+01:00", "--consent")
NO_PICTURES = {
    "nothing": None,
    "no pixels": np.zeros((0, 0, 3), np.uint8),
    "no rows": np.zeros((0, 640, 3), np.uint8),
    "no picture": "a line of text",
    "one row of numbers": np.zeros(640, np.uint8),
    "two channels": np.zeros((48, 64, 2), np.uint8),
    "five channels": np.zeros((48, 64, 5), np.uint8),
    "many pictures": np.zeros((2, 48, 64, 3), np.uint8),
    "decimals": np.zeros((48, 64, 3), np.float32),
    "signed": np.zeros((48, 64, 3), np.int16),
}


class Given:
    """A source that gives what it is told to give.   given: pictures, and times in seconds."""

    name = ""
    description = "what is given"
    fps = 30.0

    def __init__(self, given: list[tuple[Any, float]], kind: str = "camera", live: bool = False) -> None:
        self.kind, self.live = kind, live
        self._given = given

    def frames(self) -> Iterator[Frame]:
        for number, (picture, time_s) in enumerate(self._given):
            yield Frame(picture, time_s, number)

    def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def classifier(bundled_model: Path) -> Classifier:
    return load_classifier(bundled_model)


def grey() -> Image:
    return np.asarray(cv2.cvtColor(SMILE, cv2.COLOR_BGR2GRAY), np.uint8)


FORMS = {
    "grey": grey(),
    "grey with a channel": grey()[:, :, None],
    "BGRA": np.asarray(cv2.cvtColor(SMILE, cv2.COLOR_BGR2BGRA), np.uint8),
    "16 bits": SMILE.astype(np.uint16) * 256 + 7,
    "16 bits grey": grey().astype(np.uint16) * 256 + 7,
    "16 bits BGRA": cv2.cvtColor(SMILE, cv2.COLOR_BGR2BGRA).astype(np.uint16) * 256 + 7,
    "a part of another": np.dstack([SMILE, SMILE])[:, :, :3],
}


@pytest.mark.parametrize("name", FORMS)
def test_a_picture_of_another_form_becomes_bgr_of_8_bits_and_its_face_is_read(
    name: str, classifier: Classifier
) -> None:
    with closing(FrameFeed(Given([(FORMS[name], 0.0)]))) as feed:
        (frame,) = feed.frames()
    assert (frame.picture.shape, frame.picture.dtype) == ((720, 1280, 3), np.uint8)
    assert frame.picture.flags.c_contiguous
    expected = cv2.cvtColor(grey(), cv2.COLOR_GRAY2BGR) if "grey" in name else SMILE
    np.testing.assert_array_equal(frame.picture, expected)
    (face,) = Pipeline(AroundKnown(), classifier).process(frame)
    assert face.emotion == "happy"


def test_a_picture_in_order_is_not_copied() -> None:
    assert as_picture(SMILE) is SMILE


def test_what_is_no_picture_is_left_out_and_counted() -> None:
    given = [(picture, i / 30) for i, picture in enumerate([SMILE, *NO_PICTURES.values(), EMPTY])]
    with closing(FrameFeed(Given(given))) as feed:
        frames = list(feed.frames())
    assert [f.number for f in frames] == [0, len(NO_PICTURES) + 1]
    assert feed.skipped == len(NO_PICTURES)


def test_pictures_that_were_left_out_are_told(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    given = [(picture, i / 30) for i, picture in enumerate([SMILE, None, EMPTY, None, SMILE])]
    monkeypatch.setattr("affect.live.sources.files.DemoSource", lambda language: Given(given))
    assert main(["--source", "demo", "--headless", "--lang", "en"]) == 0
    out, err = capfd.readouterr()
    assert "could not be used: 2 of the source's pictures" in err
    assert "3 frames" in out


@pytest.mark.parametrize("size", [(640, 360), (1920, 1080), (640, 480), (320, 240), (7680, 4320)])
def test_a_resolution_that_changes_keeps_the_face_and_its_id(size: tuple[int, int], classifier: Classifier) -> None:
    pipeline = Pipeline(AroundKnown(), classifier)
    other = np.asarray(cv2.resize(SMILE, size), np.uint8)
    for number in range(12):
        picture = SMILE if number // 3 % 2 == 0 else other
        (face,) = pipeline.process(Frame(picture, number / 30, number))
        assert (face.face_id, face.emotion) == (1, "happy")
        height, width = picture.shape[:2]
        middle = ((face.box.x + face.box.width / 2) / width, (face.box.y + face.box.height / 2) / height)
        assert middle == pytest.approx((0.43, 0.40), abs=0.06)


class Seen:
    """Stands in for a search: finds what it is told."""

    boxes: list[FaceBox]

    def find(self, *_: object, **__: object) -> list[FaceBox]:
        return sorted(self.boxes, key=lambda b: -b.width * b.height)


shares_of_side = st.floats(0, 1)
a_face = st.tuples(shares_of_side, shares_of_side, st.floats(0.02, 1.5))
a_frame = st.tuples(
    st.sampled_from([(1, 1), (2, 500), (48, 64), (90, 160), (160, 90), (240, 320)]),
    st.lists(a_face, max_size=5),
    st.sampled_from([0.0, 1 / 30, 0.5, 20.0, 40.0, 3600.0, -0.1, -7200.0, math.nan, math.inf]),
)


@settings(deadline=None, derandomize=True, max_examples=100, database=None)
@given(st.lists(a_frame, min_size=1, max_size=12))
@example([((48, 64), [(0.0, 1.0, 0.5)], 0.0), ((1, 1), [(0.0, 0.0, 1.0)], 0.0)])  # the steadied box lags, outside
def test_whatever_sizes_faces_and_times_come_in_a_row_results_are_sound(
    frames: list[tuple[tuple[int, int], list[tuple[float, float, float]], float]],
) -> None:
    """Faces' middles lie in the picture, as those that detectors find; their boxes reach over the border."""
    search = Seen()
    preprocessing = Preprocessing(image_size=32, crop_margin=0.1, crop_shift=0.2)
    network = Classifier(
        lambda faces: faces.mean((2, 3)) @ np.eye(3, 8, dtype=np.float32), preprocessing, Calibration(), ""
    )
    pipeline = Pipeline(search, network)
    time = SteadyTime(fps=30)
    told_s = last_s = 0.0
    for number, ((height, width), faces, step_s) in enumerate(frames):
        search.boxes = []
        for x, y, share in faces:
            side = max(1, round(share * min(height, width)))
            search.boxes.append(
                FaceBox(round(x * (width - 1) - side / 2), round(y * (height - 1) - side / 2), side, side)
            )
        told_s = told_s + step_s if math.isfinite(step_s) else step_s
        now_s = time.steady(told_s)
        told_s = told_s if math.isfinite(told_s) else 0.0
        assert number == 0 or now_s > last_s
        last_s = now_s
        results = pipeline.process(Frame(np.full((height, width, 3), 90, np.uint8), now_s, number))
        assert len({r.face_id for r in results}) == len(results)
        for result in results:
            assert np.isfinite(result.probabilities).all()
            assert result.probabilities.sum() == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("side", ["left", "right", "top", "bottom"])
def test_a_face_that_leaves_over_the_border_is_followed_and_drawn_until_it_is_gone(
    side: str, classifier: Classifier
) -> None:
    pipeline, overlay = Pipeline(AroundKnown(), classifier), Overlay("en")
    across, down = {"left": (-1, 0), "right": (1, 0), "top": (0, -1), "bottom": (0, 1)}[side]
    seen = []
    for number in range(30):
        shift = np.array([[1.0, 0, across * number * 45], [0, 1.0, down * number * 28]])
        picture = np.asarray(cv2.warpAffine(SMILE, shift, (1280, 720), borderValue=(90, 90, 90)), np.uint8)
        results = pipeline.process(Frame(picture, number / 30, number))
        overlay.draw(picture, results, 30.0)
        seen.append(len(results))
        assert all(np.isfinite(face.probabilities).all() for face in results)
    assert seen[:3] == [1, 1, 1]
    assert results == []


def crowd(columns: int, rows: int, size: tuple[int, int]) -> Image:
    """A picture full of the portrait's face."""
    width, height = size[0] // columns, size[1] // rows
    tile = cv2.resize(SMILE[:640, 190:910], (width, height), interpolation=cv2.INTER_AREA)
    whole = np.full((size[1], size[0], 3), 90, np.uint8)
    whole[: rows * height, : columns * width] = np.tile(tile, (rows, columns, 1))
    return whole


@pytest.mark.parametrize("followed", [1, 4, 60])
def test_sixty_faces_are_read_as_many_as_are_followed(followed: int, classifier: Classifier) -> None:
    pipeline = Pipeline(AroundKnown(), classifier, followed)
    picture = crowd(10, 6, (1920, 1080))
    ids: set[int] = set()
    for number in range(6):
        results = pipeline.process(Frame(picture, number / 5, number))
        ids |= {r.face_id for r in results}
    assert len(results) == followed
    assert ids == set(range(1, followed + 1))
    assert Overlay("en").draw(picture, results, 30.0).shape == picture.shape


@pytest.mark.parametrize("size", [(1, 1), (3, 2000), (2000, 3), (23, 23), (4320, 7680)])
def test_a_picture_without_a_face_gives_no_result_whatever_its_size(
    size: tuple[int, int], classifier: Classifier
) -> None:
    pipeline = Pipeline(AroundKnown(), classifier)
    for number in range(3):
        assert pipeline.process(Frame(np.full((*size, 3), 90, np.uint8), number / 10, number)) == []


class Run:
    """A session of a source of some kind, ten frames a second."""

    def __init__(
        self, folder: Path, classifier: Classifier, kind: str, language: str = "en", live: bool = True
    ) -> None:
        self.told: list[str] = []
        self.pipeline = Pipeline(AroundKnown(), classifier, 1)
        self.summary = Summary(language)
        self.session = Session(
            self.pipeline,
            Given([], kind, live),
            self.summary,
            dict,
            folder,
            GIVEN,
            self.told.append,
            lambda: None,
        )
        self.folder = folder
        self.number = 0

    def show(self, picture: Image, seconds: float, noise: bool = True) -> None:
        """A picture for some time, with a sensor's noise, or always the very same."""
        generator = np.random.default_rng(self.number)
        for _ in range(round(10 * seconds)):
            grain = generator.integers(0, 3, picture.shape, np.uint8) if noise else np.zeros_like(picture)
            self.session.process(Frame(cv2.add(picture, grain), self.number / 10, self.number))
            self.number += 1

    @property
    def message(self) -> str:
        return self.session.status().message

    def events(self) -> list[tuple[str, float]]:
        self.session.close()
        (folder,) = self.folder.iterdir()
        with (folder / "events.csv").open(encoding="utf-8") as file:
            return [(row["event"], float(row["timestamp_s"])) for row in csv.DictReader(file)]


@pytest.mark.parametrize(
    ("language", "sentence", "after"),
    [("en", "The picture is frozen", "all right again"), ("es", "La imagen está congelada", "vuelve a estar bien")],
)
def test_a_frozen_camera_is_told_and_in_the_record(
    language: str, sentence: str, after: str, tmp_path: Path, classifier: Classifier, reports: Reports
) -> None:
    run = Run(tmp_path, classifier, "camera", language)
    run.session.command(Command.RECORD)
    run.show(EMPTY, 3)
    run.show(EMPTY, 4.5, noise=False)
    assert run.message == ""
    run.show(EMPTY, 1.5, noise=False)
    assert run.message.startswith(sentence)
    process, run.pipeline.process = run.pipeline.process, None  # type: ignore[assignment,method-assign]
    run.show(EMPTY, 1, noise=False)  # it needs no analysis
    run.pipeline.process = process  # type: ignore[method-assign]
    run.show(EMPTY, 1)
    assert after in run.message
    assert any(line.startswith("0:03  " + sentence) for line in run.told)
    assert run.events() == [("frozen", pytest.approx(3.0, abs=0.3)), ("frozen_end", pytest.approx(10.0, abs=0.3))]


@pytest.mark.parametrize(
    ("kind", "language", "sentence"),
    [
        ("camera", "en", "is the lens covered"), ("camera", "es", "tapado el objetivo"),
        ("screen", "en", "the patient's camera on?"), ("stream", "es", "La imagen está en negro"),
    ],
)  # fmt: skip
def test_a_black_picture_is_told_and_in_the_record(
    kind: str, language: str, sentence: str, tmp_path: Path, classifier: Classifier, reports: Reports
) -> None:
    run = Run(tmp_path, classifier, kind, language)
    run.session.command(Command.RECORD)
    run.show(EMPTY, 1)
    run.show(BLACK, 1.5)
    assert run.message == ""
    run.show(
        BLACK, 8, noise=kind == "camera"
    )  # a covered lens has its noise; a black screen has none, and is not frozen
    assert sentence in run.message
    run.show(EMPTY, 1)
    assert run.events() == [("black", pytest.approx(1.0, abs=0.3)), ("black_end", pytest.approx(10.5, abs=0.3))]


def test_frames_of_a_black_picture_are_not_counted_as_frames_without_a_face(
    tmp_path: Path, classifier: Classifier, reports: Reports
) -> None:
    run = Run(tmp_path, classifier, "camera")
    run.show(SMILE, 1)
    run.show(BLACK, 5)
    run.session.close()
    summary = run.summary
    assert summary.frames == 60
    assert summary.usable == pytest.approx(10 + 20, abs=3)  # black is called what stays so for two seconds
    assert summary.lost_s == pytest.approx(4.9, abs=0.3)


def test_a_face_in_a_dark_room_is_not_black() -> None:
    watch = SourceWatch(Given([], "camera", live=True))
    dark = np.zeros((720, 1280, 3), np.uint8)
    dark[400:460, 700:760] = 60  # the smallest face that is found, dimly lit
    grain = np.random.default_rng(0).integers(0, 5, (40, *dark.shape), np.uint8)
    assert [watch.frame(Frame(dark + grain[i], i / 4, i), face=False) for i in range(40)] == [[]] * 40


def test_a_screen_that_stands_still_is_frozen_only_while_it_shows_a_face(
    tmp_path: Path, classifier: Classifier, reports: Reports
) -> None:
    run = Run(tmp_path, classifier, "screen")
    run.session.command(Command.RECORD)
    run.show(EMPTY, 12, noise=False)  # a page, a waiting room
    assert run.message == ""
    run.show(SMILE, 7, noise=False)  # a call whose picture stopped
    assert "frozen" in run.message
    run.show(EMPTY, 7, noise=False)
    assert run.events() == [("frozen", pytest.approx(12.0, abs=0.3)), ("frozen_end", pytest.approx(19.0, abs=0.3))]


@pytest.mark.parametrize(("kind", "live"), [("demo", False), ("video", False), ("image", False)])
def test_a_file_may_stand_still_and_be_black(
    kind: str, live: bool, tmp_path: Path, classifier: Classifier, reports: Reports
) -> None:
    run = Run(tmp_path, classifier, kind, live=live)
    run.session.command(Command.RECORD)
    run.show(BLACK, 10, noise=False)
    assert run.message == ""
    assert run.events() == []


def test_a_recording_that_starts_while_the_picture_is_black_says_so(
    tmp_path: Path, classifier: Classifier, reports: Reports
) -> None:
    run = Run(tmp_path, classifier, "camera")
    run.show(BLACK, 4)
    run.session.command(Command.RECORD)
    run.show(BLACK, 2)
    assert run.events() == [("black", 0.0)]


def test_one_thing_is_wrong_at_a_time_and_each_ends_where_the_next_begins() -> None:
    watch = SourceWatch(Given([], "camera", live=True))
    noted = []
    for i in range(120):
        picture = EMPTY if i < 40 else BLACK
        now_s = i / 4 if i < 80 else i / 4 + 10
        noted += watch.frame(Frame(picture, now_s, i), face=False)
    assert [(c.event, c.at_s) for c in noted] == [
        ("frozen", 0.0), ("frozen_end", 10.0), ("black", 10.0), ("black_end", 19.75),
        ("signal_lost", 19.75), ("signal_back", 30.0), ("black", 30.0),
    ]  # fmt: skip


@pytest.mark.parametrize("what", ["frozen", "black", "signal_lost"])
def test_the_report_counts_nothing_of_a_time_without_a_living_picture_and_lists_it(what: str, tmp_path: Path) -> None:
    end = {"frozen": "frozen_end", "black": "black_end", "signal_lost": "signal_back"}[what]
    rows = [
        (i / 10, 1, "neutral" if i < 100 else "happy", one_hot("neutral" if i < 100 else "happy")) for i in range(200)
    ]
    folder = write_session(
        tmp_path / "session", rows, [(10.0, what, ""), (19.0, end, ""), (19.5, "unheard_of", "")], 20.0
    )
    session = read_session(folder)
    clock = clock_of(session)
    assert clock.lost.sum() == 90
    parts = shares(people_of(session, clock).timelines[0])
    assert parts["happy"] == pytest.approx(1 / 11, abs=0.01)
    for language, words in (("en", "0:10–0:19"), ("es", "0:10–0:19")):
        notes = session_view(session, Writer(language))["coverage"]["notes"]
        assert any(words in note for note in notes), notes


def test_times_that_jump_are_made_steady_and_good_ones_are_kept() -> None:
    def steadied(*told: float) -> list[float]:
        time = SteadyTime(fps=10)
        return [time.steady(t) for t in told]

    assert steadied(0, 0.1, 0.4, 5.0, 64.9, 7200.0, 7200.3) == [0, 0.1, 0.4, 5.0, 64.9, 7200.0, 7200.3]
    assert steadied(5000, 5000.1, 3.0, 3.2) == pytest.approx([5000, 5000.1, 5000.2, 5000.4])
    assert steadied(0, 0.1, 0.3, 0.2, 0.4, 0.6) == pytest.approx([0, 0.1, 0.3, 0.301, 0.4, 0.6])
    assert steadied(1.0, 1.0, 1.01, 1.01, 1.02) == pytest.approx([1.0, 1.001, 1.01, 1.011, 1.02])
    assert steadied(math.nan, 0.1, math.nan, math.inf, 0.4) == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])


def test_a_recorded_video_with_hours_between_its_pictures_keeps_them(tmp_path: Path, reports: Reports) -> None:
    path = tmp_path / "call.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 10.0, (320, 180))
    for i in range(20):
        writer.write(cv2.resize(DemoSource().picture(i / 10), (320, 180)))
    writer.release()
    slow_down_second_half(path, factor=36_000)
    raw = [frame.timestamp_s for frame in open_source(str(path)).frames()]
    assert raw[-1] > 8 * 3600
    assert main(["--source", str(path), "--record", str(tmp_path / "out"), "--consent", "--lang", "en"]) == 0
    (folder,) = (tmp_path / "out").iterdir()
    told = json.loads((folder / "session.json").read_text(encoding="utf-8"))
    assert told["duration_s"] == pytest.approx(raw[-1] + 0.1, abs=0.01)
    with (folder / "emotions.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["timestamp_s"]) for row in rows] == pytest.approx(raw, abs=0.001)


def test_a_gap_in_a_file_is_shown_as_not_recorded_and_not_as_its_last_label(
    tmp_path: Path, classifier: Classifier, reports: Reports
) -> None:
    run = Run(tmp_path, classifier, "video", live=False)
    small = np.asarray(cv2.resize(SMILE, (640, 360)), np.uint8)
    times_s = [i / 10 for i in range(20)] + [45 + i / 10 for i in range(20)]
    run.session.command(Command.RECORD)
    with closing(FrameFeed(Given([(small, t) for t in times_s], "video"))) as feed:
        for frame in feed.frames():
            run.session.process(frame)
    run.session.close()
    (folder,) = tmp_path.iterdir()
    told = json.loads((folder / "session.json").read_text(encoding="utf-8"))
    assert told["not_analysed"] == [[pytest.approx(1.9 + 0.5), pytest.approx(45.0)]]
    session = read_session(write_session(tmp_path / "read", [], **told))  # what a report needs beside it
    assert clock_of(session).unrecorded.sum() / 10 == pytest.approx(42.6)


@pytest.mark.parametrize("jump_s", [-7200.0, -0.5])
def test_a_baseline_is_measured_across_a_jump_of_the_clock(
    jump_s: float, tmp_path: Path, classifier: Classifier, reports: Reports
) -> None:
    run = Run(tmp_path, classifier, "video", live=False)
    times = [i / 5 + (jump_s if i > 30 else 0.0) for i in range(70)]
    small = np.asarray(cv2.resize(SMILE, (640, 360)), np.uint8)
    with closing(FrameFeed(Given([(small, t) for t in times], "video"))) as feed:
        for frame in feed.frames():
            results = run.session.process(frame)
            assert [r.face_id for r in results or []] == [1]
            if frame.number == 5:
                run.session.command(Command.BASELINE)
    assert run.pipeline.baseline.applied is not None
    assert run.pipeline.baseline.applied.frames == pytest.approx(50, abs=8)
    run.session.close()


def test_an_image_of_more_pixels_than_opencv_takes_is_told(tmp_path: Path) -> None:
    """A PNG's header (ISO/IEC 15948) that promises 40,000 × 40,000 pixels."""
    path = tmp_path / "huge.png"
    data = bytearray(cv2.imencode(".png", np.zeros((4, 4, 3), np.uint8))[1].tobytes())
    data[16:24] = (40_000).to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    path.write_bytes(data)
    with pytest.raises(AffectError, match=r"huge\.png cannot be read as an image"):
        open_source(str(path))


def test_an_image_that_may_not_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(self: Path, *how: str) -> bytes:
        raise PermissionError(13, "Permission denied")

    path = tmp_path / "private.png"
    path.write_bytes(cv2.imencode(".png", np.zeros((9, 9, 3), np.uint8))[1].tobytes())
    monkeypatch.setattr(Path, "open", forbidden)
    with pytest.raises(AffectError, match=r"private\.png cannot be read as an image"):
        open_source(str(path))
