"""Sentences that read figures, computed from their numbers: nothing in a notebook quotes a number that it did not make.

Numbers in, Markdown out; which sentence is chosen depends on the numbers, so that another data set gets another story.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import spearmanr

from affect.comparison import Comparison, accuracies, best_model
from affect.data.framing import Framing
from affect.data.report import DataReport
from affect.emotions import EMOTIONS
from affect.evaluation import Evaluation
from affect.experiments import Experiment
from affect.metrics import Ints
from affect.notebook import Setup, Step
from affect.plots.style import MINIMUM_FOR_A_MEAN
from affect.reported import DATA, Reported

STRIDE = 32  # of MobileNetV2: a cell of its last block is so many pixels of the picture
FOLLOWS = "**What follows for training:** "


def points(share: float, sign: bool = True) -> str:
    """A difference of shares in percentage points, e.g. "+1.4 points"."""
    return f"{100 * share:{'+' if sign else ''}.1f} points"


def counted(n: int, noun: str) -> str:
    """ "1 epoch", "2 epochs"."""
    return f"{n:,} {noun}" + ("" if n == 1 else "s")


def listed(words: Sequence[str]) -> str:
    """ "a, b and c"."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


# ---- what the outputs are about


def where_from(setup: Setup) -> str:
    """What the outputs of a notebook were made with, for its top."""
    splits = setup.manifest.table["split"].value_counts()
    parts = ", ".join(f"{splits[s]:,} {s}" for s in ("train", "val", "test") if s in splits)
    lines = [
        f"**The outputs below are from the data set `{setup.name}`**: {len(setup.manifest.table):,} pictures "
        f"({parts}), labels from {_labels(setup)}, split {_split(setup)}, pictures at "
        f"{setup.image_size}×{setup.image_size}, seed {setup.seed}."
    ]
    if chosen := setup.chosen():
        given = ", ".join(f"`{name} = {value}`" for name, value in chosen.items())
        lines.append(f"They were made with {given}; the rest as in the parameters cell above.")
    if setup.drawn:
        lines.append(
            "These are *drawn* faces, made so that everything runs without a data set; no figure about them says "
            "anything about people. Set `DATA`, or the environment variable `AFFECTNET_DIR`."
        )
    if not setup.is_affectnet:
        lines.append(
            f"These notebooks are written for {DATA}, and the reported figures are about {DATA}. What is measured here "
            "is about other pictures: the two are shown side by side and never subtracted."
        )
    if setup.epochs is not None or setup.limit is not None:
        short = [f"{counted(setup.epochs, 'epoch')} a stage"] if setup.epochs is not None else []
        short += [f"{setup.limit:,} pictures of each split"] if setup.limit is not None else []
        lines.append(f"**A trial run:** {listed(short)} instead of the experiment's own.")
    return "\n\n".join(lines)


def _labels(setup: Setup) -> str:
    return {"folder": "the folders' names", "csv": "labels.csv"}.get(setup.manifest.labels, "the annotation files")


def _split(setup: Setup) -> str:
    return {"given": "as given", "original": "random 80/20 (the first version's)"}.get(
        setup.manifest.split, setup.manifest.split
    )


# ---- the data


def skipped(report: DataReport) -> str:
    """What could not be used, and why."""
    reasons = report.skipped_counts()
    unreadable = f"{counted(len(report.unreadable), 'picture')} cannot be decoded."
    if not reasons:
        return f"Every picture has a usable label; {unreadable}"
    each = "; ".join(f"{n:,} {reason}" for reason, n in reasons.items())
    return f"{counted(sum(reasons.values()), 'picture')} left out: {each}. {unreadable}"


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


def sizes(sizes: pd.DataFrame) -> str:
    """How large the pictures are.   sizes: `width` and `height`, a row a picture."""
    shorter, aspect = sizes.min(axis=1), sizes["width"] / sizes["height"]
    span = f"{shorter.min():,} to {shorter.max():,} pixels (median {shorter.median():,.0f})"
    if shorter.min() == shorter.max():
        span = f"{shorter.min():,} pixels in every picture"
    return f"The shorter side is {span}; {(aspect == 1).mean():.0%} of the pictures are square."


def sizes_follow(sizes: pd.DataFrame, image_size: int) -> str:
    """What the sizes mean for the training size."""
    median = sizes.min(axis=1).median()
    skewed = float(((sizes["width"] / sizes["height"] - 1).abs() > 0.1).mean())
    if median < 0.75 * image_size:
        cells = [-(-int(side) // STRIDE) for side in (image_size, median)]
        text = (
            f"at {image_size}×{image_size}, half of the pictures are enlarged {image_size / median:.1f} times or more. "
            f"That adds no detail; what it buys is {cells[0]}×{cells[0]} cells in the network's last block, where "
            f"{median:.0f} pixels would leave {cells[1]}×{cells[1]}. A smaller `IMAGE_SIZE` trains faster."
        )
    elif median > 1.5 * image_size:
        text = f"the pictures hold more than {image_size}×{image_size} shows and are reduced once, by area averaging."
    else:
        text = f"{image_size}×{image_size} is about what the pictures hold."
    if skewed > 0.01:
        text += f" {skewed:.0%} are more than a tenth off square and would be stretched: v4's face crops are not."
    return FOLLOWS + text


def statistics(values: pd.DataFrame, labels: Ints) -> str:
    """Whether light, contrast or sharpness give the class away.   values: `statistics_of`'s table."""
    groups = values.groupby(np.asarray(EMOTIONS)[labels])["brightness"]
    means, within = groups.mean(), float(np.sqrt(groups.var().mean()))
    high, low = str(means.idxmax()), str(means.idxmin())
    return (
        f"Mean brightness lies between {means.min():.0f} ({low}) and {means.max():.0f} ({high}) grey levels, while "
        f"pictures of one and the same class differ by {within:.0f} (standard deviation)."
    )


def statistics_follow(values: pd.DataFrame, labels: Ints) -> str:
    """What that means for augmentation."""
    names = np.asarray(EMOTIONS)[labels]
    ratio = {c: float(values.groupby(names)[c].mean().std() / values[c].std()) for c in values.columns}
    chance = 2 / np.sqrt(np.unique(names, return_counts=True)[1].min())  # so much, few pictures differ by themselves
    tell = [c for c, r in ratio.items() if r > max(0.35, chance)]
    if tell:
        return (
            f"{FOLLOWS}{listed(tell)} differ{'s' if len(tell) == 1 else ''} between the classes, so a model could "
            "learn the photographer instead of the face. Varying light (v2 to v4) takes that hint away."
        )
    return (
        f"{FOLLOWS}light, contrast and sharpness hardly tell the classes apart, so a model that learns them gains "
        "little; but they vary within every class, as a webcam's do, which is what v2's changes of light imitate."
    )


def mean_faces(pictures: npt.NDArray[np.uint8], labels: Ints) -> str:
    """What the mean faces mean for training.   pictures: uint8 (n, side, side, channels).   labels: int (n,), 0…7."""
    if np.bincount(labels, minlength=len(EMOTIONS)).min() < MINIMUM_FOR_A_MEAN:
        return f"Some classes have fewer than {MINIMUM_FOR_A_MEAN} pictures here: their means could still be somebody."
    means = np.stack([pictures[labels == c].mean(0) for c in np.unique(labels)])
    single = float(np.abs(pictures - pictures.mean(0, dtype=np.float32)).mean())
    between = float(np.abs(means - means.mean(0)).mean())
    return (
        f"A class's mean differs from the mean of all by {between:.0f} grey levels a pixel, a single picture by "
        f"{single:.0f}. {FOLLOWS}"
        + (
            "the faces lie alike enough that what an expression moves shows in the means, so no alignment is needed."
            if between > 0.08 * single
            else "pose, person and light move a picture far more than its expression does: the network has to learn to "
            "look past them, which is what varying the pictures is for."
        )
    )


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


def agreement(votes: pd.DataFrame) -> str:
    """How far annotators agree.   votes: the eight columns of a manifest's rows."""
    counts = votes.to_numpy(np.float64)
    counts = counts[counts.sum(1) > 0]
    share = counts.max(1) / counts.sum(1)
    return (
        f"On average {share.mean():.0%} of the votes for the eight classes go to the label; all of them do in "
        f"{(share == 1).mean():.0%} of the pictures. {FOLLOWS}one annotator, measured against the majority, would be "
        f"right {share.mean():.0%} of the time. That, and not 100 %, is what a model's accuracy is to be read against. "
        "v1 to v4 learn the majority's label; the bundled model learns the votes themselves (`soft_labels`)."
    )


def found(found: pd.Series, labels: pd.Series) -> str:
    """In which classes faces are found, and what v4 loses.   found: bool, labels: class names, a row a picture."""
    by_class = found.groupby(labels.to_numpy()).mean()
    low, high = str(by_class.idxmin()), str(by_class.idxmax())
    text = (
        f"Haar finds a face in {found.mean():.0%} of these pictures, least often in {low} ({by_class.min():.0%}), most "
        f"often in {high} ({by_class.max():.0%}). {FOLLOWS}"
    )
    if found.all():
        text = f"Haar finds a face in every one of these pictures. {FOLLOWS}"
    if found.mean() > 0.99:
        return text + "v4, which learns from found faces only, loses next to nothing."
    uneven = by_class.max() - by_class.min() > 0.1
    return text + (
        f"v4 learns from and is measured on about {found.mean():.0%} of the pictures"
        f"{', and the losses are uneven' if uneven else ''}; its figures are about those, so it is also compared with "
        "v3 on exactly the same ones."
    )


def varied(pictures: npt.NDArray[np.uint8], changed: npt.NDArray[np.uint8], labels: Ints) -> str:
    """How much augmentation changes a picture.

    pictures, changed: uint8 (n, side, side, channels), before and after.   labels: int (n,), 0…7.
    """
    inner = (
        np.abs(pictures.astype(np.int16) - changed.astype(np.int16)).mean() if pictures.shape == changed.shape else 0
    )
    blur = [float(changed[labels == c].mean(0).std() / pictures[labels == c].mean(0).std()) for c in np.unique(labels)]
    return (
        f"A pixel changes by {inner:.0f} of 255 grey levels on average. The means keep {np.mean(blur):.0%} of their "
        f"contrast: the more the faces are moved, the softer their mean. Each of {len(labels):,} pictures was varied "
        "once; in training each is varied anew in each epoch."
    )


# ---- training


def learning(history: pd.DataFrame, experiment: Experiment) -> str:
    """What each stage's curves say."""
    return "\n".join(
        "- " + _stage(history[history["stage"] == s.name].reset_index(drop=True), s.name, s.epochs, s.monitor)
        for s in experiment.stages
    )


def _stage(rows: pd.DataFrame, name: str, planned: int, monitor: str) -> str:
    best = int(rows[monitor].idxmin() if monitor.endswith("loss") else rows[monitor].idxmax())
    row, last = rows.loc[best], rows.iloc[-1]
    text = (
        f"**{name}**: epoch {best + 1} of {len(rows)} is the best (by {monitor.replace('_', ' ')}): "
        f"{row['val_accuracy']:.1%} of the held-out pictures right, {row['train_accuracy']:.1%} of the training ones. "
    )
    if len(rows) < planned:
        text += f"It stopped {counted(planned - len(rows), 'epoch')} early, after none was better. "
    after = len(rows) - 1 - best
    if after == 0:
        return text + "The last epoch is the best one, so more epochs might have helped."
    gap = [float(r["train_accuracy"] - r["val_accuracy"]) for r in (row, last)]
    since = f"In the {counted(after, 'epoch')} after it, "
    if gap[1] > max(gap[0], 0) + 0.02 and last["train_accuracy"] > row["train_accuracy"]:
        return text + (
            f"{since}training accuracy ran ahead, to {points(gap[1], False)} above held-out accuracy "
            f"({points(gap[0])} at the best epoch): what it learned then, it learned by heart."
        )
    if last["val_accuracy"] < row["val_accuracy"] - 0.01:
        return text + f"{since}it fell to {last['val_accuracy']:.1%} without learning the training pictures any better."
    return text + f"{since}little changed."


# ---- evaluation


def against_reported(evaluation: Evaluation, reported: Reported) -> pd.DataFrame:
    """Measured here beside reported, a row a figure."""
    metrics = evaluation.metrics
    rows = {}
    for key, name in (("accuracy", "accuracy"), ("f1_weighted", "weighted F1"), ("auc_macro", "mean AUC")):
        low, high = metrics["intervals"].get(key, (np.nan, np.nan))
        rows[name] = (f"{metrics[key]:.3f} [{low:.3f}, {high:.3f}]", f"{getattr(reported, key):.2f}")
    rows["macro F1"] = (
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
    """The sentence under that table."""
    accuracy = evaluation.metrics["accuracy"]
    text = f"{reported.name} gets {accuracy:.1%} of {evaluation.data} {evaluation.split} right. "
    if not same_data:
        return text + (
            f"The reported {reported.accuracy:.0%} is about {DATA}, which has other pictures and other labels: no "
            "difference between the two columns says anything about the method."
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


# ---- the story


def mistake(mistakes: Comparison, setup: Setup, experiment: str, name: str) -> str:
    """What a mistake of the first version costs on this data set, or how to measure it."""
    table = mistakes.table
    rows = table[(table["experiment"] == experiment) & (table["mistake"] == name)]
    if rows.empty:
        return f"Not measured on `{setup.name}` yet. This measures it:\n\n```\n{setup.command(experiment, name)}\n```"
    return "\n".join(f"- {_cost(row, mistakes)}" for _, row in rows.iterrows())


def _cost(row: pd.Series, mistakes: Comparison) -> str:
    low, high = row["accuracy_difference_low"], row["accuracy_difference_high"]
    if low > 0:
        verdict = "putting it right helped"
    elif high < 0:
        verdict = "the mistake did better here, so the corrected run owes it nothing"
    elif row["accuracy_difference"] == 0:
        verdict = "no difference (where the last epoch is the best one, there can be none)"
    else:
        verdict = "these pictures cannot tell the two apart"
    return (
        f"Measured on {mistakes.data} {mistakes.split} (n = {row['n']:,}), {row['experiment']} {row['stage']}: "
        f"{row['accuracy_corrected']:.1%} put right, {row['accuracy_mistake']:.1%} with the mistake, "
        f"{points(row['accuracy_difference'])} [{100 * low:+.1f}, {100 * high:+.1f}]: **{verdict}**. Macro F1: "
        f"{row['f1_macro_corrected']:.3f} and {row['f1_macro_mistake']:.3f}."
    )


def step(step: Step | None, missing: str, data: str) -> str:
    """From one model to the next: measured here, reported there, and whether both tell the same story."""
    if step is None:
        return f"{missing} is not measured on `{data}`: run its notebook first, then this cell again."
    told = step.after.accuracy - step.before.accuracy
    text = (
        f"**{step.before.name} → {step.after.name}, on the same {step.n:,} val pictures: "
        f"{step.accuracy_before:.1%} → {step.accuracy_after:.1%}, {points(step.difference)}** "
        f"[{100 * step.low:+.1f}, {100 * step.high:+.1f}]. {_verdict(step)} Reported on {DATA}: "
        f"{step.before.accuracy:.2f} → {step.after.accuracy:.2f}. "
    )
    here = 0 if step.low <= 0 <= step.high else np.sign(step.difference)
    if here == np.sign(told):
        return text + "Both tell the same story."
    if not here:
        return text + "The reported step cannot be confirmed here."
    return text + "**Here the story comes out differently.**"


def _verdict(step: Step) -> str:
    if step.low > 0:
        return "It helped."
    if step.high < 0:
        return "It made things worse."
    return "The interval includes zero: no difference that these pictures could show."


def overfitting(before: pd.DataFrame, after: pd.DataFrame, names: tuple[str, str]) -> str:
    """Whether the gap between training and held-out accuracy at the best epoch of the last stage grew or shrank."""
    gaps, accuracies = [], []
    for history in (before, after):
        last = history[history["stage"] == history["stage"].iloc[-1]]
        row = last.loc[last["val_accuracy"].idxmax()]
        gaps.append(float(row["train_accuracy"] - row["val_accuracy"]))
        accuracies.append(float(row["train_accuracy"]))
    text = (
        f"At the epoch with the highest held-out accuracy, {names[0]} has {accuracies[0]:.1%} of the training pictures "
        f"right and a gap of {points(gaps[0])} to the held-out ones; {names[1]} has {accuracies[1]:.1%} and "
        f"{points(gaps[1])}. "
    )
    if gaps[1] < gaps[0] - 0.02:
        return text + f"{names[1]} learns less by heart."
    if gaps[1] > gaps[0] + 0.02:
        return text + f"{names[1]} learns more by heart."
    return text + "Neither learns more by heart than the other."


def choosing(history: pd.DataFrame, evaluation: Evaluation, held_out: int) -> str:
    """The chosen epoch's accuracy on what chose it and on val, which nothing was chosen on."""
    last = history[history["stage"] == history["stage"].iloc[-1]]
    chosen, honest = float(last["val_accuracy"].max()), float(evaluation.metrics["accuracy"])
    sure = 1.96 * np.sqrt(chosen * (1 - chosen) / held_out)
    text = (
        f"The best epoch has {chosen:.1%} on the {held_out:,} held-out pictures that chose it and {honest:.1%} on the "
        f"{len(evaluation.rows):,} val pictures: {points(chosen - honest)}. "
    )
    if abs(chosen - honest) < sure:
        return text + (
            f"With {held_out:,} pictures chance alone makes ±{points(sure, False)}: one choice among {len(last)} "
            "epochs flatters too little to be seen here. It is held apart all the same: it costs nothing to be sure."
        )
    return text + f"That is more than the ±{points(sure, False)} that chance makes of so few pictures."


def framing(measured: Framing, found: float) -> str:
    """What the pictures show around a face, and so what finding it can add.   found: share of val pictures v4 keeps."""
    margin = measured.crop_margin
    text = (
        f"Measured in {measured.found} of {measured.pictures} pictures: the picture's border lies {margin:.0%} "
        f"of the face box's side outside the box. v4 keeps {found:.1%} of the val pictures. "
    )
    if abs(margin) < 0.05:
        return text + (
            "So these pictures are face crops already, cropped about as the live program does it, and finding the face "
            "in them again can add little and may lose pictures."
        )
    return text + "So a found face shows the model something other than the whole picture: that is what v4 is about."


def lost_pictures(evaluation: Evaluation, share: float) -> str:
    """v4's accuracy if a picture without a found face counts as wrong.   share: of the val pictures that it keeps."""
    accuracy = evaluation.metrics["accuracy"]
    return (
        f"On the {len(evaluation.rows):,} val pictures with a found face it has {accuracy:.1%} right. If a picture in "
        f"which no face is found counts as wrong (live, it gets no answer), that is {accuracy * share:.1%} of all."
    )


def six_models_table(models: Comparison) -> pd.DataFrame:
    """The six models, measured here beside reported, to read."""
    table, rows = models.table, {}
    here, there = f"measured on {models.data} {models.split}", f"reported on {DATA}"
    for _, row in table.iterrows():
        cells: dict[tuple[str, str], str] = {}
        for key, name in (("accuracy", "accuracy"), ("f1_weighted", "weighted F1"), ("auc_macro", "mean AUC")):
            low, high = row[f"{key}_low"], row[f"{key}_high"]
            cells[here, name] = "–" if pd.isna(row[key]) else f"{row[key]:.3f} [{low:.3f}, {high:.3f}]"
            cells[there, name] = f"{row[f'reported_{key}']:.2f}"
        cells[here, "n"] = "–" if pd.isna(row["n"]) else f"{row['n']:,}"
        cells[there, "n"] = f"{row['reported_n']:,}"
        rows[row["model"]] = cells
    return pd.DataFrame.from_dict(rows, orient="index").sort_index(axis=1, level=0, sort_remaining=False)


def costliest(mistakes: Comparison) -> str:
    """Which of the measured mistakes cost accuracy beyond chance."""
    if mistakes.table.empty:
        return f"No mistake is measured on `{mistakes.data}` yet."
    table = mistakes.table
    names = table["experiment"] + " " + table["stage"] + " " + table["mistake"]
    worse, better = table["accuracy_difference_low"] > 0, table["accuracy_difference_high"] < 0
    said = []
    for mask, words in ((worse, "cost accuracy"), (better, "did better than the corrected run")):
        each = [f"{n} ({points(d)})" for n, d in zip(names[mask], table["accuracy_difference"][mask], strict=True)]
        said += [f"{words.capitalize()}, beyond the chance of these pictures: {listed(each)}."] if each else []
    unsure = int((~worse & ~better).sum())
    return " ".join([*said, f"For {unsure} of {len(table)}, the interval includes zero."])


def best_of_six(models: Comparison) -> str:
    """Which of the six models is the best here, and whether that is the reported story."""
    best = best_model(models.table)
    text = [f"Not measured yet: {listed(list(models.missing))}."] if models.missing else []
    if best is None:
        return "\n\n".join(["None of the six models is measured yet.", *text])
    table, ranked = models.table.set_index("model"), accuracies(models.table)
    told = str(table["reported_accuracy"].idxmax())
    where = f" on the {best.n:,} pictures that all models saw" if best.fewer else ""
    text.insert(
        0, f"**{best.model} has the highest accuracy on {models.data} {models.split}{where}: {best.accuracy:.1%}.**"
    )
    if best.model == told:
        text.insert(1, f"So it was reported on {DATA}.")
    elif told in ranked:
        close = table.loc[told, "accuracy_high"] >= table.loc[best.model, "accuracy_low"]
        text.insert(
            1,
            f"Reported on {DATA}, {told} was the best; here it has {ranked[told]:.1%} "
            f"{'(the intervals overlap)' if close else '(the intervals do not overlap)'}.",
        )
    return "\n\n".join(text)
