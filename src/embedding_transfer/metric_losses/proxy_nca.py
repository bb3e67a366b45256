"""Proxy-NCA (Movshovitz-Attias et al., ICCV 2017; Teh, DeVries, Taylor, ECCV 2020)."""

import torch.nn.functional as F
from torch import Tensor

from embedding_transfer.build.ranges import Positive
from embedding_transfer.build.typed_arguments import in_range
from embedding_transfer.metric_losses.metric_loss import MetricLoss, check_labels
from embedding_transfer.metric_losses.proxies import new_proxies, unit


class ProxyNCALoss(MetricLoss):
    r"""Every image is drawn to its class's proxy and away from all others.

    .. math:: L = -\frac{1}{n} \sum_i \log \text{softmax}(-scale \cdot d_i)_{y_i}

    with :math:`d_{ik}` the squared Euclidean distance of the normalized embedding i and the normalized proxy k.
    Movshovitz-Attias et al., "No Fuss Distance Metric Learning Using Proxies", ICCV 2017, with the temperature and the
    own proxy in the denominator of Teh, DeVries, Taylor, "ProxyNCA++", ECCV 2020.

    Args:
        num_classes: Classes of the training images.
        embedding_size: Length d of an embedding.
        scale: Inverse temperature. Default: 9, as in ProxyNCA++.

    Attributes:
        proxies: (num_classes, d), one learned vector for each class.

    Example::

        >>> import torch
        >>> loss = ProxyNCALoss(num_classes=10, embedding_size=64)
        >>> loss(torch.randn(6, 64), torch.tensor([0, 0, 3, 3, 7, 7])).backward()
    """

    why_no_miner = "it compares rows with one learned proxy for each class, not with other rows"

    @in_range
    def __init__(self, num_classes: int, embedding_size: int, scale: Positive = 9.0) -> None:
        super().__init__()
        self.proxies = new_proxies(num_classes, embedding_size)
        self.scale = scale

    def compute(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        check_labels(self, labels, len(self.proxies))
        cosines = unit(embeddings) @ unit(self.proxies.to(embeddings.dtype)).T  # (n, num_classes)
        return F.cross_entropy(-self.scale * (2 - 2 * cosines), labels)
