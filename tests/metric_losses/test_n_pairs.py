"""NPairsLoss: the published loss on one pair per class, every pair of a class in any batch, and its norms."""

import pytest
import torch
from metric_loss_checks import SIZE, Smooth, batch, value_and_gradient
from pytorch_metric_learning import losses
from pytorch_metric_learning.distances import DotProductSimilarity

from embedding_transfer.metric_losses import NPairsLoss


class TestContract(Smooth):
    def make(self):
        return NPairsLoss()


class TestContractWithNorms(TestContract):
    def make(self):
        return NPairsLoss(l2_weight=0.1)


def test_is_the_published_loss_on_one_pair_per_class():
    torch.manual_seed(0)
    embeddings, labels = torch.randn(8, SIZE), torch.tensor([3, 0, 1, 2, 1, 0, 3, 2])
    theirs = losses.NPairsLoss(distance=DotProductSimilarity(normalize_embeddings=False))
    torch.testing.assert_close(NPairsLoss()(embeddings, labels), theirs(embeddings, labels))


def test_uses_every_pair_and_only_other_classes_as_negatives():
    embeddings, labels = batch(12)  # classes 0 0 1 1 2 2 0 0 1 1 2 2: two pairs per class
    pairs = [(0, 1), (2, 3), (4, 5), (6, 7), (8, 9), (10, 11)]
    terms = []
    for i, (anchor, positive) in enumerate(pairs):
        candidates = [j for j, (a, _) in enumerate(pairs) if j == i or labels[a] != labels[anchor]]
        logits = torch.stack([embeddings[anchor] @ embeddings[pairs[j][1]] for j in candidates])
        terms.append(logits.logsumexp(0) - embeddings[anchor] @ embeddings[positive])
    torch.testing.assert_close(NPairsLoss()(embeddings, labels), torch.stack(terms).mean())
    _, gradient = value_and_gradient(NPairsLoss(), embeddings, labels)
    assert (gradient.abs().sum(1) > 0).all()


def test_leaves_out_the_odd_row_of_a_class():
    _, gradient = value_and_gradient(NPairsLoss(), torch.randn(5, SIZE), torch.tensor([0, 0, 0, 1, 1]))
    assert (gradient.abs().sum(1) > 0).tolist() == [True, True, False, True, True]


def test_norms_are_the_mean_square_length():
    embeddings, labels = batch()
    difference = NPairsLoss(l2_weight=0.5)(embeddings, labels) - NPairsLoss()(embeddings, labels)
    torch.testing.assert_close(difference, 0.5 * embeddings.norm(dim=1).square().mean())


def test_one_image_of_each_class_is_warned_of():
    with pytest.warns(UserWarning, match="NPairsLoss learns nothing from a batch in which no two rows"):
        NPairsLoss()(torch.randn(4, SIZE), torch.arange(4))
