"""Rows divided by their lengths."""

import torch
from torch import Tensor

SMALLEST_LENGTH = 1e-12
"""A shorter row is divided by this instead."""


def unit_rows(x: Tensor, epsilon: float = 0.0) -> Tensor:
    """x_i / (|x_i| + epsilon), (n, d) -> (n, d); a row of zeros stays zero, and gets no gradient: it has no direction.

    Example::

        >>> unit_rows(torch.tensor([[3.0, 4.0], [0.0, 0.0]]))
        tensor([[0.6000, 0.8000],
                [0.0000, 0.0000]])
    """
    lengths = torch.linalg.vector_norm(x, dim=1, keepdim=True)  # (n, 1)
    divisors = lengths.clamp(min=SMALLEST_LENGTH) + epsilon
    return x / divisors.masked_fill(lengths == 0, torch.inf)
