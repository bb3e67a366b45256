"""Transfer: a target network learns from a frozen source network."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from embedding_transfer import losses, metric_losses
from embedding_transfer.build import Spec, as_data, build
from embedding_transfer.errors import UsageError
from embedding_transfer.images import ImageSet
from embedding_transfer.losses import TransferLoss
from embedding_transfer.networks import Embedded, EmbeddingNetwork, load_network
from embedding_transfer.sources import FrozenSource
from embedding_transfer.sources.start import start_as_source
from embedding_transfer.training.gather import gather_rows
from embedding_transfer.training.loop import Training, TrainingResult
from embedding_transfer.training.objective import Objective
from embedding_transfer.training.options import TrainingOptions
from embedding_transfer.training.prepare import new_network, prepare
from embedding_transfer.training.run_directory import config_data


class TransferObjective(Objective):
    """A target network, a transfer loss and, if wanted, a metric loss on the labels beside it."""

    def __init__(
        self,
        network: EmbeddingNetwork,
        loss: TransferLoss,
        views: int,
        transfer_weight: float = 1.0,
        metric_loss: nn.Module | None = None,
        metric_weight: float = 1.0,
    ) -> None:
        super().__init__(network)
        self.loss, self.metric_loss, self.views = loss, metric_loss, views
        self.transfer_weight, self.metric_weight = transfer_weight, metric_weight

    def forward(self, images: Tensor, labels: Tensor, index: Tensor, source: Embedded | None) -> dict[str, Tensor]:
        target = self.network.embed_all(images)
        if source is None:  # labels alone
            assert self.metric_loss is not None
            embedding, labels = gather_rows(target.embedding, self.views), gather_rows(labels, self.views)
            return {"loss": self.metric_weight * self.metric_loss(embedding, labels)}
        batch = {  # embeddings of all processes; maps of this one, since losses on maps are means over rows
            "target": gather_rows(target.embedding, self.views),
            "source": gather_rows(source.embedding, self.views),
            "target_maps": target.maps,
            "source_maps": source.maps,
            "labels": gather_rows(labels, self.views),
            "index": gather_rows(index, self.views),
        }
        transferred = self.loss(**{field: batch[field] for field in self.loss.fields})
        if self.metric_loss is None:
            return {"loss": self.transfer_weight * transferred}
        on_labels = self.metric_loss(batch["target"], batch["labels"])
        total = self.transfer_weight * transferred + self.metric_weight * on_labels
        return {"loss": total, "transfer_loss": transferred, "metric_loss": on_labels}

    def label_parameters(self) -> list[nn.Parameter]:
        return [] if self.metric_loss is None else list(self.metric_loss.parameters())


def transfer(
    source: Path,
    loss: Spec = "RelaxedContrastiveLoss",
    transfer_weight: float = 1.0,
    metric_loss: Spec | None = None,
    metric_weight: float = 1.0,
    source_views: Literal["own", "mean"] = "own",
    start_from_source: bool = False,
    backbone: str | None = None,
    embedding_dim: int | None = None,
    image_size: int | None = None,
    **options: Any,
) -> TrainingResult:
    """Hand the knowledge of a source network on to a target network; the defaults are the paper's settings.

    Args:
        source: Run directory (its best network is taken) or file of the source network.
        loss: A loss of ``embedding_transfer.losses``, or the class path of your own :class:`TransferLoss`.
        transfer_weight: Weight of the transfer loss; 0: the target learns from labels alone, by the metric loss, which
            shows what its source is worth.
        metric_loss: A loss on the class labels beside it; default: none.
        metric_weight: Weight of the metric loss.
        source_views: ``own``: each view has its own source embedding; ``mean``: all views of an image share the
            normalized mean of theirs.
        start_from_source: Start as the source instead of at random weights; a shorter vector starts as the principal
            components of the source's. The target has the source's backbone.
        backbone: Of the target: ``convnet-WIDTH``, ``bn_inception`` or any name of timm; default: the source's.
        embedding_dim: Length of the target's embedding; default: the source's.
        image_size: Side in pixels of the views; default: the source's.
        **options: See :class:`~embedding_transfer.training.options.TrainingOptions`; ``output`` is required.

    Returns:
        The best and the last line of metrics.jsonl. The best network is ``OUTPUT/best.safetensors``.

    Raises:
        UsageError: If options contradict each other or the images, or name what is not there.
        InputError: If an image or the source cannot be read.
        TrainingError: If the loss is no longer finite.

    Example::

        transfer(source="runs/source", images="glyphs", embedding_dim=8, output="runs/short")
    """
    chosen = TrainingOptions(**options)
    if start_from_source and (chosen.pretrained or chosen.weights is not None):
        raise UsageError("a target starts from its source or from other weights, not both")
    if transfer_weight == 0 and metric_loss is None:
        raise UsageError("transfer_weight 0 without a metric loss leaves nothing to learn: give --metric-loss")
    teacher = load_network(source)
    backbone = backbone or teacher.backbone_name
    embedding_dim = embedding_dim or teacher.embedding_dim
    image_size = image_size or teacher.image_size
    config = config_data(
        chosen,
        source=str(source),
        loss=as_data(loss),
        transfer_weight=transfer_weight,
        metric_loss=None if metric_loss is None else as_data(metric_loss),
        metric_weight=metric_weight,
        source_views=source_views,
        start_from_source=start_from_source,
        backbone=backbone,
        embedding_dim=embedding_dim,
        image_size=image_size,
    )
    run, images, validation, accelerator = prepare(chosen, config)
    target = new_network(backbone, embedding_dim, image_size, chosen)
    if start_from_source:
        start_as_source(target, teacher, images.train, chosen.workers, accelerator)
    sizes = _sizes(target, teacher, images.train, chosen.views)
    transfer_loss = build(loss, losses, sizes)
    if not isinstance(transfer_loss, TransferLoss):
        raise UsageError(f"{type(transfer_loss).__name__} is no TransferLoss: give a metric loss as --metric-loss")
    on_labels = None if metric_loss is None else build(metric_loss, metric_losses, sizes)
    objective = TransferObjective(target, transfer_loss, chosen.views, transfer_weight, on_labels, metric_weight)
    frozen = None if transfer_weight == 0 else FrozenSource(teacher, source_views)
    return Training(objective, images, chosen, run, accelerator, frozen, validation).train()


def _sizes(target: EmbeddingNetwork, source: EmbeddingNetwork, images: ImageSet, views: int) -> dict[str, Any]:
    """What losses may ask for when they are built."""
    return {
        "target_dim": target.embedding_dim,
        "source_dim": source.embedding_dim,
        "target_channels": target.map_channels,
        "source_channels": source.map_channels,
        "n_images": len(images),
        "image_labels": torch.from_numpy(images.labels),
        "num_classes": len(images.class_names),
        "embedding_size": target.embedding_dim,
        "views": views,
    }
