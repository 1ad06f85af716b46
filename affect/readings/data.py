"""What a data set's labels, splits and copies mean for training and for measuring."""

from __future__ import annotations

import numpy as np
import pandas as pd

from affect.data.report import DataReport
from affect.emotions import EMOTIONS
from affect.readings.wording import FOLLOWS, counted, listed, points


def skipped(report: DataReport) -> str:
    """What could not be used, and why."""
    reasons = report.skipped_counts()
    unreadable = f"{counted(len(report.unreadable), 'picture')} cannot be decoded."
    if not reasons:
        return f"Every picture has a usable label; {unreadable}"
    each = "; ".join(f"{n:,} {reason}" for reason, n in reasons.items())
    return f"{counted(sum(reasons.values()), 'file')} left out: {each}. {unreadable}"


def balance(table: pd.DataFrame) -> str:
    """How uneven the classes are, and what that means.   table: a manifest's."""
    train = table[table["split"] == "train"]
    share = (train if len(train) else table)["label"].value_counts(normalize=True).reindex(EMOTIONS, fill_value=0.0)
    most, least = str(share.idxmax()), str(share.idxmin())
    if share.max() < 1.5 * share.min():
        if share.max() == share.min():
            return "All classes have equally many training pictures."
        return (
            f"The classes are about even: {least} {share.min():.1%}, {most} {share.max():.1%} of the training pictures."
        )
    return (
        f"The classes are uneven: {share.max():.1%} of the training pictures are {most}, {share.min():.1%} are "
        f"{least}. Who always answers {most} is right that often, so accuracy is to be read beside macro F1, in which "
        "every class counts the same."
    )


def balance_follows(table: pd.DataFrame) -> str:
    """What the class balance means for training and for measuring."""
    counts = table.loc[table["split"] == "val", "label"].value_counts().reindex(EMOTIONS, fill_value=0)
    rare = [e for e in EMOTIONS if counts[e] < 50]
    train = table.loc[table["split"] == "train", "label"].value_counts().reindex(EMOTIONS, fill_value=0)
    times = train.max() / max(int(train.min()), 1)
    text = FOLLOWS
    if times >= 3:
        text += (
            f"the most frequent class has {times:.0f} times the training pictures of the rarest. v1 to v4 weight none "
            "of them, as the first version did, so that only what each notebook is about changes; for more recall of "
            "rare classes, `imbalance` in `affect/experiments.py` is there to try. "
        )
    else:
        text += "no class needs a weight for its rarity. "
    if rare:
        text += f"Figures about {listed(rare)} rest on fewer than 50 val pictures: read their intervals, not their F1."
    return text


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
