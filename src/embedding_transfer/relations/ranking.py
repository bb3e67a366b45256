"""Which rows are most similar to each row of a batch."""

import torch
from torch import Tensor


def ranked(similarities: Tensor, k: int, own_first: bool = True) -> Tensor:
    """The columns of the k largest similarities in each row, largest first; equal ones by their order in the batch.

    Args:
        similarities: (n, m).
        k: How many; all m where there are fewer.
        own_first: The similarities are of n rows among themselves, and each row counts as the most similar to itself,
            whatever a duplicate of it and rounding say.

    Returns:
        (n, min(k, m)) int64.

    Example::

        >>> ranked(torch.tensor([[1.0, 0.2, 1.0], [0.2, 1.0, 0.5], [1.0, 0.5, 1.0]]), 2)
        tensor([[0, 2],
                [1, 2],
                [2, 0]])
    """
    if own_first:
        similarities = similarities.clone().fill_diagonal_(torch.inf)
    return similarities.sort(dim=1, descending=True, stable=True).indices[:, :k]


def without_diagonal(square: Tensor) -> Tensor:
    """Each row of (n, n) without its own column: (n, n - 1).

    Example::

        >>> without_diagonal(torch.tensor([[0, 1, 2], [3, 4, 5], [6, 7, 8]]))
        tensor([[1, 2],
                [3, 5],
                [6, 7]])
    """
    n = len(square)
    others = ~torch.eye(n, dtype=torch.bool, device=square.device)
    return square[others].view(n, n - 1)
