"""A head that begins as principal components, in place of random directions."""

from __future__ import annotations

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from embedding_transfer.errors import UsageError
from embedding_transfer.images import ImageSet
from embedding_transfer.images.download.progress import phase
from embedding_transfer.networks import EmbeddingNetwork
from embedding_transfer.retrieval.embed import embed_images
from embedding_transfer.sources.principal_components import principal_components


class Pooled(nn.Module):
    """A network up to its head: images (n, 3, h, w) to what the backbone pools, (n, features)."""

    def __init__(self, network: EmbeddingNetwork) -> None:
        super().__init__()
        self.network, self.image_size, self.crop = network, network.image_size, network.crop

    def forward(self, images: Tensor) -> Tensor:
        return self.network.embed_all(images).pooled


@torch.no_grad()
def start_head(network: EmbeddingNetwork, images: ImageSet, workers: int, accelerator: Accelerator) -> None:
    """Let the head be the principal components of what a pretrained backbone pools of these pictures.

    With mean m and directions D (features, d) the head is D^T (x - m): the best vector of that length by squared error,
    where a random head throws away as much as it keeps.

    Args:
        network: Its head is replaced; its backbone should know something already.
        images: Training images.
        workers: Processes that load images.
        accelerator: Shares the work among its processes.

    Raises:
        UsageError: If the embedding is longer than what the backbone pools, or there are fewer images than dimensions.
    """
    require_components(network, len(images))
    with phase(f"embedding {len(images):,} pictures for the principal components that the head starts as"):
        pooled = embed_images(Pooled(network), images, workers=workers, accelerator=accelerator)  # (n, features)
    mean, directions = principal_components(pooled.cpu(), network.embedding_dim)  # (features,), (features, d)
    network.head.weight.copy_(directions.T)
    network.head.bias.copy_(-(mean @ directions))


def require_components(network: EmbeddingNetwork, n_images: int) -> None:
    """Refuse a head that has more dimensions than so many images have principal components.

    Raises:
        UsageError: If the embedding is longer than what the backbone pools, or there are fewer images than dimensions.
    """
    dim, features = network.embedding_dim, network.backbone.features
    if dim > min(features, n_images):
        raise UsageError(
            f"a head of {dim} dimensions cannot start as principal components of {features} features of {n_images} "
            "images: leave out --head-start, or give a smaller --embedding-dim"
        )
