"""A source whose vectors are kept from one training to the next, if the options ask for it."""

from __future__ import annotations

import math
import shutil
import warnings
from pathlib import Path

from accelerate import Accelerator

from embedding_transfer.errors import UsageError
from embedding_transfer.images import ImageSet
from embedding_transfer.losses import TransferLoss
from embedding_transfer.sources import Source
from embedding_transfer.sources.fingerprint import fingerprint_of_images, fingerprint_of_source
from embedding_transfer.sources.replayed_source import ReplayedSource
from embedding_transfer.sources.view_store import ViewStore
from embedding_transfer.training.transfer_options import TransferOptions

MOST = 0.5
"""Of the free disk, at most so much is taken."""


def with_store(
    source: Source, loss: TransferLoss, images: ImageSet, options: TransferOptions, accelerator: Accelerator
) -> Source:
    """The source, with what it makes of views kept in ``options.store_source`` if that is given.

    Where they would take more than half of the free disk, this warns, and the source runs as always.

    Raises:
        UsageError: If the loss needs more than vectors, or the folder holds vectors of another source, other images or
            other views.
    """
    if options.store_source is None:
        return source
    if "source_maps" in loss.fields:
        raise UsageError(f"{type(loss).__name__} needs the source's stage maps, which --store-source does not keep")
    about = {
        "source_views": options.source_views,
        "source": fingerprint_of_source(source),
        "images": fingerprint_of_images(images),
        "seed": options.seed,
        "augmentation": options.augmentation,
        "resize": options.resize,
        "cache of pictures": options.cache is not None,
        "size of views": max(options.shape[2], source.image_size or 0),
        "precision": options.source_precision or options.precision,
    }
    shape = len(images), options.views, source.dim
    epochs = options.store_source_epochs or options.epochs
    needed = epochs * math.prod(shape) * (2 if options.store_source_dtype == "float16" else 4)
    free = shutil.disk_usage(_existing(options.store_source)).free
    if needed > MOST * free and not options.store_source.exists():
        warnings.warn(
            f"the source's vectors of {epochs} epochs would take {needed / 1e9:,.1f} of {free / 1e9:,.1f} GB that are "
            f"free at {options.store_source}: they are not kept (--store-source-epochs needs less)",
            stacklevel=2,
        )
        return source
    with accelerator.main_process_first():
        store = ViewStore(options.store_source, about, shape, options.store_source_dtype)
    return ReplayedSource(source, store, options.store_source_epochs)


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    folder = folder.absolute()
    return next(path for path in (folder, *folder.parents) if path.exists())
