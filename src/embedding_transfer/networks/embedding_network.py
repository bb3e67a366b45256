"""The network of this package: an image becomes a vector."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from embedding_transfer.build.ranges import Dim, ImageSize, Momentum, Share
from embedding_transfer.build.typed_arguments import in_range
from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.networks.backbone_names import plain_backbone_name
from embedding_transfer.networks.backbones import build_backbone
from embedding_transfer.networks.batch_norm import BatchNormMode, batch_norm_layers, check_batch_norm_mode
from embedding_transfer.networks.description import Description, read_description
from embedding_transfer.networks.embedded import Embedded
from embedding_transfer.networks.fit import load_state
from embedding_transfer.networks.image_size import try_image_size
from embedding_transfer.networks.network_file import read_network_file, write_network_file
from embedding_transfer.networks.normalize import Normalize
from embedding_transfer.networks.pooling import Pooling, new_pooling
from embedding_transfer.networks.weights import load_backbone_weights


class EmbeddingNetwork(nn.Module):
    """Images (n, 3, h, w), float RGB in [0, 1], to embeddings (n, embedding_dim).

    Normalize, backbone, pooling, linear head (weight orthogonal, bias zero at first) and, if asked for, division by the
    Euclidean norm. The network normalizes pictures for itself, so one
    batch of images serves any two networks.

    Args:
        backbone: A name :func:`build_backbone` knows: ``"resnet18"`` or any other of timm, ``"convnet-32"``.
            A name of the hub (``"hf-hub:timm/NAME"``) is remembered as timm's own.
        embedding_dim: Length of the embedding vector.
        l2_normalize: Whether embeddings have length 1.
        image_size: Side in pixels of the square pictures the network is meant for.
        crop: Evaluation sees the center ``crop`` share of the resized picture; 0.875 is 224 of 256, 1.0 all of it.
        pretrained: Start from weights that timm downloads. Nothing is downloaded otherwise.
        weights: Start from the backbone weights in this file: published ones, or a network that :meth:`save` wrote
            (see :func:`load_backbone_weights`).
        batch_norm_momentum: Weight of the newest batch in BatchNorm's running statistics; ``None`` leaves the
            backbone's own, mostly 0.1. The paper's BN-Inception used 0.9, Caffe's meaning of 0.1.
        pooling: ``"average+maximum"`` (global average plus global maximum of the final map), ``"average"``,
            ``"class-token"``, ``"gem"`` (generalized mean with a learned power) or ``"own"`` (what the backbone was
            trained to pool to). ``None``: average plus maximum for convolutional networks, as published, the network's
            own for transformers (see :class:`TimmBackbone`).

    Raises:
        UsageError: If the backbone is unknown (the message has the nearest names) or cannot be pooled this way, a
            number is out of range, or the file of weights does not exist.
        InputError: If the file of weights does not fit the backbone.
        EmbeddingTransferError: If pretrained weights cannot be downloaded.

    Example::

        >>> import torch
        >>> network = EmbeddingNetwork("convnet-12", embedding_dim=8, image_size=28)
        >>> network(torch.rand(4, 3, 28, 28)).shape
        torch.Size([4, 8])
        >>> [tuple(stage.shape) for stage in network.embed_all(torch.rand(4, 3, 28, 28)).maps]
        [(4, 12, 28, 28), (4, 12, 14, 14), (4, 24, 7, 7), (4, 24, 3, 3)]
    """

    @in_range
    def __init__(
        self,
        backbone: str = "resnet18",
        embedding_dim: Dim = 512,
        *,
        l2_normalize: bool = False,
        image_size: ImageSize = 224,
        crop: Share = 0.875,
        pretrained: bool = False,
        weights: str | Path | None = None,
        batch_norm_momentum: Momentum | None = None,
        pooling: Pooling | None = None,
    ) -> None:
        super().__init__()
        if pretrained and weights is not None:
            raise UsageError(f"weights come from timm (pretrained) or from a file ({weights}), not both")
        self.backbone_name = plain_backbone_name(backbone)
        self.embedding_dim = embedding_dim
        self.l2_normalize = l2_normalize
        self.image_size = image_size
        self.crop = crop
        self.batch_norm_momentum = batch_norm_momentum

        self.backbone = build_backbone(backbone, image_size=image_size, pretrained=pretrained, pooling=pooling)
        self.pooling = self.backbone.pooling
        if weights is not None:
            load_backbone_weights(self.backbone, weights)
        self.normalize = Normalize(self.backbone.normalization)
        self.pool = new_pooling(self.pooling)
        self.head = nn.Linear(self.backbone.features, embedding_dim)
        nn.init.orthogonal_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        if batch_norm_momentum is not None:
            for layer in batch_norm_layers(self):
                layer.momentum = batch_norm_momentum

        self._batch_norm: BatchNormMode = "train"
        self._backbone_learns = True

    # ---------------------------------------------------------------- images to embeddings

    def forward(self, images: Tensor) -> Tensor:
        """Embeddings (n, embedding_dim) of images (n, 3, h, w), float RGB in [0, 1]."""
        return self.embed_all(images).embedding

    def embed_all(self, images: Tensor) -> Embedded:
        """Stage maps, pooled vectors and embeddings of images (n, 3, h, w), float RGB in [0, 1].

        Raises:
            InputError: If the images are no tensor of this shape, or whole numbers; values clearly outside [0, 1] are
                warned of once (see :class:`Normalize`).
        """
        if not isinstance(images, Tensor):
            raise InputError(f"EmbeddingNetwork takes images as a torch tensor; got a {type(images).__name__}")
        if images.ndim != 4 or images.shape[1] != 3:
            raise InputError(f"EmbeddingNetwork takes images (n, 3, h, w); got {tuple(images.shape)}")
        features = self.backbone(self.normalize(images))
        pooled = self.pool(features)  # (n, features)
        embedding = self.head(pooled)  # (n, embedding_dim)
        if self.l2_normalize:
            embedding = F.normalize(embedding)
        return Embedded(features.maps, pooled, embedding)

    @property
    def map_channels(self) -> list[int]:
        """Channels of each stage map."""
        return self.backbone.map_channels

    def check_image_size(self) -> None:
        """Try the network on one picture of its image size; nothing about the network changes.

        Raises:
            UsageError: If such pictures are too small for the backbone, or do not fit it.
        """
        try_image_size(self, self.image_size, self.backbone.reduction, self.backbone_name)

    # ---------------------------------------------------------------- what learns

    @property
    def batch_norm(self) -> BatchNormMode:
        """What BatchNorm does in training (see :data:`BatchNormMode`); ``train()`` and warm-up leave it in force."""
        return self._batch_norm

    @batch_norm.setter
    def batch_norm(self, mode: BatchNormMode) -> None:
        check_batch_norm_mode(mode)
        self._batch_norm = mode
        self._choose_what_learns()
        self.train(self.training)

    @property
    def backbone_learns(self) -> bool:
        """Whether the backbone's parameters get gradients; ``False`` during warm-up, when only the head learns."""
        return self._backbone_learns

    @backbone_learns.setter
    def backbone_learns(self, learns: bool) -> None:
        self._backbone_learns = learns
        self._choose_what_learns()

    def train(self, mode: bool = True) -> EmbeddingNetwork:
        """As in torch, except that frozen BatchNorm stays on its running statistics."""
        super().train(mode)
        if self._batch_norm != "train":
            for layer in batch_norm_layers(self):
                layer.eval()
        return self

    def _choose_what_learns(self) -> None:
        self.backbone.requires_grad_(self._backbone_learns)
        if self._batch_norm == "frozen":
            for layer in batch_norm_layers(self):
                layer.requires_grad_(False)

    # ---------------------------------------------------------------- files

    @property
    def description(self) -> dict[str, Any]:
        """All that is needed to build this network again, apart from its weights, as plain JSON data."""
        return Description(
            self.backbone_name,
            self.embedding_dim,
            bool(self.l2_normalize),
            self.image_size,
            self.crop,
            self.batch_norm_momentum,
            self.normalize.normalization,
            self.pooling,
        ).as_json()

    @classmethod
    def from_description(cls, description: dict[str, Any] | Description) -> EmbeddingNetwork:
        """A network with random weights from what :attr:`description` gave.

        Raises:
            InputError: If the description lacks something or asks for what this version does not know.
            UsageError: If its backbone is unknown.
        """
        if not isinstance(description, Description):
            description = read_description(description)
        options = description._asdict()
        normalization = options.pop("normalization")
        network = cls(options.pop("backbone"), options.pop("embedding_dim"), **options)
        network.normalize = Normalize(normalization)
        return network

    def save(self, path: str | Path) -> None:
        """Write weights and description to one safetensors file, all of it or nothing."""
        write_network_file(Path(path), self.state_dict(), self.description)

    @classmethod
    def load(cls, path: str | Path) -> EmbeddingNetwork:
        """The network that :meth:`save` wrote, in evaluation mode, on the CPU; weights of 16 bits become float32.

        Raises:
            UsageError: If there is no such file.
            InputError: If the file is no safetensors file, its description is missing, damaged or asks for what this
                version does not know, or its weights do not fit.
        """
        state, description = read_network_file(Path(path))
        try:
            network = cls.from_description(description)
            network.check_image_size()
        except UsageError as error:
            raise InputError(f"{path} cannot be built: {error}") from error
        if "head.weight" in state and state["head.weight"].dtype == torch.float64:
            network.double()
        load_state(network, state, str(path))
        return network.eval()

    @classmethod
    def from_pretrained(cls, name: str | Path) -> EmbeddingNetwork:
        """The network in a folder, or of a repository ``"OWNER/NAME"`` of the Hugging Face hub, which is then fetched.

        Raises:
            UsageError: If there is no such folder, and it is no name of a repository.
            InputError: As :meth:`load`.
            DownloadError: If it cannot be fetched.
        """
        from embedding_transfer.networks.hub import pretrained_file  # which imports this module

        return cls.load(pretrained_file(name))
