"""The pipeline that analyses one frame: detection, tracking, batch classification, baseline, smoothing, label."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np

from affect.emotions import UNCERTAIN
from affect.faces.detection import FaceBox, crop_face, overlaps
from affect.faces.preprocessing import Image
from affect.live.frame import FaceResult, Frame
from affect.live.pipeline.baseline import Baseline
from affect.live.pipeline.classifier import Classifier
from affect.live.pipeline.covering import CoverWatch
from affect.live.pipeline.cuts import CutDetector
from affect.live.pipeline.grey_pyramid import GreyPyramid
from affect.live.pipeline.quality import face_quality
from affect.live.pipeline.search import FaceSearch
from affect.live.pipeline.smoothing import BoxSmoother, LabelChooser, ProbabilitySmoother
from affect.live.pipeline.tracking import FaceTracker, TrackedFace


@dataclass(frozen=True)
class Located:
    """The faces of a frame, found but not read yet.   views: valid until the frame after the next is located.

    faces: ids and smoothed boxes, largest first.   kept: ids of all faces that the tracker keeps.
    cut: a shot cut precedes the frame.
    """

    frame: Frame
    views: GreyPyramid
    faces: list[tuple[int, FaceBox]]
    kept: set[int]
    cut: bool


class Pipeline:
    """Runs face search, tracker, classifier, baseline and smoothers on each frame, in order.

    OpenCV is limited to one thread: its pictures are small here, and its busy-waiting threads would compete with the
    model's threads for the cores.

    face_ids: ids of the faces that were seen in the last frame that was read, or recently.
    on_cut:  called with the timestamp of the first frame after a shot cut, if faces were known; all get new ids.
    """

    def __init__(self, search: FaceSearch, classifier: Classifier, max_faces: int = 4) -> None:
        cv2.setNumThreads(1)
        self._search = search
        self._classifier = classifier
        self._max_faces = max_faces
        self._views = (GreyPyramid(), GreyPyramid())  # one is read while the other is searched
        self._tracker = FaceTracker(max_faces)
        self._boxes = BoxSmoother()
        self._size: tuple[int, int] | None = None
        self._cuts = CutDetector()
        self.on_cut: Callable[[float], None] = lambda at_s: None
        self.baseline = Baseline()
        self.smoother = ProbabilitySmoother()
        sure_from = classifier.calibration.sure_from
        self.labels = LabelChooser() if sure_from is None else LabelChooser(least=sure_from)
        self._covers = CoverWatch()
        self.face_ids: set[int] = set()

    def process(self, frame: Frame) -> list[FaceResult]:
        """Analyse a frame and return its faces with smoothed probabilities, largest first; empty if there is none."""
        return self.read(self.locate(frame))

    def ahead(self, frames: Iterable[Frame]) -> Iterator[Located]:
        """Locate the faces of each frame in another thread while the caller reads those of the frame before."""
        with ThreadPoolExecutor(1) as helper:
            before: Future[Located] | None = None
            frame: Frame | None
            given = iter(frames)
            while True:
                try:
                    frame = next(given, None)
                except BaseException:
                    if before is not None:
                        yield before.result()
                    raise
                located = None if frame is None else helper.submit(self.locate, frame)
                if before is not None:
                    yield before.result()
                if located is None:
                    return
                before = located

    def locate(self, frame: Frame) -> Located:
        """Find and track the faces of a frame: the first half of `process`, in order of the frames."""
        now_s = frame.timestamp_s
        self._follow_size(frame.picture)
        self._views = self._views[::-1]
        views = self._views[0].take(frame.picture)
        known, lost = self._tracker.boxes_of_last_frame(), self._tracker.boxes_of_lost()
        cut = self._cuts.see(views)
        found = self._search.find(views, known, lost, now_s, complete=len(known) >= self._max_faces)
        if cut := cut and bool(self._tracker.ids):  # after a cut, the same place may show another person
            self._tracker.forget()
        faces = [(face.face_id, self._steadied(face, frame)) for face in self._tracker.update(found, now_s)]
        kept = self._tracker.ids
        self._boxes.keep_only(kept)
        return Located(frame, views, faces, kept, cut)

    def read(self, located: Located) -> list[FaceResult]:
        """Classify the faces of a frame and smooth over time: the second half of `process`, in order of the frames."""
        now_s = located.frame.timestamp_s
        if located.cut:
            self.on_cut(now_s)
        grey, preprocessing = located.views.grey, self._classifier.preprocessing
        view = grey if preprocessing.color == "grey" else located.frame.picture
        rows = self._classifier.probabilities(view, [box for _, box in located.faces])
        results = []
        for (face_id, box), row in zip(located.faces, rows, strict=True):
            covered = self._covers.update(face_id, crop_face(grey, box, preprocessing), now_s)
            smoothed = self.smoother.update(face_id, self.baseline.update(face_id, np.asarray(row)), now_s)
            label = self.labels.update(face_id, smoothed, now_s)
            shown = UNCERTAIN if covered else label
            results.append(FaceResult(face_id, box, smoothed, shown, face_quality(grey, box), covered))
        for smoother in (self.smoother, self.labels, self._covers):
            smoother.keep_only(located.kept)
        self.face_ids = located.kept
        return results

    def _steadied(self, face: TrackedFace, frame: Frame) -> FaceBox:
        """Filter a face's box over time; where that lags behind, out of the picture, use the detected box."""
        height, width = frame.picture.shape[:2]
        box = self._boxes.update(face.face_id, face.box, frame.timestamp_s)
        return box if overlaps(box, width, height, self._classifier.preprocessing) else face.box

    def _follow_size(self, picture: Image) -> None:
        """Rescale tracker and box filter if the frame size changed, as it does in calls; faces keep their ids."""
        height, width = picture.shape[:2]
        before, self._size = self._size, (width, height)
        if before is None or before == self._size:
            return
        across, down = width / before[0], height / before[1]
        self._tracker.rescale(across, down)
        self._boxes.rescale(across, down)
