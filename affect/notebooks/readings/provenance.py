"""Sentences on the provenance of a notebook's outputs: data, labels, split and settings."""

from __future__ import annotations

from affect.notebooks import Setup
from affect.notebooks.readings.wording import counted, listed
from affect.training.run import DATA

LABELS = {"folder": "the folders' names", "csv": "labels.csv"}
SPLITS = {"given": "as given", "original": "random 80/20 (the first version's)"}


def where_from(setup: Setup) -> str:
    """Sentences on a notebook's data set and settings, for its top."""
    manifest, splits = setup.manifest, setup.manifest.table["split"].value_counts()
    parts = ", ".join(f"{splits[s]:,} {s}" for s in ("train", "val", "test") if s in splits)
    lines = [
        f"**The outputs below are from the data set `{setup.name}`**: {len(manifest.table):,} pictures ({parts}), "
        f"labels from {LABELS.get(manifest.labels, 'the annotation files')}, split "
        f"{SPLITS.get(manifest.split, manifest.split)}, pictures at {setup.image_size}×{setup.image_size}, seed "
        f"{setup.seed}."
    ]
    if chosen := setup.chosen():
        given = ", ".join(f"`{name} = {value}`" for name, value in chosen.items())
        lines.append(f"They were made with {given}; the rest as in the parameters cell above.")
    if setup.drawn:
        lines.append(
            "These are *drawn* faces, made so that everything runs without a data set; no figure about them says "
            "anything about people. Set `DATA`, or the environment variable `AFFECTNET_DIR`."
        )
    if not setup.as_reported:
        lines.append(
            f"The reported figures are about {DATA}'s public copy, labels from the folders' names, the first version's "
            "random split. What is measured here is about other pictures, labels or splits."
        )
    if setup.epochs is not None or setup.limit is not None:
        short = [f"{counted(setup.epochs, 'epoch')} a stage"] if setup.epochs is not None else []
        short += [f"{setup.limit:,} pictures to learn from"] if setup.limit is not None else []
        lines.append(f"**A trial run:** {listed(short)} instead of the experiment's own.")
    return "\n\n".join(lines)
