"""Sentences on one model's evaluation, and its table beside the originally reported results."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import spearmanr

from affect.comparison.original_results import BEST_EPOCH, METRICS, PRINTED, README, Reported
from affect.emotions import EMOTIONS
from affect.evaluation.measure import Evaluation
from affect.evaluation.metrics import METRIC_NAMES, occurring
from affect.model.network import STRIDE
from affect.notebooks.readings.wording import listed, points
from affect.training.run import DATA


def against_reported(evaluation: Evaluation, reported: Reported | None) -> pd.DataFrame:
    """Table of the measured and the reported metrics of a model, one row per metric and one column per source.

    reported: None if the original reported nothing for this model; there is only the measured column then.
    """
    metrics = evaluation.metrics
    here = f"measured here: {evaluation.data} {evaluation.split} [95 % interval]"
    rows: dict[str, dict[str, str]] = {}
    for key in (*METRICS, "f1_macro"):
        rows[METRIC_NAMES[key]] = {here: _with_interval(metrics, key)}
    rows["pictures (n)"] = {here: f"{metrics['n']:,}"}
    if reported is not None:
        printed = dict(zip(("accuracy", "f1_weighted"), reported.printed, strict=True))
        for key in METRICS:
            rows[METRIC_NAMES[key]][f"{DATA}, {README}"] = f"{getattr(reported, key):.2f}"
            rows[METRIC_NAMES[key]][f"{DATA}, {PRINTED}"] = f"{printed[key]:.2f}" if key in printed else "–"
        rows["accuracy"][f"{DATA}, {BEST_EPOCH}"] = f"{reported.best_accuracy:.4f}"
        for source in (README, PRINTED, BEST_EPOCH):
            rows["pictures (n)"][f"{DATA}, {source}"] = f"{reported.n:,}"
    return pd.DataFrame.from_dict(rows, orient="index").fillna("–")


def _with_interval(metrics: dict[str, Any], key: str) -> str:
    if metrics[key] is None:
        return "–"
    interval = metrics["intervals"].get(key)
    return f"{metrics[key]:.3f}" + ("" if interval is None else f" [{interval[0]:.3f}, {interval[1]:.3f}]")


def reported_beside(evaluation: Evaluation, reported: Reported | None, same_data: bool) -> str:
    """Sentence under the table of `against_reported`.   same_data: whether both have the same data and split."""
    accuracy, n = evaluation.metrics["accuracy"], evaluation.metrics["n"]
    text = f"{accuracy:.1%} of {n:,} pictures of {evaluation.data} {evaluation.split} are right. "
    text += absent(evaluation.metrics)
    if reported is None:
        return text + "Nothing was reported of this model."
    if not same_data or n != reported.n:
        return (
            text + f"What is reported of {reported.name} is about {reported.n:,} other pictures of {DATA}, or labels."
        )
    return text + (
        f"Reported on the same pictures: {reported.accuracy:.0%} in the {README} and {reported.printed[0]:.0%} "
        f"{PRINTED}, both of its last epoch, and {reported.best_accuracy:.2%} at the {BEST_EPOCH}, which these "
        "pictures chose. Here nothing was chosen on val."
    )


def absent(metrics: dict[str, Any]) -> str:
    """Sentence, with a space after it, on classes without an evaluated picture; "" if all eight occur."""
    present = occurring(metrics)
    missing = [name for name in EMOTIONS if name not in present]
    if not missing:
        return ""
    return f"No picture of {listed(missing, 'or')} is among them: averages are over the other {len(present)} classes. "


def confusion(evaluation: Evaluation, top: int = 3) -> str:
    """Sentences on the most frequent confusions between two classes."""
    pairs = pd.Series(zip(evaluation.labels, evaluation.predicted, strict=True))
    counts = pairs[evaluation.labels != evaluation.predicted].value_counts().head(top)
    each = [
        f"{n:,} of {(evaluation.labels == label).sum():,} {EMOTIONS[label]} taken for {EMOTIONS[said]}"
        for (label, said), n in counts.items()
    ]
    return f"The most frequent mix-ups: {listed(each or ['none'])}."


def ranking(evaluation: Evaluation) -> str:
    """Sentence on the classes' ROC AUC."""
    area = evaluation.metrics["auc_macro"]
    second = np.argsort(-evaluation.logits, axis=1)[:, :2]
    either = float((second == evaluation.labels[:, None]).any(1).mean())
    return (
        f"Of a picture of a class and one of another, the right one scores higher {area:.1%} of the time (mean AUC); "
        f"the true class is among the first two answers for {either:.1%} of the pictures."
    )


def calibration(evaluation: Evaluation) -> str:
    """Sentence on the calibration error before and after temperature scaling."""
    metrics = evaluation.metrics
    confidence = float(evaluation.uncalibrated.max(1).mean())
    return (
        f"As trained, its mean confidence is {confidence:.1%}, and {metrics['accuracy']:.1%} of {metrics['n']:,} "
        f"pictures are right; the calibration error (ECE) is {points(metrics['ece_uncalibrated'], False)}. With the "
        f"logits divided by {metrics['temperature']:.2f}, fitted on the pictures that chose the epoch, it is "
        f"{points(metrics['ece'], False)}."
    )


def f1(evaluation: Evaluation, train: pd.DataFrame) -> str:
    """Sentences on the highest and lowest F1, and its relation to the training pictures.   train: their rows."""
    present = occurring(evaluation.metrics)
    f1 = pd.Series({e: evaluation.metrics["per_class"][e]["f1"] for e in present})
    counts = train["label"].value_counts().reindex(present, fill_value=0)
    text = f"Of {len(present)} classes, {f1.idxmax()} has the highest F1 ({f1.max():.2f}), {f1.idxmin()} the lowest "
    text += f"({f1.min():.2f}). {absent(evaluation.metrics)}"
    if counts.nunique() < 2 or f1.nunique() < 2:
        return text
    rank = float(spearmanr(f1, counts).statistic)
    return f"{text}Rank correlation of F1 and the number of training pictures over these classes: {rank:.2f}."


def attention(maps: npt.NDArray[np.float32]) -> str:
    """Sentence on the centres of the mean Grad-CAM maps.   maps: float32 (8, side, side), NaN for absent classes."""
    known = [c for c in range(len(EMOTIONS)) if np.isfinite(maps[c]).all() and maps[c].sum() > 0]
    if not known:
        return "No map shows any evidence."
    side, weight = maps.shape[1], maps[known].sum(0) / maps[known].sum()
    edge = max(1, side // 10)
    border, even = 1 - float(weight[edge:-edge, edge:-edge].sum()), 1 - (1 - 2 * edge / side) ** 2
    upper = pd.Series({EMOTIONS[c]: float(maps[c][: side // 2].sum() / maps[c].sum()) for c in known})
    row, column = (float((weight.sum(axis) * (np.arange(side) + 0.5)).sum()) / side for axis in (1, 0))
    cells = -(-side // STRIDE)
    return (
        f"The upper half carries {upper.max():.0%} of the weight for {upper.idxmax()} and {upper.min():.0%} for "
        f"{upper.idxmin()}; the outer tenth on all sides {border:.0%} (evenly spread: {even:.0%}). The centre of all "
        f"weight lies {row:.0%} from the top and {column:.0%} from the left. A map has {cells}×{cells} cells."
    )


def went_wrong(evaluation: Evaluation) -> str:
    """Sentences on the errors: recall by class, and the confidence of wrong predictions."""
    wrong, sure = evaluation.predicted != evaluation.labels, evaluation.probabilities.max(1)
    if not wrong.any():
        return f"All {len(wrong):,} pictures are right."
    taken = pd.Series(evaluation.predicted[wrong]).value_counts()
    rows = {e: v for e, v in evaluation.metrics["per_class"].items() if v["support"]}
    recall = [f"{e} {v['recall']:.0%} (n = {v['support']:,})" for e, v in rows.items()]
    confidence = "" if wrong.all() else f", {sure[~wrong].mean():.0%} where it is right"
    return (
        f"- {wrong.sum():,} of {len(wrong):,} pictures are wrong. Recall: {listed(recall)}.\n"
        f'- {taken.max() / wrong.sum():.0%} of the wrong answers are "{EMOTIONS[int(taken.idxmax())]}".\n'
        f"- Mean confidence is {sure[wrong].mean():.0%} where it is wrong{confidence}."
    )


def lost_pictures(evaluation: Evaluation, share: float) -> str:
    """Sentence on v4's accuracy if pictures without a detected face count as wrong.   share: val pictures it keeps."""
    accuracy = evaluation.metrics["accuracy"]
    return (
        f"Of the {len(evaluation.rows):,} val pictures with a found face {accuracy:.1%} are right; of all, if a "
        f"picture without one counts as wrong, {accuracy * share:.1%}."
    )
