"""Reproducible splits: the original random split, stratified splits and the hold-out. For manifest and training."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
import pandas as pd

from affect.errors import AffectError

VAL_SHARE = 0.2  # as in the original notebooks
STRATIFIED = {"stratified": VAL_SHARE, "stratified-tenth": 0.1}  # val's share of the pictures
VAL_FROM_TRAIN = "given, val out of train"  # for a data set with train but no val


def original_split(n: int, seed: int = 42) -> npt.NDArray[np.str_]:
    """The random 80/20 split of the reported results, for n pictures in the order of their relative paths.

    `torch.utils.data.random_split` with int(0.8·n) for "train" and the rest for "val".   Returns (n,) "train" or "val".
    """
    import torch  # slow to import, and data sets with a split of their own do not need it
    from torch.utils.data import Subset, random_split

    split = np.full(n, "train")
    if n < 2:
        return split
    train = int((1 - VAL_SHARE) * n)
    shuffled: list[Subset[int]] = random_split(
        range(n),  # type: ignore[arg-type]  # all that it asks for is a length
        [train, n - train],
        torch.Generator().manual_seed(seed),
    )
    split[list(shuffled[1].indices)] = "val"
    return split


def stratified_part(
    rows: pd.DataFrame, share: float, seed: int, groups: npt.NDArray[np.int64] | None = None
) -> npt.NDArray[np.bool_]:
    """Mask of a stratified, grouped part with `share` of every class, bool (n,).

    rows: needs `pth` and `label`.   groups: int (n,), rows with the same number stay together; None: no groups.
    Groups are taken in the order of a hash of (seed, pth), so the part does not depend on the order of the rows and
    changes little when pictures are added. A class has round(share·n) rows in the part, at least 1 and at most n-1,
    or fewer if a group does not fit; a class that is one single group is on one side only.
    Raises AffectError for a share that is not between 0 and 1.
    """
    if not 0 < share < 1:
        raise AffectError(f"The share to hold out is {share}; it must lie between 0 and 1.")
    order = np.array([hashlib.blake2b(f"{seed}:{p}".encode(), digest_size=8).hexdigest() for p in rows["pth"]])
    own = np.arange(len(rows)) if groups is None else np.asarray(groups)
    classes, codes = np.unique(rows["label"].to_numpy(str), return_inverse=True)
    total = np.bincount(codes, minlength=len(classes))
    wanted = np.where(total > 1, np.clip(np.round(share * total).astype(int), 1, total - 1), 0)

    members: dict[int, list[int]] = {}
    for i in np.argsort(order, kind="stable"):
        members.setdefault(int(own[i]), []).append(int(i))
    counts = {g: np.bincount(codes[m], minlength=len(classes)) for g, m in members.items()}
    held = np.zeros(len(classes), int)
    chosen: set[int] = set()

    def take(group: int, limit: npt.NDArray[np.int64]) -> None:
        nonlocal held
        if group not in chosen and (held + counts[group] <= limit).all():
            chosen.add(group)
            held = held + counts[group]

    for group in members:
        take(group, wanted)
    for c in np.flatnonzero((held == 0) & (total > 1)):  # each group of the class exceeds its share
        for group in sorted((g for g in members if counts[g][c]), key=lambda g: len(members[g])):
            if held[c] == 0:
                take(group, np.maximum(total - 1, 0))
    return np.isin(own, np.array(sorted(chosen), own.dtype))


def stratified_sample(rows: pd.DataFrame, n: int, seed: int) -> pd.DataFrame:
    """Stratified sample of n rows, or all if there are fewer, in their order; at least one row per class if n allows.

    rows: needs `pth` and `label`. Rows are taken in the order of a hash of (seed, pth), as in `stratified_part`.
    """
    order = np.array([hashlib.blake2b(f"{seed}:{p}".encode(), digest_size=8).hexdigest() for p in rows["pth"]])
    drawn = rows.iloc[np.argsort(order, kind="stable")].groupby("label")
    share = (drawn.cumcount() / drawn["pth"].transform("size")).reindex(rows.index)
    return rows.iloc[np.sort(np.argsort(share.to_numpy(), kind="stable")[:n])]


def hold_out(
    rows: pd.DataFrame, share: float = 0.1, seed: int = 42, groups: npt.NDArray[np.int64] | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split rows into training rows and a stratified hold-out that chooses the epoch, each sorted by `pth`.

    rows: needs `pth` and `label`.   share: of each class, for the hold-out.   groups: int (n,) from
    `affect.data.duplicates.duplicate_groups`, kept on one side; None: no groups.
    Seeded and independent of the order of the rows; a class with at least two rows is in both parts, unless it is one
    group. Raises AffectError for a share outside 0…1, or if there is nothing to hold out.
    """
    part = stratified_part(rows, share, seed, groups)
    if not part.any():
        raise AffectError(
            f"{len(rows)} pictures are too few to hold some out: a class needs two or more. Name a larger data set."
        )
    fit, choose = (rows[m].sort_values("pth").reset_index(drop=True) for m in (~part, part))
    return fit, choose
