"""The vectors of a source, a batch after the other, from any picture on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from accelerate import Accelerator
from torch import Tensor

from embedding_transfer.images import ImageSet
from embedding_transfer.retrieval.embed import embedding_batches
from embedding_transfer.sources.picture_source import PictureSource
from embedding_transfer.sources.several_sources import SeveralSources
from embedding_transfer.sources.source import Source


def vector_batches(
    source: Source, images: ImageSet, batch_size: int, workers: int, accelerator: Accelerator, start: int = 0
) -> Iterator[Tensor]:
    """What :meth:`Source.embed` gives, (b, d) at a time, without holding more than a batch.

    Args:
        source: Any source.
        images: The pictures.
        batch_size: Pictures at a time; each is embedded in the same batch whatever ``start`` is.
        workers: Processes that load pictures.
        accelerator: Where to compute.
        start: The first picture, a multiple of the batch size.

    Raises:
        InputError: If a picture cannot be read, or has no stored vector.
    """
    if isinstance(source, PictureSource):
        yield from embedding_batches(source.network, images, batch_size, workers, accelerator, start)
    elif isinstance(source, SeveralSources):
        parts = [vector_batches(one, images, batch_size, workers, accelerator, start) for one in source.sources]
        for rows in zip(*parts, strict=True):
            yield source.side_by_side(list(rows))
    else:
        rows_at_once = source.embed(images.subset(np.arange(start, len(images)))) if start else source.embed(images)
        yield from rows_at_once.split(batch_size)
