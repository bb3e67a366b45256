"""The demo: one source, the three settings of the method, on letters; a table and a page to look at."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from embedding_transfer.files import write_text
from embedding_transfer.grid.shared_vectors import FOLDER as SOURCE_VECTORS
from embedding_transfer.images import ImageSet, load_images
from embedding_transfer.networks import load_network
from embedding_transfer.report.gallery import neighbor_gallery, sample_queries
from embedding_transfer.report.runs.side import Side
from embedding_transfer.report.runs.write import write_measured_page
from embedding_transfer.report.tables import markdown_table, print_table
from embedding_transfer.retrieval import nearest_neighbors
from embedding_transfer.retrieval.device import accelerator_on
from embedding_transfer.training.run_record import read_runs
from embedding_transfer.training.source_options import SourceOptions
from embedding_transfer.training.train_source import train_source_network
from embedding_transfer.training.train_target import train_target_network
from embedding_transfer.training.transfer_options import TransferOptions

COMMON: dict[str, Any] = {
    "images": "glyphs",
    "image_size": 28,
    "batch_size": 90,
    "images_per_class": 2,
    "views": 2,
    "lr": 1e-3,
    "schedule": "cosine",
    "ks": (1, 2, 4),
    "evaluate_every": 1000,  # the last epoch only
    "workers": 1,
    "resume": True,
}
ON_LABELS: dict[str, Any] = {"loss_lr_factor": 10.0, "warmup_epochs": 0}
BY_TRANSFER: dict[str, Any] = {
    "loss": {"class_path": "RelaxedContrastiveLoss", "init_args": {"sigma": 0.5}},
    "source_views": "mean",
}


@dataclass(frozen=True)
class Network:
    """A network of the demo: its folder, what it is and learned from, its shape, whether it starts as its source."""

    folder: str
    what: str
    learned_from: str
    width: int
    embedding_dim: int
    starts_as_source: bool = False


SOURCE = Network("source", "source", "labels", 32, 64)
TARGETS = (
    Network("same-by-transfer", "same network", "source", 32, 64, starts_as_source=True),
    Network("shorter-by-transfer", "shorter vector", "source", 32, 8, starts_as_source=True),
    Network("shorter-on-labels", "shorter vector", "labels", 32, 8),
    Network("smaller-by-transfer", "smaller network", "source", 12, 64),
    Network("smaller-on-labels", "smaller network", "labels", 12, 64),
)
UNTRAINED = Network(SOURCE.folder, "shorter vector", "PCA, no training", 32, 8)
"""The source's vectors, cut by principal components: what the shorter vector has to beat."""
ABOUT = (
    "A source network learned Latin letters from their labels. Its knowledge was handed on to the same network, to a "
    "vector of an eighth of the length, and to a smaller network. All search among letters of other scripts, where a "
    "right answer is the same letter in another font or style."
)


def run_demo(output: Path, quick: bool) -> list[dict[str, Any]]:
    """Train, transfer, evaluate, show (see :func:`embedding_transfer.demo`)."""
    epochs, thinner = (1, 2) if quick else (3, 1)
    started = time.perf_counter()
    print(f"Training {1 + len(TARGETS)} networks on letters for {epochs} epochs each, into {output}/")
    rows = [_learn(network, output, epochs, thinner) for network in (SOURCE, *TARGETS)]
    shutil.rmtree(output / SOURCE_VECTORS, ignore_errors=True)
    print()
    runs = read_runs([output / network.folder for network in (SOURCE, *TARGETS)])
    sides = write_measured_page(output / "index.html", runs, None, accelerator_on(), ABOUT)
    rows.insert(2, _without_training(rows[0], sides))
    letters = load_images("glyphs").test
    _gallery(letters, sides).save(output / "gallery.png")
    head = ["network", "learned from", "R@1", "R@2", "R@4", "parameters", "bytes per vector", "seconds"]
    cells = [_cells(row) for row in rows]
    print()
    print_table(head, cells)
    write_text(output / "table.md", markdown_table(head, cells) + "\n")
    print(f"\nRecall@K in % on {letters.summary()}, of scripts that no network saw in training; Euclidean distance.")
    print(f"{time.perf_counter() - started:.0f} seconds. Look at {output}/index.html to see what is found.")
    return rows


def _learn(network: Network, output: Path, epochs: int, thinner: int) -> dict[str, Any]:
    """Train one network; returns its row of the table."""
    backbone = f"convnet-{network.width // thinner}"
    print(f"\n{network.what} from {network.learned_from}: {backbone}, {network.embedding_dim} dimensions")
    shape: dict[str, Any] = {"backbone": backbone, "embedding_dim": network.embedding_dim, "epochs": epochs}
    run = output / network.folder
    if network.learned_from == "labels":
        seed = 1 if network is SOURCE else 0  # no target starts from the weights that its source started from
        result = train_source_network(SourceOptions(**COMMON, **ON_LABELS, **shape, seed=seed, output=run))
    else:
        source = output / SOURCE.folder
        options = TransferOptions(
            source=source,
            start_from_source=network.starts_as_source,
            store_source=output / SOURCE_VECTORS,  # all targets see the same views: one run of the source serves them
            **COMMON,
            **BY_TRANSFER,
            **shape,
            output=run,
        )
        result = train_target_network(options)
    trained = load_network(run)
    return {
        "network": network,
        "recall": {k: result.last[f"recall@{k}"] for k in COMMON["ks"]},
        "parameters": sum(parameter.numel() for parameter in trained.parameters()),
        "bytes": 4 * trained.embedding_dim,
        "seconds": result.seconds,
    }


def _without_training(source: dict[str, Any], sides: Sequence[Side]) -> dict[str, Any]:
    """The row of the source's vectors made as short as the shorter target's by principal components."""
    found = next(side for side in sides if side.role == "baseline").scores
    return {
        **source,
        "network": UNTRAINED,
        "recall": {k: found[f"recall@{k}"][0] for k in COMMON["ks"]},
        "bytes": 4 * UNTRAINED.embedding_dim,
        "seconds": 0.0,
    }


def _cells(row: dict[str, Any]) -> list[str]:
    recalls = [f"{100 * value:.1f}" for value in row["recall"].values()]
    numbers = [f"{row['parameters']:,}", f"{row['bytes']}", f"{row['seconds']:.0f}"]
    return [row["network"].what, row["network"].learned_from, *recalls, *numbers]


def _gallery(letters: ImageSet, sides: Sequence[Side]) -> Image.Image:
    """What the source and both shorter vectors find for twelve letters."""
    queries = sample_queries(letters, 12, seed=1)
    vectors = {"source" if side.role == "source" else side.name: side.vectors for side in sides}
    shown = {
        "source: 256 bytes per vector": SOURCE,
        "shorter vector by transfer: 32 bytes": TARGETS[1],
        "shorter vector on labels: 32 bytes": TARGETS[2],
    }
    found = {name: _neighbors(vectors[network.folder], queries, k=6) for name, network in shown.items()}
    return neighbor_gallery(letters, queries, found)


def _neighbors(embeddings: torch.Tensor | None, queries: list[int], k: int) -> torch.Tensor:
    """Rows (len(queries), k) of the nearest letters."""
    assert embeddings is not None  # a page has the vectors of all that was trained here
    return nearest_neighbors(embeddings[queries], k, gallery=embeddings, own_rows=torch.tensor(queries)).cpu()
