"""The two sides of the paper's losses, whole: relaxed labels of the source, relative distances of the target."""

import torch
from torch import Tensor

from embedding_transfer.build.ranges import Positive
from embedding_transfer.build.typed_arguments import in_range
from embedding_transfer.relations.checks import precise_rows
from embedding_transfer.relations.distance_rows import SMALLEST_SQUARE, log_label_rows
from embedding_transfer.relations.pairwise import pairwise_distances
from embedding_transfer.relations.precision import full_precision


@in_range
def relaxed_labels(source: Tensor, sigma: Positive = 1.0) -> Tensor:
    r"""How alike the source finds two rows, from 0 to 1: what takes the place of "same class" in the losses.

    .. math:: w_{ij} = \exp(-|u_i - u_j|^2 / \sigma), \quad u_i = s_i / |s_i|

    Kim, Kim, Cho, Kwak, "Embedding Transfer with Label Relaxation for Improved Metric Learning", CVPR 2021.

    Args:
        source: (n, d) embeddings, normalized here, a row of zeros stays zero; 16-bit ones are taken to float32.
        sigma: Width of the kernel. Default: 1.

    Returns:
        (n, n) symmetric, exactly 1 on the diagonal, without gradient.

    Raises:
        InputError: The embeddings are no floating point tensor of shape (n, d).
        UsageError: ``sigma`` is not positive.

    Example::

        >>> relaxed_labels(torch.tensor([[2.0, 0.0], [0.0, 1.0]]))
        tensor([[1.0000, 0.1353],
                [0.1353, 1.0000]])
    """
    source = precise_rows("relaxed_labels", source=source)
    with torch.no_grad(), full_precision(source.device):
        return log_label_rows(source, slice(0, len(source)), sigma).clamp_(max=0).exp_()


def relative_distances(target: Tensor) -> Tensor:
    r"""Distances in units of their row's mean, so that the losses do not ask for a scale of the target.

    .. math:: r_{ij} = d_{ij} / \mu_i, \quad d_{ij} = |t_i - t_j|, \quad \mu_i = \frac1n \sum_j d_{ij}

    The mean is over all n columns, the zero self-distance included, and carries gradient. Kim, Kim, Cho, Kwak,
    "Embedding Transfer with Label Relaxation for Improved Metric Learning", CVPR 2021.

    Args:
        target: (n, d) embeddings, not normalized here; 16-bit ones are taken to float32.

    Returns:
        (n, n), rows of mean 1; all zero for a single row. Differentiable once.

    Raises:
        InputError: The embeddings are no floating point tensor of shape (n, d).

    Example::

        >>> relative_distances(torch.tensor([[0.0], [1.0], [3.0]]))
        tensor([[0.0000, 0.7500, 2.2500],
                [1.0000, 0.0000, 2.0000],
                [1.8000, 1.2000, 0.0000]])
    """
    distances = pairwise_distances(precise_rows("relative_distances", target=target))  # (n, n)
    return distances / distances.mean(dim=1, keepdim=True).clamp(min=SMALLEST_SQUARE)  # the bound is for n = 1
