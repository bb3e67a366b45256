"""What the training of a target is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from embedding_transfer.build.classes import Spec
from embedding_transfer.errors import UsageError
from embedding_transfer.training.options import TrainingOptions


@dataclass(kw_only=True)
class TransferOptions(TrainingOptions):
    """Options of :func:`transfer`: the paper's settings.

    Args:
        source: Run directory (its best network is taken) or file of the source network.
        loss: A transfer loss of ``embedding_transfer.losses`` by name, or the class path of your own.
        transfer_weight: Weight of the transfer loss; 0: the target learns from labels alone, by the metric loss, which
            shows what its source is worth.
        metric_loss: A loss on the class labels beside it, by name or class path; default: none.
        metric_weight: Weight of the metric loss.
        source_views: ``own``: each view has its own source embedding; ``mean``: all views of an image share the
            normalized mean of theirs.
        start_from_source: Give the target its source's weights to start from; a shorter vector starts as the principal
            components of the source's. The target must have its source's backbone.
        backbone: Backbone of the target: ``convnet-WIDTH``, ``bn_inception`` or any name of timm; default: the
            source's.
        embedding_dim: Length of the target's embedding; default: the source's.
        image_size: Side in pixels of the views; default: the source's.
    """

    source: Path
    loss: Spec = field(default="RelaxedContrastiveLoss", metadata={"class_of": "losses"})
    transfer_weight: float = 1.0
    metric_loss: Spec | None = field(default=None, metadata={"class_of": "metric_losses"})
    metric_weight: float = 1.0
    source_views: Literal["own", "mean"] = "own"
    start_from_source: bool = False
    backbone: str | None = None
    embedding_dim: int | None = None
    image_size: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.start_from_source and (self.pretrained or self.weights is not None):
            raise UsageError("a target starts from its source or from other weights, not both")
        if self.transfer_weight == 0 and self.metric_loss is None:
            raise UsageError("transfer_weight 0 without a metric loss leaves nothing to learn: give --metric-loss")
