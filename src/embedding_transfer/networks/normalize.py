"""The first layer of every network: pictures as all networks get them, to values as this one wants them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from embedding_transfer.networks.backbone import Normalization


class Normalize(nn.Module):
    """Images (n, 3, h, w), RGB in [0, 1], to the channel order, value range, mean and std of a network.

    Mean and std move with the module but are no part of its state dict: the network's description holds them.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, normalization: Normalization) -> None:
        super().__init__()
        self.normalization = normalization
        self.register_buffer("mean", torch.tensor(normalization.mean).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(normalization.std).view(3, 1, 1), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        if self.normalization.channel_order == "bgr":
            images = images.flip(1)
        return (images * self.normalization.value_range - self.mean) / self.std  # (n, 3, h, w)
