"""TripletLoss: its formula on semi-hard triplets, and agreement with pytorch-metric-learning."""

import torch
import torch.nn.functional as F
from metric_loss_checks import OfDirections, OfRowsInAnyOrder, batch
from pytorch_metric_learning import losses, miners

from embedding_transfer.metric_losses import TripletLoss


class TestContract(OfRowsInAnyOrder, OfDirections):
    def make(self):
        return TripletLoss()


def test_is_that_of_pytorch_metric_learning():
    embeddings, labels = batch()
    mined = miners.TripletMarginMiner(0.2, "semihard")(embeddings, labels)
    expected = losses.TripletMarginLoss(0.2)(embeddings, labels, mined)
    assert expected > 0
    torch.testing.assert_close(TripletLoss(0.2)(embeddings, labels), expected)


def test_is_its_formula_triplet_by_triplet():
    embeddings, labels = batch(dtype=torch.float64)
    d = torch.cdist(F.normalize(embeddings), F.normalize(embeddings))
    rows = range(len(labels))
    terms = [
        d[a, p] - d[a, n] + 0.2
        for a in rows
        for p in rows
        for n in rows
        if a != p and labels[a] == labels[p] != labels[n] and d[a, p] < d[a, n] < d[a, p] + 0.2
    ]
    assert len(terms) > 3
    torch.testing.assert_close(TripletLoss(0.2)(embeddings, labels), torch.stack(terms).mean())
