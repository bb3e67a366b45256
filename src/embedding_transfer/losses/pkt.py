"""Probabilistic knowledge transfer (Passalis and Tefas, ECCV 2018)."""

import torch
from torch import Tensor

from embedding_transfer.losses.relation_loss import RelationLoss
from embedding_transfer.relations import inner_products

EPSILON = 1e-7
"""Added to norms and to probabilities, as in the published code."""


class PKTLoss(RelationLoss):
    r"""Matches, row by row, the probability distributions that cosine similarities make of a batch.

    .. math::
        L = \frac{1}{n^2} \sum_{ij} p^s_{ij} \log \frac{p^s_{ij} + \epsilon}{p^t_{ij} + \epsilon},
        \qquad p_{ij} = \frac{1 + \cos(x_i, x_j)}{\sum_k 1 + \cos(x_i, x_k)}

    with :math:`\epsilon = 10^{-7}`, the pair of a row with itself included. Passalis, Tefas, "Learning Deep
    Representations with Probabilistic Knowledge Transfer", ECCV 2018; the mean over :math:`n^2`, in place of a sum,
    is that of their code, and makes the loss small, about 1e-4: beside another loss it needs a large weight.

    Example::

        >>> target, source = torch.randn(180, 128, requires_grad=True), torch.randn(180, 512)
        >>> PKTLoss()(target, source).backward()
    """

    def compare(self, target: Tensor, source: Tensor) -> Tensor:
        p_target, p_source = similarity_distribution(target), similarity_distribution(source)  # (n, n)
        return (p_source * ((p_source + EPSILON) / (p_target + EPSILON)).log()).mean()


def similarity_distribution(embeddings: Tensor) -> Tensor:
    """Each row's cosine similarities, moved to [0, 2], as a distribution, (n, d) -> (n, n).

    A row of zeros is equally far from all and has no direction to learn: it gets no gradient.
    """
    lengths = torch.linalg.vector_norm(embeddings, dim=1)  # (n,)
    scales = (lengths + EPSILON).reciprocal().masked_fill(lengths == 0, 0)  # (n,)
    similarities = inner_products(embeddings) * scales * scales[:, None] + 1  # (n, n)
    return similarities / similarities.sum(dim=1, keepdim=True)
