"""The figure functions that the notebooks use, re-exported from their modules."""

from affect.comparison.figures import mistakes_cost, six_models
from affect.data.figures import (
    annotator_agreement,
    class_balance,
    faces_found,
    label_disagreement,
    mean_faces,
    picture_sizes,
    picture_statistics,
    variations,
)
from affect.evaluation.figures import confusion, f1_bars, faces, gradcam_maps, reliability, robustness, roc
from affect.figure_style import save
from affect.training.figures import learning_curves

__all__ = [
    "annotator_agreement",
    "class_balance",
    "confusion",
    "f1_bars",
    "faces",
    "faces_found",
    "gradcam_maps",
    "label_disagreement",
    "learning_curves",
    "mean_faces",
    "mistakes_cost",
    "picture_sizes",
    "picture_statistics",
    "reliability",
    "robustness",
    "roc",
    "save",
    "six_models",
    "variations",
]
