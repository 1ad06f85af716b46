"""The operating point of a model: temperature, assumed class shares, and the confidence from which it answers.

It is chosen on several data sets, each weighing the same, however many pictures it has. Called by
`affect.evaluation.calibrate`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from affect.arrays import Floats, Ints
from affect.emotions import EMOTIONS
from affect.evaluation.measure import partial_labels, right_classes
from affect.evaluation.metrics import best_temperature, metrics_of
from affect.evaluation.results import Results
from affect.model.calibration import Calibration

STRENGTHS = tuple(np.linspace(0, 1, 21).round(2).tolist())
CONFIDENCES = tuple(np.linspace(0, 0.99, 100).round(2).tolist())
NEUTRAL_RECALL = 0.75  # a face at rest fills most of a session: one in four taken for an expression is the most
RIGHT = 0.85
NEUTRAL = EMOTIONS.index("neutral")
HALF = 0.5  # the strength at which shares are chosen: a person can then ask for more and for less
FIRST_STEP, LAST_STEP, LEAST_GAIN = 1.0, 0.05, 1e-4  # of the search: steps of the shares' logarithms, and least gain
ROUNDS = 3  # the shares depend on the temperature, and that on them
MISSING_COSTS = 10.0  # how many points of balanced accuracy a missing point of neutral's recall costs
FEWEST = 30  # a share of fewer pictures says nothing: its 95 % interval is wider than 25 points


@dataclass(frozen=True)
class Choice:
    """A calibration with the tables that it was chosen from.

    strengths:  of `strength_curve`, None for a model that assumes no shares.   coverage: of `risk_coverage`.
    reached:    whether the recall of neutral is reached; with a `sure_from` of None, no confidence is right enough.
    """

    calibration: Calibration
    strengths: pd.DataFrame | None
    coverage: pd.DataFrame
    reached: bool


def fitted_temperature(sets: Sequence[Results], calibration: Calibration) -> float:
    """The temperature of maximum likelihood under the assumed shares, 0.05…20, over all sets, each weighing the same.

    A partial label's likelihood is the sum over its classes. Guo et al. 2017 (arXiv:1706.04599).
    """
    logits_and_right = [(s.logits, right_classes(s.rows)) for s in sets]

    def negative_log_likelihood(temperature: float) -> float:
        tried = replace(calibration, temperature=temperature)
        likelihoods = [(tried.probabilities(logits) * right).sum(1) for logits, right in logits_and_right]
        return -float(np.mean([np.log(np.maximum(found, 1e-12)).mean() for found in likelihoods]))

    return best_temperature(negative_log_likelihood)


def strength_curve(sets: Sequence[Results], prior: tuple[float, ...]) -> pd.DataFrame:
    """What each set shows at each strength of the assumed shares, with the temperature that is fitted for it.

    Returns a row per strength and set: `strength, temperature, set, n, accuracy, balanced_accuracy, neutral_recall,
    contempt_precision, disgust_precision`; NaN for a class that does not occur.
    """
    rows = []
    for strength in STRENGTHS:
        assumed = Calibration(prior=prior, prior_strength=strength)
        assumed = replace(assumed, temperature=fitted_temperature(sets, assumed))
        rows += [_at(s, assumed) for s in sets]
    return pd.DataFrame(rows)


def _at(measured: Results, calibration: Calibration) -> dict[str, Any]:
    found = metrics_of(measured.probabilities(calibration), measured.labels)
    shown = (("neutral", "recall"), ("contempt", "precision"), ("disgust", "precision"))
    return {
        "strength": calibration.prior_strength, "temperature": calibration.temperature, "set": measured.name,
        **{name: found[name] for name in ("n", "accuracy", "balanced_accuracy")},
        **{f"{name}_{kind}": np.float64(found["per_class"][name][kind]) for name, kind in shown},  # None: NaN
    }  # fmt: skip


def chosen_strength(curve: pd.DataFrame, neutral_recall: float) -> tuple[float, bool]:
    """The strength of the best mean balanced accuracy among those whose recall of neutral is enough on every set.

    Returns the strength, and whether any is enough; if none is, the one whose lowest recall of neutral is the highest.
    """
    each = curve.groupby("strength").agg(balanced=("balanced_accuracy", "mean"), neutral=("neutral_recall", "min"))
    enough = each[~(each["neutral"] < neutral_recall)]  # NaN, no set with neutral pictures, is enough
    return float(each["neutral"].idxmax() if enough.empty else enough["balanced"].idxmax()), not enough.empty


def chosen_shares(
    sets: Sequence[Results], calibration: Calibration, neutral_recall: float
) -> tuple[tuple[float, ...], bool]:
    """The class shares that give the best mean balanced accuracy over all sets, if they are assumed at HALF strength.

    Coordinate ascent over the logarithms of the eight shares, from those of `calibration` and with its temperature, in
    steps that are halved; the recall of neutral is to be enough on every set. Returns the shares, and whether it is.
    """
    counted = [(s.logits / calibration.temperature, _counted_as(s.rows), s.labels) for s in sets]

    def recalls(logs: Floats) -> list[Floats]:
        return [_recalls(same[(logits + HALF * logs).argmax(1)], labels) for logits, same, labels in counted]

    def worth(logs: Floats) -> float:
        found = recalls(logs)
        missing = sum(max(0.0, neutral_recall - r[NEUTRAL]) for r in found if not np.isnan(r[NEUTRAL]))
        return float(np.mean([np.nanmean(r) for r in found])) - MISSING_COSTS * missing

    best, step = np.log(calibration.prior or [1 / len(EMOTIONS)] * len(EMOTIONS)), FIRST_STEP
    reached = worth(best)
    while step >= LAST_STEP:
        moves = [(worth(tried), tried) for way in (-step, step) for tried in best + way * np.eye(len(EMOTIONS))]
        highest, at = max(moves, key=lambda move: move[0])
        if highest > reached + LEAST_GAIN:
            reached, best = highest, at
        else:
            step /= 2
    return _shares(best), not any(r[NEUTRAL] < neutral_recall for r in recalls(best))


def _counted_as(rows: pd.DataFrame) -> Ints:
    """The class as which each class counts, (8,): another one where the data set has a partial label of both."""
    same = np.arange(len(EMOTIONS))
    for classes in partial_labels(rows):
        first, *others = (EMOTIONS.index(name) for name in classes.split("/"))
        same[others] = first
    return same


def _shares(logs: Floats) -> tuple[float, ...]:
    powers = np.exp(logs - logs.max())
    return tuple(float(share) for share in powers / powers.sum())


def _recalls(said: Ints, labels: Ints) -> Floats:
    """Recall of each class, (8,); NaN for a class that does not occur."""
    occurs = np.bincount(labels, minlength=len(EMOTIONS))
    right = np.bincount(labels[said == labels], minlength=len(EMOTIONS))
    return np.where(occurs > 0, right / np.maximum(occurs, 1), np.nan)


def risk_coverage(sets: Sequence[Results], calibration: Calibration) -> pd.DataFrame:
    """How much is answered, and how much of it is right, if only answers of at least a confidence count.

    Returns a row per confidence, 0…0.99, and set: `confidence, set, n, answered` (share of the pictures), `accuracy`
    (of the answered ones, NaN if there are none). El-Yaniv and Wiener 2010, JMLR 11.
    """
    rows = []
    for measured in sets:
        probabilities = measured.probabilities(calibration)
        confidence, right = probabilities.max(1), probabilities.argmax(1) == measured.labels
        for least in CONFIDENCES:
            answered = confidence >= least
            accuracy = right[answered].mean() if answered.any() else np.nan
            rows.append((least, measured.name, len(right), answered.mean(), accuracy))
    return pd.DataFrame(rows, columns=["confidence", "set", "n", "answered", "accuracy"])


def chosen_confidence(coverage: pd.DataFrame, right: float) -> float | None:
    """The lowest confidence from which on every set a share `right` of at least FEWEST answers is right; None: none."""
    fails = (coverage["answered"] * coverage["n"] < FEWEST - 0.5) | ~(coverage["accuracy"] >= right)
    enough = ~fails.groupby(coverage["confidence"]).any()
    return float(enough.idxmax()) if enough.any() else None


def choose(
    sets: Sequence[Results],
    calibration: Calibration,
    neutral_recall: float = NEUTRAL_RECALL,
    right: float = RIGHT,
    shares: bool = False,
) -> Choice:
    """Choose temperature, strength of the assumed shares, and the confidence from which a label is shown.

    shares: choose the assumed shares as well, see `chosen_shares`.
    """
    curve, reached = None, True
    for _ in range(ROUNDS if shares else 0):
        calibration = replace(calibration, temperature=fitted_temperature(sets, calibration))
        calibration = replace(calibration, prior=chosen_shares(sets, calibration, neutral_recall)[0])
    if calibration.prior is not None:
        curve = strength_curve(sets, calibration.prior)
        strength, reached = chosen_strength(curve, neutral_recall)
        calibration = replace(calibration, prior_strength=strength)
    calibration = replace(calibration, temperature=fitted_temperature(sets, calibration))
    coverage = risk_coverage(sets, calibration)
    return Choice(replace(calibration, sure_from=chosen_confidence(coverage, right)), curve, coverage, reached)


def as_it_is(sets: Sequence[Results], calibration: Calibration, right: float = RIGHT) -> Choice:
    """The tables of a checkpoint's own calibration; where it has no `sure_from`, the one that would be chosen."""
    curve = None if calibration.prior is None else strength_curve(sets, calibration.prior)
    coverage = risk_coverage(sets, calibration)
    sure_from = chosen_confidence(coverage, right) if calibration.sure_from is None else calibration.sure_from
    return Choice(replace(calibration, sure_from=sure_from), curve, coverage, reached=True)
