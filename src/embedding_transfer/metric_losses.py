"""Losses that learn from class labels, to train sources: ``loss(embeddings, labels) -> scalar``.

Every one is an ``nn.Module``; what it learns itself (proxies, a classifier) are ordinary parameters. ``num_classes``
and ``embedding_size`` in a constructor are what the training knows from its data and fills in.
"""

import torch
import torch.nn.functional as F
from pytorch_metric_learning import losses, miners
from torch import Tensor, nn

from embedding_transfer.exceptions import InputError
from embedding_transfer.relations import full_precision


class MetricLoss(nn.Module):
    """Base of the metric losses: checks the shapes, leaves autocast, and lets no NaN become 0.

    Exponentials of similarities overflow float16 (e^(32 * 1.1)), so a subclass's :meth:`compute` always sees float32
    or float64. A NaN or infinite embedding gives a NaN loss, also where mining would drop its pairs.
    """

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """The loss of a batch.

        Args:
            embeddings: (n, d), any floating dtype.
            labels: (n,), the class of each row, 0 to num_classes - 1 where the loss has classes.

        Returns:
            A scalar, float32 or float64.

        Raises:
            InputError: The shapes do not fit, or a label names a class that the loss does not have.
        """
        if embeddings.ndim != 2 or labels.shape != embeddings.shape[:1] or len(labels) == 0:
            raise InputError(
                f"{type(self).__name__} takes embeddings (n, d) and labels (n,); "
                f"got {tuple(embeddings.shape)} and {tuple(labels.shape)}"
            )
        with full_precision(embeddings.device):
            embeddings = embeddings.to(torch.promote_types(embeddings.dtype, torch.float32))
            return self.compute(embeddings, labels) + (0 * embeddings).sum()

    def compute(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """The formula, on float32 or float64 embeddings outside autocast."""
        raise NotImplementedError


class MinedLoss(MetricLoss):
    """Any loss of pytorch-metric-learning, with one of its miners choosing the pairs or triplets that count.

    Args:
        loss: Called ``loss(embeddings, labels, mined)``.
        miner: Called ``miner(embeddings, labels)``; without one, all pairs count.

    Example::

        >>> from pytorch_metric_learning import losses, miners
        >>> loss = MinedLoss(losses.CircleLoss(), miners.BatchHardMiner())
        >>> loss(torch.eye(4), torch.tensor([0, 0, 1, 1])).isfinite()
        tensor(True)
    """

    def __init__(self, loss: nn.Module, miner: nn.Module | None = None) -> None:
        super().__init__()
        self.loss = loss
        self.miner = miner

    def compute(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        value: Tensor = self.loss(embeddings, labels, self.miner(embeddings, labels) if self.miner else None)
        return value


class MultiSimilarityLoss(MinedLoss):
    """Multi-similarity loss on mined pairs (Wang et al., "Multi-Similarity Loss with ...", CVPR 2019).

    Per anchor, with cosines c and the pairs kept by the paper's miner:
    1/alpha log(1 + sum_positive e^(-alpha (c - base))) + 1/beta log(1 + sum_negative e^(beta (c - base))).

    Args:
        alpha: Weight of the exponent of positive pairs; 2 in the paper.
        beta: Weight of the exponent of negative pairs; 50 in the paper.
        base: Cosine at which a pair starts to count; 0.5 in the authors' code.
        epsilon: Slack of the miner; 0.1 in the paper.
    """

    def __init__(self, alpha: float = 2.0, beta: float = 50.0, base: float = 0.5, epsilon: float = 0.1) -> None:
        super().__init__(losses.MultiSimilarityLoss(alpha, beta, base), miners.MultiSimilarityMiner(epsilon))


class ContrastiveLoss(MinedLoss):
    """Contrastive loss of all pairs (Hadsell, Chopra, LeCun, "Dimensionality Reduction by ...", CVPR 2006).

    With Euclidean distances d between normalised embeddings: the mean of the non-zero d of positive pairs plus the
    mean of the non-zero max(margin - d, 0) of negative pairs.

    Args:
        margin: Distance beyond which a negative pair no longer counts; 0.5 as in the released code of Proxy-Anchor.
    """

    def __init__(self, margin: float = 0.5) -> None:
        super().__init__(losses.ContrastiveLoss(pos_margin=0.0, neg_margin=margin))


class TripletLoss(MinedLoss):
    """Triplet loss on semi-hard triplets (Schroff, Kalenichenko, Philbin, "FaceNet", CVPR 2015).

    The mean of max(d_ap - d_an + margin, 0) over the triplets with d_ap < d_an < d_ap + margin, d the Euclidean
    distance between normalised embeddings.

    Args:
        margin: By how much a negative must be farther than a positive; 0.2 in the paper.
    """

    def __init__(self, margin: float = 0.2) -> None:
        super().__init__(losses.TripletMarginLoss(margin), miners.TripletMarginMiner(margin, "semihard"))


class NPairsLoss(MetricLoss):
    """N-pair loss (Sohn, "Improved Deep Metric Learning with Multi-class N-pair Loss Objective", NIPS 2016).

    The rows of each class are paired in their order (1st with 2nd, 3rd with 4th, ...; an odd one is left out), so any
    batch with several images per class will do; with one pair per class this is the paper's loss. Pairs (x_i, p_i):
    mean_i -log(e^(x_i.p_i) / (e^(x_i.p_i) + sum_j e^(x_i.p_j))), j over the pairs of other classes; raw dot products.

    Args:
        l2_weight: Weight of the mean squared norm of the embeddings, which the paper adds to keep unnormalised
            embeddings short; 0 suits networks that normalise their embeddings.
    """

    def __init__(self, l2_weight: float = 0.0) -> None:
        super().__init__()
        self.l2_weight = l2_weight

    def compute(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        anchors, positives = pairs_of_classes(labels)  # (p,), (p,)
        norms = self.l2_weight * embeddings.square().sum(1).mean()
        if len(anchors) == 0:
            return norms
        similarities = embeddings[anchors] @ embeddings[positives].T  # (p, p)
        other_pairs_of_class = (labels[anchors, None] == labels[anchors]).fill_diagonal_(False)
        similarities = similarities.masked_fill(other_pairs_of_class, -torch.inf)
        return F.cross_entropy(similarities, torch.arange(len(anchors), device=labels.device)) + norms


def pairs_of_classes(labels: Tensor) -> tuple[Tensor, Tensor]:
    """Disjoint pairs of rows of one class, in the order of the rows: two index tensors (p,)."""
    same_class = labels[:, None] == labels[None, :]  # (n, n)
    rank = same_class.tril(-1).sum(1)  # (n,), how many rows of its class come before
    by_class = labels.argsort(stable=True)
    first, second = by_class[:-1], by_class[1:]
    paired = (labels[first] == labels[second]) & (rank[first] % 2 == 0)
    return first[paired], second[paired]


class CrossEntropyLoss(MetricLoss):
    """Cross-entropy of a linear classifier (Zhai, Wu, "Classification is a Strong Baseline ...", BMVC 2019).

    Args:
        num_classes: Classes of the training images.
        embedding_size: Length d of an embedding.
    """

    def __init__(self, num_classes: int, embedding_size: int) -> None:
        super().__init__()
        self.classifier = nn.Linear(embedding_size, num_classes)

    def compute(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        check_labels(self, labels, self.classifier.out_features)
        weight, bias = self.classifier.weight.to(embeddings.dtype), self.classifier.bias.to(embeddings.dtype)
        return F.cross_entropy(F.linear(embeddings, weight, bias), labels)


class ProxyNCALoss(MetricLoss):
    """Proxy-NCA: every image is drawn to its class's proxy and away from all others.

    mean_i -log softmax(-scale d_i)[y_i], with d_ik the squared Euclidean distance between the normalised embedding i
    and the normalised proxy k. Movshovitz-Attias et al., "No Fuss Distance Metric Learning Using Proxies" (ICCV 2017),
    with the temperature and the own proxy in the denominator of Teh, DeVries, Taylor, "ProxyNCA++" (ECCV 2020).

    Args:
        num_classes: Classes of the training images.
        embedding_size: Length d of an embedding.
        scale: Inverse temperature; 9 as in ProxyNCA++.
    """

    def __init__(self, num_classes: int, embedding_size: int, scale: float = 9.0) -> None:
        super().__init__()
        self.proxies = new_proxies(num_classes, embedding_size)
        self.scale = scale

    def compute(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        check_labels(self, labels, len(self.proxies))
        cosines = unit(embeddings) @ unit(self.proxies.to(embeddings.dtype)).T  # (n, num_classes)
        return F.cross_entropy(-self.scale * (2 - 2 * cosines), labels)


class ProxyAnchorLoss(MetricLoss):
    """Proxy-Anchor: every proxy draws its class's images and pushes away all others, the hardest most.

    With c_ik the cosine of embedding i and proxy k, and C+ the classes present in the batch:
    1/|C+| sum_(k in C+) log(1 + sum_(y_i = k) e^(-alpha (c_ik - margin)))
    + 1/num_classes sum_k log(1 + sum_(y_i != k) e^(alpha (c_ik + margin))).
    Kim, Kim, Cho, Kwak, "Proxy Anchor Loss for Deep Metric Learning" (CVPR 2020), eq. 4.

    Args:
        num_classes: Classes of the training images.
        embedding_size: Length d of an embedding.
        margin: 0.1 in the paper.
        alpha: 32 in the paper.

    Example::

        >>> loss = ProxyAnchorLoss(num_classes=10, embedding_size=64)
        >>> value = loss(torch.randn(6, 64), torch.tensor([0, 0, 3, 3, 7, 7]))
        >>> value.backward()
        >>> loss.proxies.grad.shape
        torch.Size([10, 64])
    """

    def __init__(self, num_classes: int, embedding_size: int, margin: float = 0.1, alpha: float = 32.0) -> None:
        super().__init__()
        self.proxies = new_proxies(num_classes, embedding_size)
        self.margin = margin
        self.alpha = alpha

    def compute(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        check_labels(self, labels, len(self.proxies))
        cosines = unit(embeddings) @ unit(self.proxies.to(embeddings.dtype)).T  # (n, num_classes)

        own = cosines.gather(1, labels[:, None]).T  # (1, n), cosine of each row and its proxy
        same_class = labels[:, None] == labels[None, :]  # (n, n)
        pull = log_one_plus_sum_exp((-self.alpha * (own - self.margin)).where(same_class, -torch.inf), dim=1)  # (n,)
        one_per_class = 1 / same_class.sum(1)  # (n,), the rows of a class share its term
        pull = (pull * one_per_class).sum() / one_per_class.sum()

        others = (self.alpha * (cosines + self.margin)).scatter(1, labels[:, None], -torch.inf)
        return pull + log_one_plus_sum_exp(others, dim=0).mean()


def new_proxies(num_classes: int, embedding_size: int) -> nn.Parameter:
    """Proxies (num_classes, embedding_size), normal with standard deviation sqrt(2 / num_classes) as published."""
    return nn.Parameter(torch.randn(num_classes, embedding_size) * (2 / num_classes) ** 0.5)


def unit(rows: Tensor) -> Tensor:
    """Rows over their length, x / sqrt(|x|^2 + 1e-12): a zero row stays zero and keeps a finite gradient."""
    return rows * (rows.square().sum(1, keepdim=True) + 1e-12).rsqrt()


def log_one_plus_sum_exp(logits: Tensor, dim: int) -> Tensor:
    """log(1 + sum exp(logits)) along a dimension; entries of -inf are left out."""
    zero = logits.new_zeros(())
    return torch.logaddexp(zero, logits.logsumexp(dim))


def check_labels(loss: MetricLoss, labels: Tensor, num_classes: int) -> None:
    """Raise InputError for a label without a class; on a GPU, where looking would wait, the indexing asserts it."""
    if labels.device.type == "cpu" and not 0 <= int(labels.min()) <= int(labels.max()) < num_classes:
        raise InputError(
            f"{type(loss).__name__} has {num_classes} classes, 0 to {num_classes - 1}; "
            f"got labels from {int(labels.min())} to {int(labels.max())}: number the training classes from 0"
        )
