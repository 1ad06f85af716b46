"""The door for other programs: `affect.ExpressionReader` and what it gives. The work is done by `affect.live`.

`read` and `follow` are a run of the webcam program without its window; nothing is analysed in another way here.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from affect.emotions import EMOTIONS
from affect.errors import AffectError
from affect.faces import FaceBox
from affect.files import is_file, is_folder
from affect.live.bundled import default_model
from affect.live.classifier import load_classifier
from affect.live.conversion import as_picture
from affect.live.feed import FrameFeed
from affect.live.frame import Frame, Source
from affect.live.pipeline import Pipeline
from affect.live.quality import face_quality
from affect.live.search import create_search
from affect.live.sinks import COLUMNS
from affect.live.sources import ImageSource, open_source, remarks
from affect.live.upright import Upright
from affect.preprocessing import Image

if TYPE_CHECKING:
    import pandas as pd

    from affect.live.results import FaceResult

PathName = str | PathLike[str]
Timed = tuple[float, Image]  # seconds, and the frame, uint8 BGR

NEGATIVE = ("anger", "contempt", "disgust", "fear", "sad")
_LOG = logging.getLogger("affect")  # what the program would print: warnings reach stderr unless it is configured


@dataclass(frozen=True)
class FaceExpression:
    """The perceived expression of one face in one picture.

    box:           x, y, width, height in pixels of the picture, `x` and `y` of the upper left corner; it may reach
                   beyond the border. Where the picture was turned (see `turned`), of the turned picture.
    face_id:       1, 2, …: in one picture from the largest face on, in a video in the order of appearance.
    emotion:       the label: one of `affect.emotions.EMOTIONS`, or "uncertain" where none wins clearly.
    confidence:    the probability of the label, 0…1; of the most probable class where the label is "uncertain".
    probabilities: of the eight classes by name, each 0…1, calibrated; they sum to 1.
    quality:       0…1, how much the face's size, sharpness and light allow a reading (`affect.live.quality`).
    turned:        how far a picture that lay on its side was turned to the right first: 0, 90, 180 or 270 degrees.

    Example:
        import affect

        for face in affect.ExpressionReader().read("portrait.jpg"):
            print(face.emotion, f"{face.confidence:.0%}", "valence", round(face.valence, 2), "at", face.box)
    """

    box: FaceBox
    face_id: int
    emotion: str
    confidence: float
    probabilities: dict[str, float] = field(hash=False)
    quality: float
    turned: int = 0

    @property
    def valence(self) -> float:
        """How pleasant it looks, -1…1: P(happy) less the largest of anger, contempt, disgust, fear and sad."""
        return self.probabilities["happy"] - max(self.probabilities[name] for name in NEGATIVE)


@dataclass(frozen=True)
class Moment:
    """One frame of a video with the faces in it.

    timestamp_s: seconds since the start: a file's own clock, the time since a live source was opened, or your own.
    frame:       0, 1, 2 …; a live source leaves numbers out where the analysis was slower than its frames.
    faces:       largest first; empty where none is found.

    Example:
        import affect

        for moment in affect.ExpressionReader(faces=2).follow("talk.mp4"):
            print(f"{moment.timestamp_s:.2f} s", [(face.face_id, face.emotion) for face in moment.faces])
    """

    timestamp_s: float
    frame: int
    faces: tuple[FaceExpression, ...]


class ExpressionReader:
    """Reads perceived expressions from pictures, videos, cameras and your own frames, as the webcam program does.

    model:          a `.pt` checkpoint; None: as the program, your own v4 model in `models/` or else the bundled one,
                    which needs no PyTorch. Another one needs it at its first use, for its export.
    detector:       "haar" or "yunet"; for the latter, `detector_model` is the path of its `.onnx` file.
    faces:          read the largest so many faces, 1 or more.
    backend:        "onnx" (ONNX Runtime), or "torch".
    Raises AffectError for a missing or unusable model or detector, or another value than these.

    A reader may be kept and used for any number of sources, one after the other in one thread. It sets OpenCV to one
    thread for the whole process. Notes, such as that an export is being made, go to the logger "affect".

    Example:
        import affect

        reader = affect.ExpressionReader(faces=4)
        for face in reader.read("group.jpg"):
            print(face.box, face.emotion, face.probabilities)
    """

    def __init__(
        self,
        model: PathName | None = None,
        *,
        detector: str = "haar",
        detector_model: PathName | None = None,
        faces: int = 1,
        backend: str = "onnx",
    ) -> None:
        if isinstance(faces, bool) or not isinstance(faces, int) or faces < 1:
            raise AffectError(f"faces is {faces!r}; it must be a whole number of 1 or more.")
        if backend not in ("onnx", "torch"):
            raise AffectError(f"There is no backend {backend!r}. Choose onnx or torch.")
        self._detector = detector
        self._detector_model = None if detector_model is None else Path(detector_model)
        self._faces = faces
        self.model = default_model() if model is None else Path(model)
        create_search(detector, self._detector_model)  # what is wrong with it is said here
        self._classifier = load_classifier(self.model, backend, _LOG.warning)

    def read(self, picture: PathName | Image) -> list[FaceExpression]:
        """The faces of one picture, largest first: what the program gives for `--source picture.jpg`.

        picture: the path of a JPEG, PNG, WebP, BMP, TIFF, HEIC or AVIF, or an array as OpenCV reads it: uint8 BGR
        (height, width, 3), grey (height, width) or BGRA. Every face is looked for, from about 40 pixels on.
        Returns an empty list where there is no face.
        Raises AffectError for a file that cannot be read, or an array that is no picture.

        Example:
            import cv2
            import affect

            reader = affect.ExpressionReader()
            faces = reader.read(cv2.imread("portrait.jpg"))       # the same as reader.read("portrait.jpg")
            print(faces[0].emotion if faces else "no face")
        """
        source: Source = (
            ImageSource(_file(picture)) if isinstance(picture, (str, PathLike)) else _Given([(0.0, picture)], "image")
        )
        with closing(source):
            (moment,) = self._moments(source, source.frames())
        return list(moment.faces)

    def follow(self, source: PathName | int | Iterable[Timed]) -> Iterator[Moment]:
        """The faces of a video's frames, tracked and smoothed as live: what the program gives for `--source`.

        source: the path of a video (every frame, as fast as they are asked for), a camera's number, an address
        (`rtsp://…`, `http://…`), "screen" or "demo"; or your own frames: an iterable of (timestamp_s, frame) with times
        in seconds that do not go back, and frames as `read` takes them. Your own frames are read in your thread, one
        for each moment, and give it their time.
        Faces keep their `face_id` while they are followed. End a live source by leaving the loop.
        Raises AffectError at once where the source cannot be opened; while it is read, where a file breaks off, after
        its last frame, and for a frame or a time that cannot be used.

        Example:
            import affect

            happy = [
                moment.timestamp_s
                for moment in affect.ExpressionReader().follow("talk.mp4")
                if moment.faces and moment.faces[0].emotion == "happy"
            ]
            print(f"{len(happy)} happy frames, the first at {min(happy, default=float('nan')):.1f} s")
        """
        if isinstance(source, (str, int, PathLike)):
            return self._followed(_opened(source))
        if not isinstance(source, Iterable):
            raise AffectError(
                f"A source cannot be a {type(source).__name__}: give a path, an address, a camera's number, or an "
                "iterable of (timestamp_s, frame)."
            )
        given = _Given(source, "camera")
        return self._moments(given, given.frames())

    def table(self, paths: PathName | Iterable[PathName]) -> pd.DataFrame:
        """The faces of many pictures and videos as a pandas DataFrame, a row for each face.

        paths: files and folders, or one of them. A folder stands for the pictures in it and in its subfolders, in the
        order of their names; a video has a row for each face and frame.
        Columns: those of the program's CSV, `valence`, `quality` (see `FaceExpression`) and `path`. A picture or frame
        without a face has a row with empty (NA) face columns.
        Raises AffectError, before any work, where a path does not exist or pandas is missing, and for a file that
        cannot be read. A damaged picture in a folder is left out and logged.

        Example:
            import affect

            table = affect.ExpressionReader().table(["portrait.jpg", "pictures/"])
            print(table.groupby("path")["valence"].mean())
        """
        try:
            import pandas as pd
        except ModuleNotFoundError as error:
            raise AffectError("A table needs pandas, which is not installed. Install it: pip install pandas") from error
        given = [paths] if isinstance(paths, (str, PathLike)) else list(paths)
        rows = [row for path, named in _files(given) for row in self._rows(path, named)]
        table = pd.DataFrame(rows, columns=[*map(str, COLUMNS), "valence", "quality", "path"])
        whole = dict.fromkeys(("frame", "face_id", "x", "y", "width", "height"), "Int64")
        return table.astype({"emotion": "object", "path": "object"} | whole | dict.fromkeys(_REAL, "float64"))

    def _rows(self, path: Path, named: bool) -> Iterator[dict[str, Any]]:
        """The table's rows of one file.   named: it was given itself, not found in a folder."""
        from affect.pictures import is_picture

        try:
            if is_picture(path):
                moments: Iterable[Moment] = [Moment(0.0, 0, tuple(self.read(path)))]
            else:
                moments = self._followed(_opened(path))
        except AffectError as error:
            if named:
                raise
            _LOG.warning("%s", error)
            return
        for moment in moments:
            for face in moment.faces or (None,):
                shown = {} if face is None else _columns(face)
                yield {"timestamp_s": moment.timestamp_s, "frame": moment.frame, **shown, "path": str(path)}

    def _followed(self, source: Source) -> Iterator[Moment]:
        """The moments of an opened source, which is closed at the end."""
        with closing(FrameFeed(source)) as feed:
            yield from self._moments(source, feed.frames())
            for line in remarks(source, feed.skipped, "en"):
                _LOG.warning(line)

    def _moments(self, source: Source, frames: Iterator[Frame]) -> Iterator[Moment]:
        """Each frame through a pipeline of its own, turned upright first."""
        search = create_search(self._detector, self._detector_model, still=source.kind == "image")
        pipeline = Pipeline(search, self._classifier, self._faces)
        upright = Upright(source, "en", _LOG.info, lambda degrees: None)
        for frame in upright.frames(frames):
            results = pipeline.process(frame)
            upright.saw(bool(results))
            faces = tuple(_expression(result, frame.picture, 90 * upright.quarters) for result in results)
            yield Moment(frame.timestamp_s, frame.number, faces)


_REAL = ("timestamp_s", "confidence", *(f"p_{name}" for name in EMOTIONS), "valence", "quality")


def _expression(result: FaceResult, picture: Image, turned: int) -> FaceExpression:
    probabilities = dict(zip(EMOTIONS, map(float, result.probabilities), strict=True))
    quality = face_quality(picture, result.box)
    return FaceExpression(result.box, result.face_id, result.emotion, result.confidence, probabilities, quality, turned)


def _columns(face: FaceExpression) -> dict[str, Any]:
    """A face's part of a row."""
    box, probabilities = face.box._asdict(), {f"p_{name}": p for name, p in face.probabilities.items()}
    shown = {"face_id": face.face_id, "emotion": face.emotion, "confidence": face.confidence}
    return {**box, **probabilities, **shown, "valence": face.valence, "quality": face.quality}


def _opened(source: PathName | int) -> Source:
    """A source as the command line names it; a path object is a file, whatever its name."""
    spec = str(Path(source).absolute()) if isinstance(source, PathLike) else str(source)
    return open_source(spec, tell=_LOG.warning)


def _file(path: PathName) -> Path:
    """The path of a file. Raises AffectError where there is none."""
    if not is_file(Path(path)):
        raise AffectError(f"{path} is no file. Check the path.")
    return Path(path)


def _files(given: Sequence[PathName]) -> list[tuple[Path, bool]]:
    """Each file of what was given, and whether it was named itself. Raises AffectError where there is none."""
    from affect.pictures import is_picture

    files: list[tuple[Path, bool]] = []
    for path in map(Path, given):
        if is_folder(path):
            files += [(inside, False) for inside in sorted(path.rglob("*")) if is_picture(inside)]
        else:
            files.append((_file(path), True))
    return files


class _Given:
    """A `Source` of a caller's own frames.   kind: "image" for one picture, or "camera"."""

    name = description = ""
    fps = 30.0

    def __init__(self, frames: Iterable[Timed], kind: str) -> None:
        self.kind = kind
        self.live = kind != "image"  # no frame waits for the next ones
        self._frames = frames

    def frames(self) -> Iterator[Frame]:
        """See `Source.frames`. Raises AffectError for what is no frame, or a time that goes back."""
        last_s = -math.inf
        for number, given in enumerate(self._frames):
            if not isinstance(given, (tuple, list)) or len(given) != 2:
                raise AffectError(f"Frame {number} must be (timestamp_s, frame), not a {type(given).__name__}.")
            told_s, picture = given
            if not isinstance(told_s, (int, float, np.number)) or not math.isfinite(told_s) or told_s < last_s:
                raise AffectError(
                    f"Frame {number} has the time {told_s!r}: give seconds that do not go back "
                    f"(the frame before it has {last_s})."
                )
            if (shown := as_picture(picture)) is None:
                raise AffectError(
                    "This is no picture: give uint8 BGR (height, width, 3), grey (height, width) or BGRA, "
                    f"as OpenCV reads them, not {_described(picture)}."
                )
            last_s = float(told_s)
            yield Frame(shown, last_s, number)

    def close(self) -> None:
        """See `Source.close`."""


def _described(value: object) -> str:
    """What somebody gave in place of a picture."""
    return f"{value.dtype} {value.shape}" if isinstance(value, np.ndarray) else f"a {type(value).__name__}"
