"""What transfer has to beat without any training: the source itself, and the source's embeddings made shorter."""

from __future__ import annotations

import json
from pathlib import Path

from torch import Tensor

from embedding_transfer.files import write_text
from embedding_transfer.grid.measured import read_measured
from embedding_transfer.images import ImageSet, load_images
from embedding_transfer.networks.load import BEST
from embedding_transfer.retrieval.agreement import agreement
from embedding_transfer.retrieval.evaluation import recall_of
from embedding_transfer.sources import open_source
from embedding_transfer.sources.principal_components import principal_components
from embedding_transfer.training.config import config_data
from embedding_transfer.training.transfer_options import TransferOptions


def baselines(options: TransferOptions, file: Path) -> dict[str, dict[str, float]]:
    """Recall@K on test images of the source, and of its principal components if the target's vector is shorter.

    Args:
        options: Of ``transfer``: the source, the images, how long the target's vector is, how it is evaluated.
        file: Keeps the numbers, so that they are computed once for these options and this source.

    Returns:
        ``{"Source": {"recall@1": ...}, "PCA of the source": {...}}`` as fractions.
    """
    names = (
        "source",
        "source_weight",
        "source_weights",
        "images",
        "root",
        "allow_incomplete",
        "embedding_dim",
        "ks",
        "metric",
    )
    config = config_data(options)
    asked = {name: config[name] for name in names}
    asked["source_changed"] = [changed_at(Path(str(name))) for name in options.source]
    kept = read_measured(file)
    if kept.get("asked") == asked:
        return dict(kept["found"])
    found = _measured(options)
    write_text(file, json.dumps({"asked": asked, "found": found}, indent=1))
    return found


def changed_at(path: Path) -> float | None:
    """When the file of a source was written last; ``None`` if it is no file."""
    file = path / BEST if path.is_dir() else path
    return file.stat().st_mtime if file.exists() else None


def _measured(options: TransferOptions) -> dict[str, dict[str, float]]:
    source = open_source(options.source, options)
    images = load_images(options.images, options.root, options.allow_incomplete)
    test = source.embed(images.test, workers=options.workers).cpu()
    found = {"Source": _measured_of(test, test, images.test, options)}
    length = options.embedding_dim or source.dim
    if length < source.dim:
        train = source.embed(images.train, workers=options.workers).cpu()
        mean, directions = principal_components(train, length)
        shorter = (test.double() - mean) @ directions  # (n, length)
        found["PCA of the source"] = _measured_of(shorter, test, images.test, options)
    return found


def _measured_of(vectors: Tensor, taught: Tensor, images: ImageSet, options: TransferOptions) -> dict[str, float]:
    """Recall@K, or without labels the overlap with the source's neighbors."""
    if images.is_labeled:
        return recall_of(vectors, images, options.ks, options.metric)
    found = agreement(vectors, taught, options.ks, options.metric)
    return {name: value for name, value in found.items() if name.startswith("overlap@")}
