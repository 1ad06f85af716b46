"""A frame's way: faces found, matched with the known ones, classified in one batch, smoothed."""

from __future__ import annotations

from affect.faces import FaceDetector
from affect.live.classifier import Classifier
from affect.live.overlay import FaceResult
from affect.live.smoothing import ProbabilitySmoother
from affect.live.sources import Frame
from affect.live.tracking import FaceTracker


class Pipeline:
    """Detector, tracker, classifier and smoother in a row; `process` is called once a frame, in order."""

    def __init__(self, detector: FaceDetector, classifier: Classifier, max_faces: int = 4) -> None:
        self._detector = detector
        self._classifier = classifier
        self._tracker = FaceTracker(max_faces)
        self._smoother = ProbabilitySmoother()

    def process(self, frame: Frame) -> list[FaceResult]:
        """The faces of a frame, largest first, with smoothed probabilities; an empty list where there is none."""
        faces = self._tracker.update(self._detector.detect(frame.picture), frame.timestamp_s)
        rows = self._classifier.probabilities(frame.picture, [f.box for f in faces])
        results = [
            FaceResult(f.face_id, f.box, self._smoother.update(f.face_id, row, frame.timestamp_s))
            for f, row in zip(faces, rows, strict=True)
        ]
        self._smoother.keep_only(self._tracker.ids)
        return results
