"""Evaluate a network: how often is one of the nearest images of the right class?"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from embedding_transfer.images import load_images
from embedding_transfer.networks import load_network
from embedding_transfer.report.tables import print_table
from embedding_transfer.retrieval.embed import embed_images
from embedding_transfer.retrieval.evaluation import check_scores, scores_of


def evaluate(
    network: Path,
    images: str = "folder",
    root: Path | None = None,
    allow_incomplete: bool = False,
    split: Literal["test", "train"] = "test",
    scores: tuple[str, ...] = ("recall",),
    ks: tuple[int, ...] = (1, 2, 4, 8),
    metric: Literal["euclidean", "cosine"] = "euclidean",
    batch_size: int = 128,
    workers: int = 2,
) -> dict[str, float]:
    """Measure how well a network finds images of the right class, and print it.

    Args:
        network: A run directory (its best network) or a saved network.
        images: Image set: ``folder`` (class folders under root), ``table`` (a CSV file), ``glyphs`` (letters, made on
            the spot), ``cub``, ``cars``, ``sop`` or ``inshop`` (the published sets).
        root: Folder of the images, or the file of a ``table``; ``glyphs`` needs none.
        allow_incomplete: Warn instead of failing where images are missing or a published set is another edition.
        split: Which half of the image set.
        scores: What to measure: ``recall`` (Recall@K), ``map@r``, ``r_precision``, ``nmi`` (k-means; slow where classes
            are many).
        ks: The K of Recall@K.
        metric: Distance: ``euclidean`` on embeddings as the network returns them (published protocol) or ``cosine``.
        batch_size: Images at a time.
        workers: Processes that load images.

    Returns:
        ``{"recall@1": 0.71, ...}`` as fractions.

    Raises:
        UsageError: If the network, the image set, its root or a score does not exist.
        InputError: If an image or the network cannot be read.
    """
    check_scores(scores)
    net = load_network(network)
    searched = getattr(load_images(images, root, allow_incomplete), split)
    embeddings = embed_images(net, searched, batch_size=batch_size, workers=workers)
    found = scores_of(embeddings, searched, scores, ks, metric)
    print(f"{network}: {net.backbone_name}, {net.embedding_dim} dimensions; {searched.summary()}; {metric} distance")
    print_table([*found], [[f"{100 * value:.2f} %" for value in found.values()]])
    return found
