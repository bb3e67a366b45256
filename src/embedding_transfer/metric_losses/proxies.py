"""What the losses with proxies share: one learned vector for each class."""

import torch
from torch import Tensor, nn


def new_proxies(num_classes: int, embedding_size: int) -> nn.Parameter:
    """Proxies (num_classes, embedding_size), normal with standard deviation sqrt(2 / num_classes) as published."""
    return nn.Parameter(torch.randn(num_classes, embedding_size) * (2 / num_classes) ** 0.5)


def unit(rows: Tensor) -> Tensor:
    """Rows over their length, x / sqrt(|x|^2 + 1e-12): a zero row stays zero and keeps a finite gradient."""
    return rows * (rows.square().sum(1, keepdim=True) + 1e-12).rsqrt()
