"""From a source and pictures to a file of vectors; a killed process goes on where it stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from accelerate import Accelerator

from embedding_transfer import __version__
from embedding_transfer.images import ImageSet
from embedding_transfer.retrieval.progress import PictureProgress
from embedding_transfer.retrieval.unfinished_vectors import UnfinishedVectors
from embedding_transfer.retrieval.vector_file import VectorFile, read_vectors
from embedding_transfer.sources.about_source import about_source
from embedding_transfer.sources.source import Source
from embedding_transfer.sources.vector_batches import vector_batches


def embed_to_file(
    source: Source,
    images: ImageSet,
    path: Path,
    *,
    dtype: str,
    split: str | None,
    batch_size: int,
    workers: int,
    accelerator: Accelerator,
) -> VectorFile:
    """Write the vectors of all pictures of a set, under :attr:`ImageSet.keys`.

    Args:
        source: Makes the vectors.
        images: The pictures.
        path: The file to come; its ending says its form.
        dtype: ``float32`` or ``float16``.
        split: What part of an image set it is, for the header.
        batch_size: Pictures at a time.
        workers: Processes that load pictures.
        accelerator: Where to compute.

    Returns:
        The file.

    Raises:
        UsageError: If the file exists already, or its form is none that is written.
        InputError: If a picture cannot be read, or a vector is not finite.
    """
    header: dict[str, Any] = {
        **about_source(source),
        "images": images.name,
        "split": split,
        "root": None if images.root is None else str(images.root.resolve()),
        "pictures": len(images),
        "dtype": dtype,
        "version": __version__,
    }
    with UnfinishedVectors(path, images.keys, source.dim, dtype, header, batch_size) as unfinished:
        if unfinished.done < len(images):
            with PictureProgress(f"embedding {images.name}", len(images), unfinished.done) as progress:
                batches = vector_batches(source, images, batch_size, workers, accelerator, unfinished.done)
                for rows in batches:  # (b, d)
                    unfinished.add(rows.cpu().numpy())
                    progress.more(len(rows))
        unfinished.finish()
    return read_vectors(path)
