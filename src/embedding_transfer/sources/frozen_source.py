"""Sources: a frozen network behind one call."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from embedding_transfer.networks import Embedded, EmbeddingNetwork


class FrozenSource(nn.Module):
    """A trained network that is only looked at: evaluation mode, no gradient, always.

    Args:
        network: The source.
        views: ``"own"``: every view has its own embedding (as published). ``"mean"``: the unit embeddings of an
            image's views are averaged and normalized again, and all its views get that one row.
    """

    def __init__(self, network: EmbeddingNetwork, views: Literal["own", "mean"] = "own") -> None:
        super().__init__()
        self.network = network.eval().requires_grad_(False)
        self.views = views

    def train(self, mode: bool = True) -> FrozenSource:
        """Stays in evaluation mode."""
        return super().train(False)

    @torch.no_grad()
    def forward(self, images: Tensor, views: int) -> Embedded:
        """What the source makes of images (views * n, 3, h, w), rows [all view 1, all view 2, ...]."""
        size = self.network.image_size
        if images.shape[-1] != size:
            images = F.interpolate(images, (size, size), mode="bilinear", antialias=True)
        embedded = self.network.embed_all(images)
        if self.views == "own":
            return embedded
        return embedded._replace(embedding=consensus(embedded.embedding, views))


def consensus(embedding: Tensor, views: int) -> Tensor:
    """Every row becomes the unit mean of the unit rows of its image's views: (views * n, d) to (views * n, d)."""
    of_image = F.normalize(embedding).unflatten(0, (views, -1))  # (v, n, d)
    return F.normalize(of_image.mean(dim=0)).repeat(views, 1)  # (v * n, d)
