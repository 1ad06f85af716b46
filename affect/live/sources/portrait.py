"""The demo's portrait, whose face goes smoothly from one expression to the next; `DemoSource` shows it.

Landmarks of brows, eyes, mouth and chin are moved, and a thin-plate spline (Bookstein 1989, doi:10.1109/34.24792)
carries the skin between them along.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from affect.faces.preprocessing import Image

# All places are pixels (x, y) of the portrait. The mouth from corner to corner: x, and y of the upper lip's two edges
# and of the lower lip's two edges.
MOUTH: Final = np.array(
    [
        (203.0, 138.6, 139.5, 139.8, 141.0),
        (207.4, 139.4, 141.3, 144.3, 147.0),
        (212.5, 139.6, 142.4, 146.9, 150.2),
        (223.5, 140.0, 143.4, 149.6, 155.0),
        (235.5, 139.4, 142.2, 147.0, 150.0),
        (240.6, 139.2, 141.4, 144.2, 147.0),
        (244.5, 139.6, 140.4, 140.8, 142.0),
    ]
)
# A left and a right place each: the brows' inner ends, middles and outer ends, the upper and lower lids, the folds
# beside the mouth, the chin, the jaw.
PAIRS: Final = np.array(
    [
        [(212, 92.0), (239, 93.2)], [(199, 88.2), (250, 92)], [(190, 91), (262, 95.5)], [(203, 97.5), (247, 99)],
        [(203, 104.5), (247, 107)], [(197, 134), (249, 137)], [(217, 178), (233, 178)], [(197, 166), (250, 166)],
    ]
)  # fmt: skip
FIXED: Final = np.array(
    [
        (192.0, 101), (214, 103), (236, 105), (259, 103),  # the eyes' corners
        (215, 131), (224, 133), (233, 131), (224, 110), (180, 130), (268, 135), (183, 85), (268, 90), (225, 68),
        (150, 60), (300, 60), (225, 30), (150, 130), (300, 130), (185, 192), (262, 192), (225, 200),
        (272, 168), (290, 185), (178, 168), (160, 185), (130, 200), (320, 200), (130, 20), (320, 20),
    ]
)  # fmt: skip
LEFT, TOP, RIGHT, BOTTOM = 130, 20, 320, 204  # the part that moves
SMOOTHING: Final = 1e-3  # of the spline, as edges of the lips meet at the mouth's corners
STEP: Final = 4  # pixels between two points at which the spline is computed
BESIDE_MOUTH: Final = (((199, 134), (9, 11), 25), ((249, 135), (8, 11), -25))  # the smile's folds: ellipses
NO_MAP: Final = np.empty(0, np.float32)  # the other map holds x and y
DARK: Final = (38, 34, 66)  # BGR, inside a mouth


@dataclass(frozen=True)
class Expression:
    """Where the features of a face go, in the portrait's pixels; y is positive downwards.

    mouth: y of its middle, half of its width, how far its corners lie below the middle, how far it is open.
    brows: y of inner ends, middles and outer ends.   frown: how far the inner ends go towards the nose.
    lids:  y of the upper and lower ones.   folds: of those beside the mouth, x towards the mouth and y.   chin: y.
    """

    mouth: tuple[float, float, float, float]
    brows: tuple[float, float, float] = (0, 0, 0)
    frown: float = 0
    lids: tuple[float, float] = (0, 0)
    folds: tuple[float, float] = (4, 3)
    chin: float = 0

    def moves(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Places of all landmarks before and after, each float64 (n, 2)."""
        height, half, bend, gap = self.mouth
        x, (top, upper, lower, bottom) = MOUTH[:, 0], MOUTH[:, 1:].T
        middle = x[len(x) // 2]
        along = (x - middle) / np.where(x < middle, middle - x[0], x[-1] - middle)  # -1…1
        line = height + bend * along**2
        under = line + gap * (1 - along**2)
        edges = np.stack([line - (upper - top), line, under, under + (bottom - lower)])
        wide = np.broadcast_to(middle + half * along, edges.shape)
        before = np.stack([np.broadcast_to(x, edges.shape), MOUTH[:, 1:].T], -1).reshape(-1, 2)
        inner, centre, outer = self.brows
        inward = np.array([self.frown, 0, 0, 0, 0, self.folds[0], 0, 0])
        down = np.array([inner, centre, outer, *self.lids, self.folds[1], self.chin, 0.6 * self.chin])
        paired = PAIRS + np.stack([np.stack([inward, down], 1), np.stack([-inward, down], 1)], 1)
        return (
            np.concatenate([before, PAIRS.reshape(-1, 2), FIXED]),
            np.concatenate([np.stack([wide, edges], -1).reshape(-1, 2), paired.reshape(-1, 2), FIXED]),
        )


NEUTRAL: Final = Expression((144.5, 15, 2, 1), (1.5, 3.5, 0.5), 0, (0.5, -0.5), (7, 1.5), -1.5)
SURPRISE: Final = Expression((144, 11, 6, 15.5), (-3.5, -7, -4.5), 0, (-1.5, 1), (0, -1), 9)
SAD: Final = Expression((144.5, 20, 6, 2.5), (-5, 2, 0), 2, (1.5, -1), (4.5, 4), -2)
ANGER: Final = Expression((147, 17, 3, 0.5), (4, 3, -2), 4, (1, -1), (4, 2), -2)
UNCLEAR: Final = Expression((146, 19, 5, 1), (2, 3.5, -0.5), 4, (0.5, -1), (5.5, 2.5), -1)
# From when on, in seconds, which expression; None: the portrait as it is, which smiles. Neutral lasts for a baseline.
TURNS: Final = (
    (0.0, None), (5.0, NEUTRAL), (16.0, SURPRISE), (20.5, SAD), (25.5, UNCLEAR), (29.0, ANGER), (34.0, None),
)  # fmt: skip
TURN_S: Final = 0.8  # how long it takes to get from one to the next


class Portrait:
    """The portrait at any time of the clip.   picture: the portrait, uint8 BGR (288 or more, 512, 3)."""

    SECONDS: Final = int(TURNS[-1][0])

    def __init__(self, picture: Image) -> None:
        self._picture = picture
        smiling = picture[TOP:BOTTOM, LEFT:RIGHT]
        self._parts = {False: smiling, True: without_smile(smiling)}
        high, wide = smiling.shape[:2]
        self._grid = np.stack(np.meshgrid(np.arange(wide), np.arange(high)), -1).astype(np.float32)
        self._maps = [self._grid + displacement(e, (wide, high)) if e else self._grid for _, e in TURNS]

    def at(self, time_s: float) -> Image:
        """The portrait at a time of the clip, which is endless."""
        time_s %= self.SECONDS
        now = max(i for i, (from_s, _) in enumerate(TURNS) if from_s <= time_s)
        share = max(0.0, 1 - (TURNS[now + 1][0] - time_s) / TURN_S)
        share = share * share * (3 - 2 * share)
        closed = [TURNS[i][1] is not None for i in (now, now + 1)]
        if share == 0 and not closed[0]:
            return self._picture
        part = cv2.addWeighted(self._parts[closed[0]], 1 - share, self._parts[closed[1]], share, 0)
        way = cv2.addWeighted(self._maps[now], 1 - share, self._maps[now + 1], share, 0)
        shown = self._picture.copy()
        shown[TOP:BOTTOM, LEFT:RIGHT] = cv2.remap(part, way, NO_MAP, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return shown


def displacement(expression: Expression, size: tuple[int, int]) -> npt.NDArray[np.float32]:
    """From where each pixel of the part that moves comes, relative to its own place: float32 (height, width, 2).

    size: width and height of the part.   It fades to 0 at the part's edge.
    """
    before, after = expression.moves()
    count = len(after)
    affine = np.column_stack([np.ones(count), after])
    bending = _bending(after, after) + SMOOTHING * np.eye(count)
    system = np.block([[bending, affine], [affine.T, np.zeros((3, 3))]])
    weights = np.linalg.solve(system, np.concatenate([before - after, np.zeros((3, 2))]))
    x, y = np.meshgrid(np.arange(LEFT, RIGHT, STEP), np.arange(TOP, BOTTOM, STEP))
    points = np.column_stack([x.ravel(), y.ravel()]).astype(np.float64)
    moved = (
        _bending(points, after) @ weights[:count] + np.column_stack([np.ones(len(points)), points]) @ weights[count:]
    )
    edge = np.minimum(np.minimum(x - LEFT, RIGHT - STEP - x), np.minimum(y - TOP, BOTTOM - STEP - y))
    coarse = moved.reshape(*x.shape, 2) * np.clip(edge / 16, 0, 1)[..., None]
    width, height = size
    scale = np.array([[1 / STEP, 0, 0], [0, 1 / STEP, 0]])
    return np.asarray(
        cv2.warpAffine(
            coarse.astype(np.float32), scale, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        ),
        np.float32,
    )  # fmt: skip


def without_smile(part: Image) -> Image:
    """The part that moves, with the smile's folds smoothed and dark instead of the teeth."""
    beside, inside = np.zeros(part.shape[:2], np.float32), np.zeros(part.shape[:2], np.float32)
    for (x, y), axes, angle in BESIDE_MOUTH:
        cv2.ellipse(beside, (x - LEFT, y - TOP), axes, angle, 0, 360, 1.0, -1)
    outline = np.concatenate([MOUTH[:, [0, 2]], MOUTH[::-1, [0, 3]]]) - (LEFT, TOP)
    cv2.fillPoly(inside, [np.round(outline * 16).astype(np.int32)], 1.0, cv2.LINE_8, 4)
    lips = cv2.dilate(inside, np.ones((9, 9)))
    folds = cv2.GaussianBlur(beside * (1 - lips), (0, 0), 2.5)[..., None]
    teeth = cv2.GaussianBlur(inside, (0, 0), 0.7)[..., None]
    smooth = part * (1 - folds) + cv2.GaussianBlur(part, (0, 0), 7).astype(np.float32) * folds
    return np.asarray(np.rint(smooth * (1 - teeth) + np.array(DARK) * teeth), np.uint8)


def _bending(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The spline's kernel r² log r between two sets of places, float64 (len(a), len(b))."""
    squared = ((a[:, None] - b[None]) ** 2).sum(2)
    return np.asarray(0.5 * squared * np.log(np.maximum(squared, 1e-9)))
