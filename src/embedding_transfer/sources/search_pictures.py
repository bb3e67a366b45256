"""The pictures of a file of vectors that are nearest to given pictures."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from accelerate import Accelerator

from embedding_transfer.build.ranges import ImageSize
from embedding_transfer.build.values import as_type
from embedding_transfer.errors import UsageError
from embedding_transfer.images import ImageSet
from embedding_transfer.retrieval.neighbors import search_neighbors
from embedding_transfer.retrieval.vector_file import VectorFile
from embedding_transfer.sources.about_source import about_source
from embedding_transfer.sources.settings import SourceSettings
from embedding_transfer.sources.source import Source
from embedding_transfer.sources.timm_source import PREFIX


class FoundPicture(NamedTuple):
    """A neighbor: its path in the file of vectors, the row of its vector, and how far away it is."""

    key: str
    row: int
    distance: float


def search_pictures(
    file: VectorFile, source: Source, queries: ImageSet, k: int, metric: str, workers: int, accelerator: Accelerator
) -> list[list[FoundPicture]]:
    """The ``k`` nearest pictures of each query, nearest first.

    Args:
        file: The vectors that are searched in; the file may be larger than the memory.
        source: What made them; embeds the queries.
        queries: The pictures that are searched for.
        k: How many neighbors.
        metric: ``"euclidean"`` or ``"cosine"``.
        workers: Processes that load pictures.
        accelerator: Where to compute.

    Raises:
        UsageError: If the source makes vectors of another length.
        InputError: If a vector is not finite, a query cannot be read, or there are fewer than ``k`` vectors.
    """
    check_source(file, source)
    file.check_finite()
    found = search_neighbors(
        source.embed(queries, workers=workers, accelerator=accelerator), k, gallery=file.vectors, metric=metric
    )
    pairs = zip(found.indices.tolist(), found.distances.tolist(), strict=True)
    return [
        [FoundPicture(file.keys[row], row, distance) for row, distance in zip(rows, distances, strict=True)]
        for rows, distances in pairs
    ]


def check_source(file: VectorFile, source: Source) -> None:
    """Raises UsageError if a source's vectors have another length than a file's; warns if its weights are others."""
    dim = file.vectors.shape[1]
    if source.dim != dim:
        raise UsageError(
            f"{source.name} makes vectors of {source.dim} dimensions, and those of {file.path} have {dim}: "
            "search with the network that made them"
        )
    theirs, its = file.header.get("fingerprint"), about_source(source).get("fingerprint")
    if theirs is not None and its is not None and theirs != its:
        warnings.warn(
            f"the vectors of {file.path} were made by {file.header.get('network')} with other weights than those of "
            f"{source.name}: distances between them mean little",
            stacklevel=3,
        )


def source_in_header(file: VectorFile, settings: SourceSettings) -> tuple[str, SourceSettings]:
    """What made a file of vectors, where that is a file, a folder or a network of timm, at the size that it saw.

    Raises:
        UsageError: If the file does not say, or it is not there.
    """
    name = file.header.get("network")
    if not isinstance(name, str):
        raise UsageError(f"{file.path} does not say what made its vectors: give --source")
    if not Path(name).exists() and not name.startswith(PREFIX):  # a class path would run code that a file names
        raise UsageError(f"{file.path} says that {name} made its vectors, which is no file here: give --source")
    view = file.header.get("view")
    size = view.get("size") if isinstance(view, dict) else None
    if settings.source_image_size is None and isinstance(size, int):
        settings = replace(settings, source_image_size=as_type(size, ImageSize, f"size of views in {file.path}"))
    return name, settings


def folder_of_pictures(file: VectorFile, root: Path | None) -> Path | None:
    """The folder that a file's paths are relative to: the given one, else the one in its header, if it is there.

    Raises:
        UsageError: If the given one is not there.
    """
    if root is not None:
        if not root.is_dir():
            raise UsageError(f"no folder {root}: --root is the folder of the pictures in {file.path}")
        return root
    known = file.header.get("root")
    return Path(known) if isinstance(known, str) and Path(known).is_dir() else None
