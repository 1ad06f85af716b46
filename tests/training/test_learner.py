from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from affect.training import learner as learning
from affect.training.experiments import V1
from affect.training.learner import Learner, WeightAverage, loss_of, new_schedule
from affect.training.loop import new_accelerator
from affect.training.teachers import Answer


class Constant:
    """A trunk that passes everything through."""

    def __call__(self, inputs: torch.Tensor) -> torch.Tensor:
        return inputs


def learner(
    module: nn.Module,
    rate: float = 0.5,
    teach: Callable[[torch.Tensor, torch.Tensor], Answer] | None = None,
    **changes: object,
) -> Learner:
    experiment = replace(V1, **changes)  # type: ignore[arg-type]
    accelerator = new_accelerator()
    optimizer = torch.optim.SGD(module.parameters(), rate)
    schedule = torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)
    prepared, optimizer = accelerator.prepare(module, optimizer)
    return Learner(experiment, accelerator, module, prepared, optimizer, schedule, teach)


def batch(n: int = 8) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    return torch.randn(n, 4), torch.eye(8)[torch.arange(n) % 8]


def linear() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(4, 8)


def test_the_average_is_applied_for_a_block_and_taken_away_again() -> None:
    model = linear()
    average = WeightAverage(model, 0.75)
    average.update()
    first = model.weight.detach().clone()
    with torch.no_grad():
        model.weight += 1
    average.update()
    with average.applied():
        torch.testing.assert_close(model.weight.detach(), first + 0.25)
    torch.testing.assert_close(model.weight.detach(), first + 1)


def test_without_a_decay_there_is_no_average() -> None:
    model = linear()
    average = WeightAverage(model, 0.0)
    average.update()
    assert average.state_dict() == {}
    with average.applied():
        assert model.weight is next(iter(model.parameters()))


def test_a_mixed_batch_has_mixed_targets_that_sum_to_one(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[torch.Tensor] = []
    model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 8))
    made = learner(model, mixup=1.0)
    monkeypatch.setattr(learning, "loss_of", lambda z, wanted, *_: (seen.append(wanted), loss_of(z, wanted))[1])
    torch.manual_seed(3)
    partial = torch.eye(8).index_fill(0, torch.tensor([7]), 0) + torch.eye(8)[[2]] * torch.tensor([[0.0]] * 7 + [[1]])
    partial[7, 6] = 1  # either of two classes
    made.epoch(Constant(), [(torch.rand(8, 3, 8, 8), partial)], "mix")  # type: ignore[arg-type]
    torch.testing.assert_close(seen[0].sum(1), torch.ones(8))
    assert ((seen[0] > 0) & (seen[0] < 1)).any()


def test_teachers_are_shown_what_is_learned_from_and_their_answers_are_learned_to_their_share() -> None:
    inputs, targets = batch()
    shown: list[torch.Tensor] = []
    answers = torch.full((8, 8), 1 / 8)

    def teach(faces: torch.Tensor, _: torch.Tensor) -> Answer:
        shown.append(faces)
        return Answer(answers, torch.zeros(8, 3))

    model = linear()
    wanted = nn.functional.cross_entropy(model(inputs), 0.7 * targets + 0.3 * answers).item()
    taught = learner(model, distill=0.3, teach=teach)
    learned = taught.epoch(Constant(), [(inputs, targets)], "step")  # type: ignore[arg-type]
    assert learned["train_loss"] == pytest.approx(wanted, rel=1e-5)
    assert len(shown) == 1
    assert torch.equal(shown[0], inputs)


class Matching(nn.Module):
    """Gives what a map makes of its features beside the logits, as `MatchingTop` does while it learns."""

    def __init__(self) -> None:
        super().__init__()
        self.head, self.map = linear(), nn.Linear(4, 3)

    def forward(self, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.head(values), self.map(values)


def test_the_distance_to_the_teachers_features_is_part_of_the_loss() -> None:
    inputs, targets = batch()
    features = torch.randn(8, 3)
    model = Matching()
    with torch.no_grad():
        logits, mapped = model(inputs)
    wanted = nn.functional.cross_entropy(logits, targets) + 0.4 * (mapped - features).square().mean()
    taught = learner(model, match=0.4, teach=lambda *_: Answer(targets, features))
    before = model.map.weight.detach().clone()
    learned = taught.epoch(Constant(), [(inputs, targets)], "step")  # type: ignore[arg-type]
    assert learned["train_loss"] == pytest.approx(wanted.item(), rel=1e-5)
    assert not torch.equal(model.map.weight.detach(), before)


def test_with_balanced_softmax_a_frequent_class_has_to_be_more_certain() -> None:
    log_shares = torch.tensor([0.01] * 5 + [0.93] + [0.01] * 2).log().expand(8, 8)
    losses = [float(loss_of(torch.zeros(1, 8), torch.cat([torch.eye(8), log_shares], 1)[[c]])) for c in (1, 5)]
    assert losses == pytest.approx([-np.log(0.01), -np.log(0.93)], rel=1e-4)
    assert float(loss_of(torch.zeros(1, 8), torch.eye(8)[[1]])) == pytest.approx(np.log(8))


def test_a_partial_label_asks_for_its_classes_together() -> None:
    torch.manual_seed(0)
    logits = torch.randn(3, 8, requires_grad=True)
    either = torch.zeros(3, 8)
    either[:, [2, 6]] = 1
    (made,) = torch.autograd.grad(loss_of(logits, either), logits)
    (wanted,) = torch.autograd.grad(-logits.softmax(1)[:, [2, 6]].sum(1).log().mean(), logits)
    torch.testing.assert_close(made, wanted)


def test_smoothing_gives_its_part_to_all_classes_or_by_their_shares() -> None:
    logits, one = torch.randn(1, 8), torch.eye(8)[[1]]
    shares = torch.tensor([[0.3, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]])
    evenly = nn.functional.cross_entropy(logits, one, label_smoothing=0.2)
    torch.testing.assert_close(loss_of(logits, one, 0.2), evenly)
    by_share = nn.functional.cross_entropy(logits + shares.log(), 0.8 * one + 0.2 * shares)
    torch.testing.assert_close(loss_of(logits, torch.cat([one, shares.log()], 1), 0.2), by_share)


def test_a_teacher_decides_between_the_classes_of_a_partial_label() -> None:
    inputs, _ = batch(1)
    either = torch.zeros(1, 8)
    either[0, [2, 6]] = 1
    answers = torch.tensor([[0.1, 0.1, 0.3, 0.1, 0.1, 0.1, 0.1, 0.1]])
    wanted = 0.5 * answers + 0.5 * torch.tensor([[0, 0, 0.75, 0, 0, 0, 0.25, 0]])
    model = linear()
    expected = nn.functional.cross_entropy(model(inputs), wanted).item()
    taught = learner(model, distill=0.5, teach=lambda *_: Answer(answers, torch.zeros(1, 3)))
    learned = taught.epoch(Constant(), [(inputs, either)], "step")  # type: ignore[arg-type]
    assert learned["train_loss"] == pytest.approx(expected, rel=1e-5)


def test_teachers_are_asked_for_the_shares_of_the_pictures_data_set() -> None:
    inputs, targets = batch()
    log_shares = torch.rand(8, 8).softmax(1).log()
    asked: list[torch.Tensor] = []

    def teach(_: torch.Tensor, shares: torch.Tensor) -> Answer:
        asked.append(shares)
        return Answer(targets, torch.zeros(8, 3))

    made = learner(linear(), distill=0.5, teach=teach)
    made.epoch(Constant(), [(inputs, torch.cat([targets, log_shares], 1))], "step")  # type: ignore[arg-type]
    assert torch.equal(asked[0], log_shares)


@pytest.mark.parametrize("steps", range(1, 13))
def test_a_stage_of_any_number_of_steps_has_rates_up_to_the_peak(steps: int) -> None:
    experiment = replace(V1, schedule="one-cycle", batch_size=1)
    stage = replace(V1.stages[0], epochs=1)
    optimizer = torch.optim.SGD(linear().parameters(), stage.learning_rate)
    schedule = new_schedule(experiment, stage, optimizer, steps)
    for _ in range(steps):
        assert 0 < schedule.get_last_lr()[0] <= stage.learning_rate
        optimizer.step()
        schedule.step()
