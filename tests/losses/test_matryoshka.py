"""Matryoshka: the mean over leading dimensions of any loss, with its own copy of what the loss learns."""

import pytest
import torch
from loss_checks import batch, value_and_gradient

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.losses import (
    CRDLoss,
    D3stillLoss,
    DarkRankLoss,
    FitNetLoss,
    Matryoshka,
    PKTLoss,
    RAMLLoss,
    RelaxedContrastiveLoss,
    RelaxedMSLoss,
    RKDLoss,
    SimilarityKLLoss,
)
from embedding_transfer.losses.transfer_loss import Batch

RELATIONS = [RelaxedContrastiveLoss(), RelaxedMSLoss(), RKDLoss(), PKTLoss(), SimilarityKLLoss()]


@pytest.mark.parametrize("loss", RELATIONS, ids=lambda loss: type(loss).__name__)
def test_is_the_mean_over_vectors_that_are_cut_off(loss):
    target, source = batch()
    found = value_and_gradient(Matryoshka(loss, [2, 5, 3]), target, source)
    expected = value_and_gradient(lambda t, s: sum(loss(t[:, :d], s) for d in (5, 3, 2)) / 3, target, source)
    torch.testing.assert_close(found, expected)


def test_takes_what_the_loss_takes_in_order_or_by_name():
    target, source = batch()
    labels = torch.arange(8) // 2
    loss = Matryoshka(DarkRankLoss(), [5, 2])
    assert loss.fields == ("target", "source", "labels")
    expected = (DarkRankLoss()(target, source, labels) + DarkRankLoss()(target[:, :2], source, labels)) / 2
    torch.testing.assert_close(loss(target, source, labels), expected)
    torch.testing.assert_close(loss(labels=labels, source=source, target=target), expected)
    whole = Batch(target, source, [], [], labels, torch.arange(8))
    torch.testing.assert_close(loss.of_batch(whole), expected)


def test_each_length_learns_and_remembers_for_itself():
    target, source = batch()
    index = torch.arange(8)
    torch.manual_seed(0)
    crd = CRDLoss(5, 7, n_images=8, feat_dim=4)
    loss = Matryoshka(crd, [5, 2])
    loss(target, source, index).backward()
    long, short = loss.losses
    assert not torch.equal(long.target_memory, short.target_memory)
    assert long.target_head.weight.grad.any(dim=0).tolist() == [True] * 5
    assert short.target_head.weight.grad.any(dim=0).tolist() == [True, True, False, False, False]
    queue = Matryoshka(SimilarityKLLoss(anchors="queue", queue_size=16, target_dim=5, source_dim=7), [5, 2])
    queue(target, source)
    assert [part.queue.any(dim=1).sum().item() for part in queue.losses] == [8, 8]  # not one queue that fills twice


@pytest.mark.parametrize("kind", [RAMLLoss, D3stillLoss])
def test_a_short_vector_takes_the_leading_principal_components(kind):
    target, source = batch()
    loss = Matryoshka(kind(target_dim=5, source_dim=7), [5, 2])
    torch.manual_seed(0)
    directions = torch.linalg.qr(torch.randn(7, 7)).Q
    for part in loss.losses:
        part.projection.start_along(directions)
    shorter = kind(target_dim=2, source_dim=7)
    shorter.projection.start_along(directions)
    expected = (loss.losses[0](target, source) + shorter(target[:, :2], source)) / 2
    torch.testing.assert_close(loss(target, source), expected)


def test_lengths_are_halves_where_nobody_says_them():
    assert Matryoshka(PKTLoss(), target_dim=128).dims == [128, 64, 32, 16]
    assert Matryoshka(PKTLoss(), target_dim=3).dims == [3, 1]


def test_what_cannot_be_is_refused():
    for dims in ([], [0, 4], [4, 4], None):
        with pytest.raises(UsageError, match="needs dims such as 128,64,32, each once"):
            Matryoshka(PKTLoss(), dims)
    with pytest.raises(UsageError, match="which FitNetLoss does not look at"):
        Matryoshka(FitNetLoss([3], [4]), [4])
    with pytest.raises(InputError, match=r"Matryoshka of 8 dimensions got a target of shape \(8, 5\)"):
        Matryoshka(PKTLoss(), [8, 4])(*batch())
