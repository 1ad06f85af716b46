"""Which pictures are the same, or nearly: copies, other sizes, other compression, small crops and shifts of light.

One pass over the files makes a fingerprint of each; the groups come from the fingerprints alone. Called by the report,
and by whoever parts a data set and wants copies of one picture on one side.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from scipy.fft import dctn
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from tqdm import tqdm

from affect.data.source import PictureSource
from affect.preprocessing import Image

SIDE = 32  # of a thumbnail, pixels
BANDS = 8  # of 8 bits: two hashes that differ in less than 8 bits agree in one band at least
HASH_DISTANCE = 7
CORRELATION = 0.985
FLAT = 4.0  # a thumbnail whose grey levels deviate less shows nothing to compare
BLOCK = 1 << 22  # numbers compared at a time, so that memory stays bounded

Groups = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Fingerprints:
    """What is kept of each of n pictures: about a kilobyte.

    digests:    its pixels' hash, S16 (n,); empty where it cannot be decoded.
    thumbnails: uint8 (n, 32, 32), grey.
    sizes:      int (n, 2): width and height in pixels, 0 where it cannot be decoded.
    """

    digests: npt.NDArray[np.bytes_]
    thumbnails: Image
    sizes: npt.NDArray[np.int64]

    @property
    def readable(self) -> npt.NDArray[np.bool_]:
        """Which pictures can be decoded, bool (n,)."""
        return np.asarray(self.sizes[:, 0] > 0)


def fingerprints(source: PictureSource, names: Sequence[str]) -> Fingerprints:
    """Decode every picture once, on all cores, with a progress bar."""
    digests = np.zeros(len(names), "S32")
    thumbnails = np.zeros((len(names), SIDE, SIDE), np.uint8)
    sizes = np.zeros((len(names), 2), np.int64)

    def look(i: int) -> None:
        picture = source.picture(names[i])
        if picture is None:
            return
        sizes[i] = picture.shape[1], picture.shape[0]
        shape = f"{picture.shape}".encode()
        digests[i] = hashlib.blake2b(shape + picture.tobytes(), digest_size=16).hexdigest().encode()
        grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        thumbnails[i] = cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        looks = pool.map(look, range(len(names)))
        for _ in tqdm(looks, total=len(names), desc="looking for duplicates", unit="img", leave=False):
            pass
    return Fingerprints(digests, thumbnails, sizes)


def exact_groups(prints: Fingerprints) -> Groups:
    """Groups of pictures with the same pixels, int (n,): the index of the group's first picture.

    A picture that cannot be decoded is alone.
    """
    _, first, inverse = np.unique(prints.digests, return_index=True, return_inverse=True)
    return np.where(prints.readable, first[inverse], np.arange(len(inverse))).astype(np.int64)


def near_groups(prints: Fingerprints) -> Groups:
    """Groups of pictures that are the same or nearly so, int (n,): the index of the group's first picture.

    Candidates have perceptual hashes (`perceptual_hash`) at most 7 of 64 bits apart; they are near-duplicates where
    their 32×32 grey thumbnails correlate at 0.985 or more, so that another face is not one however alike its pose.
    What is a near-duplicate of a near-duplicate is in the same group.
    """
    exact = exact_groups(prints)
    deviation = prints.thumbnails.std(axis=(1, 2))
    seen = np.flatnonzero((exact == np.arange(len(exact))) & prints.readable & (deviation >= FLAT))
    hashes = perceptual_hash(prints.thumbnails[seen])
    edges = [(a[s], b[s]) for a, b in _candidates(hashes) if (s := _alike(prints.thumbnails, seen[a], seen[b])).any()]
    a = seen[np.concatenate([e[0] for e in edges])] if edges else np.zeros(0, np.int64)
    b = seen[np.concatenate([e[1] for e in edges])] if edges else np.zeros(0, np.int64)
    own = np.arange(len(exact))
    starts, ends = np.concatenate([own, a]), np.concatenate([exact, b])
    graph = coo_array((np.ones(len(starts), bool), (starts, ends)), shape=(len(exact), len(exact)))
    _, component = connected_components(graph, directed=False)
    _, first, inverse = np.unique(component, return_index=True, return_inverse=True)
    return first[inverse].astype(np.int64)


def duplicate_groups(source: PictureSource, names: Sequence[str]) -> Groups:
    """`near_groups` of these pictures, straight from the files: int (n,), equal numbers stay together."""
    return near_groups(fingerprints(source, names))


def perceptual_hash(thumbnails: Image) -> npt.NDArray[np.bool_]:
    """64 bits that change little when a picture is resized, compressed or lit otherwise, bool (n, 64).

    thumbnails: uint8 (n, 32, 32).   A bit says whether one of the 8×8 lowest frequencies of the cosine transform is
    above their median (pHash: Zauner 2010, "Implementation and Benchmarking of Perceptual Image Hash Functions").
    The mean grey level does not count.
    """
    bits = np.zeros((len(thumbnails), 64), bool)
    for start in range(0, len(thumbnails), 4096):
        block = thumbnails[start : start + 4096].astype(np.float32)
        low = dctn(block, axes=(1, 2), norm="ortho")[:, :8, :8].reshape(-1, 64)
        bits[start : start + 4096] = low > np.median(low[:, 1:], axis=1, keepdims=True)
    bits[:, 0] = False
    return bits


def _candidates(hashes: npt.NDArray[np.bool_]) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """Pairs (a, b) of indices, a < b, whose hashes are near. Compared within buckets of equal bands only; a pair that
    shares several bands comes several times."""
    signs = np.where(hashes, np.float32(1), np.float32(-1))
    codes = np.packbits(hashes, axis=1)
    for band in range(BANDS):
        order = np.argsort(codes[:, band], kind="stable")
        ends = np.flatnonzero(np.diff(codes[order, band].astype(int))) + 1
        for bucket in np.split(order, ends):
            step = max(1, BLOCK // len(bucket))
            for start in range(0, len(bucket), step):
                rows = bucket[start : start + step]
                distance = (64 - signs[rows] @ signs[bucket].T) / 2
                i, j = np.nonzero(distance <= HASH_DISTANCE)
                a, b = rows[i], bucket[j]
                yield a[a < b], b[a < b]


def _alike(thumbnails: Image, a: npt.NDArray[np.int64], b: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Whether the thumbnails a and b correlate enough, bool (pairs,)."""
    alike = np.zeros(len(a), bool)
    for start in range(0, len(a), 2048):
        part = slice(start, start + 2048)
        one, other = (_standardized(thumbnails[i[part]]) for i in (a, b))
        alike[part] = (one * other).sum(1) >= CORRELATION
    return alike


def _standardized(thumbnails: Image) -> npt.NDArray[np.float32]:
    flat = thumbnails.reshape(len(thumbnails), -1).astype(np.float32)
    flat -= flat.mean(1, keepdims=True)
    return np.asarray(flat / np.linalg.norm(flat, axis=1, keepdims=True), np.float32)
