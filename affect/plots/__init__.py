"""Every figure that a command, a notebook or a report saves. Each says which data it shows and how many.

A function takes arrays or a table and returns a matplotlib Figure; none touches pyplot's state or the disk but `save`.
`origin` is the line under the finding that names the data set, the split and n.
"""

from affect.plots.attention import faces, gradcam_maps
from affect.plots.comparing import mistakes_cost, six_models
from affect.plots.data import (
    annotator_agreement,
    class_balance,
    faces_found,
    label_disagreement,
    mean_faces,
    picture_sizes,
    picture_statistics,
    variations,
)
from affect.plots.progress import learning_curves
from affect.plots.quality import confusion, f1_bars, reliability, roc
from affect.plots.robust import robustness
from affect.plots.style import save

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
