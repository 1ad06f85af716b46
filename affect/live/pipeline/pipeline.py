"""The pipeline that analyses one frame: detection, tracking, batch classification, baseline, smoothing, label."""

from __future__ import annotations

from collections.abc import Callable

import cv2

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


class Pipeline:
    """Runs face search, tracker, classifier, baseline and smoothers on each frame, in order.

    OpenCV is limited to one thread: its pictures are small here, and its busy-waiting threads would compete with the
    model's threads for the cores.

    on_cut: called with the timestamp of the first frame after a shot cut, if faces were known; all get new ids.
    """

    def __init__(self, search: FaceSearch, classifier: Classifier, max_faces: int = 4) -> None:
        cv2.setNumThreads(1)
        self._search = search
        self._classifier = classifier
        self._views = GreyPyramid()
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

    @property
    def face_ids(self) -> set[int]:
        """Ids of the faces that the tracker keeps: seen in the last frame, or recently."""
        return self._tracker.ids

    def process(self, frame: Frame) -> list[FaceResult]:
        """Analyse a frame and return its faces with smoothed probabilities, largest first; empty if there is none."""
        now_s = frame.timestamp_s
        self._follow_size(frame.picture)
        views = self._views.take(frame.picture)
        known, lost = self._tracker.boxes_of_last_frame(), self._tracker.boxes_of_lost()
        found = self._search.find(views, known, lost, now_s)
        if self._cuts.see(views) and self._tracker.ids:  # after a cut, the same place may show another person
            self._tracker.forget()
            self.on_cut(now_s)
        faces = self._tracker.update(found, now_s)
        boxes = [self._steadied(face, frame) for face in faces]
        grey = self._classifier.preprocessing.color == "grey"
        rows = self._classifier.probabilities(views.grey if grey else frame.picture, boxes)
        results = []
        for face, box, row in zip(faces, boxes, rows, strict=True):
            own = self.baseline.update(face.face_id, row)
            smoothed = self.smoother.update(face.face_id, own, now_s)
            label = self.labels.update(face.face_id, smoothed, now_s)
            crop = crop_face(views.grey, box, self._classifier.preprocessing)
            covered = self._covers.update(face.face_id, crop, now_s)
            quality = face_quality(frame.picture, box)
            shown = UNCERTAIN if covered else label
            results.append(FaceResult(face.face_id, box, smoothed, shown, quality, covered))
        for smoother in (self._boxes, self.smoother, self.labels, self._covers):
            smoother.keep_only(self._tracker.ids)
        return results

    def _steadied(self, face: TrackedFace, frame: Frame) -> FaceBox:
        """Filter a face's box over time; where that lags behind, out of the picture, use the detected box."""
        height, width = frame.picture.shape[:2]
        box = self._boxes.update(face.face_id, face.box, frame.timestamp_s)
        return box if overlaps(box, width, height, self._classifier.preprocessing) else face.box

    def _follow_size(self, picture: Image) -> None:
        """Rescale tracker and box filter if the frame size changed, as it does in calls; faces keep their ids."""
        height, width = picture.shape[:2]
        if self._size is not None and self._size != (width, height):
            across, down = width / self._size[0], height / self._size[1]
            self._tracker.rescale(across, down)
            self._boxes.rescale(across, down)
        self._size = (width, height)
