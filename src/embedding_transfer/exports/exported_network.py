"""A network as other programs call it: raw pixels in, embeddings out, nothing else."""

from __future__ import annotations

import copy

from torch import Tensor, nn

from embedding_transfer.networks import EmbeddingNetwork
from embedding_transfer.networks.exported_input import ExportedInput, Pixels
from embedding_transfer.networks.for_inference import for_inference


class ExportedNetwork(nn.Module):
    """Images (n, 3, s, s), RGB, float32 in [0, 1] or uint8, to the embeddings (n, d) float32 of a network.

    Normalization is inside, and BatchNorm is folded into convolutions (see :func:`for_inference`). The network that is
    given stays as it is.

    Args:
        network: Any embedding network.
        pixels: ``"float32"`` or ``"uint8"``.

    Example::

        >>> import torch
        >>> exported = ExportedNetwork(EmbeddingNetwork("convnet-4", 8, image_size=16), "uint8")
        >>> exported(torch.zeros(2, 3, 16, 16, dtype=torch.uint8)).shape
        torch.Size([2, 8])
    """

    def __init__(self, network: EmbeddingNetwork, pixels: Pixels = "float32") -> None:
        super().__init__()
        self.input = ExportedInput(pixels, network.image_size, network.crop)
        self.network = for_inference(copy.deepcopy(network).float().eval(), network.image_size).requires_grad_(False)
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        if self.input.pixels == "uint8":
            images = images.float() / 255
        found: Tensor = self.network(images)
        return found
