"""Sentences on a data set's labels, splits and duplicates."""

from __future__ import annotations

import numpy as np
import pandas as pd

from affect.data.report import DataReport
from affect.emotions import EMOTIONS
from affect.notebooks.readings.wording import counted, listed, points


def skipped(report: DataReport) -> str:
    """Sentence on the pictures that were skipped, and why."""
    reasons = report.skipped_counts()
    each = "".join(f"; {n:,} {reason}" for reason, n in reasons.items())
    return (
        f"{counted(sum(reasons.values()), 'file')} left out{each}. "
        f"{counted(len(report.unreadable), 'picture')} cannot be decoded."
    )


def balance(table: pd.DataFrame) -> str:
    """Sentences on the most and least frequent classes in train and val, and on absent ones.   table: a manifest's."""
    told = []
    for split in ("train", "val"):
        counts = table.loc[table["split"] == split, "label"].value_counts().reindex(EMOTIONS, fill_value=0)
        present, missing = counts[counts > 0], [e for e in EMOTIONS if not counts[e]]
        if len(present):
            most, least = ((c, present[c], present[c] / counts.sum()) for c in (present.idxmax(), present.idxmin()))
            text = "Of {:,} {} pictures, {} have the label {} ({:.1%}), {} {} ({:.1%})".format(
                counts.sum(), split, f"{most[1]:,}", most[0], most[2], f"{least[1]:,}", least[0], least[2]
            )
            told.append(text + (f", none {listed(missing, 'or')}." if missing else "."))
    return " ".join(told)


def split_shares(table: pd.DataFrame) -> str:
    """Sentence on the largest difference of a class's share between train and val.   table: a manifest's."""
    shares = pd.crosstab(table["split"], table["label"], normalize="index")
    if not {"train", "val"} <= set(shares.index):
        return "There is no train and val split to compare."
    off = (shares.loc["val"] - shares.loc["train"]).abs()
    return f"The share of a class differs by at most {points(off.max(), False)} between train and val ({off.idxmax()})."


def copies(report: DataReport) -> str:
    """Sentences on duplicates: how many, with different labels, and of val or test pictures in train."""
    exact, near = report.copies.loc["exact"].astype(int), report.copies.loc["near"].astype(int)
    judged = int(report.counts.loc["total"].drop(["train", "total"], errors="ignore").sum())
    return (
        f"{exact['superfluous']:,} of {int(report.counts.loc['total', 'total']):,} pictures are exact copies of "
        f"another, and {near['superfluous']:,} when resized, recompressed or slightly cropped ones count as well. In "
        f"{near['groups_of_several_labels']:,} of {near['groups']:,} groups the same photograph has different labels. "
        f"{near['judged_and_in_train']:,} of {judged:,} val and test pictures have a copy in train; "
        '`SPLIT_MODE = "stratified"` keeps copies on one side.'
    )


def disagreement(report: DataReport) -> str:
    """Sentence on how often folder and labels.csv agree, or that there is one kind of label only."""
    if report.confusion is None or report.agreement is None:
        return "This data set has one kind of label only; there is nothing to compare it with."
    own = report.confusion.reindex(columns=list(EMOTIONS), fill_value=0)
    confirmed = pd.Series(np.diag(own), EMOTIONS) / own.sum(axis=1)
    return (
        f"Folder and `labels.csv` agree on {report.agreement:.1%} of the pictures: most for {confirmed.idxmax()} "
        f"({confirmed.max():.0%}), least for {confirmed.idxmin()} ({confirmed.min():.0%}). A model that repeats "
        f"one set of labels scores {report.agreement:.0%} against the other. The reported results are on the folders' "
        "labels."
    )


def agreement(votes: pd.DataFrame, repeatable: dict[str, float]) -> str:
    """Sentences on the annotators' agreement.   votes: eight columns of a manifest.   repeatable: its data report's."""
    counts = votes.to_numpy(np.float64)
    counts = counts[counts.sum(1) > 0]
    share = counts.max(1) / counts.sum(1)
    others = " and ".join(f"{same:.0%} of {split}" for split, same in repeatable.items())
    return (
        f"On average {share.mean():.0%} of the votes for the eight classes go to the label (n = {len(counts):,}); all "
        f"of them do in {(share == 1).mean():.0%} of the pictures. As many other annotators of the same opinions would "
        f"give the same label to {others}. v1 to v4 learn the majority's label, the bundled "
        "model the votes (`soft_labels`)."
    )
