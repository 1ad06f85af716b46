"""Drawing of synthetic faces with a given expression. Called by the sample data set.

Identity, pose, light and background vary at random; the expression follows `affect.datasets.action_units`. The shading
matches what the Haar cascade detects: darker eye sockets, brows and mouth, lighter cheeks, nose and forehead.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from affect.datasets.action_units import EXPRESSIONS, ActionUnits, varied
from affect.emotions import EMOTIONS
from affect.errors import AffectError
from affect.faces.preprocessing import Image

Point = tuple[float, float]
Shape = npt.NDArray[np.float64]  # corners of a polygon, (n, 2): x, y


def ellipse(x: float, y: float, half_width: float, half_height: float) -> Shape:
    """An ellipse around (x, y) as a polygon of 48 points."""
    angles = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    return np.column_stack([x + half_width * np.cos(angles), y + half_height * np.sin(angles)])


def almond(x: float, y: float, half_width: float, above: float, below: float) -> Shape:
    """An eye's outline as a polygon, pointed at both ends; `above` and `below` are its heights."""
    steps = np.linspace(-1, 1, 17)
    upper, lower = (np.column_stack([x + half_width * steps, y + h * (1 - steps**2)]) for h in (-above, below))
    return np.concatenate([upper, lower[::-1]])


def lens(left: Point, right: Point, above: float, below: float) -> Shape:
    """A polygon between two curves from left to right, whose middles have these heights; the upper one is flatter."""
    steps, (start, end) = np.linspace(0, 1, 15)[:, None], np.array([left, right])
    upper, lower = (
        start + (end - start) * steps + [0, 1] * (peak - (start + end) / 2) * (1 - np.abs(2 * steps - 1) ** power)
        for peak, power in ((above, 2.4), (below, 2.0))
    )
    return np.concatenate([upper, lower[::-1]])


def band(points: list[Point], half_width: float) -> Shape:
    """A brush stroke, tapered at its ends, as a polygon along a smooth curve through two or three points."""
    first, *middle, last = np.array(points)
    steps = np.linspace(0, 1, 17)[:, None]
    # a quadratic curve that passes through the middle point
    control = 2 * middle[0] - (first + last) / 2 if middle else (first + last) / 2
    curve = (1 - steps) ** 2 * first + 2 * steps * (1 - steps) * control + steps**2 * last
    along = np.gradient(curve, axis=0)
    normal = along[:, ::-1] * (-1, 1) / np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-6)
    offset = normal * half_width * (0.35 + 0.65 * np.sin(np.pi * steps))
    return np.concatenate([curve + offset, (curve - offset)[::-1]])


Canvas = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Identity:
    """A drawn person's appearance, independent of the expression. Lengths are in face half-widths."""

    skin: tuple[float, float, float]  # BGR, 0…1
    hair: tuple[float, float, float]
    eyes: tuple[float, float, float]
    height: float
    eye_distance: float
    eye_size: float
    brow_weight: float
    nose_length: float
    mouth_width: float
    lip_weight: float
    hairline: float
    beard: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Identity:
        """Draw a random identity."""
        skins = np.array([(0.72, 0.80, 0.94), (0.60, 0.70, 0.88), (0.45, 0.57, 0.78), (0.30, 0.40, 0.58)])
        hairs = np.array([(0.08, 0.09, 0.12), (0.12, 0.20, 0.33), (0.35, 0.55, 0.72), (0.55, 0.55, 0.57)])
        eyes = np.array([(0.15, 0.22, 0.33), (0.45, 0.36, 0.25), (0.25, 0.38, 0.30)])
        return cls(
            skin=_color(skins[rng.integers(4)] * rng.uniform(0.92, 1.08)),
            hair=_color(hairs[rng.integers(4)] * rng.uniform(0.8, 1.2)),
            eyes=_color(eyes[rng.integers(3)]),
            height=rng.uniform(1.22, 1.4),
            eye_distance=rng.uniform(0.37, 0.43),
            eye_size=rng.uniform(0.9, 1.1),
            brow_weight=rng.uniform(0.8, 1.3),
            nose_length=rng.uniform(0.92, 1.08),
            mouth_width=rng.uniform(0.3, 0.37),
            lip_weight=rng.uniform(0.8, 1.25),
            hairline=rng.uniform(0.62, 0.75),
            beard=float(rng.random() < 0.2) * rng.uniform(0.15, 0.4),
        )


def _color(values: npt.NDArray[np.floating]) -> tuple[float, float, float]:
    blue, green, red = np.clip(values, 0, 1)
    return float(blue), float(green), float(red)


def draw_face(emotion: str, rng: np.random.Generator, size: int = 128) -> Image:
    """Draw one face with an expression.

    emotion: one of EMOTIONS.   size: side in pixels, 48 or more.   Returns uint8 BGR (size, size, 3).
    The same generator state gives the same picture. Raises AffectError for another emotion or size.
    """
    if emotion not in EXPRESSIONS:
        raise AffectError(f"There is no expression {emotion!r}. Choose one of {', '.join(EMOTIONS)}.")
    if size < 48:
        raise AffectError(f"A drawn face needs 48 pixels or more, not {size}.")
    person = Identity.draw(rng)
    units = varied(EXPRESSIONS[emotion], rng)
    canvas = _background(rng)
    _Painter(canvas, person, units, rng).paint()
    return _photographed(canvas, size, rng)


SIDE = 256  # pixels: the canvas
HALF = 74.0  # pixels: half the width of a face on the canvas
DOWN = np.array((0.0, 0.05))  # face half-widths: of a face below the middle of the canvas


def _background(rng: np.random.Generator) -> Canvas:
    """A random background, a gradient with a few soft shapes, float32 (SIDE, SIDE, 3), 0…1."""
    first, second = rng.uniform(0.2, 0.85, (2, 1, 1, 3)) * 0.6 + rng.uniform(0.2, 0.85, (2, 1, 1, 1)) * 0.4
    ramp = np.linspace(0, 1, SIDE, dtype=np.float32).reshape(1, SIDE, 1)
    canvas = np.repeat((first * ramp + second * (1 - ramp)).astype(np.float32), SIDE, axis=0)
    for _ in range(rng.integers(0, 5)):
        corner = rng.integers(0, SIDE, 2)
        end = corner + rng.integers(20, 120, 2)
        color = tuple(float(v) for v in rng.uniform(0.1, 0.9, 3))
        cv2.rectangle(canvas, corner.tolist(), end.tolist(), color, -1)
    return np.asarray(cv2.GaussianBlur(canvas, (0, 0), 6), np.float32)


class _Painter:
    """Paints one face with neck on a canvas. Coordinates are in face half-widths from the face's centre."""

    def __init__(self, canvas: Canvas, person: Identity, units: ActionUnits, rng: np.random.Generator) -> None:
        self.canvas = canvas
        self.person = person
        self.units = units
        self.turn = float(rng.uniform(-0.07, 0.07))  # the features shift sideways as the head turns
        self.aside = np.array((self.turn, 0.0))
        self.smirk = -1 if rng.random() < 0.5 else 1

    def paint(self) -> None:
        """Paint all parts of the face, back to front."""
        self._head()
        self._shading()
        for side in (-1, 1):
            self._eye(side)
            self._brow(side)
        self._nose()
        self._mouth()

    def mask(self, shape: Shape, blur: float) -> Canvas:
        """Blurred opacity mask of a filled polygon, float32 (SIDE, SIDE, 1), 0…1. Corners in face coordinates."""
        mask = np.zeros((SIDE, SIDE), np.float32)
        pixels = (SIDE / 2 + HALF * (shape + DOWN)) * 16
        cv2.fillPoly(mask, [np.round(pixels).astype(np.int32)], 1.0, cv2.LINE_AA, shift=4)
        if blur:
            mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), blur * HALF), np.float32)
        return mask[:, :, None]

    def blend(self, mask: Canvas, color: tuple[float, float, float], opacity: float = 1.0) -> None:
        """Alpha-blend a colour over the canvas."""
        part = _occupied(mask)
        weight = mask[part] * np.float32(opacity)
        self.canvas[part] *= 1 - weight
        self.canvas[part] += weight * np.array(color, np.float32)

    def light(self, mask: Canvas, factor: float) -> None:
        """Darken (factor below 1) or lighten (above 1) the canvas under the mask."""
        part = _occupied(mask)
        self.canvas[part] *= 1 + mask[part] * np.float32(factor - 1)

    def tone(self, factor: float) -> tuple[float, float, float]:
        """The skin colour multiplied by a factor."""
        return _color(np.array(self.person.skin) * factor)

    def _head(self) -> None:
        height = self.person.height
        self.blend(self.mask(ellipse(0, -0.12, 1.12, height * 1.08), 0.03), self.person.hair)
        neck = np.array([(-0.45, 0.7), (0.45, 0.7), (0.6, 2.2), (-0.6, 2.2)])
        self.blend(self.mask(neck, 0.05), self.tone(0.75))
        face = ellipse(0, 0, 0.95, height)
        face[:, 0] *= 1 - 0.16 * (face[:, 1] / height).clip(0) ** 2
        self.blend(self.mask(face[face[:, 1] > -self.person.hairline * height], 0.02), self.tone(1.0))
        if self.person.beard:
            jaw = ellipse(0, 0.0, 0.88, height)
            self.blend(self.mask(jaw[jaw[:, 1] > 0.45], 0.12), self.person.hair, self.person.beard)

    def _shading(self) -> None:
        """Paint the light and dark regions that the Haar cascade responds to."""
        spread = self.person.eye_distance
        for side in (-1, 1):
            x = side * spread + self.turn
            self.light(self.mask(ellipse(x, -0.22, 0.27, 0.16), 0.07), 0.66)  # eye socket
            self.light(self.mask(ellipse(side * 0.5 + self.turn, 0.28, 0.24, 0.2), 0.1), 1.14)  # cheek
            self.light(self.mask(ellipse(side * 0.93, 0.1, 0.16, 0.9), 0.1), 0.8)  # side of the face
        self.light(self.mask(ellipse(self.turn, -0.7, 0.55, 0.2), 0.12), 1.12)  # forehead
        self.light(self.mask(ellipse(1.2 * self.turn, 0.02, 0.085, 0.4), 0.05), 1.16)  # ridge of the nose
        self.light(self.mask(ellipse(self.turn, 1.02, 0.25, 0.12), 0.08), 1.08)  # chin
        if self.units.lip_corner > 0.4:  # the fold from the nose to the mouth
            for side in (-1, 1):
                fold = band([(side * 0.2, 0.28), (side * 0.42, 0.45), (side * 0.5, 0.66)], 0.02)
                self.light(self.mask(fold + self.aside, 0.02), 0.75)

    def _eye(self, side: int) -> None:
        units, person = self.units, self.person
        x, y = side * person.eye_distance + self.turn, -0.2
        width = 0.165 * person.eye_size
        opening = 0.075 * person.eye_size * max(0.12, 1 + 0.75 * units.lid_raise - 0.6 * units.lid_tight)
        white = self.mask(almond(x, y, width, opening, opening * (0.75 - 0.35 * min(1.0, units.lid_tight))), 0.008)
        self.blend(white, (0.9, 0.9, 0.9))
        iris = self.mask(ellipse(x + 0.3 * self.turn, y, 0.075, 0.075), 0.006) * white
        self.blend(iris, person.eyes)
        self.blend(self.mask(ellipse(x + 0.3 * self.turn, y, 0.035, 0.035), 0.006) * white, (0.03, 0.03, 0.03))
        lid = [(x - width * 1.05, y), (x, y - opening * 1.12), (x + width * 1.05, y)]
        self.blend(self.mask(band(lid, 0.022), 0.008), (0.06, 0.07, 0.1), 0.85)

    def _brow(self, side: int) -> None:
        units, person = self.units, self.person
        together = 0.06 * units.brow_lower
        inner = -0.43 - 0.15 * units.inner_brow + 0.14 * units.brow_lower + 0.05 * units.nose_wrinkle
        middle = -0.49 - 0.08 * (units.inner_brow + units.outer_brow) / 2 + 0.09 * units.brow_lower
        outer = -0.43 - 0.14 * units.outer_brow + 0.02 * units.brow_lower + 0.03 * units.inner_brow
        x = person.eye_distance
        arc = [(side * (x - 0.2 - together), inner), (side * (x + 0.02), middle), (side * (x + 0.25), outer)]
        brow = band(arc, 0.035 * person.brow_weight) + self.aside
        self.blend(self.mask(brow, 0.014), person.hair, 0.9)
        if units.brow_lower > 0.5:  # the furrow between the brows
            furrow = band([(side * 0.06 + self.turn, -0.5), (side * 0.05 + self.turn, -0.34)], 0.014)
            self.light(self.mask(furrow, 0.012), 0.7)

    def _nose(self) -> None:
        wrinkle = self.units.nose_wrinkle
        tip = 0.33 * self.person.nose_length - 0.05 * wrinkle
        for side in (-1, 1):
            x = 1.2 * self.turn + side * (0.12 + 0.03 * wrinkle)
            self.light(self.mask(ellipse(x, tip, 0.055, 0.04), 0.02), 0.55)  # nostril
            self.light(self.mask(ellipse(1.1 * self.turn + side * 0.13, 0.1, 0.04, 0.25), 0.05), 0.88)
            if wrinkle > 0.4:
                for step in range(3):
                    y = -0.12 + 0.07 * step
                    line = band([(self.turn + side * 0.03, y), (self.turn + side * 0.13, y - 0.05)], 0.01)
                    self.light(self.mask(line, 0.008), 1 - 0.35 * min(1.0, wrinkle))
                fold = band([(side * 0.2, 0.25), (side * 0.36, 0.42), (side * 0.4, 0.6)], 0.022)
                self.light(self.mask(fold + self.aside, 0.02), 0.72)

    def _mouth(self) -> None:
        units, person = self.units, self.person
        width = person.mouth_width * (1 + 0.35 * units.lip_corner + 0.35 * units.lip_stretch - 0.12 * units.jaw_drop)
        middle = 0.68 + 0.05 * units.jaw_drop - 0.06 * units.nose_wrinkle
        corners = {
            side: middle
            - 0.17 * units.lip_corner
            + 0.13 * units.corner_down
            - (0.17 * units.one_corner if side == self.smirk else 0.0)
            for side in (-1, 1)
        }
        reach = {side: width * (1 + (0.18 * units.one_corner if side == self.smirk else 0.0)) for side in (-1, 1)}
        opening = 0.32 * units.jaw_drop * (0.75 if units.lip_corner > 0.4 else 1.0)
        upper = middle - 0.1 * units.nose_wrinkle - 0.25 * opening + 0.03 * units.lip_corner
        lower = middle + 0.75 * opening + 0.05 * units.lip_corner
        left, right = (-reach[-1] + self.turn, corners[-1]), (reach[1] + self.turn, corners[1])
        thick = 0.055 * person.lip_weight * max(0.25, 1 - 0.8 * units.lip_press)
        lips = lens(left, right, upper - thick, lower + 1.2 * thick)
        self.blend(self.mask(lips, 0.012), _color(np.array(self.tone(0.72)) * (0.85, 0.75, 1.05)))
        if opening > 0.03:
            hole = self.mask(lens(left, right, upper, lower), 0.006)
            self.blend(hole, (0.06, 0.05, 0.16))
            teeth = lens(left, right, upper, upper + 0.09)
            self.blend(self.mask(teeth, 0.008) * hole, (0.88, 0.92, 0.93), min(1.0, 2 * units.lip_corner + 0.3))
        else:
            line = band([left, (self.turn, (upper + lower) / 2), right], 0.014)
            self.blend(self.mask(line, 0.008), (0.1, 0.08, 0.15), 0.85)
        self.light(self.mask(ellipse(self.turn, lower + 0.17, 0.2, 0.05), 0.04), 0.85)  # under the lip


def _occupied(mask: Canvas) -> tuple[slice, slice]:
    """The rows and columns of a mask that are not all 0: most are, and nothing is painted there."""
    x, y, width, height = cv2.boundingRect((mask > 0).view(np.uint8))
    return slice(y, y + height), slice(x, x + width)


def _photographed(canvas: Canvas, size: int, rng: np.random.Generator) -> Image:
    """Simulate a photograph of the painting: rotation, lighting, noise and resizing, uint8 (size, size, 3)."""
    angle = np.deg2rad(rng.uniform(-8, 8))
    zoom = rng.uniform(0.92, 1.08) * size / SIDE
    cos, sin = zoom * np.cos(angle), zoom * np.sin(angle)
    matrix = np.array([[cos, -sin, 0], [sin, cos, 0]])
    matrix[:, 2] = size / 2 + rng.uniform(-0.03, 0.03, 2) * size - matrix[:, :2].sum(1) * SIDE / 2
    smooth = cv2.GaussianBlur(canvas, (0, 0), max(0.3, 0.4 * SIDE / size))
    picture = cv2.warpAffine(smooth, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    direction = rng.uniform(-1, 1, 2)
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j].astype(np.float32)
    light = (rng.uniform(0.8, 1.1) * (1 + 0.18 * (x * direction[0] + y * direction[1])))[:, :, None]
    picture = picture * light + rng.normal(0, rng.uniform(0.005, 0.02), picture.shape)
    return np.asarray(np.clip(255 * picture, 0, 255), np.uint8)
