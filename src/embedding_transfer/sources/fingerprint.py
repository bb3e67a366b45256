"""What tells two sources, or two image sets, apart."""

from __future__ import annotations

import hashlib
from typing import Any

import torch

from embedding_transfer.errors import UsageError
from embedding_transfer.images import ImageSet
from embedding_transfer.images.path_list import PathList
from embedding_transfer.sources.picture_source import PictureSource
from embedding_transfer.sources.several_sources import SeveralSources
from embedding_transfer.sources.source import Source

LOOKED_AT = 64
"""Of pictures that are no files, so many are compared."""


def fingerprint_of_source(source: Source) -> str:
    """A number that another source will not have: of its weights, its size and what it does to pictures.

    Raises:
        UsageError: If it has no weights that could tell it from another.
    """
    digest = hashlib.sha256()
    for one in source.sources if isinstance(source, SeveralSources) else [source]:
        if not isinstance(one, PictureSource):
            raise UsageError(f"{one.name} holds stored vectors already: leave out --store-source")
        network: Any = one.network
        weights = network.state_dict()
        file = getattr(network, "file", None)
        if not weights and file is None:
            raise UsageError(f"source {one.name} has no weights to know it by: its vectors cannot be stored for later")
        about = (type(network).__qualname__, one.image_size, one.dim, one.views, getattr(network, "description", None))
        digest.update(repr(about).encode())
        for name, value in sorted(weights.items()):
            digest.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
            digest.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
        if file is not None:
            digest.update(file.read_bytes())
    if isinstance(source, SeveralSources):
        digest.update(repr(source.roots).encode())
    return digest.hexdigest()


def fingerprint_of_images(images: ImageSet) -> str:
    """A number that other pictures, or the same in another order, will not have.

    Files count by path, size and time of change; of other pictures their number and some of them.
    """
    digest = hashlib.sha256()
    if isinstance(images.images, PathList):
        for key, path in zip(images.keys, images.images, strict=True):
            about = path.stat()
            digest.update(f"{key} {about.st_size} {about.st_mtime_ns}\n".encode(errors="surrogateescape"))
    else:
        digest.update("\n".join(images.keys).encode())
        for index in range(0, len(images), max(1, len(images) // LOOKED_AT)):
            digest.update(images.image(index).tobytes())
    return digest.hexdigest()
