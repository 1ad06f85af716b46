"""Detection of duplicate and near-duplicate pictures: copies, other sizes or compression, small crops, changed light.

One pass over the files computes a fingerprint of each picture; groups are formed from the fingerprints alone. Called
by the report, and by splits that keep near-duplicates on one side.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from scipy.fft import dctn
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from tqdm import tqdm

from affect.data.source import PictureSource
from affect.faces.preprocessing import Image

SIDE = 32  # pixels: side of a thumbnail
COARSE_SIDE = 12
# Near-duplicates satisfy both thresholds. Checked by eye on FER+ (48×48 faces): the 520 weakest pairs found show the
# same photograph; below a correlation of 0.92, some pairs show two people.
CORRELATION = 0.94
HASH_DISTANCE = 12  # bits of 64, at most
FLAT = 4.0  # a thumbnail with a smaller standard deviation has no content to compare
BLOCK = 1 << 22  # pairs compared at a time, to limit memory

Groups = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Fingerprints:
    """Fingerprints of n pictures, about a kilobyte each: pixel hash, thumbnail and size.

    digests:    hexadecimal hash of the pixels, S32 (n,); empty if a picture cannot be decoded.
    thumbnails: uint8 (n, 32, 32), grey.
    sizes:      int (n, 2): width and height in pixels, 0 if a picture cannot be decoded.
    """

    digests: npt.NDArray[np.bytes_]
    thumbnails: Image
    sizes: npt.NDArray[np.int64]

    @property
    def readable(self) -> npt.NDArray[np.bool_]:
        """Which pictures can be decoded, bool (n,)."""
        return np.asarray(self.sizes[:, 0] > 0)


def fingerprints(source: PictureSource, names: Sequence[str]) -> Fingerprints:
    """Compute the fingerprints of all pictures, on all cores, with a progress bar."""
    digests = np.zeros(len(names), "S32")
    thumbnails = np.zeros((len(names), SIDE, SIDE), np.uint8)
    sizes = np.zeros((len(names), 2), np.int64)

    def look(picture: Image | None) -> tuple[bytes, Image, tuple[int, int]] | None:
        if picture is None:
            return None
        digest = hashlib.blake2b(f"{picture.shape}".encode(), digest_size=16)
        digest.update(np.ascontiguousarray(picture).data)
        grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        thumbnail = np.asarray(cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)
        return digest.hexdigest().encode(), thumbnail, (picture.shape[1], picture.shape[0])

    looks = source.each(names, look)
    for i, found in enumerate(tqdm(looks, total=len(names), desc="looking for duplicates", unit="img", leave=False)):
        if found is not None:
            digests[i], thumbnails[i], sizes[i] = found
    return Fingerprints(digests, thumbnails, sizes)


def exact_groups(prints: Fingerprints) -> Groups:
    """Groups of pictures with identical pixels, int (n,): the index of the group's first picture.

    A picture that cannot be decoded is a group of its own.
    """
    _, first, inverse = np.unique(prints.digests, return_index=True, return_inverse=True)
    return np.where(prints.readable, first[inverse], np.arange(len(inverse))).astype(np.int64)


def near_groups(prints: Fingerprints) -> Groups:
    """Groups of identical or near-duplicate pictures, int (n,): the index of the group's first picture.

    All pairs are compared: 12×12 thumbnails select candidates, and a pair is a near-duplicate if the 32×32 thumbnails
    correlate at 0.94 or more and the perceptual hashes differ in at most 12 of 64 bits, which separates different
    faces in the same pose. Groups are transitive. Mirrored copies are not searched for.
    """
    groups = exact_groups(prints)
    shown = np.array([t.std() >= FLAT for t in prints.thumbnails], bool)  # all at once would take 8 bytes a pixel
    seen = np.flatnonzero((groups == np.arange(len(groups))) & prints.readable & shown)
    thumbnails = prints.thumbnails[seen]
    hashes = perceptual_hash(thumbnails)
    waiting: list[npt.NDArray[np.int64]] = []
    for pairs in _candidates(thumbnails):
        waiting.append(seen[pairs[_alike(thumbnails, hashes, pairs)]])
        if sum(map(len, waiting)) > BLOCK:
            groups = _united(groups, np.concatenate(waiting))
            waiting = []
    return _united(groups, np.concatenate(waiting)) if waiting else groups


def duplicate_groups(source: PictureSource, names: Sequence[str]) -> Groups:
    """Near-duplicate groups of picture files, int (n,): see `near_groups`."""
    return near_groups(fingerprints(source, names))


def perceptual_hash(thumbnails: Image) -> npt.NDArray[np.bool_]:
    """Perceptual hash of 64 bits, bool (n, 64), which changes little with size, compression or light.

    thumbnails: uint8 (n, 32, 32).   Each bit states whether one of the 8×8 lowest frequencies of the cosine transform
    is above their median (pHash: Zauner 2010, "Implementation and Benchmarking of Perceptual Image Hash Functions").
    The mean grey level is ignored.
    """
    bits = np.zeros((len(thumbnails), 64), bool)
    for start in range(0, len(thumbnails), 4096):
        block = thumbnails[start : start + 4096].astype(np.float32)
        low = dctn(block, axes=(1, 2), norm="ortho")[:, :8, :8].reshape(-1, 64)
        bits[start : start + 4096] = low > np.median(low[:, 1:], axis=1, keepdims=True)
    bits[:, 0] = False
    return bits


def _candidates(thumbnails: Image) -> Iterator[npt.NDArray[np.int64]]:
    """Candidate pairs of indices, int (pairs, 2), with similar coarse thumbnails; each pair once, with progress bar."""
    n = len(thumbnails)
    sides = (COARSE_SIDE, COARSE_SIDE)
    small = [cv2.resize(t, sides, interpolation=cv2.INTER_AREA) for t in thumbnails]
    coarse = _standardized(np.array(small, np.uint8).reshape(n, *sides))
    step = max(1, BLOCK // max(n, 1))
    for start in tqdm(range(0, n, step), desc="comparing", leave=False):
        correlation = coarse[start : start + step] @ coarse[start:].T
        pairs = np.argwhere(correlation >= CORRELATION - 0.01)
        yield pairs[pairs[:, 0] < pairs[:, 1]] + start


def _alike(thumbnails: Image, hashes: npt.NDArray[np.bool_], pairs: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Which pairs are near-duplicates, bool (pairs,)."""
    alike = np.zeros(len(pairs), bool)
    for start in range(0, len(pairs), 2048):
        a, b = pairs[start : start + 2048].T
        correlation = (_standardized(thumbnails[a]) * _standardized(thumbnails[b])).sum(1)
        distance = (hashes[a] != hashes[b]).sum(1)
        alike[start : start + 2048] = (correlation >= CORRELATION) & (distance <= HASH_DISTANCE)
    return alike


def _united(groups: Groups, pairs: npt.NDArray[np.int64]) -> Groups:
    """The groups after joining the two groups of each pair (connected components)."""
    n = len(groups)
    starts, ends = np.concatenate([np.arange(n), pairs[:, 0]]), np.concatenate([groups, pairs[:, 1]])
    graph = coo_array((np.ones(len(starts), bool), (starts, ends)), shape=(n, n))
    component = connected_components(graph, directed=False)[1]
    _, first, inverse = np.unique(component, return_index=True, return_inverse=True)
    return first[inverse].astype(np.int64)


def _standardized(thumbnails: Image) -> npt.NDArray[np.float32]:
    """Thumbnails as vectors of mean 0 and length 1, so that a dot product is a correlation."""
    flat = thumbnails.reshape(len(thumbnails), thumbnails.shape[1] * thumbnails.shape[2]).astype(np.float32)
    flat -= flat.mean(1, keepdims=True)
    length = np.linalg.norm(flat, axis=1, keepdims=True)
    return np.asarray(flat / np.maximum(length, 1e-6), np.float32)
