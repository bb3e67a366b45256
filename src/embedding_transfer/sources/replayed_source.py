"""A source whose vectors of views are written down once, and read from then on: exact, since views can be replayed."""

from __future__ import annotations

import warnings

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor

from embedding_transfer.errors import reason
from embedding_transfer.images import ImageSet, ImageSplits
from embedding_transfer.networks import Embedded
from embedding_transfer.sources.source import Source
from embedding_transfer.sources.view_store import ViewStore


class ReplayedSource(Source):
    """Looks up the vectors of views; what is not there yet it asks the source for, and keeps.

    A view depends on (seed, epoch, image, number of the view) alone, so that a second training with the same views
    needs no source network at all.

    Args:
        source: The source; it gives vectors alone from here on.
        store: Where its vectors are kept.
        epochs: Epochs after which the views begin anew; ``None``: they never do.
    """

    def __init__(self, source: Source, store: ViewStore, epochs: int | None = None) -> None:
        super().__init__()
        self.source, self.store, self.epochs = source, store, epochs
        self.name, self.dim, self.image_size = source.name, source.dim, source.image_size
        self.backbone_name = source.backbone_name

    def run_compiled(self) -> None:
        self.source.run_compiled()

    def begin_epoch(self, epoch: int) -> None:
        try:
            self.store.open(epoch if self.epochs is None else epoch % self.epochs)
        except OSError as error:
            where = self.store.folder
            warnings.warn(f"vectors of epoch {epoch + 1} are not kept in {where}: {reason(error)}", stacklevel=2)

    def finish(self) -> None:
        self.store.close()

    def look_at(self, images: ImageSet) -> None:
        self.source.look_at(images)

    def look_over(self, images: ImageSplits) -> None:
        self.source.look_over(images)

    @torch.no_grad()
    def forward(self, images: Tensor, index: Tensor, views: int) -> Embedded:
        if not self.store.is_open:
            return Embedded([], *[self.source(images, index, views).embedding] * 2)
        pictures = index[: len(index) // views].cpu().numpy()  # (n,), the same for each view
        if not self.store.is_there[pictures].all():
            rows = self.source(images, index, views).embedding  # (views * n, d)
            of_picture = rows.unflatten(0, (views, -1)).transpose(0, 1)  # (n, views, d)
            self.store.vectors[pictures] = of_picture.float().cpu().numpy()
            self.store.is_there[pictures] = True
        found = torch.from_numpy(np.asarray(self.store.vectors[pictures], dtype=np.float32))  # (n, views, d)
        rows = found.transpose(0, 1).flatten(0, 1).to(images.device)  # (views * n, d)
        return Embedded([], rows, rows)

    def embed(self, images: ImageSet, *, workers: int = 2, accelerator: Accelerator | None = None) -> Tensor:
        return self.source.embed(images, workers=workers, accelerator=accelerator)
