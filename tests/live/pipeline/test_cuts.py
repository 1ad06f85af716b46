"""Where the whole picture changes at once, and what only looks like it: on drawn scenes."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from affect.faces.preprocessing import Image
from affect.live.pipeline.cuts import CutDetector
from affect.live.pipeline.grey_pyramid import GreyPyramid
from affect.live.sources.files import DemoSource

WIDTH, HEIGHT = 640, 360


def scene(seed: int, aside: float = 0.0, grows: float = 1.0) -> Image:
    """A room and somebody's head and shoulders.   aside: the head's move, in heads."""
    rng = np.random.default_rng(seed)
    room = cv2.GaussianBlur(rng.normal(0, 1, (HEIGHT, WIDTH)).astype(np.float32), (0, 0), rng.uniform(8, 25))
    room = cv2.normalize(room, None, rng.uniform(20, 80), rng.uniform(150, 240), cv2.NORM_MINMAX)
    for _ in range(4):
        x, y = (int(v) for v in rng.uniform(0, (WIDTH, HEIGHT)))
        cv2.rectangle(room, (x, y), (x + 90, y + 60), rng.uniform(0, 255), -1)
    side = HEIGHT * rng.uniform(0.3, 0.45)
    x, y = round(WIDTH * rng.uniform(0.4, 0.6) + aside * side), round(HEIGHT * 0.45)
    side = round(side * grows)
    cv2.ellipse(room, (x, y + round(1.5 * side)), (side, side), 0, 0, 360, rng.uniform(20, 220), -1)
    cv2.ellipse(room, (x, y), (round(0.4 * side), side // 2), 0, 0, 360, rng.uniform(90, 220), -1)
    for eye in (-1, 1):
        cv2.circle(room, (x + round(0.17 * eye * side), y - side // 10), side // 14, 30, -1)
    cv2.ellipse(room, (x, y + side // 4), (side // 7, side // 20), 0, 0, 360, 60, -1)
    noisy = room + np.random.default_rng(round(100 * abs(aside)) + 7).normal(0, 2, room.shape)
    return cv2.cvtColor(np.clip(noisy, 0, 255).astype(np.uint8), cv2.COLOR_GRAY2BGR)


def cuts(*pictures: Image) -> list[bool]:
    detector, views = CutDetector(), GreyPyramid()
    return [detector.see(views.take(np.ascontiguousarray(picture))) for picture in pictures]


def lit(picture: Image, light: np.ndarray | float, more: float = 0.0) -> Image:
    return np.clip(picture * np.asarray(light)[..., None] + more, 0, 255).astype(np.uint8)


def lamp(x: float, y: float) -> np.ndarray:
    """A dark room, and a lamp at a place of it."""
    across, down = np.meshgrid(np.linspace(0, 1, WIDTH), np.linspace(0, 1, HEIGHT))
    return 0.3 + 1.5 * np.exp(-((across - x) ** 2 + (down - y) ** 2) / 0.12)


def shifted(picture: Image, across: int, down: int, zoom: float = 1.0) -> Image:
    matrix = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), 0, zoom)
    matrix[:, 2] += (across, down)
    return cv2.warpAffine(picture, matrix, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT)


@pytest.mark.parametrize("seed", range(12))
def test_another_picture_is_a_cut_at_its_first_frame_only(seed: int) -> None:
    before, after = scene(2 * seed), scene(2 * seed + 1)
    assert cuts(before, before, after, scene(2 * seed + 1, 0.02), after) == [False, False, True, False, False]


@pytest.mark.parametrize("size", [(320, 180), (176, 144), (640, 480), (1920, 1080), (360, 640), (50, 40)])
def test_a_cut_is_seen_in_any_size_and_also_where_the_size_changes_with_it(size: tuple[int, int]) -> None:
    assert cuts(cv2.resize(scene(3), size), cv2.resize(scene(4), size)) == [False, True]
    assert cuts(scene(3), cv2.resize(scene(4), size)) == [False, True]


def test_a_cut_between_black_bars_that_stay_is_seen_too() -> None:
    pairs = [[scene(2 * seed), scene(2 * seed + 1)] for seed in range(12)]
    for picture in (picture for pair in pairs for picture in pair):
        picture[:40] = picture[-40:] = 0
        picture[40:44] = picture[-44:-40] = 255
    assert sum(cuts(*pair)[1] for pair in pairs) >= 3  # of strong edges alone, which stay, none


def test_another_size_of_the_same_picture_is_none() -> None:
    assert not any(cuts(scene(3), cv2.resize(scene(3), (320, 180)), cv2.resize(scene(3), (1280, 720))))


@pytest.mark.parametrize("seed", range(6))
def test_a_head_that_moves_or_leaves_is_none(seed: int) -> None:
    still = scene(seed)
    for moved in (scene(seed, 0.3), scene(seed, -0.8), scene(seed, 1.2), scene(seed, 0.2, 1.2), scene(seed, 3.0)):
        assert not any(cuts(still, moved, still))


@pytest.mark.parametrize("seed", range(6))
def test_light_alone_is_none(seed: int) -> None:
    still = scene(seed)
    gamma = (255 * (still / 255.0) ** 2.2).astype(np.uint8)
    lights = [lit(still, g) for g in (0.15, 0.4, 1.8)] + [lit(still, 1.0, m) for m in (-60, 60)] + [gamma]
    lights += [lit(still, lamp(x, y)) for x, y in ((0, 0), (0.5, 0.5), (1, 0.3))] + [lit(still, 1.6, 60)]
    for changed in lights:
        assert not any(cuts(still, changed, still))


def test_a_camera_or_window_that_moves_and_a_zoom_are_none() -> None:
    for seed in range(6):
        still = scene(seed)
        for moved in (
            shifted(still, 25, -15),
            shifted(still, 90, 30),
            shifted(still, -200, 0),
            shifted(still, 0, 0, 1.1),
        ):
            assert not any(cuts(still, moved))


def test_a_picture_that_goes_black_or_is_covered_for_a_while_is_none_if_it_comes_back() -> None:
    for plain in (0, 90, 255):
        covered = np.full((HEIGHT, WIDTH, 3), plain, np.uint8)
        assert not any(cuts(scene(1), covered, covered, scene(1, 0.2)))


def test_a_fade_through_black_is_a_cut_where_the_new_picture_appears() -> None:
    out = [lit(scene(1), g) for g in np.linspace(1, 0, 12)]
    into = [lit(scene(2), g) for g in np.linspace(0, 1, 12)]
    found = cuts(*out, *into)
    assert sum(found) == 1
    assert found.index(True) in range(12, 16)


def test_a_fade_to_black_and_back_is_none() -> None:
    out = [lit(scene(1), g) for g in np.linspace(1, 0, 12)]
    assert not any(cuts(*out, *out[::-1]))


@pytest.mark.parametrize("fps", [1, 5, 30])
def test_the_demo_has_none_at_any_frame_rate(fps: int) -> None:
    demo = DemoSource()
    small = [cv2.resize(demo.picture(i / fps), (WIDTH, HEIGHT)) for i in range(min(20 * fps, 100))]
    assert not any(cuts(*small))


def test_a_mirrored_and_an_upturned_picture_are_other_pictures() -> None:
    picture = DemoSource().picture(0.0)
    assert cuts(picture, picture[:, ::-1], picture[::-1]) == [False, True, True]


def test_a_zoom_by_a_fifth_at_once_and_a_lamp_that_goes_on_while_the_head_moves_are_mostly_none() -> None:
    pairs = [(scene(seed), shifted(scene(seed), 0, 0, 1.2)) for seed in range(24)]
    pairs += [(scene(seed), lit(scene(seed, 0.3), lamp(0.1 * (seed % 10), 0.5))) for seed in range(24)]
    assert sum(cuts(before, after)[1] for before, after in pairs) <= len(pairs) / 4
