"""Helpers of the five notebooks: parameters, training, evaluation, tables and figures in one call each.

Text that interprets a figure is in `affect.notebooks.readings`.
"""

from affect.notebooks.comparison import Step, duplicates, step_between, without_copies
from affect.notebooks.data import class_counts, framing_of, sample_rows, varied_pictures
from affect.notebooks.display import Lines, progress, say, show, titled
from affect.notebooks.experiments import differences, stages_of
from affect.notebooks.runs import attention_of, evaluate, held_out, history_of, pictures_of, train
from affect.notebooks.setup import Setup, prepare

__all__ = [
    "Lines",
    "Setup",
    "Step",
    "attention_of",
    "class_counts",
    "differences",
    "duplicates",
    "evaluate",
    "framing_of",
    "held_out",
    "history_of",
    "pictures_of",
    "prepare",
    "progress",
    "sample_rows",
    "say",
    "show",
    "stages_of",
    "step_between",
    "titled",
    "train",
    "varied_pictures",
    "without_copies",
]
