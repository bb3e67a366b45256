"""The page of a run: how it went, what it found, how it was called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from embedding_transfer.images.image_set import ImageSet
from embedding_transfer.report.curves import score_names, training_curves
from embedding_transfer.report.gallery import neighbor_gallery, sample_queries
from embedding_transfer.report.length_table import head_and_rows_by_length
from embedding_transfer.report.page import Page
from embedding_transfer.retrieval import nearest_neighbors
from embedding_transfer.retrieval.lengths import scores_by_length


def write_run_page(
    path: Path,
    config: Mapping[str, Any],
    lines: Sequence[Mapping[str, Any]],
    best: Mapping[str, Any],
    start: Mapping[str, Any] | None,
    images: ImageSet,
    embeddings: Tensor,
) -> None:
    """Write ``report.html`` of a run.

    Args:
        path: Of the page.
        config: All options.
        lines: Of metrics.jsonl.
        best: The best of them.
        start: What was measured before the first epoch, if anything was.
        images: What was searched.
        embeddings: (n, d) of these images by the network of the best epoch.
    """
    page = Page(f"{path.parent.name}: {config['backbone']}, {config['embedding_dim']} dimensions")
    scores = score_names(best)
    page.text(f"Searched in {images.summary()}, {config['metric']} distance.")
    rows = [
        [name, str(line["epoch"]), *(f"{100 * line[score]:.2f} %" for score in scores)]
        for name, line in (("start", start), ("best epoch", best), ("last epoch", lines[-1]))
        if line is not None
    ]
    page.table(["", "epoch", *scores], rows)
    if scores_by_length(best):
        page.heading("Leading dimensions of the best network's vectors")
        page.table(*head_and_rows_by_length(best, embeddings.shape[1]))
    page.picture(training_curves([dict(line) for line in lines], start), "curves of loss and recall over the epochs")
    page.heading("What the best network finds")
    gallery = np.ones(len(images), dtype=bool) if images.is_gallery is None else images.is_gallery
    rows_of_gallery = torch.from_numpy(np.flatnonzero(gallery))
    queries = sample_queries(images, 8)
    own_rows = torch.tensor([int(np.sum(gallery[:query])) if gallery[query] else -1 for query in queries])
    k = max(1, min(8, len(rows_of_gallery) - 1))
    found = nearest_neighbors(
        embeddings[queries], k, gallery=embeddings[rows_of_gallery], own_rows=own_rows, metric=config["metric"]
    )
    found = rows_of_gallery[found.cpu()]
    page.picture(neighbor_gallery(images, queries, {"nearest images": found}), "queries and their nearest images")
    page.heading("How it was called")
    page.table(["option", "value"], [[name, str(value)] for name, value in config.items()])
    page.write(path)
