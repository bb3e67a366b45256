"""ContrastiveLoss: a closed form, and agreement with pytorch-metric-learning."""

import torch
from metric_loss_checks import OfDirections, OfRowsInAnyOrder, batch
from pytorch_metric_learning import losses

from embedding_transfer.metric_losses import ContrastiveLoss


class TestContract(OfRowsInAnyOrder, OfDirections):
    def make(self):
        return ContrastiveLoss()


def test_closed_form():
    embeddings = torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.96, 0.28]])
    labels = torch.tensor([0, 0, 1])
    d01, d02, d12 = ((embeddings[i] - embeddings[j]).norm() for i, j in [(0, 1), (0, 2), (1, 2)])
    assert d02 < 0.5 < d12
    torch.testing.assert_close(ContrastiveLoss(0.5)(embeddings, labels), d01 + (0.5 - d02))


def test_is_that_of_pytorch_metric_learning():
    embeddings, labels = batch()
    expected = losses.ContrastiveLoss(0, 0.5)(embeddings, labels)
    assert expected > 0
    torch.testing.assert_close(ContrastiveLoss(0.5)(embeddings, labels), expected)
