"""What the five notebooks share, so that their cells stay short: the setting, one call that trains, one that measures.

The words that read a figure are in `affect.readings`; everything else is done by the module that it belongs to.
"""

from affect.notebook.comparison import Step, duplicates, step_between, without_copies
from affect.notebook.data import class_counts, framing_of, sample_rows, varied_pictures
from affect.notebook.display import Lines, progress, say, show, titled
from affect.notebook.experiments import differences, stages_of
from affect.notebook.runs import attention_of, evaluate, held_out, history_of, pictures_of, train
from affect.notebook.setup import Setup, prepare

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
