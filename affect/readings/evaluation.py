"""What the figures of one measured model say, and the table that sets them beside the reported ones."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import spearmanr

from affect.emotions import EMOTIONS
from affect.evaluation import Evaluation
from affect.metrics import METRIC_NAMES
from affect.model import STRIDE
from affect.readings.wording import counted, listed, points
from affect.reported import DATA, METRICS, Reported


def against_reported(evaluation: Evaluation, reported: Reported) -> pd.DataFrame:
    """Measured here beside reported, a row a figure."""
    metrics = evaluation.metrics
    rows = {}
    for key in METRICS:
        low, high = metrics["intervals"].get(key, (np.nan, np.nan))
        rows[METRIC_NAMES[key]] = (f"{metrics[key]:.3f} [{low:.3f}, {high:.3f}]", f"{getattr(reported, key):.2f}")
    rows[METRIC_NAMES["f1_macro"]] = (
        f"{metrics['f1_macro']:.3f} [{', '.join(f'{v:.3f}' for v in metrics['intervals']['f1_macro'])}]",
        "–",
    )
    rows["pictures (n)"] = (f"{metrics['n']:,}", f"{reported.n:,}")
    columns = [
        f"measured here: {evaluation.data} {evaluation.split} [95 % interval]",
        f"reported on {DATA}, first version",
    ]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


def reported_beside(evaluation: Evaluation, reported: Reported, same_data: bool) -> str:
    """The sentence under that table.   same_data: whether both are about the same pictures, labels and split."""
    accuracy = evaluation.metrics["accuracy"]
    text = f"{reported.name} gets {accuracy:.1%} of {evaluation.data} {evaluation.split} right. "
    if not same_data or evaluation.metrics["n"] != reported.n:
        return text + (
            f"The reported {reported.accuracy:.0%} is about {reported.n:,} pictures of {DATA}, which are others, or "
            "have other labels: no difference between the two columns says anything about the method."
        )
    difference = accuracy - reported.accuracy
    word = "above" if difference > 0 else "below"
    return text + (
        f"That is {points(abs(difference), False)} {word} the reported {reported.accuracy:.0%}, which is its last "
        "epoch's figure on the pictures that chose the epoch; here the best epoch is measured, and nothing was chosen "
        "on val."
    )


def confusion(evaluation: Evaluation, top: int = 3) -> str:
    """The largest mix-ups."""
    return f"The most frequent mix-ups: {listed(_mix_ups(evaluation, top))}."


def _mix_ups(evaluation: Evaluation, top: int) -> list[str]:
    labels, predicted = evaluation.labels, evaluation.predicted
    counts = np.zeros((len(EMOTIONS), len(EMOTIONS)), int)
    np.add.at(counts, (labels, predicted), 1)
    np.fill_diagonal(counts, 0)
    order = np.argsort(-counts, axis=None, kind="stable")[:top]
    pairs = [divmod(int(i), len(EMOTIONS)) for i in order]
    return [
        f"{counts[t, p]:,} of {(labels == t).sum():,} {EMOTIONS[t]} taken for {EMOTIONS[p]}"
        for t, p in pairs
        if counts[t, p]
    ] or ["none"]


def ranking(evaluation: Evaluation) -> str:
    """What the ROC curves say."""
    area = evaluation.metrics["auc_macro"]
    second = np.argsort(-evaluation.logits, axis=1)[:, :2]
    either = float((second == evaluation.labels[:, None]).any(1).mean())
    return (
        f"Of a picture of a class and one of another, the right one scores higher {area:.1%} of the time (mean AUC); "
        f"the true class is among the first two answers for {either:.1%} of the pictures."
    )


def calibration(evaluation: Evaluation) -> str:
    """Whether confidence can be believed."""
    metrics = evaluation.metrics
    confidence = float(evaluation.uncalibrated.max(1).mean())
    before, after = metrics["ece_uncalibrated"], metrics["ece"]
    way = "too sure of itself" if confidence > metrics["accuracy"] else "not sure enough of itself"
    helped = "brings the error" if after < before else "does not help here: it takes the error"
    return (
        f"As trained, it is {way}: {confidence:.0%} confident, {metrics['accuracy']:.0%} right. Dividing the logits by "
        f"{metrics['temperature']:.2f}, fitted on the pictures that chose the epoch, {helped} from "
        f"{points(before, False)} to {points(after, False)}."
    )


def f1(evaluation: Evaluation, train: pd.DataFrame) -> str:
    """Whether F1 follows the number of training pictures.   train: the training rows."""
    f1 = pd.Series({e: evaluation.metrics["per_class"][e]["f1"] for e in EMOTIONS})
    counts = train["label"].value_counts().reindex(EMOTIONS, fill_value=0)
    low, high = str(f1.idxmin()), str(f1.idxmax())
    text = f"{high} is read best (F1 {f1.max():.2f}), {low} worst ({f1.min():.2f}). "
    if counts.min() == counts.max() or f1.min() == f1.max():
        return text + "All classes have as many training pictures, so rarity is not the reason."
    rank = float(spearmanr(f1, counts).statistic)
    if rank > 0.6:
        return text + f"F1 follows the number of training pictures (rank correlation {rank:.2f}): rare classes lose."
    return text + f"Rarity explains that only in part (rank correlation of F1 and training pictures {rank:.2f})."


def attention(maps: npt.NDArray[np.float32]) -> str:
    """Where the weight of the mean Grad-CAM maps lies.   maps: float32 (8, side, side), NaN where there is none."""
    known = [c for c in range(len(EMOTIONS)) if np.isfinite(maps[c]).all() and maps[c].sum() > 0]
    if not known:
        return "No map shows any evidence."
    side, edge = maps.shape[1], max(1, maps.shape[1] // 10)
    weight = maps[known].sum(0) / maps[known].sum()
    border = 1 - float(weight[edge:-edge, edge:-edge].sum())
    even = 1 - (1 - 2 * edge / side) ** 2
    upper = {EMOTIONS[c]: float(maps[c][: side // 2].sum() / maps[c].sum()) for c in known}
    high, low = max(upper, key=upper.__getitem__), min(upper, key=upper.__getitem__)
    cells = -(-side // STRIDE)
    row, column = (float((weight.sum(axis) * (np.arange(side) + 0.5)).sum()) / side for axis in (1, 0))
    text = (
        f"The upper half, with brows and eyes, carries {upper[high]:.0%} of the weight for {high} and {upper[low]:.0%} "
        f"for {low}. The outer tenth on all sides carries {border:.0%}; evenly spread, it would be {even:.0%}. The "
        f"centre of all weight lies {row:.0%} from the top and {column:.0%} from the left."
    )
    if abs(column - 0.5) > 0.06:
        text += (
            " Faces are about symmetric and mirrored in training, so a centre that far to the "
            f"{'right' if column > 0.5 else 'left'} is not the face's doing: a map has {cells}×{cells} cells here, and "
            "those at the edge see the padding of all layers below. Such maps are to be read with care."
        )
    return text


def went_wrong(evaluation: Evaluation) -> str:
    """What went wrong and where, in a list."""
    wrong = evaluation.predicted != evaluation.labels
    if not wrong.any():
        return f"All {len(wrong):,} pictures are right; there is nothing to learn from here."
    surest = evaluation.probabilities.max(1)
    taken = np.bincount(evaluation.predicted[wrong], minlength=len(EMOTIONS))
    sure_and_wrong = int((wrong & (surest > 0.9)).sum())
    recall = {e: v["recall"] for e, v in evaluation.metrics["per_class"].items() if v["support"]}
    missed = sorted(recall, key=recall.__getitem__)[:2]
    lines = [
        f"{wrong.sum():,} of {len(wrong):,} pictures are wrong: {listed(_mix_ups(evaluation, 3))}.",
        f"Least is found of {listed([f'{e} ({recall[e]:.0%})' for e in missed])}.",
        f'Wrong answers are most often "{EMOTIONS[int(taken.argmax())]}" ({taken.max() / wrong.sum():.0%} of them).',
        f"It is more than 90 % sure of {counted(int((surest > 0.9).sum()), 'picture')}, and wrong about "
        f"{sure_and_wrong:,} of them" + (": there, the label may be what is wrong." if sure_and_wrong else "."),
    ]
    return "\n".join(f"- {line}" for line in lines)


def copies_flatter(table: pd.DataFrame) -> str:
    """What copies in train do to the figure.   table: `affect.notebook.without_copies`."""
    dropped = int((table["n"] - table["n_without_copies"]).max()) if len(table) else 0
    if not dropped:
        return "No val picture has a near-duplicate in train, so both figures are the same."
    change = table["accuracy"] - table["accuracy_without_copies"]
    name = str(table["model"][change.idxmax()])
    if change.max() < 0.001:
        return f"{dropped:,} val pictures have a near-duplicate in train; leaving them out lowers no figure noticeably."
    return (
        f"{dropped:,} val pictures have a near-duplicate in train. Without them, {name} loses most: "
        f"{points(change.max(), False)}. So much of the plain figure may be memory."
    )


def lost_pictures(evaluation: Evaluation, share: float) -> str:
    """v4's accuracy if a picture without a found face counts as wrong.   share: of the val pictures that it keeps."""
    accuracy = evaluation.metrics["accuracy"]
    return (
        f"On the {len(evaluation.rows):,} val pictures with a found face it has {accuracy:.1%} right. If a picture in "
        f"which no face is found counts as wrong (live, it gets no answer), that is {accuracy * share:.1%} of all."
    )
