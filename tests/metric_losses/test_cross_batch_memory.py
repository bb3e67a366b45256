"""CrossBatchMemory: what pytorch-metric-learning computes, a batch of one row, and the same after going on."""

import pytest
import torch
from metric_loss_checks import SIZE, OfDirections, OfRowsInAnyOrder
from pytorch_metric_learning import losses, miners

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.metric_losses import CrossBatchMemory, MetricLoss, MultiSimilarityLoss, TripletLoss
from embedding_transfer.metric_losses.cross_batch_memory import REMEMBERED

MEMORY = 25
"""Not a multiple of the batch, so that batches are written across the end of the ring."""


class TestContract(OfRowsInAnyOrder, OfDirections):
    def make(self):
        return CrossBatchMemory(losses.ContrastiveLoss(), SIZE, MEMORY)


def steps(count: int = 8, n: int = 10):
    torch.manual_seed(4)
    return [(torch.randn(n, SIZE, dtype=torch.float64), torch.randint(4, (n,))) for _ in range(count)]


def trained(loss, batches):
    """Values and gradients, one step after the other."""
    results = []
    for embeddings, labels in batches:
        embeddings = embeddings.clone().requires_grad_()
        value = loss(embeddings, labels)
        value.backward()
        results.append((value.detach(), embeddings.grad))
    return results


def memory_of(loss, **options) -> MetricLoss:
    return CrossBatchMemory(loss, SIZE, MEMORY, **options).double()


@pytest.mark.parametrize("name", REMEMBERED)
def test_is_that_of_pytorch_metric_learning(name):
    theirs = losses.CrossBatchMemory(getattr(losses, name)(), SIZE, MEMORY).double()
    ours = memory_of(getattr(losses, name)())
    torch.testing.assert_close(trained(ours, steps()), trained(theirs, steps()))


@pytest.mark.parametrize("miner", [miners.MultiSimilarityMiner(), miners.TripletMarginMiner(), miners.BatchHardMiner()])
def test_a_miner_chooses_from_the_memory(miner):
    theirs = losses.CrossBatchMemory(losses.TripletMarginLoss(), SIZE, MEMORY, miner).double()
    expected = trained(theirs, steps())
    torch.testing.assert_close(trained(memory_of(losses.TripletMarginLoss(), miner=miner), steps()), expected)
    torch.testing.assert_close(trained(memory_of(TripletLoss(0.05)).with_miner(miner), steps()), expected)


def test_our_losses_bring_their_miner():
    theirs = losses.CrossBatchMemory(
        losses.MultiSimilarityLoss(2, 50, 0.5), SIZE, MEMORY, miners.MultiSimilarityMiner(0.1)
    ).double()
    torch.testing.assert_close(trained(memory_of(MultiSimilarityLoss()), steps()), trained(theirs, steps()))


def test_rows_one_by_one_are_compared_with_all_earlier_ones():
    embeddings, labels = torch.randn(12, SIZE, dtype=torch.float64), torch.arange(12) % 3
    loss = memory_of(losses.ContrastiveLoss(pos_margin=0, neg_margin=2))
    distances = torch.cdist(*[torch.nn.functional.normalize(embeddings)] * 2)
    for i in range(12):
        same = labels[:i] == labels[i]
        near, far = distances[i, :i][same], distances[i, :i][~same]
        expected = sum((part.mean() for part in (near, 2 - far) if len(part)), torch.zeros((), dtype=torch.float64))
        value = loss(embeddings[[i]], labels[[i]])
        if i > 2:  # before there is but one pair, which pytorch-metric-learning counts as none
            torch.testing.assert_close(value, expected)


def test_a_training_that_goes_on_is_the_same():
    batches = steps()
    expected = trained(memory_of(TripletLoss()), batches)
    first, second = memory_of(TripletLoss()), memory_of(TripletLoss())
    trained(first, batches[:5])
    second.load_state_dict(first.state_dict())
    torch.testing.assert_close(trained(second, batches[5:]), expected[5:], rtol=0, atol=0)


def test_what_cannot_be_remembered_is_named():
    with pytest.raises(
        InputError, match=r"remembers 25 embeddings of length 5; got a batch of \(30, 5\): .* at least 30"
    ):
        memory_of(losses.ContrastiveLoss())(torch.randn(30, SIZE), torch.zeros(30, dtype=torch.long))
    with pytest.raises(InputError, match=r"got a batch of \(4, 6\)"):
        memory_of(losses.ContrastiveLoss())(torch.randn(4, 6), torch.zeros(4, dtype=torch.long))


def test_losses_and_miners_that_would_find_the_row_itself_are_refused():
    with pytest.raises(UsageError, match="cannot be used with NCALoss, but with AngularLoss, "):
        memory_of(losses.NCALoss())
    with pytest.raises(UsageError, match="BatchEasyHardMiner with the pos_strategy 'easy'"):
        memory_of(losses.ContrastiveLoss(), miner=miners.BatchEasyHardMiner())
    with pytest.raises(UsageError, match="has a miner already, BatchHardMiner"):
        memory_of(losses.ContrastiveLoss(), miner=miners.BatchHardMiner()).with_miner(miners.AngularMiner())
