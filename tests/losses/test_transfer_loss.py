"""TransferLoss: what a training step has, and how a loss, ours or anybody's, gets just what it asks for."""

from typing import Any

import pytest
import torch
from torch import Tensor

from embedding_transfer.errors import UsageError
from embedding_transfer.losses import DarkRankLoss, FitNetLoss, RelaxedContrastiveLoss, TransferLoss, WeightedSum
from embedding_transfer.losses.transfer_loss import BATCH_FIELDS, Batch


def step() -> Batch:
    torch.manual_seed(0)
    return Batch(
        target=torch.randn(6, 4),
        source=torch.randn(6, 5),
        target_maps=[torch.rand(6, 3, 2, 2)],
        source_maps=[torch.rand(6, 4, 2, 2)],
        labels=torch.arange(6) // 2,
        index=torch.arange(6),
    )


class LabelsFirst(TransferLoss):
    """As users wrote them before there was a Batch: other fields in another order, and an option with a default."""

    def forward(self, labels: Tensor, target: Tensor, power: float = 2.0) -> Tensor:
        return (target.abs() ** power).sum() + labels.sum()


class OwnFields(TransferLoss):
    """Overrides ``fields``, as a loss does that finds out late what it needs."""

    @property
    def fields(self) -> tuple[str, ...]:
        return ("source", "index")

    def forward(self, **chosen: Any) -> Tensor:
        assert set(chosen) == {"source", "index"}
        return chosen["source"].sum() + chosen["index"].sum()


def test_the_fields_of_a_training_step():
    assert BATCH_FIELDS == ("target", "source", "target_maps", "source_maps", "labels", "index")


def test_ours_get_what_they_ask_for():
    batch = step()
    assert DarkRankLoss().of_batch(batch) == DarkRankLoss()(batch.target, batch.source, batch.labels)
    fitnet = FitNetLoss([3], [4])
    assert fitnet.of_batch(batch) == fitnet(batch.target_maps, batch.source_maps)


def test_a_user_s_loss_of_before_goes_on_working():
    batch = step()
    assert LabelsFirst().fields == ("labels", "target")
    assert LabelsFirst().of_batch(batch) == LabelsFirst()(batch.labels, batch.target)
    assert OwnFields().of_batch(batch) == batch.source.sum() + 15


def test_a_sum_asks_each_loss_in_its_own_way():
    class Counted(LabelsFirst):
        def of_batch(self, batch: Batch) -> Tensor:
            return torch.tensor(7.0)

    batch = step()
    loss = WeightedSum([OwnFields(), RelaxedContrastiveLoss(), Counted()], [1.0, 0.5, 10.0])
    expected = OwnFields().of_batch(batch) + 0.5 * RelaxedContrastiveLoss()(batch.target, batch.source) + 70
    torch.testing.assert_close(loss.of_batch(batch), expected)


def test_what_no_training_step_has_is_named():
    class Misspelled(TransferLoss):
        def forward(self, target: Tensor, sorce: Tensor) -> Tensor:
            return target.sum()

    with pytest.raises(UsageError, match="asks for 'sorce', did you mean source"):
        Misspelled().of_batch(step())
