"""Numbers on the command lines: what cannot be meant ends the command before it begins."""

from __future__ import annotations

import argparse
from collections.abc import Callable

import pytest

from affect import ablation, quantisation, training
from affect.arguments import positive, seed_number
from affect.data import sample


def test_a_count_is_one_or_more() -> None:
    assert [positive(text) for text in ("1", " 12 ", "3000")] == [1, 12, 3000]
    for text in ("0", "-3", "1.5", "many", ""):
        with pytest.raises(argparse.ArgumentTypeError, match="no whole number of 1 or more"):
            positive(text)


def test_a_seed_is_what_every_generator_takes() -> None:
    assert [seed_number(text) for text in ("0", "42", "4294967295")] == [0, 42, 2**32 - 1]
    for text in ("-1", "4294967296", "0.5", "random"):
        with pytest.raises(argparse.ArgumentTypeError, match="is no seed: give a whole number from 0 to 4294967295"):
            seed_number(text)


@pytest.mark.parametrize(
    ("main", "arguments"),
    [
        (training.main, ["v1", "--epochs", "0"]),
        (training.main, ["v1", "--epochs", "-1"]),
        (training.main, ["v1", "--limit", "0"]),
        (training.main, ["v1", "--image-size", "-64"]),
        (training.main, ["v1", "--seed", "-1"]),
        (ablation.main, ["--epochs", "0"]),
        (ablation.main, ["--image-size", "0"]),
        (ablation.main, ["--limit", "-3"]),
        (ablation.main, ["--seeds", "1", "-2"]),
        (quantisation.main, ["--pictures", "0"]),
        (sample.main, ["faces", "--train", "0"]),
        (sample.main, ["faces", "--val", "-1"]),
        (sample.main, ["faces", "--size", "0"]),
        (sample.main, ["faces", "--seed", "-1"]),
    ],
)
def test_a_research_command_refuses_a_number_that_cannot_be_meant(
    main: Callable[[list[str]], int], arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(arguments)
    assert leaving.value.code == 2
    assert f"{arguments[-1]} is no " in capsys.readouterr().err
