from __future__ import annotations

from pathlib import Path

from affect.datasets.sample import write_sample
from affect.notebooks import prepare, readings


def test_the_top_names_the_data_its_size_and_that_it_is_a_trial(tmp_path: Path) -> None:
    setup = prepare(write_sample(tmp_path / "faces", train=2, val=1, size=48), image_size=64, epochs=1)
    text = readings.where_from(setup)
    assert "data set `faces`**: 24 pictures (16 train, 8 val)" in text
    assert "64×64" in text
    assert "`DATA = …/faces`, `EPOCHS = 1`" in text
    assert "A trial run:** 1 epoch a stage" in text
    assert str(setup.manifest.source.path.parent) not in text
