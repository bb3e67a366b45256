"""CrossEntropyLoss: that of its classifier."""

import torch
import torch.nn.functional as F
from metric_loss_checks import CLASSES, SIZE, OfClasses, batch

from embedding_transfer.metric_losses import CrossEntropyLoss


class TestContract(OfClasses):
    def make(self):
        return CrossEntropyLoss(CLASSES, SIZE)


def test_is_that_of_its_classifier():
    embeddings, labels = batch()
    loss = CrossEntropyLoss(CLASSES, SIZE)
    torch.testing.assert_close(loss(embeddings, labels), F.cross_entropy(loss.classifier(embeddings), labels))
