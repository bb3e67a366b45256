"""From what ``--source`` names to a source."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

from torch import nn

from embedding_transfer.errors import UsageError
from embedding_transfer.networks import EmbeddingNetwork, load_network
from embedding_transfer.networks.at_image_size import at_image_size
from embedding_transfer.networks.backbone import Normalization
from embedding_transfer.retrieval.vector_file import is_vector_file
from embedding_transfer.sources.onnx_source import OnnxSource
from embedding_transfer.sources.own_source import OwnSource, find_own_source
from embedding_transfer.sources.picture_source import PictureSource
from embedding_transfer.sources.settings import SourceSettings
from embedding_transfer.sources.several_sources import SeveralSources
from embedding_transfer.sources.source import Source
from embedding_transfer.sources.stored_vectors import StoredVectors
from embedding_transfer.sources.timm_source import PREFIX, TimmSource

Named = str | Path | nn.Module | Callable[..., Any]
"""What a source is named by: a path, ``timm:NAME``, a class path; in Python also a module or a function itself."""

CLASS_PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")


def open_source(
    named: Named | Sequence[Named], settings: SourceSettings | None = None, views: Literal["own", "mean"] = "own"
) -> Source:
    """The source that is named; several become one (see :class:`SeveralSources`).

    Args:
        named: One source or several. A run directory (its best network), a network file, a released checkpoint;
            ``timm:NAME``; a class path; an ``.onnx`` file; a file of vectors (``.npy``, ``.safetensors``,
            ``.parquet``).
        settings: What some kinds want to be told.
        views: ``"own"``: each view has its own vector; ``"mean"``: all views of an image share the mean of theirs.

    Raises:
        UsageError: If there is no such source, or something has to be said that was not.
        InputError: If a file cannot be used.

    Example::

        vit = "timm:vit_small_patch14_dinov2"
        open_source(["runs/source", vit], SourceSettings(source_pretrained=True, source_weight=(1, 2)))
    """
    settings = settings or SourceSettings()
    names: list[Any] = list(named) if isinstance(named, (list, tuple)) else [named]
    from_timm = [name for name in names if str(name).startswith(PREFIX)]
    weights = settings.source_weights
    if weights and len(weights) != len(from_timm):
        raise UsageError(
            f"--source-weights takes one file for each timm: source; got {len(weights)} for {len(from_timm)}"
        )
    files = iter(weights)
    sources = []
    for name in names:
        own = next(files, None) if str(name).startswith(PREFIX) else None
        sources.append(_open_one(name, own, settings, views))
    if settings.source_image_size and not any(isinstance(source, PictureSource) for source in sources):
        raise UsageError("stored vectors look at no picture: leave out --source-image-size")
    if len(sources) == 1 and len(settings.source_weight) < 2:
        return sources[0]
    return SeveralSources(sources, settings.source_weight or [1.0] * len(sources))


def _open_one(named: Named, weights: Path | None, settings: SourceSettings, views: Literal["own", "mean"]) -> Source:
    size = settings.source_image_size
    if isinstance(named, EmbeddingNetwork):
        return PictureSource(at_image_size(named, size), _name_of(named), views, named)
    if not isinstance(named, (str, Path)):
        return PictureSource(OwnSource(named, _name_of(named), size), _name_of(named), views)
    name = str(named)
    if name.startswith(PREFIX):
        return PictureSource(TimmSource(name, weights, settings.source_pretrained, size), name, views)
    path = Path(name)
    if path.suffix == ".onnx":
        normalization = Normalization(_three(settings.source_mean, "mean"), _three(settings.source_std, "std"))
        return PictureSource(OnnxSource(path, normalization, size), name, views)
    if is_vector_file(path):
        return StoredVectors(path)
    if not path.exists() and CLASS_PATH.fullmatch(name) and path.suffix not in (".pth", ".pt", ".safetensors"):
        return PictureSource(OwnSource(find_own_source(name), name, size), name, views)
    network = load_network(path)
    return PictureSource(at_image_size(network, size), name, views, network)


def _name_of(given: Any) -> str:
    return getattr(given, "__qualname__", None) or type(given).__name__


def _three(values: Sequence[float], what: str) -> tuple[float, float, float]:
    if len(values) not in (1, 3):
        raise UsageError(f"--source-{what} takes one number for each of 3 channels; got {len(values)}")
    red, green, blue = values if len(values) == 3 else (values[0],) * 3
    return (float(red), float(green), float(blue))
