"""ProxyNCALoss: a softmax over squared distances, and agreement with pytorch-metric-learning."""

import torch
import torch.nn.functional as F
from metric_loss_checks import CLASSES, SIZE, OfClasses, OfDirections, batch, value_and_gradient
from pytorch_metric_learning import losses

from embedding_transfer.metric_losses import ProxyNCALoss


class TestContract(OfClasses, OfDirections):
    def make(self):
        return ProxyNCALoss(CLASSES, SIZE)


def test_is_a_softmax_over_squared_distances():
    embeddings, labels = batch(dtype=torch.float64)
    loss = ProxyNCALoss(CLASSES, SIZE, scale=4).double()
    d = torch.cdist(F.normalize(embeddings), F.normalize(loss.proxies)).square()
    expected = -torch.softmax(-4 * d, dim=1)[torch.arange(12), labels].log().mean()
    torch.testing.assert_close(loss(embeddings, labels), expected)


def test_agrees_with_pytorch_metric_learning():
    embeddings, labels = batch(dtype=torch.float64)
    ours = ProxyNCALoss(CLASSES, SIZE).double()
    theirs = losses.ProxyNCALoss(CLASSES, SIZE, softmax_scale=9).double()
    theirs.load_state_dict(ours.state_dict())
    expected = value_and_gradient(theirs, embeddings, labels)
    torch.testing.assert_close(value_and_gradient(ours, embeddings, labels), expected, rtol=1e-9, atol=1e-9)
