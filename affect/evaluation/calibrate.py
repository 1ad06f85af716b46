"""Calibration of a checkpoint on several data sets: `python -m affect.evaluation.calibrate`.

Sets the temperature, how strongly class shares are assumed, and the confidence from which a label is shown. Reads what
`affect.evaluation --out` wrote about the same checkpoint; every data set weighs the same, however many pictures it has.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar

from affect.arrays import Floats, Ints
from affect.command_line import CommandParser, exit_code_of
from affect.data.tables import write_table
from affect.emotions import EMOTIONS
from affect.errors import AffectError
from affect.evaluation.figures import MOST
from affect.evaluation.measure import partial_labels, right_classes
from affect.evaluation.metrics import metrics_of
from affect.evaluation.results import Results, read_results
from affect.files import atomic_path, sha256_of
from affect.model.calibration import Calibration
from affect.model.checkpoint import Checkpoint, load_checkpoint, save_checkpoint

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

    def negative_log_likelihood(log_temperature: float) -> float:
        tried = replace(calibration, temperature=float(np.exp(log_temperature)))
        likelihoods = [(tried.probabilities(logits) * right).sum(1) for logits, right in logits_and_right]
        return -float(np.mean([np.log(np.maximum(found, 1e-12)).mean() for found in likelihoods]))

    best = minimize_scalar(negative_log_likelihood, bounds=(np.log(0.05), np.log(20)), method="bounded")
    return float(np.exp(best.x))


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
    values = {
        "neutral_recall": found["per_class"]["neutral"]["recall"],
        "contempt_precision": found["per_class"]["contempt"]["precision"],
        "disgust_precision": found["per_class"]["disgust"]["precision"],
    }
    return {
        "strength": calibration.prior_strength, "temperature": calibration.temperature, "set": measured.name,
        **{name: found[name] for name in ("n", "accuracy", "balanced_accuracy")},
        **{name: np.nan if value is None else value for name, value in values.items()},
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
    if shares:
        for _ in range(ROUNDS):
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


def without_shares(
    checkpoint: Checkpoint, sets: Sequence[Results], shares: tuple[float, ...]
) -> tuple[Checkpoint, list[Results]]:
    """Take the class shares that a plain model learned out of its logits, and let the checkpoint assume them instead.

    Returns a checkpoint whose probabilities are the same at strength 1, and the sets with its logits.
    Raises AffectError if it assumes shares already.
    """
    if checkpoint.prior is not None:
        raise AffectError("The checkpoint assumes class shares already. Leave --shares away.")
    learned = np.float32(checkpoint.temperature * np.log(shares))
    weights = dict(checkpoint.state_dict)
    weights["classifier.1.bias"] = weights["classifier.1.bias"] - weights["classifier.1.bias"].new_tensor(learned)
    free = replace(checkpoint, state_dict=weights, prior=shares, prior_strength=1.0)
    return free, [replace(s, logits=s.logits - learned) for s in sets]


def write_tables(choice: Choice, out: Path, neutral_recall: float, right: float, model: str) -> None:
    """Write `risk_coverage.csv` and `.png`, and for a model that assumes shares `prior_strength.csv` and `.png`."""
    from affect import figure_style
    from affect.evaluation import figures

    made = {
        "risk_coverage": (choice.coverage, figures.risk_coverage(choice.coverage, choice.calibration, right, model))
    }
    if choice.strengths is not None:
        drawn = figures.prior_strength(choice.strengths, choice.calibration, neutral_recall, model)
        made["prior_strength"] = choice.strengths, drawn
    for name, (table, figure) in made.items():
        write_table(table, out / f"{name}.csv", float_format="%.6g")
        figure_style.save(figure, out / f"{name}.png")


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> list[str]:
    """Write the checkpoint, and its ONNX export if there is one beside it. Returns lines on what was written."""
    from affect.model.onnx import onnx_export

    save_checkpoint(path, checkpoint)
    written, export = {path: sha256_of(path)}, path.with_suffix(".onnx")
    if export.is_file():
        content = onnx_export(checkpoint, written[path])
        with atomic_path(export) as part:
            part.write_bytes(content)
        written[export] = sha256_of(export)
    return [f"{digest}  {written_path}" for written_path, digest in written.items()]


def told(choice: Choice, before: Calibration, right: float) -> list[str]:
    """Lines on what was chosen, and what each set shows with it."""
    now, lines = choice.calibration, []
    for name in ("temperature", "prior_strength", "sure_from"):
        if name != "prior_strength" or now.prior is not None:
            lines.append(f"{name:<15} {_number(getattr(now, name))}  (before: {_number(getattr(before, name))})")
    if now.prior is not None and now.prior != before.prior:
        lines.append("assumed shares  " + ", ".join(f"{n} {p:.3f}" for n, p in zip(EMOTIONS, now.prior, strict=True)))
    if choice.strengths is not None:
        lines += ["", choice.strengths[choice.strengths["strength"] == now.prior_strength].to_string(index=False)]
    shown = choice.coverage[choice.coverage["confidence"] == (now.sure_from or 0)]
    what = (
        f"confidence {now.sure_from}, from which {right:.0%} are right" if now.sure_from is not None else "everything"
    )
    return [*lines, "", f"answered: {what}", shown.to_string(index=False)]


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.3f}"


def parser() -> argparse.ArgumentParser:
    """The argument parser."""
    made = CommandParser(
        prog="python -m affect.evaluation.calibrate",
        description="Set a checkpoint's temperature, how strongly it assumes its class shares, and the confidence from "
        "which the live program shows a label, on several data sets that weigh the same. The checkpoint and the ONNX "
        "export beside it are replaced; the weights stay.",
        epilog="example: python -m affect.evaluation.calibrate --model models/starter_ferplus.pt "
        "--results results/ferplus/starter_ferplus results/ck48/starter_ferplus "
        "--out results/calibration/starter_ferplus",
    )
    made.add_argument("--model", type=Path, required=True, metavar="FILE.pt")
    made.add_argument(
        "--results", type=Path, nargs="+", required=True, metavar="DIR",
        help="one folder a data set, written by python -m affect.evaluation --model FILE.pt … --out DIR",
    )  # fmt: skip
    made.add_argument("--out", type=Path, metavar="DIR", help="write prior_strength.* and risk_coverage.* (CSV, PNG)")
    made.add_argument(
        "--neutral-recall", type=share, default=NEUTRAL_RECALL, metavar="SHARE",
        help="of the neutral pictures of every set, at least so many are to be called neutral "
        f"(default {NEUTRAL_RECALL})",
    )  # fmt: skip
    made.add_argument(
        "--right", type=share, default=RIGHT, metavar="SHARE",
        help=f"of the labels that are shown, at least so many are to be right on every set (default {RIGHT})",
    )  # fmt: skip
    made.add_argument(
        "--shares", type=share, nargs=len(EMOTIONS), metavar="SHARE",
        help=f"for a model that learned its data's class shares: these, for {', '.join(EMOTIONS)}; they are taken out "
        "of the classifier's bias, and assumed instead",
    )  # fmt: skip
    made.add_argument(
        "--choose-shares", action="store_true",
        help="choose the class shares that are assumed, too, for the best mean balanced accuracy over the data "
        "sets; for a model that learned without its data's shares",
    )  # fmt: skip
    made.add_argument(
        "--as-is", action="store_true", help="choose nothing and leave the file as it is: only show and write tables"
    )
    return made


def share(text: str) -> float:
    """Parse a number between 0 and 1, as an argparse `type`. Raises argparse.ArgumentTypeError for other text."""
    try:
        value = float(text)
    except ValueError:
        value = np.nan
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text} is no share: give a number between 0 and 1, such as 0.75")
    return value


def main(arguments: list[str] | None = None) -> int:
    """Run the command line. Returns the exit code."""
    made = parser()
    options = made.parse_args(arguments)
    if options.shares is not None and abs(sum(options.shares) - 1) > 0.01:
        made.error(f"the shares add up to {sum(options.shares):.3f}, not to 1: give one for each class")
    if options.choose_shares and (options.as_is or options.shares is not None):
        made.error("--choose-shares goes neither with --shares nor with --as-is: leave one away")
    if options.out is not None and len(options.results) > MOST:
        made.error(f"a figure can tell {MOST} data sets apart, not {len(options.results)}: name fewer")

    def work() -> None:
        checkpoint = load_checkpoint(options.model)
        sets = [read_results(folder, options.model) for folder in options.results]
        before = checkpoint.calibration
        if options.shares is not None:
            shares = tuple(float(s) for s in np.divide(options.shares, sum(options.shares)))
            checkpoint, sets = without_shares(checkpoint, sets, shares)
        if options.as_is:
            choice = as_it_is(sets, checkpoint.calibration, options.right)
        else:
            given = checkpoint.calibration, options.neutral_recall, options.right, options.choose_shares
            choice = choose(sets, *given)
        if options.out is not None:
            write_tables(choice, options.out, options.neutral_recall, options.right, options.model.name)
        print(*told(choice, before, options.right), sep="\n")
        if options.as_is:
            return
        used = [{k: s.told.get(k) for k in ("data", "split", "crop", "n", "model_sha256")} for s in sets]
        chosen_on = {"results": used, "neutral_recall": options.neutral_recall, "right": options.right}
        if options.choose_shares:
            chosen_on["shares"] = "chosen"
        provenance = {**checkpoint.provenance, "calibrated_on": chosen_on}
        written = write_checkpoint(
            options.model, replace(checkpoint, **asdict(choice.calibration), provenance=provenance)
        )
        print("", *written, sep="\n")
        _tell_the_rest(choice, options)

    return exit_code_of(work)


def _tell_the_rest(choice: Choice, options: argparse.Namespace) -> None:
    """Print on stderr what was not reached, and what the new checkpoint makes out of date."""
    if not choice.reached:
        print(
            f"No strength reaches a recall of neutral of {options.neutral_recall} on every set: the one that comes "
            "closest was taken.",
            file=sys.stderr,
        )
    if choice.calibration.sure_from is None:
        print(
            f"No confidence makes {options.right:.0%} of the answers right on every set: the live program keeps its "
            "own threshold.",
            file=sys.stderr,
        )
    print(
        "The file has another SHA-256 now. Measure it again (affect.evaluation … --out), write its card "
        "(affect.comparison.model_card), and, if it is a bundled model, put both sums above into PINNED_EXPORTS in "
        "affect/live/bundled.py.",
        file=sys.stderr,
    )


if __name__ == "__main__":
    sys.exit(main())
