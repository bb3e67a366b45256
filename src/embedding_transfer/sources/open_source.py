"""From what ``--source`` names to a source."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from torch import nn

from embedding_transfer.errors import UsageError
from embedding_transfer.networks import EmbeddingNetwork, load_network
from embedding_transfer.networks.backbone import Normalization
from embedding_transfer.retrieval.vector_file import is_vector_file
from embedding_transfer.sources.onnx_source import OnnxSource
from embedding_transfer.sources.own_source import OwnSource, find_own_source
from embedding_transfer.sources.picture_source import PictureSource
from embedding_transfer.sources.several_sources import SeveralSources
from embedding_transfer.sources.source import Source
from embedding_transfer.sources.stored_vectors import StoredVectors
from embedding_transfer.sources.timm_source import PREFIX, TimmSource

Named = str | Path | nn.Module | Callable[..., Any]
"""What a source is named by: a path, ``timm:NAME``, a class path; in Python also a module or a function itself."""

CLASS_PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")


@dataclass(frozen=True)
class SourceSettings:
    """What has to be said of some kinds of sources.

    Args:
        weights: Files of weights, one for each ``timm:`` source, in their order.
        pretrained: Download the weights of ``timm:`` sources.
        image_size: Side of the pictures of an ONNX file that leaves it open.
        mean: Mean of the pictures that an ONNX file expects, by channel.
        std: Standard deviation of these.
        views: ``"own"``: each view has its own vector; ``"mean"``: all views of an image share the mean of theirs.
    """

    weights: tuple[Path, ...] = ()
    pretrained: bool = False
    image_size: int | None = None
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    std: tuple[float, ...] = (0.229, 0.224, 0.225)
    views: Literal["own", "mean"] = "own"


def open_source(
    named: Named | Sequence[Named], options: SourceSettings | None = None, shares: Sequence[float] = ()
) -> Source:
    """The source that is named; several become one (see :class:`SeveralSources`).

    Args:
        named: One source or several. A run directory (its best network), a network file, a released checkpoint;
            ``timm:NAME``; a class path; an ``.onnx`` file; a file of vectors (``.npy``, ``.safetensors``,
            ``.parquet``).
        options: What some kinds want to be told.
        shares: How much each of several counts; default: all the same.

    Raises:
        UsageError: If there is no such source, or something has to be said that was not.
        InputError: If a file cannot be used.

    Example::

        open_source(["runs/source", "timm:vit_small_patch14_dinov2"], SourceSettings(pretrained=True), shares=(1, 2))
    """
    options = options or SourceSettings()
    names: list[Any] = list(named) if isinstance(named, (list, tuple)) else [named]
    from_timm = [name for name in names if isinstance(name, str) and name.startswith(PREFIX)]
    if options.weights and len(options.weights) != len(from_timm):
        raise UsageError(
            f"--source-weights takes one file for each timm: source; got {len(options.weights)} for {len(from_timm)}"
        )
    files: dict[Any, Path] = dict(zip(from_timm, options.weights, strict=False))
    sources = [_open_one(name, files.get(name) if isinstance(name, str) else None, options) for name in names]
    if len(sources) == 1 and len(shares) < 2:
        return sources[0]
    return SeveralSources(sources, shares or [1.0] * len(sources))


def _open_one(named: Named, weights: Path | None, options: SourceSettings) -> Source:
    if not isinstance(named, (str, Path)):
        network = named if isinstance(named, EmbeddingNetwork) else OwnSource(named, _name_of(named))
        return PictureSource(network, _name_of(named), options.views)
    name = str(named)
    if name.startswith(PREFIX):
        return PictureSource(TimmSource(name, weights, options.pretrained), name, options.views)
    path = Path(name)
    if path.suffix == ".onnx":
        normalization = Normalization(_three(options.mean, "mean"), _three(options.std, "std"))
        return PictureSource(OnnxSource(path, normalization, options.image_size), name, options.views)
    if is_vector_file(path):
        return StoredVectors(path)
    if not path.exists() and CLASS_PATH.fullmatch(name) and path.suffix not in (".pth", ".pt", ".safetensors"):
        return PictureSource(OwnSource(find_own_source(name), name), name, options.views)
    return PictureSource(load_network(path), name, options.views)


def _name_of(given: Any) -> str:
    return getattr(given, "__qualname__", None) or type(given).__name__


def _three(values: Sequence[float], what: str) -> tuple[float, float, float]:
    if len(values) not in (1, 3):
        raise UsageError(f"--source-{what} takes one number for each of 3 channels; got {len(values)}")
    red, green, blue = values if len(values) == 3 else (values[0],) * 3
    return (float(red), float(green), float(blue))
