"""Output files of a training: history, and checkpoints of the best epochs with their evaluation."""

from __future__ import annotations

import platform
from typing import Any

import numpy as np
import pandas as pd
import torch
import torchvision

from affect import __version__
from affect.data.loading import hard_labels
from affect.data.manifest import Manifest
from affect.data.tables import write_table
from affect.evaluation.measure import evaluate_pictures, predict_logits, write_evaluation, write_metrics
from affect.evaluation.metrics import fit_temperature
from affect.faces.preprocessing import Preprocessing
from affect.model.checkpoint import Checkpoint, save_checkpoint
from affect.model.network import build_model
from affect.training.loop import Pictures
from affect.training.run import Run
from affect.training.state import RunState, State


def write_models(
    run: Run,
    progress: RunState,
    manifest: Manifest,
    pictures: Pictures,
    choose_rows: pd.DataFrame,
    preprocessing: Preprocessing,
) -> None:
    """Write the checkpoints of a finished run, and evaluate each on the val split."""
    about = _about(run, pictures)
    for stage, finished in zip(run.experiment.stages, progress.finished, strict=True):
        if not stage.keep:
            continue
        epochs = {"best": (run.checkpoint(stage), run.home / stage.name)}
        if (last := run.last_epoch(stage)) is not None:
            epochs["last"] = last
        for which, (path, figures) in epochs.items():
            network = run.experiment.network
            made = _checkpoint(network, finished[which], preprocessing, pictures, choose_rows, about)
            save_checkpoint(path, made)
            write = write_evaluation if which == "best" and run.experiment.mistake is None else write_metrics
            write(evaluate_pictures(path, manifest, "val"), figures)


def _checkpoint(
    network: str,
    epoch: State,
    preprocessing: Preprocessing,
    pictures: Pictures,
    choose_rows: pd.DataFrame,
    about: dict[str, Any],
) -> Checkpoint:
    model = build_model(network)
    model.load_state_dict(epoch["model"])
    logits = predict_logits(model.eval().to(memory_format=torch.channels_last), pictures.choose)
    prior = pictures.prior
    temperature = fit_temperature(logits, hard_labels(choose_rows), 0.0 if prior is None else np.log(prior))
    provenance = {**about, "best": epoch["row"]}
    return Checkpoint(epoch["model"], preprocessing, temperature, provenance, network, prior=prior)


def _about(run: Run, pictures: Pictures) -> dict[str, Any]:
    """The provenance stored in a checkpoint."""
    return {
        "data": run.data,
        "experiment": run.name,
        "seed": run.identity["seed"],
        "init_weights": run.settings["init_weights"],
        "identity": run.identity,
        "settings": run.settings,
        "chosen_on": "val" if run.experiment.chosen_on == "val" else "a held-out part of train",
        "pictures": {"train": len(pictures.train), "val": len(pictures.choose)},
        "versions": {
            "affect": __version__,
            "torch": str(torch.__version__),
            "torchvision": str(torchvision.__version__),
            "python": platform.python_version(),
        },
    }


def write_history(progress: RunState, run: Run) -> pd.DataFrame:
    """Write `history.csv` with a row for each finished epoch, and return the table."""
    history = pd.DataFrame(progress.history)
    write_table(history, run.home / "history.csv")
    return history


def draw_history(history: pd.DataFrame, run: Run, n: int) -> None:
    """Draw the learning curves to `history.png`.   n: number of pictures that choose the epoch."""
    from affect import figure_style
    from affect.training import figures

    origin = f"{run.name} on {run.data}, n = {n:,} pictures that choose the epoch"
    figure = figures.learning_curves(history, origin, {s.name: s.monitor for s in run.experiment.stages})
    figure_style.save(figure, run.home / "history.png")
