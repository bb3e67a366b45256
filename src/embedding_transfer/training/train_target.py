"""The training of a target, from options to result."""

from __future__ import annotations

import dataclasses
from typing import Any

import torch
from torch import Tensor

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.images import ImageSet
from embedding_transfer.images.download.progress import phase
from embedding_transfer.metric_losses import new_metric_loss
from embedding_transfer.networks import EmbeddingNetwork
from embedding_transfer.sources import PictureSource, Source, open_source
from embedding_transfer.sources.start import start_as_source
from embedding_transfer.training.auto_sigma import has_auto_sigma, suggested_sigma, with_sigma
from embedding_transfer.training.evaluation import new_evaluation
from embedding_transfer.training.fitting_loss import (
    learns_from_embeddings,
    new_transfer_loss,
    require_labels_if_asked,
    require_what_loss_needs,
    shorter_lengths,
)
from embedding_transfer.training.head_start import start_head
from embedding_transfer.training.loop import Training
from embedding_transfer.training.prepare import new_network, prepare
from embedding_transfer.training.projections import is_free_to_turn, require_foldable, start_projections
from embedding_transfer.training.result import TrainingResult
from embedding_transfer.training.sentences import start_of_weights
from embedding_transfer.training.store_source import with_store
from embedding_transfer.training.transfer_objective import TransferObjective
from embedding_transfer.training.transfer_options import TransferOptions

DEFAULT_SIZE = 224


def train_target_network(options: TransferOptions) -> TrainingResult:
    """Hand a source's knowledge on to a target (see :func:`embedding_transfer.transfer`)."""
    try:
        source = open_source(options.source, options, options.source_views)
    except InputError as error:
        raise InputError(f"the source cannot be used: {error}") from error
    options = with_shape_of(source, options)
    start = network_to_start_from(source) if options.start_from_source else None
    require_what_loss_needs(options.loss, source)
    options, run, images, validation, accelerator = prepare(options, learns_from_embeddings(options))
    require_labels_if_asked(options, images.train)
    source.to(accelerator.device)

    def source_vectors(some: ImageSet) -> Tensor:
        with phase(f"embedding {len(some):,} pictures of {some.name} by the source"):
            return source.embed(some, workers=options.workers, accelerator=accelerator)

    if has_auto_sigma(options.loss):
        sigma = suggested_sigma(images.train, source_vectors)
        options = dataclasses.replace(options, loss=with_sigma(options.loss, sigma))
        run.settle(options)
    target = new_network(*options.shape, options)
    if start is None and options.head_start == "principal-components":
        start_head(target.to(accelerator.device), images.train, options.workers, accelerator)
    sizes = _sizes(target, source, images.train, options.views)
    loss = new_transfer_loss(options.loss, sizes)
    lengths = shorter_lengths(loss, target.embedding_dim)
    directions = None
    if start is not None:
        turned = bool(lengths) and is_free_to_turn(loss)
        directions = start_as_source(target, start, lambda: source_vectors(images.train), turned)
    require_foldable(loss, options.l2_normalize)
    start_projections(loss, images.train, source_vectors, directions)
    objective = TransferObjective(
        target,
        loss,
        options.views,
        options.transfer_weight,
        None if options.metric_loss is None else new_metric_loss(options.metric_loss, None, sizes),
        options.metric_weight,
    )
    learns_from_source = options.transfer_weight > 0
    if learns_from_source:
        source.look_over(images)
        source.look_at(images.train)
    evaluation = new_evaluation(images, validation, options, source_vectors, lengths)
    taught = with_store(source, loss, images.train, options, accelerator) if learns_from_source else None
    starts = "its source's weights" if options.start_from_source else start_of_weights(options)
    return Training(objective, images, options, run, accelerator, evaluation, taught).train(starts)


def with_shape_of(source: Source, options: TransferOptions) -> TransferOptions:
    """The options with backbone, length and image size of the target, those of the source where none are given.

    Raises:
        UsageError: If the source has no backbone to take.
    """
    backbone = options.backbone or source.backbone_name
    if backbone is None:
        raise UsageError(f"source {source.name} has no backbone that a target could take: give --backbone")
    own_size = source.own_size or source.image_size or DEFAULT_SIZE
    starts = options.start_from_source and isinstance(source, PictureSource)
    return dataclasses.replace(
        options,
        pooling=options.pooling or (getattr(source.network, "pooling", None) if starts else None),
        backbone=backbone,
        embedding_dim=options.embedding_dim or source.dim,
        image_size=options.image_size or min(own_size, source.image_size or own_size),
    )


def network_to_start_from(source: Source) -> EmbeddingNetwork:
    """The network of a source that a target can begin as.

    Raises:
        UsageError: If the source is no network that was trained here.
    """
    if isinstance(source, PictureSource) and isinstance(source.as_trained, EmbeddingNetwork):
        return source.as_trained
    raise UsageError(
        f"a target can start from the weights of a network that was trained here, not of {source.name}: "
        "leave out --start-from-source; --weights FILE or --pretrained start it from other weights"
    )


def _sizes(target: EmbeddingNetwork, source: Source, images: ImageSet, views: int) -> dict[str, Any]:
    """What losses may ask for when they are built."""
    return {
        "target_dim": target.embedding_dim,
        "source_dim": source.dim,
        "target_channels": target.map_channels,
        "source_channels": list(source.map_channels),
        "n_images": len(images),
        "image_labels": torch.from_numpy(images.labels) if images.is_labeled else torch.arange(len(images)),
        "num_classes": len(images.class_names),
        "embedding_size": target.embedding_dim,
        "views": views,
    }
