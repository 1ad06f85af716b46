"""Sentences that read figures, computed from their numbers: nothing in a notebook quotes a number that it did not make.

Numbers in, Markdown out; which sentence is chosen depends on the numbers, so that another data set gets another story.
"""

from affect.readings.comparison import best_of_six, costliest, mistake, six_models_table, step
from affect.readings.data import (
    agreement,
    balance,
    balance_follows,
    copies,
    copies_follow,
    disagreement,
    skipped,
    split_shares,
)
from affect.readings.evaluation import (
    against_reported,
    attention,
    calibration,
    confusion,
    copies_flatter,
    f1,
    lost_pictures,
    ranking,
    reported_beside,
    went_wrong,
)
from affect.readings.pictures import (
    found,
    framing,
    mean_faces,
    sizes,
    sizes_follow,
    statistics,
    statistics_follow,
    varied,
)
from affect.readings.provenance import where_from
from affect.readings.training import choosing, learning, overfitting

__all__ = [
    "against_reported",
    "agreement",
    "attention",
    "balance",
    "balance_follows",
    "best_of_six",
    "calibration",
    "choosing",
    "confusion",
    "copies",
    "copies_flatter",
    "copies_follow",
    "costliest",
    "disagreement",
    "f1",
    "found",
    "framing",
    "learning",
    "lost_pictures",
    "mean_faces",
    "mistake",
    "overfitting",
    "ranking",
    "reported_beside",
    "six_models_table",
    "sizes",
    "sizes_follow",
    "skipped",
    "split_shares",
    "statistics",
    "statistics_follow",
    "step",
    "varied",
    "went_wrong",
    "where_from",
]
