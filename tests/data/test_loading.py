from __future__ import annotations

import cv2
import numpy as np
import pandas as pd
import pytest
import torch

from affect.data import loading
from affect.data.loading import (
    SHARE_OF_ABSENT,
    Batches,
    FaceDataset,
    Views,
    class_shares,
    normalized,
    one_view_each,
    resolved,
    shuffled,
    target_distributions,
    whole_batches,
)
from affect.data.manifest import VOTES
from affect.faces.preprocessing import Preprocessing
from affect.training.activations import Activations
from affect.training.experiments import STARTER

PICTURE = np.random.default_rng(0).integers(0, 256, (40, 40, 1), dtype=np.uint8)


def test_soft_targets_are_the_shares_of_the_votes() -> None:
    rows = pd.DataFrame([[0] * 8, [0] * 8], columns=VOTES).assign(label=["happy", "sad"])
    rows.loc[0, ["votes_happy", "votes_neutral"]] = [6, 2]
    soft = target_distributions(rows, soft=True)
    assert soft[0, 4] == pytest.approx(0.75)
    assert soft[0, 5] == pytest.approx(0.25)
    assert soft[1].tolist() == [0, 0, 0, 0, 0, 0, 1, 0]  # nobody voted: the label
    assert target_distributions(rows, soft=False)[0].tolist() == [0, 0, 0, 0, 1, 0, 0, 0]


def test_variation_depends_on_seed_and_picture_alone() -> None:
    settings = Preprocessing(image_size=40, color="grey")
    base = FaceDataset(np.stack([PICTURE, PICTURE]), np.eye(8, dtype=np.float32)[:2], settings)
    one, again, other = (base.varied(STARTER.augmentation, 40, *seed) for seed in ((1, 2), (1, 2), (1, 3)))
    np.testing.assert_array_equal(one[0][0], again[0][0])
    assert (one[0][0] != one[1][0]).any()
    assert (one[0][0] != other[0][0]).any()


def test_augmentation_does_not_leak_into_the_plain_data_set() -> None:
    settings = Preprocessing(image_size=40, color="grey")
    base = FaceDataset(PICTURE[None], np.eye(8, dtype=np.float32)[:1], settings)
    before = base[0][0].clone()
    varied = base.varied(STARTER.augmentation, 40, 0)
    assert (varied[0][0] != before).any()
    np.testing.assert_array_equal(base[0][0], before)


def test_a_batch_is_the_items_one_by_one() -> None:
    settings = Preprocessing(image_size=40, color="grey")
    base = FaceDataset(np.stack([PICTURE, PICTURE[::-1]]), np.eye(8, dtype=np.float32)[:2], settings)
    for data in (base, base.varied(STARTER.augmentation, 40, 3)):
        faces, targets = data.__getitems__([1, 0])
        assert torch.equal(faces, torch.stack([data[1][0], data[0][0]]))
        assert torch.equal(targets, torch.stack([data[1][1], data[0][1]]))


def test_whole_batches_follow_the_order() -> None:
    order = shuffled(7, 1, 2)
    assert sorted(order) == list(range(7))
    assert whole_batches(order, 3) == [order[:3].tolist(), order[3:6].tolist()]
    assert whole_batches(order, 50) == [order.tolist()]  # fewer pictures than a batch are one batch
    assert whole_batches(order[:0], 3) == []


@pytest.mark.parametrize("settings", [Preprocessing(40, "grey"), Preprocessing(40, mean=(0.1, 0.5, 0.3))])
def test_pytorch_normalises_as_the_live_program_does(settings: Preprocessing) -> None:
    pictures = np.random.default_rng(1).integers(0, 256, (3, 40, 40, settings.channels), dtype=np.uint8)
    made = normalized(torch.from_numpy(pictures), settings)
    assert made.is_contiguous()
    np.testing.assert_array_equal(made.numpy(), settings.normalize(pictures))


@pytest.mark.parametrize("processes", [0, 2])
def test_batches_are_the_data_sets_whoever_prepares_them(processes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "workers", lambda items: processes)
    settings = Preprocessing(image_size=40, color="grey")
    base = FaceDataset(np.stack([PICTURE, PICTURE[::-1], PICTURE]), np.eye(8, dtype=np.float32)[:3], settings)
    varied = base.varied(STARTER.augmentation, 40, 3)
    indices = [[2, 0], [1, 1]]
    found = list(Batches(varied, indices, torch.device("cpu")))
    assert len(found) == len(Batches(varied, indices, torch.device("cpu"))) == 2
    for (faces, targets), wanted in zip(found, indices, strict=True):
        assert torch.equal(faces, varied.__getitems__(wanted)[0])
        assert torch.equal(targets, varied.__getitems__(wanted)[1])


def test_processes_start_while_opencv_has_threads_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "workers", lambda items: 2)
    before = cv2.getNumThreads()
    cv2.setNumThreads(4)
    large = np.zeros((2000, 2000), np.uint8)
    cv2.warpAffine(large, np.eye(2, 3), (2000, 2000))  # starts them
    base = FaceDataset(PICTURE[None], np.eye(8, dtype=np.float32)[:1], Preprocessing(image_size=40, color="grey"))
    faces, _ = next(iter(Batches(base.varied(STARTER.augmentation, 40, 3), [[0]], torch.device("cpu"))))
    assert faces.shape == (1, 3, 40, 40)
    assert cv2.getNumThreads() == 4  # they are there again
    cv2.setNumThreads(before)


def test_pictures_pass_between_processes_as_bytes() -> None:
    settings = Preprocessing(image_size=40, color="grey")
    base = FaceDataset(PICTURE[None], np.eye(8, dtype=np.float32)[:1], settings)
    compact, _ = base.compact([0])
    assert (compact.dtype, compact.shape) == (torch.uint8, (1, 40, 40, 1))


def test_a_shuffle_depends_on_its_seed_alone() -> None:
    np.testing.assert_array_equal(shuffled(50, 1, 2), shuffled(50, 1, 2))
    assert (shuffled(50, 1, 2) != shuffled(50, 1, 3)).any()


def test_no_process_is_started_for_what_lies_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(items: int) -> int:
        raise AssertionError("asked for processes")

    monkeypatch.setattr(loading, "workers", none)
    ready = Activations(np.arange(6.0).reshape(3, 2), torch.eye(8)[:3])
    values, targets = next(iter(Batches(ready, [[2, 0]], torch.device("cpu"))))
    assert values.tolist() == [[4.0, 5.0], [0.0, 1.0]]
    assert targets.argmax(1).tolist() == [2, 0]


def test_every_epoch_shows_each_picture_once_and_every_view_in_turn() -> None:
    shown = [one_view_each(6, 18, epoch, 7) for epoch in range(3)]
    for indices in shown:
        assert sorted(indices % 6) == list(range(6))
        assert len(set(indices // 6)) > 1  # not the same view of all: an epoch varies as much as the next
    assert sorted(np.concatenate(shown)) == list(range(18))
    assert one_view_each(6, 18, 0, 7).tolist() == shown[0].tolist() != one_view_each(6, 18, 0, 8).tolist()


def test_views_are_the_variations_one_after_the_other() -> None:
    pictures = np.stack([PICTURE, PICTURE[::-1], PICTURE[:, ::-1]])
    base = FaceDataset(pictures, np.eye(8, dtype=np.float32)[:3], Preprocessing(image_size=40, color="grey"))
    data = [base.varied(STARTER.augmentation, 40, view) for view in range(2)]
    views = Views(data)
    assert len(views) == 6
    compact, targets = views.compact([1, 3 + 2])
    assert torch.equal(compact, torch.cat([data[0].compact([1])[0], data[1].compact([2])[0]]))
    assert torch.equal(targets, base.targets[[1, 2]])
    ((faces, _),) = Batches(views, [[1, 3 + 2]], torch.device("cpu"))
    assert torch.equal(faces, base.model_input(compact))


def test_a_partial_label_is_shared_out_as_the_answers_say_and_others_stay() -> None:
    rows = pd.DataFrame({"label": ["sad", "happy"], "either": ["sad/disgust", ""]})
    targets = torch.from_numpy(target_distributions(rows, soft=False))
    assert targets.sum(1).tolist() == [2, 1]
    answers = torch.tensor([[0.0, 0.0, 0.3, 0.0, 0.6, 0.0, 0.1, 0.0]] * 2)
    expected = torch.zeros(2, 8)
    expected[0, 2], expected[0, 6], expected[1, 4] = 0.75, 0.25, 1
    torch.testing.assert_close(resolved(targets, answers), expected)
    nothing = resolved(targets, torch.zeros(2, 8))  # a network that is sure that it is something else
    torch.testing.assert_close(nothing[0], torch.tensor([0, 0, 0.5, 0, 0, 0, 0.5, 0]))


def test_shares_count_a_partial_label_in_halves_and_no_class_is_ruled_out() -> None:
    targets = np.zeros((4, 8), np.float32)
    targets[0, [2, 6]] = 1
    targets[1:, 4] = 1
    shares = class_shares(targets)
    assert shares.sum() == pytest.approx(1)
    assert shares[4] / shares[2] == pytest.approx(0.75 / 0.125)
    assert shares[2] == shares[6]
    assert shares[0] / shares[4] == pytest.approx(SHARE_OF_ABSENT / 0.75)
