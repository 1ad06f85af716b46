"""Creates a session from the command line's options, and its metadata for session.json."""

from __future__ import annotations

import argparse
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

from affect import __version__
from affect.errors import as_shown
from affect.files import sha256_of
from affect.live.pipeline.classifier import Classifier
from affect.live.pipeline.pipeline import Pipeline
from affect.live.pipeline.search import FaceSearch
from affect.live.recording.kept_baseline import Person
from affect.live.recording.recorder import default_folder
from affect.live.recording.recording import Consent
from affect.live.session import Session
from affect.live.sources.files import Source
from affect.live.summary import Summary


def create_session(
    options: argparse.Namespace,
    model: Path,
    classifier: Classifier,
    search: FaceSearch,
    source: Source,
    summary: Summary,
    consent: Consent | None,
    tell: Callable[[str], None],
    leave: Callable[[], None],
) -> Session:
    """Create a session from the command line's options.   model: the classifier's file.   Rest: see `Session`."""
    pipeline = Pipeline(search, classifier, options.faces)

    def measured_with() -> dict[str, str]:
        return {"model_sha256": sha256_of(model), "sensitivity": classifier.sensitivity}

    def setup() -> dict[str, Any]:
        chosen = {
            "faces": options.faces,
            "language": summary.language,
            "detector": options.detector,
            "backend": options.backend,
            "sensitivity": classifier.sensitivity,
        }
        streams = {} if session.streams is None else {"lsl": session.streams.described}
        return {**describe_setup(source, model, classifier, pipeline, chosen), **streams}

    folder = options.record or options.folder or default_folder()
    person = None if options.person is None else Person(options.person, measured_with)
    session = Session(pipeline, source, summary, setup, folder, consent, tell, leave, person)
    return session


def describe_setup(
    source: Source, model: Path, classifier: Classifier, pipeline: Pipeline, chosen: dict[str, Any]
) -> dict[str, Any]:
    """Metadata for session.json that is fixed when a recording starts: source, model, settings, versions.

    chosen: the settings faces, language, detector, backend and sensitivity.
    """
    import cv2
    import onnxruntime

    from affect.live.recording.model_figures import figures_of

    name = {"name": as_shown(source.name)} if source.name else {}
    recorded_at = getattr(source, "recorded_at", None)  # datetime in a video file's metadata
    recorded = {} if recorded_at is None else {"recorded": recorded_at.astimezone().isoformat(timespec="milliseconds")}
    return {
        **recorded,
        "source": {"kind": source.kind, **name, "description": source.description},
        "model": {
            "file": as_shown(model.name),
            "sha256": sha256_of(model),
            "temperature": classifier.calibration.temperature,
            "prior_strength": classifier.calibration.prior_strength if classifier.calibration.prior else None,
            "figures": figures_of(model),
        },
        "settings": {
            **chosen,
            "smoothing_s": pipeline.smoother.time_constant_s,
            "label_lead": pipeline.labels.lead,
            "label_least": pipeline.labels.least,
            "label_keeps": pipeline.labels.keeps,
            "label_hold_s": pipeline.labels.hold_s,
        },
        "versions": {
            "affect": __version__,
            "python": platform.python_version(),
            "onnxruntime": onnxruntime.__version__,
            "opencv": cv2.__version__,
        },
    }
