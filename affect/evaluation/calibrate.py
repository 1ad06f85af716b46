"""Calibration of a checkpoint on several data sets: `python -m affect.evaluation.calibrate`.

Sets the temperature, how strongly class shares are assumed, and the confidence from which a label is shown. Reads what
`affect.evaluation --out` wrote about the same checkpoint; every data set weighs the same, however many pictures it has.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from affect import figure_style
from affect.command_line import CommandParser, exit_code_of
from affect.data.tables import write_table
from affect.emotions import EMOTIONS
from affect.errors import AffectError
from affect.evaluation import calibration_figures as figures
from affect.evaluation.figures import MOST
from affect.evaluation.operating_point import NEUTRAL_RECALL, RIGHT, Choice, as_it_is, choose
from affect.evaluation.results import Results, read_results
from affect.files import atomic_path, sha256_of
from affect.model.calibration import Calibration
from affect.model.checkpoint import Checkpoint, load_checkpoint, save_checkpoint


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
