"""What the training of a target is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from embedding_transfer.build.classes import Spec
from embedding_transfer.build.ranges import Count, Dim, ImageSize, NotNegative
from embedding_transfer.errors import UsageError
from embedding_transfer.sources.settings import SourceSettings
from embedding_transfer.training.options import TrainingOptions


@dataclass(kw_only=True)
class TransferOptions(SourceSettings, TrainingOptions):
    """Options of :func:`transfer`: the paper's settings.

    Args:
        source: What is handed on: a run directory (its best network is taken), a network file, ``timm:NAME``, the class
            path of your own module, an ONNX file, or a file of stored vectors; several become one.
        loss: A transfer loss of ``embedding_transfer.losses`` by name, or the class path of your own.
        transfer_weight: Weight of the transfer loss; 0: the target learns from labels alone, by the metric loss, which
            shows what its source is worth.
        metric_loss: A loss on the class labels beside it, by name or class path; default: none.
        metric_weight: Weight of the metric loss.
        source_views: ``own``: each view has its own source embedding; ``mean``: all views of an image share the
            normalized mean of theirs.
        source_precision: Of the source: ``no`` (float32), ``bf16`` or ``fp16``; default: as ``precision``.
        store_source: Folder in which the source's vectors of all views are kept, so that it need not run again: in the
            next training with the same views, or by ``store_source_epochs`` in this one. For losses on embeddings.
        store_source_epochs: Epochs after which views begin anew, so that their vectors can be read; null: never.
        store_source_dtype: Type of the kept vectors; float16 takes half the space and rounds to three digits.
        start_from_source: Give the target its source's weights to start from; a shorter vector, or one of several
            lengths by relations, starts as the principal components of the source's. The target must have its source's
            backbone.
        backbone: Backbone of the target: ``convnet-WIDTH``, ``bn_inception`` or any name of timm; default: the
            source's.
        embedding_dim: Length of the target's embedding; default: the source's.
        image_size: Side in pixels of the views; default: the source's own, or what the source sees if that is less.
    """

    source: Any = field(metadata={"many": True})
    loss: Spec = field(default="RelaxedContrastiveLoss", metadata={"class_of": "losses"})
    transfer_weight: NotNegative = 1.0
    metric_loss: Spec | None = field(default=None, metadata={"class_of": "metric_losses"})
    metric_weight: NotNegative = 1.0
    source_views: Literal["own", "mean"] = "own"
    source_precision: Literal["no", "bf16", "fp16"] | None = None
    store_source: Path | None = None
    store_source_epochs: Count | None = None
    store_source_dtype: Literal["float32", "float16"] = "float32"
    start_from_source: bool = False
    backbone: str | None = None
    embedding_dim: Dim | None = None
    image_size: ImageSize | None = None

    @property
    def shape(self) -> tuple[str, int, int]:
        """Backbone, length and image size of the target, once they are known."""
        if self.backbone is None or self.embedding_dim is None or self.image_size is None:
            raise UsageError("the shape of the target is still open: with_shape_of takes it from the source")
        return self.backbone, self.embedding_dim, self.image_size

    @property
    def starts_from_weights(self) -> bool:
        return self.start_from_source or super().starts_from_weights

    @property
    def view_epochs(self) -> int | None:
        return self.store_source_epochs

    def __post_init__(self) -> None:
        super().__post_init__()
        self.source = tuple(self.source) if isinstance(self.source, (list, tuple)) else (self.source,)
        if self.source_weight and len(self.source_weight) != len(self.source):
            numbers = f"{len(self.source_weight)} for {len(self.source)}"
            raise UsageError(f"source_weight takes one number for each source; got {numbers}")
        if self.start_from_source and (self.pretrained or self.weights is not None):
            raise UsageError(
                "a target starts from its source or from other weights, not both: leave out --start-from-source, or "
                "--weights and --pretrained"
            )
        if self.transfer_weight == 0 and self.metric_loss is None:
            raise UsageError("transfer_weight 0 without a metric loss leaves nothing to learn: give --metric-loss")
