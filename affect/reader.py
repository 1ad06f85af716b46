"""Public Python API: `affect.ExpressionReader` and its result types, based on `affect.live`.

`read` and `follow` use the same pipeline as the webcam program, without its window.
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

from affect.emotions import EMOTIONS, valence
from affect.errors import AffectError
from affect.faces.detection import FaceBox
from affect.faces.pictures import is_picture
from affect.faces.preprocessing import Image
from affect.files import is_file, is_folder
from affect.live.bundled import default_model
from affect.live.frame import Frame, Source
from affect.live.pipeline.classifier import load_classifier
from affect.live.pipeline.pipeline import Pipeline
from affect.live.pipeline.search import create_search
from affect.live.recording.sinks import COLUMNS
from affect.live.sources.feed import FrameFeed, as_picture
from affect.live.sources.files import ImageSource, open_source, remarks
from affect.live.sources.upright import Upright
from affect.model.calibration import SENSITIVITIES, Sensitivity

if TYPE_CHECKING:
    import pandas as pd

    from affect.live.frame import FaceResult

PathName = str | PathLike[str]
Timed = tuple[float, Image]  # timestamp in seconds, and frame, uint8 BGR

_LOG = logging.getLogger("affect")  # takes the program's messages; warnings reach stderr unless logging is configured


@dataclass(frozen=True)
class FaceExpression:
    """The perceived expression of one face in one picture.

    box:           bounding box: x, y (upper left corner), width and height in pixels of the picture, after rotation
                   (see `turned`); it may extend beyond the border.
    face_id:       1, 2, …: in a picture in order of size, largest first; in a video in order of appearance.
    emotion:       the label: one of `affect.emotions.EMOTIONS`, or "uncertain" if no class leads clearly.
    confidence:    probability of the label, 0…1; of the most probable class if the label is "uncertain".
    probabilities: calibrated probabilities of the eight classes by name, each 0…1; they sum to 1.
    quality:       image quality of the face, 0…1, from its size, sharpness and light (`affect.live.pipeline.quality`).
    turned:        clockwise rotation applied to a sideways or upside-down picture: 0, 90, 180 or 270 degrees.

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
        """Valence, −1…1: P(happy) minus the largest probability of anger, contempt, disgust, fear and sad."""
        return float(valence(np.array([self.probabilities[name] for name in EMOTIONS])))


@dataclass(frozen=True)
class Moment:
    """The faces of one video frame.

    timestamp_s: seconds since the start: a file's timestamp, the time since a live source was opened, or your own.
    frame:       frame number, 0, 1, 2 …; numbers are missing if a live source is faster than the analysis.
    faces:       largest first; empty if none is found.

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

    model:          path of a `.pt` checkpoint; None: your own v4 model in `models/` or else the bundled one, which
                    needs no PyTorch. Other checkpoints need PyTorch at their first use, for the ONNX export.
    detector:       "haar" or "yunet"; for "yunet", `detector_model` is the path of its `.onnx` file.
    faces:          maximum number of faces, 1 or more; the largest are read.
    backend:        "onnx" (ONNX Runtime), or "torch".
    sensitivity:    how readily rare expressions are named: "low" (fewer false alarms), "normal" or "high" (fewer are
                    missed).
    Raises AffectError for a missing or unusable model or detector, and for invalid values.

    A reader can be reused for any number of sources, one after the other, in one thread. It sets OpenCV to one thread
    for the whole process. Messages, such as that an export is being made, go to the logger "affect".

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
        sensitivity: Sensitivity = "normal",
    ) -> None:
        if isinstance(faces, bool) or not isinstance(faces, int) or faces < 1:
            raise AffectError(f"faces is {faces!r}; it must be a whole number of 1 or more.")
        if backend not in ("onnx", "torch"):
            raise AffectError(f"There is no backend {backend!r}. Choose onnx or torch.")
        if sensitivity not in SENSITIVITIES:
            raise AffectError(f"There is no sensitivity {sensitivity!r}. Choose {', '.join(SENSITIVITIES)}.")
        self._detector = detector
        self._detector_model = None if detector_model is None else Path(detector_model)
        self._faces = faces
        self.model = default_model() if model is None else Path(model)
        create_search(detector, self._detector_model)  # raises early for an unusable detector
        self._classifier = load_classifier(self.model, backend, _LOG.warning, sensitivity=sensitivity)

    def read(self, picture: PathName | Image) -> list[FaceExpression]:
        """Read the faces of one picture, largest first, as the program does for `--source picture.jpg`.

        picture: the path of a JPEG, PNG, WebP, BMP, TIFF, HEIC or AVIF, or an array as OpenCV reads it: uint8 BGR
        (height, width, 3), grey (height, width) or BGRA. Faces from a size of about 40 pixels are detected.
        Returns an empty list if there is no face.
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
        """Read the faces of a video's frames, tracked and smoothed as in the program's `--source`.

        source: the path of a video (every frame, as fast as you iterate), a camera's index, an address (`rtsp://…`,
        `http://…`), "screen" or "demo"; or your own frames: an iterable of (timestamp_s, frame) with times in seconds
        that do not decrease, and frames as for `read`. Your own frames are read in your thread, and each gives one
        `Moment` with its timestamp.
        A face keeps its `face_id` while it is tracked. To stop a live source, leave the loop.
        Raises AffectError at once if the source cannot be opened. While reading, raises it after the last frame of a
        truncated file, and for an invalid frame or timestamp.

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
        """Read the faces of many pictures and videos into a pandas DataFrame, one row per face.

        paths: one file or folder, or several. A folder stands for all pictures in it and its subfolders, sorted by
        name; a video has one row per face and frame.
        Columns: those of the program's CSV, and `path`. A picture or frame
        without a face has a row with empty (NA) face columns.
        Raises AffectError at the start if a path does not exist or pandas is missing, and later for a file that cannot
        be read. A damaged picture in a folder is skipped and logged.

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
        table = pd.DataFrame(rows, columns=[*COLUMNS, "path"])
        whole = dict.fromkeys(("frame", "face_id", "x", "y", "width", "height"), "Int64")
        return table.astype({"emotion": "object", "path": "object"} | whole | dict.fromkeys(_REAL, "float64"))

    def _rows(self, path: Path, named: bool) -> Iterator[dict[str, Any]]:
        """Yield the table's rows for one file.   named: the caller gave this file, it was not found in a folder."""
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
        """Yield the moments of an opened source, and close it at the end."""
        with closing(FrameFeed(source)) as feed:
            yield from self._moments(source, feed.frames())
            for line in remarks(source, feed.skipped, "en"):
                _LOG.warning(line)

    def _moments(self, source: Source, frames: Iterator[Frame]) -> Iterator[Moment]:
        """Rotate frames upright and analyse them with a new pipeline."""
        search = create_search(self._detector, self._detector_model, still=source.kind == "image")
        pipeline = Pipeline(search, self._classifier, self._faces)
        upright = Upright(source, "en", _LOG.info, lambda degrees: None)
        shown = upright.frames(frames)
        for located in map(pipeline.locate, shown) if source.live else pipeline.ahead(shown):
            results = pipeline.read(located)
            upright.saw(bool(results))
            faces = tuple(_expression(result, 90 * upright.quarters) for result in results)
            yield Moment(located.frame.timestamp_s, located.frame.number, faces)


_REAL = ("timestamp_s", "confidence", *(f"p_{name}" for name in EMOTIONS), "valence", "quality")


def _expression(result: FaceResult, turned: int) -> FaceExpression:
    probabilities = dict(zip(EMOTIONS, map(float, result.probabilities), strict=True))
    return FaceExpression(
        result.box, result.face_id, result.emotion, result.confidence, probabilities, result.quality, turned
    )


def _columns(face: FaceExpression) -> dict[str, Any]:
    """Convert a face to its columns of the table."""
    box, probabilities = face.box._asdict(), {f"p_{name}": p for name, p in face.probabilities.items()}
    shown = {"face_id": face.face_id, "emotion": face.emotion, "confidence": face.confidence}
    return {**box, **probabilities, **shown, "valence": face.valence, "quality": face.quality}


def _opened(source: PathName | int) -> Source:
    """Open a source as on the command line; a path object always means a file."""
    spec = str(Path(source).absolute()) if isinstance(source, PathLike) else str(source)
    return open_source(spec, tell=_LOG.warning)


def _file(path: PathName) -> Path:
    """Convert to Path and check that it is a file. Raises AffectError if not."""
    if not is_file(Path(path)):
        raise AffectError(f"{path} is no file. Check the path.")
    return Path(path)


def _files(given: Sequence[PathName]) -> list[tuple[Path, bool]]:
    """Expand folders to their pictures; each file with True if the caller gave it itself, False if from a folder.

    Raises AffectError if a path does not exist.
    """
    files: list[tuple[Path, bool]] = []
    for path in map(Path, given):
        if is_folder(path):
            files += [(inside, False) for inside in sorted(path.rglob("*")) if is_picture(inside)]
        else:
            files.append((_file(path), True))
    return files


class _Given:
    """Source that gives the caller's own frames.   kind: "image" for one picture, or "camera"."""

    name = description = ""
    fps = 30.0

    def __init__(self, frames: Iterable[Timed], kind: str) -> None:
        self.kind = kind
        self.live = kind != "image"  # each frame is passed on at once, without look-ahead
        self._frames = frames

    def frames(self) -> Iterator[Frame]:
        """See `Source.frames`. Raises AffectError for an invalid frame, or a timestamp that decreases."""
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
    """Describe a value that is no picture, for the error message: dtype and shape, or its type."""
    return f"{value.dtype} {value.shape}" if isinstance(value, np.ndarray) else f"a {type(value).__name__}"
