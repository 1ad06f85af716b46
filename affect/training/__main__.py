"""Command line of the training: `python -m affect.training v4 --data AffectNet`, or distributed with `torchrun -m`."""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from pathlib import Path

from affect.command_line import CommandParser, end_on_signals, exit_code_of, positive, seed_number
from affect.data.manifest import Manifest, add_labelling, manifest_of, read_manifest
from affect.datasets.sample import sample_data_set
from affect.errors import as_shown
from affect.training.experiments import EXPERIMENTS, MISTAKES, Experiment, adapted, with_mistake
from affect.training.loop import keep_freed_memory, new_accelerator
from affect.training.run import STORY, Run, default_folder, identity_of
from affect.training.train import check_data, check_start, standing_of, train_experiment


def parser() -> argparse.ArgumentParser:
    """The argument parser of the training."""
    made = CommandParser(
        prog="python -m affect.training",
        description="Train an experiment, keep its best epochs in models/, and measure them on the val split.",
        epilog="examples:\n"
        "  python -m affect.training all --data AffectNet                      all six models of v1 to v4\n"
        "  python -m affect.training v4 --data affectnet.zip --resume          go on after an interruption\n"
        "  torchrun --nproc-per-node 2 -m affect.training v4 --data AffectNet  the same in two processes\n"
        "exit codes: 0 done, 2 wrong arguments, unusable data or a full disk, 130 Ctrl-C (continue with --resume)",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument(
        "experiment", choices=[*EXPERIMENTS, "all"], help="see affect/training/experiments.py; all: v1 to v4"
    )
    made.add_argument(
        "--data", type=Path, default=os.environ.get("AFFECTNET_DIR"), metavar="DIR_OR_ZIP",
        help="default: the environment variable AFFECTNET_DIR, else the drawn sample set",
    )  # fmt: skip
    made.add_argument(
        "--also", type=Path, nargs="+", default=(), metavar="DIR_OR_ZIP",
        help="further data sets to learn from: their faces are found and cropped as live, and pictures keep their "
        "detail; without a split of its own, a tenth of each is kept for measuring (--split-mode stratified-tenth)",
    )  # fmt: skip
    made.add_argument("--name", help="of the data in the files' names (default: the data sets' names)")
    made.add_argument("--out", type=Path, metavar="DIR", help="of the checkpoints (default: models/<data set>)")
    made.add_argument(
        "--results", type=Path, default=Path("results"), metavar="DIR", help="of the figures (default results)"
    )
    made.add_argument("--epochs", type=positive, metavar="N", help="epochs of every stage, instead of the experiment's")
    made.add_argument(
        "--image-size", type=positive, metavar="PIXELS", help="instead of the experiment's, in every stage"
    )
    made.add_argument(
        "--init-weights", default="imagenet", metavar="FILE.pt|imagenet|none",
        help="where the network starts: torchvision's ImageNet weights, downloaded once (default), a mobilenet_v2 "
        "state_dict, a checkpoint to train further, or none: at random",
    )  # fmt: skip
    add_labelling(made)
    made.add_argument(
        "--seed",
        type=seed_number,
        default=42,
        help="of weights, order, variation, what is held out and --limit; the split is always the same (default 42)",
    )
    made.add_argument(
        "--device", choices=("auto", "cpu", "cuda"), default="auto", help="auto (default): a GPU where there is one"
    )
    made.add_argument("--resume", action="store_true", help="continue where the same command was interrupted")
    made.add_argument(
        "--overwrite", action="store_true",
        help="replace the models and results of another run in the same place; with --resume, not those of this one",
    )  # fmt: skip
    made.add_argument(
        "--limit",
        type=positive,
        metavar="N",
        help="use N training pictures only, and as large a share of val to measure on. A quick trial",
    )
    made.add_argument(
        "--teacher", type=Path, nargs="+", default=(), metavar="FILE.pt",
        help="checkpoints that starter learns from as well (without them: from the labels alone)",
    )  # fmt: skip
    made.add_argument("--mistake", choices=list(MISTAKES), help="switch one mistake of the first version back on")
    return made


def _chosen(options: argparse.Namespace) -> list[Experiment]:
    """The experiments that a command line names, with its epochs, image size and mistake applied."""
    names = STORY if options.experiment == "all" else (options.experiment,)
    experiments = [adapted(EXPERIMENTS[name], options.epochs, options.image_size) for name in names]
    if options.also:
        experiments = [replace(e, preprocessing=replace(e.preprocessing, detail=None)) for e in experiments]
    return experiments if options.mistake is None else [with_mistake(e, options.mistake) for e in experiments]


def _beside(path: Path, options: argparse.Namespace, tell: bool) -> Manifest:
    """The manifest of a further data set: its own split, or a tenth for val with near-duplicates on one side."""
    split = read_manifest(path, options.labels, classes=options.classes).split
    mode = "stratified-tenth" if split == "original" else None  # it has none of its own
    return manifest_of(argparse.Namespace(**vars(options) | {"split_mode": mode}), path, tell=tell)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line. Returns the exit code."""
    options = parser().parse_args(arguments)
    end_on_signals()
    keep_freed_memory()

    def work() -> None:
        accelerator = new_accelerator(options.device)
        manifest = manifest_of(options, options.data or sample_data_set(), tell=accelerator.is_main_process)
        also = [_beside(path, options, accelerator.is_main_process) for path in options.also]
        check_data(manifest.limited(options.limit, options.seed))
        name = options.name or "+".join(m.name for m in (manifest, *also))
        out = options.out or default_folder(name)
        experiments = _chosen(options)
        for experiment in experiments:  # check all experiments before the first is trained
            identity = identity_of(
                experiment, manifest, options.seed, options.init_weights, options.limit, options.teacher, also
            )
            run = Run(experiment, name, out, options.results, identity)
            if standing_of(run, accelerator, resume=options.resume, overwrite=options.overwrite) == "new":
                check_start(run, options.init_weights, options.teacher)
        for experiment in experiments:
            paths = train_experiment(
                experiment,
                manifest,
                out,
                options.results,
                seed=options.seed,
                init_weights=options.init_weights,
                resume=options.resume,
                overwrite=options.overwrite,
                limit=options.limit,
                teachers=options.teacher,
                also=also,
                name=name,
                accelerator=accelerator,
            )
            if accelerator.is_main_process:
                print(*(as_shown(str(path)) for path in paths), sep="\n", flush=True)

    return exit_code_of(work, "the same command with --resume continues after the last epoch")


if __name__ == "__main__":
    raise SystemExit(main())
