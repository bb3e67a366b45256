"""MinedLoss: what a miner chooses reaches the loss, and what a loss cannot take is said in one line."""

import pytest
import torch
from metric_loss_checks import CLASSES, SIZE, OfDirections, OfRowsInAnyOrder, batch
from pytorch_metric_learning import losses, miners
from pytorch_metric_learning.reducers import DoNothingReducer

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.metric_losses import MinedLoss, TripletLoss


class ThreePairs(miners.BaseMiner):
    """Of one class: rows 0 and 6, 1 and 7. Of two classes: 0 and 2. Nothing else counts."""

    def mine(self, embeddings, labels, ref_emb, ref_labels):
        return torch.tensor([0, 1]), torch.tensor([6, 7]), torch.tensor([0]), torch.tensor([2])


class TestContract(OfRowsInAnyOrder, OfDirections):
    def make(self):
        return MinedLoss(losses.ArcFaceLoss(CLASSES, SIZE), miners.BatchHardMiner())


def test_only_mined_pairs_count():
    embeddings, labels = batch()
    loss = MinedLoss(losses.ContrastiveLoss(0, 5), ThreePairs())
    unit = torch.nn.functional.normalize(embeddings)
    expected = ((unit[0] - unit[6]).norm() + (unit[1] - unit[7]).norm()) / 2 + 5 - (unit[0] - unit[2]).norm()
    torch.testing.assert_close(loss(embeddings, labels), expected)


def test_a_classifier_weighs_rows_by_how_often_they_are_mined():
    embeddings, labels = batch()
    theirs = losses.NormalizedSoftmaxLoss(CLASSES, SIZE)
    per_row = torch.stack([theirs(embeddings[[i]], labels[[i]]) for i in range(len(labels))])
    weights = torch.zeros(len(labels))
    weights[[0, 1, 2, 6, 7]] = torch.tensor([1.0, 0.5, 0.5, 0.5, 0.5])  # row 0 is in two pairs
    value = MinedLoss(theirs, ThreePairs())(embeddings, labels)
    torch.testing.assert_close(value, (weights * per_row).mean())


def test_a_user_s_loss_without_a_miner_is_called_with_two_tensors():
    class Lengths(torch.nn.Module):
        def forward(self, x, y):
            return (x.square().sum(1) * y).sum()

    embeddings, labels = batch()
    assert MinedLoss(Lengths())(embeddings, labels) == (embeddings.square().sum(1) * labels).sum()
    with pytest.raises(UsageError, match="Lengths takes no miner: its forward has no third parameter"):
        MinedLoss(Lengths(), miners.BatchHardMiner())


def test_another_miner_takes_the_place_of_a_default_alone():
    hard = miners.TripletMarginMiner(0.2, "hard")
    embeddings, labels = batch()
    expected = losses.TripletMarginLoss(0.2)(embeddings, labels, hard(embeddings, labels))
    torch.testing.assert_close(TripletLoss(0.2).with_miner(hard)(embeddings, labels), expected)
    chosen = MinedLoss(losses.TripletMarginLoss(), miners.BatchHardMiner())
    with pytest.raises(UsageError, match="TripletMarginLoss has a miner already, BatchHardMiner"):
        chosen.with_miner(hard)


def test_what_a_loss_of_pytorch_metric_learning_cannot_take_is_one_line():
    embeddings, labels = batch()
    with pytest.raises(InputError, match=r"ArcFaceLoss cannot take embeddings \(12, 5\) and labels \(12,\): ") as error:
        MinedLoss(losses.ArcFaceLoss(2, SIZE))(embeddings, labels)
    assert "\n" not in str(error.value)
    with pytest.raises(InputError, match="TripletMarginLoss cannot take"):
        MinedLoss(losses.TripletMarginLoss(reducer=DoNothingReducer()))(embeddings, labels)


def test_a_mistake_in_a_user_s_own_loss_keeps_its_traceback():
    class Wrong(losses.ContrastiveLoss):
        def forward(self, embeddings, labels, indices_tuple=None):
            raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        MinedLoss(Wrong())(*batch())


def test_one_image_of_each_class():
    embeddings, labels = torch.randn(4, SIZE), torch.arange(4)
    with pytest.warns(UserWarning, match="TripletLoss learns nothing from a batch in which no two rows"):
        assert TripletLoss()(embeddings, labels) == 0
    with pytest.raises(InputError, match="NCALoss needs two rows of a class; got 4 rows of as many classes"):
        MinedLoss(losses.NCALoss())(embeddings, labels)


def test_a_loss_that_remembers_has_its_memory_in_the_state_dict():
    """DynamicSoftMarginLoss has a histogram of all batches, in pytorch-metric-learning beside its state."""
    torch.manual_seed(0)
    steps = [batch()[0] + i * torch.randn(12, SIZE) for i in range(4)]
    labels = batch()[1]

    def trained(loss, steps):
        values = []
        for embeddings in steps:
            value = loss(embeddings.clone().requires_grad_(), labels)
            value.backward()
            values.append(value.detach())
        return torch.stack(values)

    whole = MinedLoss(losses.DynamicSoftMarginLoss())
    expected = trained(whole, steps)
    first, second = MinedLoss(losses.DynamicSoftMarginLoss()), MinedLoss(losses.DynamicSoftMarginLoss())
    trained(first, steps[:2])
    second.load_state_dict(first.state_dict())
    torch.testing.assert_close(trained(second, steps[2:]), expected[2:], rtol=0, atol=0)
