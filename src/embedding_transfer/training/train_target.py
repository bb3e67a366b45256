"""The training of a target, from options to result."""

from __future__ import annotations

import dataclasses
from typing import Any

import torch

from embedding_transfer import losses
from embedding_transfer.build import Spec, build
from embedding_transfer.errors import UsageError
from embedding_transfer.images import ImageSet
from embedding_transfer.losses import TransferLoss
from embedding_transfer.metric_losses import new_metric_loss
from embedding_transfer.networks import EmbeddingNetwork, load_network
from embedding_transfer.sources import FrozenSource
from embedding_transfer.sources.start import start_as_source
from embedding_transfer.training.loop import Training
from embedding_transfer.training.prepare import new_network, prepare
from embedding_transfer.training.result import TrainingResult
from embedding_transfer.training.sentences import start_of_weights
from embedding_transfer.training.transfer_objective import TransferObjective
from embedding_transfer.training.transfer_options import TransferOptions


def train_target_network(options: TransferOptions) -> TrainingResult:
    """Hand a source's knowledge on to a target (see :func:`embedding_transfer.transfer`)."""
    source = load_network(options.source)
    backbone = options.backbone or source.backbone_name
    embedding_dim = options.embedding_dim or source.embedding_dim
    image_size = options.image_size or source.image_size
    options = dataclasses.replace(options, backbone=backbone, embedding_dim=embedding_dim, image_size=image_size)
    options, run, images, validation, accelerator = prepare(options)
    target = new_network(backbone, embedding_dim, image_size, options)
    if options.start_from_source:
        start_as_source(target, source, images.train, options.workers, accelerator)
    sizes = _sizes(target, source, images.train, options.views)
    objective = TransferObjective(
        target,
        new_transfer_loss(options.loss, sizes),
        options.views,
        options.transfer_weight,
        None if options.metric_loss is None else new_metric_loss(options.metric_loss, None, sizes),
        options.metric_weight,
    )
    frozen = None if options.transfer_weight == 0 else FrozenSource(source, options.source_views)
    starts = "its source's weights" if options.start_from_source else start_of_weights(options)
    return Training(objective, images, options, run, accelerator, frozen, validation).train(starts)


def new_transfer_loss(loss: Spec, sizes: dict[str, Any]) -> TransferLoss:
    """The transfer loss that is named.

    Raises:
        UsageError: If there is no such loss, it is none for transfer, or it asks for what no step has.
    """
    built = build(loss, losses, sizes)
    if not isinstance(built, TransferLoss):
        raise UsageError(
            f"{type(built).__name__} is no TransferLoss: a loss on class labels is given as --metric-loss; "
            f"losses for transfer are {', '.join(name for name in losses.__all__ if name != 'TransferLoss')}"
        )
    _ = built.fields  # refuses a loss that asks for what no step has, before anything is trained
    return built


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
