"""What a source is, in a few words of JSON: for the header of a file of vectors, and to know it again."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import torch

from embedding_transfer.networks import EmbeddingNetwork
from embedding_transfer.sources.picture_source import PictureSource
from embedding_transfer.sources.several_sources import SeveralSources
from embedding_transfer.sources.source import Source
from embedding_transfer.sources.stored_vectors import StoredVectors


def about_source(source: Source) -> dict[str, Any]:
    """Name, length of vectors, what it sees of a picture, and the fingerprint of its weights.

    Example::

        about_source(open_source("runs/source"))
        # {'network': 'runs/source', 'dim': 512, 'fingerprint': '9f86d08...', 'view': {'size': 224, 'crop': 0.875}, ...}
    """
    about: dict[str, Any] = {"network": source.name, "dim": source.dim}
    if isinstance(source, SeveralSources):
        return about | {"shares": [root**2 for root in source.roots], "of": [about_source(s) for s in source.sources]}
    if isinstance(source, StoredVectors):
        return about | {"from": source.file.header}
    about["fingerprint"] = fingerprint(source)
    if isinstance(source, PictureSource):
        network: Any = source.network
        about["view"] = {"size": network.image_size, "crop": network.crop}
        if hasattr(network, "evaluation_view"):
            about["view"]["steps"] = " ".join(str(network.evaluation_view).split())
        if isinstance(network, EmbeddingNetwork):
            about["description"] = network.description
    return about


def fingerprint(source: Source) -> str:
    """A number that two sources share if they have the same weights; of a file that is run, the file's."""
    digest = sha256()
    for name, value in source.state_dict().items():
        digest.update(name.encode())
        digest.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    if Path(source.name).is_file() and Path(source.name).suffix == ".onnx":
        digest.update(Path(source.name).read_bytes())
    return digest.hexdigest()[:16]
