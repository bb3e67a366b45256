"""Recall@K of the paper's three result tables (Kim et al., CVPR 2021), from ``recall.csv`` in this folder."""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources
from typing import NamedTuple


class PublishedRecall(NamedTuple):
    """One cell of a table, at one K.

    Attributes:
        percent: Recall@K in percent.
        note: ``"misprint?"`` where the number cannot be right, else empty.
    """

    percent: float
    note: str

    def __str__(self) -> str:
        return f"{self.percent:.1f}{' (misprint?)' if self.note else ''}"


def published_recall(setting: str, dataset: str, method: str) -> dict[int, PublishedRecall]:
    """What the paper reports, by K; empty where it reports nothing.

    Two numbers of the ResNet-50 source look like misprints: Recall@4 on CUB (88.6; Proxy-Anchor's authors report 86.6
    for it) and Recall@100 on SOP (98.8, which suits Recall@1000).

    Args:
        setting: ``"self-transfer"``, ``"dimension-reduction"`` or ``"model-compression"``.
        dataset: ``"cub"``, ``"cars"`` or ``"sop"``.
        method: ``"Source"``, ``"FitNet"``, ``"Attention"``, ``"CRD"``, ``"DarkRank"``, ``"PKT"``, ``"RKD"`` or
            ``"RelaxedContrastive"``.

    Example::

        >>> {k: str(recall) for k, recall in published_recall("self-transfer", "sop", "RelaxedContrastive").items()}
        {1: '79.8', 10: '91.1', 100: '96.3'}
        >>> published_recall("self-transfer", "inshop", "Source")
        {}
    """
    return dict(_cells().get((setting, dataset, method), {}))


@cache
def _cells() -> dict[tuple[str, str, str], dict[int, PublishedRecall]]:
    cells: dict[tuple[str, str, str], dict[int, PublishedRecall]] = {}
    with resources.files("embedding_transfer.grid.published").joinpath("recall.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            cell = cells.setdefault((row["setting"], row["dataset"], row["method"]), {})
            cell[int(row["k"])] = PublishedRecall(float(row["recall_percent"]), row["note"])
    return cells
