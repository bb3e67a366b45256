"""What cannot be trained is found in the plan: images, batches, weights and starts are tried before anything learns."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence

from embedding_transfer.errors import EmbeddingTransferError, InputError, UsageError
from embedding_transfer.grid.plan import Cell
from embedding_transfer.images import Batches, ImageSplits
from embedding_transfer.images.labels import require_labels
from embedding_transfer.networks import EmbeddingNetwork
from embedding_transfer.sources import PictureSource, Source, open_source
from embedding_transfer.sources.start import require_startable
from embedding_transfer.training.fit_batches import fit_batches
from embedding_transfer.training.fitting_loss import require_labels_if_asked, require_what_loss_needs
from embedding_transfer.training.head_start import require_components
from embedding_transfer.training.options import TrainingOptions
from embedding_transfer.training.prepare import images_of, new_network
from embedding_transfer.training.source_options import SourceOptions
from embedding_transfer.training.train_target import network_to_start_from, with_shape_of
from embedding_transfer.training.transfer_options import TransferOptions


class Rehearsal:
    """Tries trainings as far as that takes seconds: their images, their batches, their networks with their weights.

    Args:
        cells: What is to be trained. Sources among them need not be there yet: networks like them stand in.
        downloads: Whether weights may be fetched from timm; otherwise they are not looked at.
    """

    def __init__(self, cells: Sequence[Cell], downloads: bool) -> None:
        self.cells, self.downloads = cells, downloads
        trained = [cell.options for cell in cells if isinstance(cell.options, SourceOptions)]
        self.to_come = {os.path.abspath(options.output): options for options in trained}
        self.images: dict[str, ImageSplits] = {}
        self.networks: dict[str, EmbeddingNetwork] = {}
        self.sources: dict[str, Source] = {}

    def misfits(self) -> dict[int, str]:
        """By number of the cell, why its method does not fit its recipe.

        Raises:
            UsageError, InputError: A recipe cannot be trained by any method; the message begins with its run.
        """
        found = {}
        for number, cell in enumerate(self.cells):
            try:
                why = self._misfit(cell.options)
            except (UsageError, InputError) as error:
                raise type(error)(f"{cell.options.output}, before anything was trained: {error}") from error
            if why:
                found[number] = why
        return found

    def _misfit(self, options: TrainingOptions) -> str:
        """Why a method does not fit, or nothing."""
        images = self._images(options).train
        fitted = fit_batches(options, images)
        Batches(images, *fitted.batch, options.seed)
        if isinstance(options, SourceOptions):
            require_labels(images, "train-source")
            network = self._network(options, options.backbone, options.embedding_dim, options.image_size)
            if options.head_start == "principal-components":
                require_components(network, len(images))
        if not isinstance(options, TransferOptions) or (options.source_pretrained and not self.downloads):
            return ""
        source = self._source(options)
        options = with_shape_of(source, options)
        target = self._network(options, *options.shape)
        if options.head_start == "principal-components" and not options.start_from_source:
            require_components(target, len(images))
        try:
            require_what_loss_needs(options.loss, source)
            require_labels_if_asked(options, images)
            if options.start_from_source:
                require_startable(target, network_to_start_from(source))
        except EmbeddingTransferError as error:
            return str(error)
        return ""

    def _images(self, options: TrainingOptions) -> ImageSplits:
        asked = (options.images, options.root, options.validation, options.train_on, options.seed)
        if repr(asked) not in self.images:
            listed = dataclasses.replace(options, on_bad_image="error", cache=None)  # no picture is opened
            self.images[repr(asked)], _ = images_of(listed)
        return self.images[repr(asked)]

    def _source(self, options: TransferOptions) -> Source:
        """The source of a target, or what it will be like once it is trained."""
        coming = self.to_come.get(os.path.abspath(str(options.source[0]))) if len(options.source) == 1 else None
        if coming is not None:
            network = self._network(coming, coming.backbone, coming.embedding_dim, coming.image_size)
            return PictureSource(network, str(options.source[0]))
        names = str(options.source)
        if names not in self.sources:
            self.sources[names] = open_source(options.source, options)
        return self.sources[names]

    def _network(self, options: TrainingOptions, backbone: str, dim: int, image_size: int) -> EmbeddingNetwork:
        """The network that would learn, with its weights."""
        pretrained = options.pretrained and self.downloads
        asked = (backbone, dim, image_size, pretrained, options.weights, options.pooling)
        if repr(asked) not in self.networks:
            options = dataclasses.replace(options, pretrained=pretrained)
            self.networks[repr(asked)] = new_network(backbone, dim, image_size, options)
        return self.networks[repr(asked)]
