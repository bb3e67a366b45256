"""Evaluate a network: how often is one of the nearest images of the right class?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from embedding_transfer.embedding import embed_images
from embedding_transfer.images import ImageSet, load_images
from embedding_transfer.networks import load_network
from embedding_transfer.report.tables import print_table
from embedding_transfer.retrieval import recall_at_k


def evaluate(
    network: Path,
    images: str = "folder",
    root: Path | None = None,
    allow_incomplete: bool = False,
    split: Literal["test", "train"] = "test",
    ks: tuple[int, ...] = (1, 2, 4, 8),
    metric: Literal["euclidean", "cosine"] = "euclidean",
    batch_size: int = 128,
    workers: int = 2,
) -> dict[str, float]:
    """Measure Recall@K of a network on an image set and print it.

    Args:
        network: A run directory (its best network) or a saved network.
        images: Image set: ``folder`` (class folders under root), ``table`` (a CSV file), ``glyphs`` (letters, made on
            the spot), ``cub``, ``cars``, ``sop`` or ``inshop`` (the published sets).
        root: Folder of the images, or the file of a ``table``; ``glyphs`` needs none.
        allow_incomplete: Warn instead of failing where images are missing or a published set is another edition.
        split: Which half of the image set.
        ks: The K of Recall@K.
        metric: Distance: ``euclidean`` on embeddings as the network returns them (published protocol) or ``cosine``.
        batch_size: Images at a time.
        workers: Processes that load images.

    Returns:
        ``{"recall@1": 0.71, ...}`` as fractions.

    Raises:
        UsageError: If the network, the image set or its root does not exist.
        InputError: If an image or the network cannot be read.
    """
    net = load_network(network)
    searched = getattr(load_images(images, root, allow_incomplete), split)
    recall = recall_of(embed_images(net, searched, batch_size=batch_size, workers=workers), searched, ks, metric)
    print(f"{network}: {net.backbone_name}, {net.embedding_dim} dimensions; {searched.summary()}; {metric} distance")
    print_table([*recall], [[f"{100 * value:.2f} %" for value in recall.values()]])
    return recall


def recall_of(embeddings: Tensor, images: ImageSet, ks: Sequence[int], metric: str) -> dict[str, float]:
    """``{"recall@K": fraction}`` of embeddings (n, d) of an image set, among its gallery if it has one."""
    labels = torch.from_numpy(images.labels)
    if images.is_query is None and images.is_gallery is None:
        found = recall_at_k(embeddings, labels, ks, metric=metric)
    else:
        everything = np.ones(len(images), dtype=bool)
        queries = everything if images.is_query is None else images.is_query
        gallery = everything if images.is_gallery is None else images.is_gallery
        row_in_gallery = np.where(gallery, np.cumsum(gallery) - 1, -1)
        found = recall_at_k(
            embeddings[queries],
            labels[queries],
            ks,
            gallery=embeddings[gallery],
            gallery_labels=labels[gallery],
            own_rows=torch.from_numpy(row_in_gallery[queries]),
            metric=metric,
        )
    return {f"recall@{k}": value for k, value in found.items()}
