"""The two sides of the paper's losses, whole: relaxed labels of the source, relative distances of the target."""

import torch
from torch import Tensor

from embedding_transfer.relations.distance_rows import SMALLEST_SQUARE, log_label_rows
from embedding_transfer.relations.pairwise import pairwise_distances
from embedding_transfer.relations.precision import full_precision


def relaxed_labels(source: Tensor, sigma: float = 1.0) -> Tensor:
    """How alike the source finds two rows: w_ij = exp(-|u_i - u_j|^2 / sigma) in (0, 1], u = s / |s|, Kim et al. 2021.

    Args:
        source: (n, d) embeddings, float32 or float64; normalized here, a row of zeros stays zero.
        sigma: Width of the kernel. Default: 1.

    Returns:
        (n, n) symmetric, exactly 1 on the diagonal, without gradient.

    Example::

        >>> relaxed_labels(torch.tensor([[2.0, 0.0], [0.0, 1.0]]))
        tensor([[1.0000, 0.1353],
                [0.1353, 1.0000]])
    """
    with torch.no_grad(), full_precision(source.device):
        return log_label_rows(source, slice(0, len(source)), sigma).clamp_(max=0).exp_()


def relative_distances(target: Tensor) -> Tensor:
    """Distances in units of their row's mean, r_ij = d_ij / mu_i with mu_i = (1/n) sum_j d_ij, Kim et al. 2021.

    The mean is over all n columns, the zero self-distance included, and carries gradient.

    Args:
        target: (n, d), float32 or float64.

    Returns:
        (n, n); all zero for a single row.
    """
    distances = pairwise_distances(target)  # (n, n)
    return distances / distances.mean(dim=1, keepdim=True).clamp(min=SMALLEST_SQUARE)  # the bound is for n = 1
