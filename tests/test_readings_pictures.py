from __future__ import annotations

import numpy as np
import pandas as pd

from affect import readings
from affect.data.framing import Framing


def test_small_pictures_are_said_to_be_enlarged() -> None:
    sizes = pd.DataFrame({"width": [48] * 4, "height": [48] * 4})
    assert "48 pixels in every picture; 100% of the pictures are square" in readings.sizes(sizes)
    text = readings.sizes_follow(sizes, 112)
    assert "enlarged 2.3 times" in text
    assert "4×4 cells" in text
    assert "reduced" in readings.sizes_follow(sizes * 10, 112)


def test_a_class_that_differs_in_light_is_told() -> None:
    rng, labels = np.random.default_rng(0), np.repeat(np.arange(8), 100)
    alike = pd.DataFrame({"brightness": rng.normal(100, 10, 800)})
    apart = alike.assign(brightness=alike["brightness"] + 20 * labels)
    assert "between the 8 classes, the means differ by 0.06 (brightness) of" in readings.statistics_follow(
        alike, labels
    )
    assert "differ by 0.98 (brightness) of a picture's standard deviation" in readings.statistics_follow(apart, labels)


def test_faces_that_are_found_unevenly_are_told() -> None:
    labels = pd.Series(["sad"] * 10 + ["happy"] * 10)
    text = readings.found(pd.Series([True] * 5 + [False] * 5 + [True] * 10), labels)
    assert "least often in sad (50%)" in text
    assert "uneven" in text
    assert "loses 0.0% of them" in readings.found(pd.Series([True] * 20), labels)


def test_the_mean_of_a_class_that_does_not_occur_is_not_missed() -> None:
    pictures = np.random.default_rng(0).integers(0, 255, (50, 8, 8, 1), dtype=np.uint8)
    assert "A class's mean differs" in readings.mean_faces(pictures, np.repeat([0, 4], 25))
    assert "fewer than 20" in readings.mean_faces(pictures, np.repeat([0, 4], [40, 10]))


def test_pictures_that_are_crops_already_are_told_from_those_that_are_not() -> None:
    assert "face crops already" in readings.framing(Framing(0.01, 0.0, 500, 430), 0.88)
    assert "what v4 is about" in readings.framing(Framing(0.4, 0.0, 500, 490), 0.98)
