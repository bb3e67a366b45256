"""What the training of a source is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from embedding_transfer.build.classes import Spec
from embedding_transfer.build.ranges import Count, Dim, ImageSize, NotNegative, Positive, Views, Warmup
from embedding_transfer.training.options import TrainingOptions


@dataclass(kw_only=True)
class SourceOptions(TrainingOptions):
    """Options of :func:`train_source`: those of Proxy-Anchor's published recipe where they differ.

    Args:
        loss: A loss of ``embedding_transfer.metric_losses`` or of pytorch-metric-learning, by name or class path.
        miner: A miner of pytorch-metric-learning that chooses the pairs or triplets that count, by name or class path.
        backbone: ``convnet-WIDTH``, ``bn_inception`` or any name of timm.
        embedding_dim: Length of the embedding vector.
        image_size: Side in pixels of the views.
        clip_value: Largest absolute value of a gradient entry, 10 as published; null: no clipping.
    """

    published_batch: ClassVar[tuple[int, int | None]] = (180, None)

    loss: Spec = field(default="ProxyAnchorLoss", metadata={"class_of": "metric_losses"})
    miner: Spec | None = field(default=None, metadata={"class_of": "miners"})
    backbone: str = "resnet18"
    embedding_dim: Dim = 512
    image_size: ImageSize = 224
    l2_normalize: bool = True
    views: Views = 1
    epochs: Count = 60
    loss_lr_factor: NotNegative = 100.0
    schedule: Literal["cosine", "step", "constant"] = "step"
    warmup_epochs: Warmup = 1
    clip_value: Positive | None = 10.0
