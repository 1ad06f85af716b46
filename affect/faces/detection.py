"""Face detectors (Haar cascade, YuNet) and square face crops.

Both detectors have the same interface, `detect(picture) -> list[FaceBox]`. Haar needs nothing but OpenCV;
YuNet is more robust to pose and needs its model file from the user.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from affect.errors import AffectError
from affect.faces.preprocessing import Image, Preprocessing

CASCADE = "haarcascade_frontalface_default.xml"
LARGEST_MODEL = 10_000_000  # bytes of a YuNet model; OpenCV's have 0.1 to 0.3 MB
MOST_FACES = 100  # that a YuNet model can find in a picture
HAAR_WINDOW = 24  # pixels: side of the smallest face that this cascade detects


class FaceBox(NamedTuple):
    """A face's bounding box: left, top, width, height, in pixels; may extend beyond the picture."""

    x: int
    y: int
    width: int
    height: int


class Sighting(NamedTuple):
    """A face found by `HaarDetector.search`, with the number of overlapping hits of the cascade behind it."""

    box: FaceBox
    hits: int


class FaceDetector(Protocol):
    """Interface of the face detectors."""

    def detect(self, picture: Image) -> list[FaceBox]:
        """The faces in a uint8 BGR or grey picture, largest first; an empty list if there is none."""
        ...


class HaarDetector:
    """OpenCV's frontal-face Haar cascade (Viola and Jones 2001), as OpenCV ships it.

    min_face:      the smallest face searched for, as a share of the picture's shorter side.
    scale_factor:  ratio between consecutive search scales; nearer to 1 is slower and finds more.
    min_neighbors: overlapping hits that a detection needs; higher is stricter.
    min_share:     share of the strongest face's hits that a further face needs: false detections beside a real face
                   have at most a sixth of its hits, real faces about as many.
    max_side:      the picture is reduced so that its longer side has at most this many pixels before the search;
                   None searches at full size.
    """

    def __init__(
        self,
        min_face: float = 0.12,
        scale_factor: float = 1.1,
        min_neighbors: int = 5,
        min_share: float = 0.25,
        max_side: int | None = 640,
    ) -> None:
        path = Path(getattr(getattr(cv2, "data", None), "haarcascades", "")) / CASCADE
        if not hasattr(cv2, "CascadeClassifier") or not path.is_file():
            raise AffectError(
                f"opencv-python-headless {cv2.__version__} has no Haar cascades. "
                'Install a version below 5: pip install "opencv-python-headless<5".'
            )
        self._cascade = _read_cascade(path)
        self._min_face = min_face
        self._scale_factor = scale_factor
        self._min_neighbors = min_neighbors
        self._min_share = min_share
        self._max_side = max_side

    def detect(self, picture: Image) -> list[FaceBox]:
        """The faces in a uint8 BGR or grey picture as square boxes, largest first."""
        grey = np.asarray(picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
        shrink = 1.0
        if self._max_side is not None and max(grey.shape) > self._max_side:
            shrink = max(grey.shape) / self._max_side
            small = cv2.resize(grey, None, fx=1 / shrink, fy=1 / shrink, interpolation=cv2.INTER_AREA)
            grey = np.asarray(small, np.uint8)
        smallest = max(HAAR_WINDOW, round(self._min_face * min(grey.shape)))
        found = self.search(grey, smallest, max(grey.shape), self._scale_factor, self._min_neighbors)
        enough = self._min_share * max((s.hits for s in found), default=0)
        boxes = [FaceBox(*(round(v * shrink) for v in s.box)) for s in found if s.hits >= enough]
        return sorted(boxes, key=lambda b: -b.width * b.height)

    def search(
        self, grey: Image, smallest: int, largest: int, scale_factor: float, min_neighbors: int
    ) -> list[Sighting]:
        """All detections of sides smallest…largest, in pixels, in a grey picture, at full size and in any order.

        The cascade tries the sides 24, 24·scale_factor, 24·scale_factor², …; below 48 it skips every second position.
        Not thread-safe.
        """
        found, hits = self._cascade.detectMultiScale2(
            grey,
            scaleFactor=scale_factor,
            minNeighbors=min_neighbors,
            minSize=(smallest, smallest),
            maxSize=(largest, largest),
        )
        return [Sighting(FaceBox(*(int(v) for v in box)), int(h)) for box, h in zip(found, hits, strict=True)]


class YuNetDetector:
    """The YuNet face detector (Wu et al. 2023, Machine Intelligence Research 20) through `cv2.FaceDetectorYN`.

    Its boxes follow the face tightly and are taller than wide; `detect` returns the square that the Haar cascade
    would give for the same face, so that one crop definition serves both.

    model:     path of face_detection_yunet_*.onnx (from the OpenCV model zoo).
    min_score: confidence threshold, 0…1.
    max_side:  the picture is reduced so that its longer side has at most this many pixels before the search.
    """

    # Haar's side / mean of YuNet's width and height, and the offset of Haar's centre below YuNet's in Haar sides:
    # medians measured by benchmarks/crop_margin.py.
    HAAR_SCALE = 1.087
    HAAR_SHIFT = -0.008

    def __init__(self, model: str | Path, min_score: float = 0.7, max_side: int = 640) -> None:
        if not Path(model).is_file():
            raise AffectError(
                f"{model} does not exist. --detector yunet needs the YuNet model: download "
                "face_detection_yunet_2023mar.onnx from the OpenCV model zoo and name it with --detector-model."
            )
        try:
            with Path(model).open("rb") as file:  # in Python, since OpenCV on Windows cannot open paths with accents
                network = np.frombuffer(file.read(LARGEST_MODEL + 1), np.uint8)
            if len(network) > LARGEST_MODEL:
                raise ValueError
            self._net = cv2.FaceDetectorYN.create("onnx", network, np.empty(0, np.uint8), (320, 320), min_score)
        except (cv2.error, OSError, ValueError, SystemError, MemoryError) as error:
            raise AffectError(
                f"{model} cannot be read as a YuNet face detector. "
                "Download face_detection_yunet_2023mar.onnx from the OpenCV model zoo again."
            ) from error
        self._max_side = max_side

    def detect(self, picture: Image) -> list[FaceBox]:
        """The faces in a uint8 BGR or grey picture as square boxes, largest first."""
        color = picture if picture.ndim == 3 else cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
        shrink = max(1.0, max(color.shape[:2]) / self._max_side)
        if shrink > 1:
            color = cv2.resize(color, None, fx=1 / shrink, fy=1 / shrink, interpolation=cv2.INTER_AREA)
        self._net.setInputSize((color.shape[1], color.shape[0]))
        try:
            _, found = self._net.detect(color)
        except cv2.error as error:
            raise AffectError(
                "The YuNet model does not run on this picture size. "
                "Use face_detection_yunet_2023mar.onnx (it takes any size) from the OpenCV model zoo."
            ) from error
        rows = np.asarray(found if found is not None else np.empty((0, 15)), np.float64)[:, :4] * shrink
        boxes = [self._as_haar(row) for row in rows[_are_faces(rows, picture.shape[1], picture.shape[0])]]
        return sorted(boxes, key=lambda b: -b.width * b.height)[:MOST_FACES]

    def _as_haar(self, box: np.ndarray) -> FaceBox:
        x, y, width, height = (float(v) for v in box)
        side = self.HAAR_SCALE * (width + height) / 2
        left = x + width / 2 - side / 2
        top = y + height / 2 + self.HAAR_SHIFT * side - side / 2
        return FaceBox(round(left), round(top), round(side), round(side))


def _are_faces(boxes: npt.NDArray[np.float64], width: int, height: int) -> npt.NDArray[np.bool_]:
    """Which boxes (n, 4) of a network can be faces: centred in the picture and at most twice as large, bool (n,).

    A damaged model, or one that was made to do harm, gives NaN, and boxes of which a crop would take gigabytes.
    """
    with np.errstate(all="ignore"):
        centers, sides = boxes[:, :2] + boxes[:, 2:] / 2, boxes[:, 2:]
        inside = (centers >= 0).all(1) & (centers <= (width, height)).all(1)
        return np.asarray(inside & (sides >= 1).all(1) & (sides <= 2 * max(width, height)).all(1), np.bool_)


def _read_cascade(path: Path) -> cv2.CascadeClassifier:
    """Load a Haar cascade from an XML file. Raises AffectError if the file is not one.

    Where OpenCV cannot open the path (accents on Windows), the file is read in Python, which takes longer.
    """
    with suppress(cv2.error, SystemError):  # SystemError: not XML
        cascade = cv2.CascadeClassifier(str(path))
        if not cascade.empty():
            return cascade
        text = path.read_text(encoding="utf-8")
        storage = cv2.FileStorage(text, cv2.FILE_STORAGE_READ | cv2.FILE_STORAGE_MEMORY)
        cascade = cv2.CascadeClassifier()
        if cascade.read(storage.getFirstTopLevelNode()):
            return cascade
    raise AffectError(f"{path} cannot be read as a Haar cascade. Install opencv-python-headless again.")


def create_detector(name: str, model: str | Path | None = None) -> FaceDetector:
    """Create a detector by its command-line name: "haar", or "yunet" with its model file.

    Raises AffectError for another name, or if YuNet's file is missing or unusable.
    """
    if name == "haar":
        return HaarDetector()
    if name == "yunet":
        return YuNetDetector(model if model is not None else "face_detection_yunet_2023mar.onnx")
    raise AffectError(f"There is no detector {name!r}. Choose haar or yunet.")


def crop_square(box: FaceBox, preprocessing: Preprocessing) -> FaceBox:
    """The square crop of a face box, in pixels of the same picture; may extend beyond the picture."""
    side = max(box.width, box.height)
    crop_side = max(2, round(side * (1 + 2 * preprocessing.crop_margin)))
    center_x = box.x + box.width / 2
    center_y = box.y + box.height / 2 + preprocessing.crop_shift * side
    left, top = round(center_x - crop_side / 2), round(center_y - crop_side / 2)
    return FaceBox(left, top, crop_side, crop_side)


def overlaps(box: FaceBox, width: int, height: int, preprocessing: Preprocessing) -> bool:
    """Whether the crop of a face box has at least one pixel of a picture of this size."""
    x, y, side, _ = crop_square(box, preprocessing)
    return max(0, x) < min(width, x + side) and max(0, y) < min(height, y + side)


def crop_face(picture: Image, box: FaceBox, preprocessing: Preprocessing) -> Image:
    """Crop the square around a face box, with the margin and shift of `preprocessing`.

    picture: uint8 (height, width, 3) or (height, width).   box: from a detector.
    Returns uint8 (side, side[, 3]), a copy. Beyond the picture its last row or column is repeated (border replication),
    so that the face keeps its aspect and place. Raises ValueError if crop and picture do not overlap.
    """
    height, width = picture.shape[:2]
    x, y, side, _ = crop_square(box, preprocessing)
    left, top = max(0, x), max(0, y)
    right, bottom = min(width, x + side), min(height, y + side)
    if not overlaps(box, width, height, preprocessing):
        raise ValueError(f"The face box {tuple(box)} lies outside the {width}×{height} picture.")
    inside = picture[top:bottom, left:right]
    if inside.shape[:2] == (side, side):
        return inside.copy()
    padded = cv2.copyMakeBorder(inside, top - y, y + side - bottom, left - x, x + side - right, cv2.BORDER_REPLICATE)
    return np.asarray(padded, np.uint8)
