"""Runs and sides that no training made, for pages about anything."""

from __future__ import annotations

import html.parser
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from embedding_transfer.images.image_set import ImageSet
from embedding_transfer.report.runs.page import RunsPage
from embedding_transfer.report.runs.record import RunRecord
from embedding_transfer.report.runs.side import Side

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
RIGHT_TO_LEFT = "\u202eאבג\u202c דה"
CONTROL = "a\x1b[2J\x00b\nc"


def images(classes: int = 6, of_each: int = 5, names: tuple[str, ...] = (), labeled: bool = True) -> ImageSet:
    """Gray pictures, 8 x 8."""
    labels = np.repeat(np.arange(classes), of_each)
    pixels = np.full((len(labels), 8, 8), 99, dtype=np.uint8)
    if not labeled:
        return ImageSet("made-up/test", pixels)
    return ImageSet("made-up/test", pixels, labels, names or tuple(f"class {c}" for c in range(classes)))


def vectors(count: int, dim: int = 8, seed: int = 0) -> Tensor:
    return torch.randn(count, dim, generator=torch.Generator().manual_seed(seed))


def run(name: str = "short", recalls: tuple[float, ...] = (0.4, 0.5, 0.6), **config: Any) -> RunRecord:
    """A transfer of as many epochs as there are recalls."""
    lines = [
        {"epoch": e, "loss": 3 / e, "transfer_loss": 3 / e, "lr": 1e-3, "images_per_second": 90.0, "recall@1": recall}
        for e, recall in enumerate(recalls, 1)
    ]
    whole = {
        "source": "runs/source",
        "loss": {"class_path": "RelaxedContrastiveLoss", "init_args": {"sigma": 0.5}},
        "backbone": "convnet-4",
        "embedding_dim": 8,
        "epochs": len(recalls),
        "ks": [1],
        "metric": "euclidean",
        **config,
    }
    best = max(lines, key=lambda line: line["recall@1"], default=None)
    return RunRecord(Path("runs") / name, whole, ("source", "embedding_dim"), name, lines, best, None, name)


def page_of(shown: ImageSet | None, runs: list[RunRecord] | None = None, notes: tuple[str, ...] = ()) -> RunsPage:
    """A source and a target for each run; vectors are random."""
    runs = runs or [run()]
    known = shown is not None
    source = vectors(len(shown), 16) if shown is not None else None
    sides = [Side("runs/source", "source", 16, {"recall@1": (0.7,)}, vectors=source)]
    for seed, each in enumerate(runs, 1):
        own = vectors(len(shown), 8, seed) if shown is not None and known else None
        sides.append(Side(each.name, each.role, 8, each.scores, vectors=own))
    return RunsPage(runs, sides, shown, notes)


class Elements(html.parser.HTMLParser):
    """What is in a page: start tags with their attributes, texts of all but scripts and styles."""

    VOID = ("meta", "link", "img", "br")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.texts.append(data)

    def of(self, tag: str, **wanted: str) -> list[dict[str, str | None]]:
        """The attributes of all elements of this kind that have these."""
        return [
            attributes
            for kind, attributes in self.tags
            if kind == tag and all(attributes.get(name.replace("_", "-")) == value for name, value in wanted.items())
        ]

    @property
    def text(self) -> str:
        return " ".join(self.texts)
