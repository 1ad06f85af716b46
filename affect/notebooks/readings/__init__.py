# ruff: noqa: F401  what notebooks call is named here
"""Markdown sentences that interpret figures, computed from the run's own results, for the notebooks' cells.

Input: results; output: Markdown that states numbers with their n, without judgement.
"""

from affect.notebooks.readings.comparison import best_of_six, costliest, mistake, six_models_table, step
from affect.notebooks.readings.data import agreement, balance, copies, disagreement, skipped, split_shares
from affect.notebooks.readings.evaluation import (
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
from affect.notebooks.readings.pictures import found, framing, mean_faces, sizes, statistics, varied
from affect.notebooks.readings.provenance import where_from
from affect.notebooks.readings.training import choosing, learning, overfitting
