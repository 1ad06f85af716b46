# ruff: noqa: F401  what notebooks call is named here
"""Sentences that state figures, computed from their numbers: a notebook quotes no number that it did not make.

Numbers in, Markdown out: numbers with their n, and no verdict. Called by the notebooks' cells.
"""

from affect.readings.comparison import best_of_six, costliest, mistake, six_models_table, step
from affect.readings.data import agreement, balance, copies, disagreement, skipped, split_shares
from affect.readings.evaluation import (
    against_reported,
    attention,
    calibration,
    confusion,
    f1,
    lost_pictures,
    ranking,
    reported_beside,
    went_wrong,
)
from affect.readings.pictures import found, framing, mean_faces, sizes, statistics, varied
from affect.readings.provenance import where_from
from affect.readings.training import choosing, learning, overfitting
