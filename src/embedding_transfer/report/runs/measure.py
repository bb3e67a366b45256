"""Measures what a page compares: opens sources and networks, embeds the test pictures by each of them."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from accelerate import Accelerator
from torch import Tensor, nn

from embedding_transfer.errors import EmbeddingTransferError, InputError
from embedding_transfer.images import ImageSet, ImageSplits
from embedding_transfer.networks import load_network
from embedding_transfer.report.runs.cost import UNKNOWN, Cost, cost_of, total
from embedding_transfer.report.runs.record import RunRecord
from embedding_transfer.report.runs.side import Side
from embedding_transfer.retrieval.agreement import agreement
from embedding_transfer.retrieval.embed import embed_images
from embedding_transfer.retrieval.evaluation import scores_of
from embedding_transfer.sources import SourceSettings, open_source
from embedding_transfer.sources.principal_components import principal_components
from embedding_transfer.sources.several_sources import SeveralSources
from embedding_transfer.sources.source import Source

TO_FIT = 5000
"""Training pictures that principal components are computed from, at most."""


class Measuring:
    """Test pictures, and how they are searched.

    Args:
        splits: Training and test pictures.
        config: Of a run: its ``ks``, ``metric`` and ``workers``.
        accelerator: Where to compute.

    Attributes:
        notes: What could not be measured, in sentences.
    """

    def __init__(self, splits: ImageSplits, config: Mapping[str, Any], accelerator: Accelerator) -> None:
        self.splits, self.accelerator = splits, accelerator
        self.ks, self.metric = tuple(config["ks"]), config["metric"]
        self.how: dict[str, Any] = {"workers": config.get("workers", 0), "accelerator": accelerator}
        self.notes: list[str] = []

    def source_sides(self, runs: Sequence[RunRecord]) -> list[Side]:
        """The source of some runs, and its principal components in the lengths of those that are shorter."""
        config, name = runs[0].config, " + ".join(runs[0].sources)
        try:
            asked = {f.name: config[f.name] for f in fields(SourceSettings) if f.name in config}
            source = open_source(config["source"], SourceSettings.of(asked)).to(self.accelerator.device)
            vectors = self._embedded(source, self.splits.test)
        except (EmbeddingTransferError, OSError) as error:
            self.notes.append(f"The source {name} cannot be opened, so it is not shown: {error}.")
            return []
        found = [Side(name, "source", source.dim, self._scores(vectors, None), cost_of_source(source), vectors)]
        for dim in sorted({run.dim for run in runs if run.dim and run.dim < source.dim}, reverse=True):
            rows = np.unique(np.linspace(0, len(self.splits.train) - 1, TO_FIT).astype(int))
            center, directions = principal_components(self._embedded(source, self.splits.train.subset(rows)), dim)
            shorter = ((vectors.double() - center) @ directions).float()  # (n, dim)
            scores = self._scores(shorter, vectors)
            found.append(Side(f"PCA of {name} to {dim}", "baseline", dim, scores, found[0].cost, shorter))
        return found

    def target_side(self, run: RunRecord, taught: Tensor | None) -> Side:
        """The best network of a run.

        Args:
            run: The run.
            taught: (n, d) what its source makes of the test pictures, if that is known.
        """
        told = run.scores
        try:
            network = load_network(run.folder)
            self._say(self.splits.test, run.name)
            vectors = embed_images(network, self.splits.test, **self.how).cpu()
        except (EmbeddingTransferError, OSError) as error:
            self.notes.append(f"The network of {run.name} cannot be opened, so what it finds is not shown: {error}.")
            return Side(run.name, run.role, run.dim, told)
        scores = {**self._scores(vectors, taught), **told}
        return Side(run.name, run.role, network.embedding_dim, scores, cost_of(network, timed=True), vectors)

    def _embedded(self, source: Source, images: ImageSet) -> Tensor:
        self._say(images, source.name)
        return source.embed(images, **self.how).cpu()

    def _scores(self, vectors: Tensor, taught: Tensor | None) -> dict[str, tuple[float, ...]]:
        try:
            if self.splits.test.is_labeled:
                found = scores_of(vectors, self.splits.test, ("recall", "map@r"), self.ks, self.metric)
            else:
                found = {} if taught is None else agreement(vectors, taught, self.ks, self.metric)
        except InputError as error:
            self.notes.append(f"Some scores are missing: {error}.")
            found = {}
        return {name: (value,) for name, value in found.items()}

    def _say(self, images: ImageSet, name: str) -> None:
        print(f"embedding {len(images):,} pictures of {images.name} by {name}", file=sys.stderr)


def cost_of_source(source: Source) -> Cost:
    """Of all networks in it; stored vectors have none."""
    parts = source.sources if isinstance(source, SeveralSources) else [source]
    networks = [getattr(part, "network", None) for part in parts]
    return total([cost_of(network, timed=True) if isinstance(network, nn.Module) else UNKNOWN for network in networks])
