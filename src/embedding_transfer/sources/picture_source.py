"""A source that looks at pictures: a network, a module of the user's, an ONNX file."""

from __future__ import annotations

from typing import Any, Literal

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.nn import functional as F

from embedding_transfer.images import ImageSet
from embedding_transfer.images.views import resized
from embedding_transfer.networks import Embedded, EmbeddingNetwork
from embedding_transfer.networks.compiling import compile_or_warn
from embedding_transfer.networks.for_inference import for_inference
from embedding_transfer.retrieval.embed import embed_images
from embedding_transfer.sources.source import Source


class PictureSource(Source):
    """A frozen network behind the one call of all sources; it sees views at its own resolution.

    In training a copy made for inference runs (see :func:`for_inference`), whose vectors agree to 1e-5.

    Args:
        network: An :class:`EmbeddingNetwork`, or any other module that is called with images (n, 3, h, w), float RGB in
            [0, 1], gives vectors (n, d), and has ``image_size`` and ``embedding_dim``.
        name: What messages call it.
        views: ``"own"``: every view has its own vector (as published). ``"mean"``: the unit vectors of an image's
            views are averaged and normalized again, and all its views get that one row.
        as_trained: The network itself where ``network`` is a copy for pictures of another size; default: ``network``.
    """

    def __init__(
        self,
        network: Any,
        name: str = "source",
        views: Literal["own", "mean"] = "own",
        as_trained: EmbeddingNetwork | None = None,
    ) -> None:
        super().__init__()
        self.network: nn.Module = network.eval().requires_grad_(False)
        self.name, self.views = name, views
        self._fast: nn.Module | None = None
        self.image_size: int = network.image_size
        self._as_trained = (as_trained or network,)  # in a tuple, so that it is no module of this one and never moved
        self.own_size: int = getattr(network, "own_size", self.as_trained.image_size)
        self.dim = network.embedding_dim
        if isinstance(network, EmbeddingNetwork):
            self.map_channels = tuple(network.map_channels)
        self.backbone_name = getattr(network, "backbone_name", None)

    @property
    def as_trained(self) -> Any:
        """The network at the size of pictures that it was made for."""
        return self._as_trained[0]

    @property
    def fast(self) -> nn.Module:
        """The network as it runs in training: made at the first call, where the network is by then."""
        if self._fast is None:
            self._fast = for_inference(self.network, self.image_size)
        return self._fast

    def run_compiled(self) -> None:
        runs = self.fast.backbone if isinstance(self.fast, EmbeddingNetwork) else self.fast
        compile_or_warn(runs, f"source {self.name}", self.image_size, learns=False)

    @torch.no_grad()
    def forward(self, images: Tensor, index: Tensor, views: int) -> Embedded:
        images = resized(images, self.image_size)
        if isinstance(self.fast, EmbeddingNetwork):
            embedded = self.fast.embed_all(images)
        else:
            vectors = self.fast(images)  # (views * n, d)
            embedded = Embedded([], vectors, vectors)
        if self.views == "own":
            return embedded
        return embedded._replace(embedding=consensus(embedded.embedding, views))

    def embed(self, images: ImageSet, *, workers: int = 2, accelerator: Accelerator | None = None) -> Tensor:
        return embed_images(self.network, images, workers=workers, accelerator=accelerator)


def consensus(embedding: Tensor, views: int) -> Tensor:
    """Every row becomes the unit mean of the unit rows of its image's views: (views * n, d) to (views * n, d)."""
    of_image = F.normalize(embedding).unflatten(0, (views, -1))  # (v, n, d)
    return F.normalize(of_image.mean(dim=0)).repeat(views, 1)  # (v * n, d)
