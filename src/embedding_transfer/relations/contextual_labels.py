"""Contextual labels: how many neighbors two rows share in the source's space."""

import torch
from torch import Tensor

from embedding_transfer.errors import InputError
from embedding_transfer.relations.checks import precise_rows, require_positive
from embedding_transfer.relations.distance_rows import log_label_rows
from embedding_transfer.relations.precision import full_precision
from embedding_transfer.relations.ranking import ranked


def contextual_labels(source: Tensor, sigma: float = 1.0, top_k: int = 10, index: Tensor | None = None) -> Tensor:
    r"""How alike the neighborhoods of two rows are in the source's space, from 0 to 1.

    .. math::
        c_{ij} = \frac{|R_i \cap R_j|}{|R_i|} [j \in R_i], \quad
        \hat c_{ij} = \frac1h \sum_{m \in H_i} c_{mj}, \quad w^C_{ij} = \frac{\hat c_{ij} + \hat c_{ji}}{2}

    with :math:`N_i` the k rows that the source finds most similar to i (itself first; rows of one image count as the
    same row), :math:`R_i = \{j \in N_i: i \in N_j\}` and :math:`H_i` the first h = k / 2 of :math:`N_i`, rounded half
    to even. Kim, Kim, Cho, Kwak, "Self-Taught Metric Learning without Labels", CVPR 2022.

    Args:
        source: (n, d) embeddings, normalized here.
        sigma: Width of the kernel of the relaxed labels, which rank the rows. Default: 1.
        top_k: k; all rows in a smaller batch. Default: 10.
        index: (n,) which image each row shows. Default: every row another one.

    Returns:
        (n, n) symmetric, without gradient.

    Raises:
        InputError: The embeddings are no floating point tensor (n, d), or there is not one index for each.
        UsageError: ``sigma`` is not positive.

    Example::

        >>> pairs = torch.tensor([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0]])
        >>> contextual_labels(pairs, top_k=2)
        tensor([[1., 1., 0., 0.],
                [1., 1., 0., 0.],
                [0., 0., 1., 1.],
                [0., 0., 1., 1.]])
    """
    require_positive(contextual_labels, sigma=sigma)
    source = precise_rows("contextual_labels", source=source)
    if index is not None and index.shape != source.shape[:1]:
        raise InputError(f"contextual_labels takes one index per row; got {tuple(index.shape)} for {len(source)} rows")
    with torch.no_grad(), full_precision(source.device):
        log_labels = log_label_rows(source, slice(0, len(source)), sigma).clamp_(max=0)  # (n, n)
        if index is not None:
            log_labels.masked_fill_(index[:, None] == index, 0)
        nearest = ranked(log_labels, top_k)  # (n, k)
        shared = shared_neighbors(nearest).to(source.dtype)  # (n, n)
        half = max(1, round(nearest.shape[1] / 2))
        averaged = torch.stack([shared[nearest[:, m]] for m in range(half)]).mean(dim=0)  # (n, n)
        return (averaged + averaged.T) / 2


def shared_neighbors(nearest: Tensor) -> Tensor:
    """c (n, n) from the neighbors N_i (n, k) of each row: the share of its reciprocal neighbors that are also j's."""
    n = len(nearest)
    is_near = torch.zeros(n, n, dtype=torch.bool, device=nearest.device).scatter_(1, nearest, True)
    mutual = is_near & is_near.T  # (n, n), whether j in R_i
    own = mutual.gather(1, nearest)  # (n, k), whether N_i(a) in R_i
    theirs = mutual[nearest[:, :, None], nearest[:, None]]  # (n, k, k), whether N_i(b) in R_j of j = N_i(a)
    both = (theirs & own[:, None]).sum(dim=2) * own  # (n, k)
    shares = both.double() / own.sum(dim=1, keepdim=True)
    return shares.new_zeros(n, n).scatter_(1, nearest, shares)
