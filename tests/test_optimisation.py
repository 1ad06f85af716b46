from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from affect.data.loading import drawn
from affect.distillation import Answer
from affect.experiments import V1
from affect.fitting import new_accelerator
from affect.optimisation import Learner, WeightAverage, new_loss


class Constant:
    """A trunk that passes everything through."""

    def __call__(self, inputs: torch.Tensor) -> torch.Tensor:
        return inputs


def learner(
    module: nn.Module,
    rate: float = 0.5,
    teach: Callable[[torch.Tensor], Answer] | None = None,
    **changes: object,
) -> Learner:
    experiment = replace(V1, **changes)  # type: ignore[arg-type]
    accelerator = new_accelerator()
    optimizer = torch.optim.SGD(module.parameters(), rate)
    schedule = torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)
    prepared, optimizer = accelerator.prepare(module, optimizer)
    loss = new_loss(experiment, torch.eye(8), accelerator.device)
    return Learner(experiment, accelerator, module, prepared, optimizer, schedule, loss, teach)


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


def test_a_mixed_batch_has_mixed_targets_that_sum_to_one() -> None:
    seen: list[torch.Tensor] = []
    model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 8))
    made = learner(model, mixup=1.0)
    made._loss = lambda logits, wanted: (seen.append(wanted), nn.functional.cross_entropy(logits, wanted))[1]
    torch.manual_seed(3)
    made.epoch(Constant(), [(torch.rand(8, 3, 8, 8), torch.eye(8))], "mix")  # type: ignore[arg-type]
    torch.testing.assert_close(seen[0].sum(1), torch.ones(8))
    assert ((seen[0] > 0) & (seen[0] < 1)).any()


def test_teachers_are_shown_what_is_learned_from_and_their_answers_are_learned_to_their_share() -> None:
    inputs, targets = batch()
    shown: list[torch.Tensor] = []
    answers = torch.full((8, 8), 1 / 8)

    def teach(faces: torch.Tensor) -> Answer:
        shown.append(faces)
        return Answer(answers, torch.zeros(8, 3))

    model = linear()
    wanted = nn.functional.cross_entropy(model(inputs), 0.7 * targets + 0.3 * answers).item()
    taught = learner(model, distill=0.3, taught_on="varied", teach=teach)
    learned = taught.epoch(Constant(), [(inputs, targets)], "step")  # type: ignore[arg-type]
    assert learned["train_loss"] == pytest.approx(wanted, rel=1e-5)
    assert len(shown) == 1
    assert torch.equal(shown[0], inputs)


class Matching(nn.Module):
    """Gives what a map makes of its features beside the logits, as `affect.trunk.MatchingTop` does while it learns."""

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
    taught = learner(model, taught_on="varied", match=0.4, teach=lambda _: Answer(targets, features))
    before = model.map.weight.detach().clone()
    learned = taught.epoch(Constant(), [(inputs, targets)], "step")  # type: ignore[arg-type]
    assert learned["train_loss"] == pytest.approx(wanted.item(), rel=1e-5)
    assert not torch.equal(model.map.weight.detach(), before)


def test_logit_adjustment_asks_more_of_frequent_classes_and_less_where_it_is_weaker() -> None:
    targets = torch.eye(8)[torch.tensor([5] * 93 + [0, 1, 2, 3, 4, 6, 7])]
    wanted = torch.eye(8)[[1]]
    logits = torch.zeros(1, 8)

    def loss(adjustment: float) -> float:
        experiment = replace(V1, adjustment=adjustment)
        return float(new_loss(experiment, targets, torch.device("cpu"))(logits, wanted))

    assert loss(1.0) > loss(0.5) > loss(0.0) == pytest.approx(np.log(8))


def test_balance_draws_rare_classes_more_often() -> None:
    labels = np.repeat([0, 1], [9000, 1000])
    shares = [(labels[drawn(labels, balance, 0)] == 1).mean() for balance in (0.0, 0.5, 1.0)]
    assert shares == pytest.approx([0.1, 0.25, 0.5], abs=0.02)
    np.testing.assert_array_equal(drawn(labels, 0.5, 1, 2), drawn(labels, 0.5, 1, 2))
