"""Scores of several sources on one image set, alone and searching in each other's vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor

from embedding_transfer.errors import UsageError
from embedding_transfer.images import ImageSet, ImageSplits
from embedding_transfer.retrieval.evaluation import scores_of
from embedding_transfer.retrieval.lengths import leading
from embedding_transfer.retrieval.progress import PictureProgress
from embedding_transfer.retrieval.vector_file import plain_key
from embedding_transfer.sources.source import Source
from embedding_transfer.sources.stored_vectors import StoredVectors, warn_of_surplus
from embedding_transfer.sources.vector_batches import vector_batches

Row = dict[str, Any]
"""``{"network": "runs/short", "dim": 64, "bytes": 256, "parameters": 11000, "recall@1": 0.71, ...}``: scores are
fractions, bytes those of a vector in float32; ``gallery`` names another network."""


def evaluate_sources(
    sources: Sequence[Source],
    gallery_source: Source | None,
    images: ImageSet,
    scores: Sequence[str],
    ks: Sequence[int],
    metric: str,
    lengths: Sequence[int],
    batch_size: int,
    workers: int,
    accelerator: Accelerator,
) -> list[Row]:
    """One row of scores for each source.

    Args:
        sources: What is compared.
        gallery_source: Makes the vectors that are searched in: then each source first has a row as queries in these,
            and a row of itself alone after it; the last row is of the gallery's source alone.
        images: The pictures, with classes.
        scores: Names of scores.
        ks: The K of Recall@K.
        metric: ``"euclidean"`` or ``"cosine"``.
        lengths: Leading dimensions that get rows of their own, after that of the whole vectors.
        batch_size: Pictures at a time.
        workers: Processes that load pictures.
        accelerator: Where to compute.

    Raises:
        UsageError: If vectors of two lengths should be compared, NMI or shorter vectors are asked of two networks, or
            a length is not positive.
        InputError: If a picture cannot be read or has no stored vector, or scores cannot be computed.
    """

    def vectors_of(source: Source) -> Tensor:
        if isinstance(source, StoredVectors):
            return source.embed(images)
        with PictureProgress(f"embedding {images.name} by {source.name}", len(images)) as progress:
            batches = []
            for rows in vector_batches(source, images, batch_size, workers, accelerator):
                batches.append(rows)
                progress.more(len(rows))
        return torch.cat(batches)

    def row(source: Source, vectors: Tensor, in_gallery: Tensor | None = None) -> Row:
        between = {} if in_gallery is None or gallery_source is None else {"gallery": gallery_source.name}
        found = scores_of(vectors, images, scores, ks, metric, in_gallery)
        dim, parameters = vectors.shape[1], sum(parameter.numel() for parameter in source.parameters())
        return {"network": source.name, **between, "dim": dim, "bytes": 4 * dim, "parameters": parameters, **found}

    def rows_by_length(source: Source) -> list[Row]:
        vectors = vectors_of(source)
        shorter = [leading(vectors, length) for length in lengths if length < source.dim]
        return [row(source, cut) for cut in (vectors, *shorter)]

    if min(lengths, default=1) < 1:
        raise UsageError(f"lengths must be positive numbers such as 64,32; got {list(lengths)}")
    if gallery_source is None:
        return [each for source in sources for each in rows_by_length(source)]
    check_comparable(sources, gallery_source, scores, lengths)
    in_gallery = vectors_of(gallery_source)
    both, alone = [], []
    for source in sources:
        vectors = vectors_of(source)
        both.append(row(source, vectors, in_gallery))
        alone.append(row(source, vectors))
    return [*both, *alone, row(gallery_source, in_gallery)]


def check_comparable(
    sources: Sequence[Source], gallery_source: Source, scores: Sequence[str], lengths: Sequence[int]
) -> None:
    """Raises UsageError unless the vectors of all sources have the length of the gallery's."""
    for source in sources:
        if source.dim != gallery_source.dim:
            raise UsageError(
                f"{source.name} makes vectors of {source.dim} dimensions and {gallery_source.name} of "
                f"{gallery_source.dim}: queries and gallery must have the same (a target whose loss learned a "
                "projection has the network for its queries in best-in-source-space.safetensors)"
            )
    if lengths:
        raise UsageError("lengths are of one network: leave out --lengths or --gallery-network")
    if "nmi" in scores:
        raise UsageError("nmi is a score of one network: leave it out with --gallery-network")


def note_surplus(sources: Sequence[Source], splits: ImageSplits) -> None:
    """Warn of vectors in files that are of no picture of the image set, of either half."""
    files = [source for source in sources if isinstance(source, StoredVectors)]
    known = {plain_key(key) for half in splits for key in half.keys} if files else set()
    for source in files:
        warn_of_surplus(list(source.file.keys), known, source.name)
