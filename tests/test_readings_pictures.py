from __future__ import annotations

import numpy as np
import pandas as pd

from affect import readings
from affect.data.framing import Framing


def test_sizes_are_told_beside_the_training_size() -> None:
    sizes = pd.DataFrame({"width": [48, 48, 60], "height": [48, 48, 50]})
    assert readings.sizes(sizes, 112) == (
        "The shorter side has 48 to 50 pixels (median 48, n = 3); 67% are square. At 112×112, the median picture is "
        "scaled by 2.3, and the network's last block has 4×4 cells."
    )


def test_a_class_that_differs_in_light_is_told() -> None:
    rng, labels = np.random.default_rng(0), np.repeat(np.arange(8), 100)
    alike = pd.DataFrame({"brightness": rng.normal(100, 10, 800)})
    apart = alike.assign(brightness=alike["brightness"] + 20 * labels)
    assert readings.statistics(alike, labels).endswith("share of that of the 800 pictures: 0.06 (brightness).")
    told = readings.statistics(apart, labels)
    assert told.endswith(": 0.98 (brightness).")
    assert "Mean brightness lies between 101 (anger) and 239 (surprise) grey levels." in told


def test_where_faces_are_found_least_and_most_is_told() -> None:
    labels = pd.Series(["sad"] * 10 + ["happy"] * 10)
    text = readings.found(pd.Series([True] * 5 + [False] * 5 + [True] * 10), labels)
    assert "in 75.0% of these 20 pictures, least often in sad (50%), most often in happy (100%)" in text


def test_the_mean_of_a_class_that_does_not_occur_is_not_missed() -> None:
    pictures = np.random.default_rng(0).integers(0, 255, (50, 8, 8, 1), dtype=np.uint8)
    assert "A class's mean differs" in readings.mean_faces(pictures, np.repeat([0, 4], 25))
    assert "fewer than 20" in readings.mean_faces(pictures, np.repeat([0, 4], [40, 10]))


def test_what_the_pictures_show_around_a_face_is_told() -> None:
    told = readings.framing(Framing(0.4, 0.0, 500, 490), 0.98)
    assert told.startswith("Measured in 490 of 500 pictures: the picture's border lies 40% of")
    assert told.endswith("v4 keeps 98.0% of the val pictures.")
