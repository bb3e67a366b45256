"""Cross-entropy of a classifier (Zhai, Wu, BMVC 2019)."""

import torch.nn.functional as F
from torch import Tensor, nn

from embedding_transfer.metric_losses.metric_loss import MetricLoss, check_labels


class CrossEntropyLoss(MetricLoss):
    r"""Cross-entropy of a linear classifier on the embeddings.

    .. math:: L = -\frac{1}{n} \sum_i \log \text{softmax}(W x_i + b)_{y_i}

    Zhai, Wu, "Classification is a Strong Baseline for Deep Metric Learning", BMVC 2019.

    Args:
        num_classes: Classes of the training images.
        embedding_size: Length d of an embedding.

    Attributes:
        classifier: ``nn.Linear`` from d to num_classes; learns.

    Example::

        >>> import torch
        >>> loss = CrossEntropyLoss(num_classes=10, embedding_size=64)
        >>> loss(torch.randn(6, 64), torch.tensor([0, 0, 3, 3, 7, 7])).backward()
    """

    why_no_miner = "it classifies each row by itself"

    def __init__(self, num_classes: int, embedding_size: int) -> None:
        super().__init__()
        self.classifier = nn.Linear(embedding_size, num_classes)

    def compute(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        check_labels(self, labels, self.classifier.out_features)
        weight, bias = self.classifier.weight.to(embeddings.dtype), self.classifier.bias.to(embeddings.dtype)
        return F.cross_entropy(F.linear(embeddings, weight, bias), labels)
