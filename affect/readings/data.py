"""What a data set's labels, splits and copies mean for training and for measuring."""

from __future__ import annotations

import numpy as np
import pandas as pd

from affect.data.report import DataReport
from affect.emotions import EMOTIONS
from affect.readings.wording import FOLLOWS, counted, listed, points

FEW = 50  # val pictures of a class, fewer than which its figures say little


def skipped(report: DataReport) -> str:
    """What could not be used, and why."""
    reasons = report.skipped_counts()
    unreadable = f"{counted(len(report.unreadable), 'picture')} cannot be decoded."
    if not reasons:
        return f"Every picture has a usable label; {unreadable}"
    each = "; ".join(f"{n:,} {reason}" for reason, n in reasons.items())
    return f"{counted(sum(reasons.values()), 'file')} left out: {each}. {unreadable}"


def balance(table: pd.DataFrame) -> str:
    """How uneven the classes are, and which do not occur.   table: a manifest's."""
    train = table[table["split"] == "train"]
    counts = (train if len(train) else table)["label"].value_counts().reindex(EMOTIONS, fill_value=0)
    share = counts[counts > 0] / counts.sum()
    most, least = str(share.idxmax()), str(share.idxmin())
    missing = listed([e for e in EMOTIONS if not counts[e]], "or")
    text = f"No training picture shows {missing}. " if missing else ""
    if share.max() == share.min():
        return f"{text}{'The other classes' if missing else 'All classes'} have equally many training pictures."
    return text + (
        f"Of the training pictures, {share.max():.1%} are {most} and {share.min():.1%} are {least}: who always answers "
        f"{most} is right for {share.max():.1%} of them, so accuracy is to be read beside macro F1, in which every "
        "class that occurs counts the same."
    )


def balance_follows(table: pd.DataFrame) -> str:
    """What the class balance means for training and for measuring."""
    val, train = (
        table.loc[table["split"] == split, "label"].value_counts().reindex(EMOTIONS, fill_value=0)
        for split in ("val", "train")
    )
    text, present = FOLLOWS, train[train > 0]
    if len(present):
        text += (
            f"the most frequent class has {present.max() / present.min():.1f} times the training pictures of the rarest"
            f"{'' if len(present) == len(EMOTIONS) else ' that occurs'}. v1 to v4 weight none of them, as the first "
            "version did, so that only what each notebook is about changes; for more recall of rare classes, "
            "`adjustment` and `balance` in `affect/experiments.py` are there to try. "
        )
    if rare := [e for e in EMOTIONS if 0 < val[e] < FEW]:
        text += f"Figures about {listed(rare)} rest on fewer than {FEW} val pictures: read their intervals. "
    if missing := [e for e in EMOTIONS if not val[e]]:
        text += f"Val has no picture of {listed(missing, 'or')}: its averages leave {_them(missing)} out. "
    return text.rstrip()


def _them(names: list[str]) -> str:
    return "it" if len(names) == 1 else "them"


def split_shares(table: pd.DataFrame) -> str:
    """Whether the split keeps the classes' shares.   table: a manifest's."""
    shares = pd.crosstab(table["split"], table["label"], normalize="index").reindex(
        columns=list(EMOTIONS), fill_value=0
    )
    if not {"train", "val"} <= set(shares.index):
        return "There is no train and val split to compare."
    off = (shares.loc["val"] - shares.loc["train"]).abs()
    text = (
        f"The share of a class differs by at most {points(off.max(), False)} between train and val ({off.idxmax()}). "
    )
    if off.max() < 0.01:
        return text + FOLLOWS + "the split is as good as stratified."
    return (
        text
        + FOLLOWS
        + "accuracy on val weighs the classes a little differently than training does; macro F1 does not."
    )


def copies(report: DataReport) -> str:
    """How many pictures occur more than once."""
    exact, near = report.copies.loc["exact"], report.copies.loc["near"]
    total = int(report.counts.loc["total", "total"])
    text = (
        f"{int(exact['superfluous']):,} of {total:,} pictures are exact copies of another, and "
        f"{int(near['superfluous']):,} when resized, recompressed or slightly cropped ones count as well."
    )
    if near["groups_of_several_labels"]:
        share = near["groups_of_several_labels"] / near["groups"]
        text += (
            f" In {int(near['groups_of_several_labels']):,} of the {int(near['groups']):,} groups ({share:.0%}) the "
            "same photograph has different labels: nobody can get all of these right."
        )
    return text


def copies_follow(report: DataReport) -> str:
    """What copies across the split mean."""
    near = report.copies.loc["near"]
    leaked = int(near["judged_and_in_train"])
    if not leaked:
        return FOLLOWS + "no val or test picture has a copy in train, so the plain figures are not flattered by copies."
    judged = int(report.counts.loc["total"].drop(["train", "total"], errors="ignore").sum())
    return (
        f"{FOLLOWS}{leaked:,} of {judged:,} val and test pictures have a copy in train ({leaked / judged:.1%}). A "
        "model "
        'may know them by heart, so every notebook also reports accuracy without them; `SPLIT_MODE = "stratified"` '
        "keeps copies on one side. The first version did not look for them."
    )


def disagreement(report: DataReport) -> str:
    """Where folder and labels.csv disagree, and what follows; or that there is one kind of label only."""
    if report.confusion is None or report.agreement is None:
        return "This data set has one kind of label only; there is nothing to compare it with."
    own = report.confusion.reindex(columns=list(EMOTIONS), fill_value=0)
    confirmed = pd.Series(np.diag(own), EMOTIONS) / own.sum(axis=1)
    text = f"Folder and `labels.csv` agree on {report.agreement:.1%} of the pictures. "
    if report.agreement > 0.995:
        return text + FOLLOWS + "either may be used."
    return text + (
        f"The CSV confirms most of {confirmed.idxmax()} ({confirmed.max():.0%}) and least of {confirmed.idxmin()} "
        f"({confirmed.min():.0%}). {FOLLOWS}a model that repeats one set of labels perfectly would score "
        f"{report.agreement:.0%} against the other: `LABELS` decides what is learned and must be told with every "
        "figure. The reported results are on the folders' labels."
    )


def agreement(votes: pd.DataFrame, repeatable: dict[str, float]) -> str:
    """How far annotators agree.   votes: the eight columns of a manifest's rows.   repeatable: of its data report."""
    counts = votes.to_numpy(np.float64)
    counts = counts[counts.sum(1) > 0]
    share = counts.max(1) / counts.sum(1)
    others = " and ".join(f"{same:.0%} of {split}" for split, same in repeatable.items())
    return (
        f"On average {share.mean():.0%} of the votes for the eight classes go to the label; all of them do in "
        f"{(share == 1).mean():.0%} of the pictures. As many other annotators of the same opinions would give the same "
        f"label to {others}. {FOLLOWS}one annotator, measured against the majority, would be right {share.mean():.0%} "
        "of the time, and somebody who knew all opinions about as often as others would give the same label. That, "
        "and not 100 %, is what a model's accuracy is to be read against. v1 to v4 learn the majority's label; the "
        "bundled model learns the votes themselves (`soft_labels`)."
    )
