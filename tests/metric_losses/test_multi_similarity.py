"""MultiSimilarityLoss: its formula on the pairs of the paper's miner, and agreement with pytorch-metric-learning."""

import torch
import torch.nn.functional as F
from metric_loss_checks import OfDirections, OfRowsInAnyOrder, Smooth, batch
from pytorch_metric_learning import losses, miners

from embedding_transfer.metric_losses import MultiSimilarityLoss


class TestContract(Smooth, OfRowsInAnyOrder, OfDirections):
    def make(self):
        return MultiSimilarityLoss()


def test_is_that_of_pytorch_metric_learning():
    embeddings, labels = batch()
    mined = miners.MultiSimilarityMiner(0.1)(embeddings, labels)
    expected = losses.MultiSimilarityLoss(2, 50, 0.5)(embeddings, labels, mined)
    assert expected > 0
    torch.testing.assert_close(MultiSimilarityLoss()(embeddings, labels), expected)


def test_is_its_formula_row_by_row():
    embeddings, labels = batch(dtype=torch.float64)
    cosine = F.normalize(embeddings) @ F.normalize(embeddings).T
    total = 0.0
    for i in range(len(labels)):
        positives = [cosine[i, j] for j in range(len(labels)) if j != i and labels[j] == labels[i]]
        negatives = [cosine[i, j] for j in range(len(labels)) if labels[j] != labels[i]]
        pulled = [c for c in positives if c - 0.1 < max(negatives)]
        pushed = [c for c in negatives if c + 0.1 > min(positives)]
        total += torch.log(1 + sum(torch.exp(-2 * (c - 0.5)) for c in pulled) + torch.zeros(())) / 2
        total += torch.log(1 + sum(torch.exp(50 * (c - 0.5)) for c in pushed) + torch.zeros(())) / 50
    torch.testing.assert_close(MultiSimilarityLoss()(embeddings, labels), total / len(labels))
