"""A training that is killed, asked to stop, or runs out of disk, goes on to the very weights it would have had."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch

from affect.arrays import new_mapped_array
from affect.errors import AffectError
from affect.model.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from affect.training.state import RunState, load_progress, save_progress
from tests.tools.patterns import write_patterns
from tests.tools.repeats import repeats
from tests.tools.small_disk import small_disk
from tests.training.forked_training import Place, start

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot fork, and has no such signals")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_patterns(tmp_path_factory.mktemp("survival") / "drawn", train=6, val=2)


Places = Callable[[str], Place]


@pytest.fixture(scope="module")
def places(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Places:
    """New places for trainings on these pictures."""
    root, cache = tmp_path_factory.mktemp("places"), tmp_path_factory.mktemp("cache")
    return lambda name: Place(drawn, root / name, cache)


class Whole(NamedTuple):
    """What an uninterrupted training gives, and how long it takes."""

    checkpoint: Checkpoint
    history: str
    seconds: float


@pytest.fixture(scope="module")
def whole(places: Places) -> Whole:
    place = places("whole")
    finish(places("help"), "--help")  # the first one waits for the fork server
    began = time.monotonic()
    finish(place)
    seconds = time.monotonic() - began
    return Whole(load_checkpoint(place.checkpoint), place.history.read_text(), seconds)


def finish(place: Place, *arguments: str) -> None:
    """Train to the end."""
    training = start(place, *arguments)
    training.join(240)
    assert training.exitcode == 0, place.said


def assert_is(place: Place, expected: Whole) -> None:
    """The training there has gone and ended as this one, to the last bit, and has left nothing but what it is for."""
    found, weights = load_checkpoint(place.checkpoint), expected.checkpoint.state_dict
    assert all(torch.equal(found.state_dict[k], weights[k]) for k in weights)
    assert found.temperature == expected.checkpoint.temperature
    assert place.history.read_text() == expected.history  # the best epoch may be one before the kill
    assert [p.name for p in place.checkpoint.parent.iterdir()] == [place.checkpoint.name]
    assert place.metrics.is_file()


def assert_nothing_half_written(place: Place) -> None:
    """Every file that a kill has left under its own name is whole."""
    if place.checkpoint.is_file():
        load_checkpoint(place.checkpoint)
    if place.state.is_file():
        torch.load(place.state, weights_only=True)


@repeats(2, 10)
def test_a_training_killed_at_any_moment_resumes_to_the_same_bits(places: Places, whole: Whole, repeats: int) -> None:
    seconds = whole.seconds
    draw, epochs = random.Random(10), []  # noqa: S311
    for i in range(repeats):
        moment = 0.05 + 0.9 / repeats * (i + draw.random())  # of the training's time: one in each equal part of it
        for attempt in range(6):
            place = places(f"killed-{repeats}-{i}-{attempt}")
            training = start(place)
            time.sleep(moment * seconds)
            training.kill()
            training.join()
            if training.exitcode != 0:
                break
            seconds *= 0.8  # the machine has become faster: this one ended before its kill
        assert training.exitcode == -signal.SIGKILL, place.said
        assert_nothing_half_written(place)
        epochs.append(len(torch.load(place.state, weights_only=True)["history"]) if place.state.is_file() else 0)
        finish(place, "--resume")
        assert_is(place, whole)
    print(f"killed after so many of 4 epochs: {epochs}, of a training of {seconds:.1f} s")
    assert len(set(epochs)) >= min(3, repeats - 1)


def test_a_kill_while_it_saves_leaves_no_half_written_state_behind(places: Places, whole: Whole) -> None:
    place = places("saving")
    training = start(place, fate="killed while it saves")
    training.join(60)
    assert training.exitcode == -signal.SIGKILL, place.said
    (part,) = (p for p in place.state.parent.iterdir() if p.name.endswith(".part"))
    assert min(part.stat().st_size, place.state.stat().st_size) > 1_000_000
    assert len(torch.load(place.state, weights_only=True)["history"]) == 1
    finish(place, "--resume")
    assert_is(place, whole)


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, *(pytest.param(n, marks=pytest.mark.nightly) for n in (signal.SIGINT, signal.SIGHUP))]
)
def test_a_training_that_is_asked_to_stop_says_how_it_goes_on(number: int, places: Places, whole: Whole) -> None:
    place = places(signal.Signals(number).name)
    training = start(place)
    deadline = time.monotonic() + 60
    while not place.state.is_file() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert training.pid is not None
    os.kill(training.pid, number)
    training.join(60)
    assert training.exitcode == 130, place.said
    assert "Traceback" not in place.said
    assert place.said.rstrip().splitlines()[-1].startswith("interrupted: the same command with --resume")
    finish(place, "--resume")
    assert_is(place, whole)


def test_a_kill_between_the_checkpoint_and_its_figures_does_not_pass_for_the_end(places: Places, whole: Whole) -> None:
    finished, place = places("whole"), places("between")
    shutil.copytree(finished.root, place.root)
    place.metrics.unlink()
    place.checkpoint.with_name(f".{place.checkpoint.name}.half.part").write_bytes(b"of one that was being written")
    identity = load_checkpoint(place.checkpoint).provenance["identity"]
    row = {"stage": "all", "epoch": 3, "val_loss": 1.0, "val_accuracy": 0.5}
    done = {"row": row, "model": whole.checkpoint.state_dict}
    stage = {"best": done, "last": done}
    save_progress(place.state, RunState(2, 0, [row], finished=[stage, stage]), identity)
    finish(place, "--resume")
    assert_is(place, whole)


def test_a_full_disk_ends_a_training_with_one_line_and_it_goes_on_when_there_is_room(
    places: Places, whole: Whole
) -> None:
    place = places("full")
    place.root.parent.mkdir(exist_ok=True)
    with small_disk(place.root, "200m") as disk:
        training = start(place, fate="full disk")
        training.join(120)
        assert training.exitcode == 2, place.said
        assert "Traceback" not in place.said
        assert place.said.rstrip().splitlines()[-1].startswith("error: the disk is full")
        assert len(torch.load(place.state, weights_only=True)["history"]) == 1
        assert not list(place.state.parent.glob(".*.part"))
        (disk / "filler").unlink()
        finish(place, "--resume")
        assert_is(place, whole)


def test_no_beginning_of_a_state_is_taken_for_a_state(tmp_path: Path) -> None:
    path = tmp_path / ".x.resume.pt"
    save_progress(path, RunState(history=[{"epoch": 1}], best={"model": {"w": torch.arange(5000.0)}}), {"seed": 1})
    data = path.read_bytes()
    assert load_progress(path, {"seed": 1}).history == [{"epoch": 1}]
    for length in [*range(0, len(data), 997), len(data) - 1]:
        path.write_bytes(data[:length])
        with pytest.raises(AffectError, match="damaged"):
            load_progress(path, {"seed": 1})


def test_an_array_for_which_there_is_no_room_is_an_error_and_not_the_end_of_the_program(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "1m") as disk:
        array = new_mapped_array(disk / "fits.npy", np.uint8, (500, 1000))
        array[:] = 1
        with pytest.raises(OSError, match="No space left"):
            new_mapped_array(disk / "larger.npy", np.uint8, (2000, 1000))


def test_a_checkpoint_for_which_there_is_no_room_leaves_the_one_before(tmp_path: Path, checkpoint_file: Path) -> None:
    checkpoint = load_checkpoint(checkpoint_file)
    with small_disk(tmp_path / "disk", "12m") as disk:
        save_checkpoint(disk / "model.pt", checkpoint)
        before = (disk / "model.pt").read_bytes()
        with pytest.raises(OSError, match="No space left"):
            save_checkpoint(disk / "model.pt", replace(checkpoint, temperature=2.0))
        assert (disk / "model.pt").read_bytes() == before
        assert [path.name for path in disk.iterdir()] == ["model.pt"]
