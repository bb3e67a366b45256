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
from embedding_transfer.networks import EmbeddingNetwork
from embedding_transfer.sources import PictureSource, Source, SourceSettings, open_source
from embedding_transfer.sources.start import start_as_source
from embedding_transfer.training.loop import Training
from embedding_transfer.training.prepare import new_network, prepare
from embedding_transfer.training.result import TrainingResult
from embedding_transfer.training.sentences import start_of_weights
from embedding_transfer.training.transfer_objective import TransferObjective
from embedding_transfer.training.transfer_options import TransferOptions

DEFAULT_SIZE = 224


def train_target_network(options: TransferOptions) -> TrainingResult:
    """Hand a source's knowledge on to a target (see :func:`embedding_transfer.transfer`)."""
    source = source_of(options)
    options = with_shape_of(source, options)
    start = network_to_start_from(source) if options.start_from_source else None
    require_what_loss_needs(options.loss, source)
    options, run, images, validation, accelerator = prepare(options)
    target = new_network(*options.shape, options)
    if start is not None:
        start_as_source(target, start, images.train, options.workers, accelerator)
    sizes = _sizes(target, source, images.train, options.views)
    objective = TransferObjective(
        target,
        new_transfer_loss(options.loss, sizes),
        options.views,
        options.transfer_weight,
        None if options.metric_loss is None else new_metric_loss(options.metric_loss, None, sizes),
        options.metric_weight,
    )
    if options.transfer_weight:
        source.look_at(images.train)
    taught = source if options.transfer_weight else None
    starts = "its source's weights" if options.start_from_source else start_of_weights(options)
    return Training(objective, images, options, run, accelerator, taught, validation).train(starts)


def source_of(options: TransferOptions) -> Source:
    """The source that the options name.

    Raises:
        UsageError: If there is none such.
        InputError: If it cannot be read.
    """
    settings = SourceSettings(
        options.source_weights,
        options.source_pretrained,
        options.source_image_size,
        options.source_mean,
        options.source_std,
        options.source_views,
    )
    return open_source(options.source, settings, options.source_weight)


def with_shape_of(source: Source, options: TransferOptions) -> TransferOptions:
    """The options with backbone, length and image size of the target, those of the source where none are given.

    Raises:
        UsageError: If the source has no backbone to take.
    """
    backbone = options.backbone or source.backbone_name
    if backbone is None:
        raise UsageError(f"source {source.name} has no backbone that a target could take: give --backbone")
    return dataclasses.replace(
        options,
        backbone=backbone,
        embedding_dim=options.embedding_dim or source.dim,
        image_size=options.image_size or source.image_size or DEFAULT_SIZE,
    )


def network_to_start_from(source: Source) -> EmbeddingNetwork:
    """The network of a source that a target can begin as.

    Raises:
        UsageError: If the source is no network that was trained here.
    """
    if isinstance(source, PictureSource) and isinstance(source.network, EmbeddingNetwork):
        return source.network
    raise UsageError(
        f"a target can start from the weights of a network that was trained here, not of {source.name}: "
        "leave out --start-from-source; --weights FILE or --pretrained start it from other weights"
    )


def new_transfer_loss(loss: Spec, sizes: dict[str, Any]) -> TransferLoss:
    """The transfer loss that is named.

    Raises:
        UsageError: If there is no such loss, it is none for transfer, or it asks for what no step has.
    """
    built = build(loss, losses, sizes)
    if not isinstance(built, TransferLoss):
        raise UsageError(
            f"{type(built).__name__} is no TransferLoss: a loss on class labels is given as --metric-loss; "
            f"losses for transfer are {', '.join(name for name in losses.__all__ if name.endswith('Loss'))}"
        )
    return built


def require_what_loss_needs(loss: Spec, source: Source) -> None:
    """Refuse, before images are loaded, a loss that does not exist, or one on stage maps for a source without maps.

    Raises:
        UsageError: The message says which sources give maps, and which losses need none.
    """
    stand_in = {"target_dim": 2, "source_dim": 2, "n_images": 2, "image_labels": torch.arange(2), "views": 1}
    stand_in |= {"target_channels": [1], "source_channels": [1], "num_classes": 2, "embedding_size": 2}
    tried = new_transfer_loss(loss, stand_in)
    if "source_maps" in tried.fields and not source.map_channels:
        raise UsageError(
            f"{type(tried).__name__} needs the source's stage maps, which {source.name} does not give: take a network "
            "that was trained here as the source, or a loss on embeddings such as RelaxedContrastiveLoss"
        )


def _sizes(target: EmbeddingNetwork, source: Source, images: ImageSet, views: int) -> dict[str, Any]:
    """What losses may ask for when they are built."""
    return {
        "target_dim": target.embedding_dim,
        "source_dim": source.dim,
        "target_channels": target.map_channels,
        "source_channels": list(source.map_channels),
        "n_images": len(images),
        "image_labels": torch.from_numpy(images.labels),
        "num_classes": len(images.class_names),
        "embedding_size": target.embedding_dim,
        "views": views,
    }
