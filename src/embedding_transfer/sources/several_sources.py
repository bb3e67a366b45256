"""Several sources as one: their unit rows side by side, each by the root of its share."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.nn import functional as F

from embedding_transfer.errors import UsageError
from embedding_transfer.images import ImageSet, ImageSplits
from embedding_transfer.networks import Embedded
from embedding_transfer.sources.source import Source


class SeveralSources(Source):
    r"""The unit rows :math:`u^k` of K sources, side by side as :math:`(\sqrt{p_1} u^1, ..., \sqrt{p_K} u^K)`.

    With shares :math:`p_k` that sum to 1 the rows have length 1, their cosines are the weighted means of the sources'
    cosines, and their squared distances those of the sources' squared distances; so every loss on vectors works.

    Args:
        sources: The sources.
        weights: How much each counts; their shares of the sum.

    Raises:
        UsageError: If numbers differ, or a weight is not positive.
    """

    def __init__(self, sources: Sequence[Source], weights: Sequence[float]) -> None:
        super().__init__()
        if len(sources) != len(weights) or min(weights, default=0) <= 0:
            raise UsageError(f"{len(sources)} sources need as many positive weights; got {list(weights)}")
        self.sources: Sequence[Source] = nn.ModuleList(sources)  # type: ignore[assignment]
        self.roots = [(weight / sum(weights)) ** 0.5 for weight in weights]
        self.name = " + ".join(source.name for source in sources)
        self.dim = sum(source.dim for source in sources)
        self.image_size = max((source.image_size for source in sources if source.image_size), default=None)
        self.own_size = max((source.own_size for source in sources if source.own_size), default=None)

    def look_at(self, images: ImageSet) -> None:
        for source in self.sources:
            source.look_at(images)

    def look_over(self, images: ImageSplits) -> None:
        for source in self.sources:
            source.look_over(images)

    def run_compiled(self) -> None:
        for source in self.sources:
            source.run_compiled()

    @torch.no_grad()
    def forward(self, images: Tensor, index: Tensor, views: int) -> Embedded:
        rows = self.side_by_side([source(images, index, views).embedding for source in self.sources])
        return Embedded([], rows, rows)

    def embed(self, images: ImageSet, *, workers: int = 2, accelerator: Accelerator | None = None) -> Tensor:
        return self.side_by_side(
            [source.embed(images, workers=workers, accelerator=accelerator) for source in self.sources]
        )

    def side_by_side(self, rows: list[Tensor]) -> Tensor:
        """(n, d_k) of every source to (n, sum of d_k)."""
        units = [F.normalize(part.to(rows[0].device)) for part in rows]
        return torch.cat([root * unit for root, unit in zip(self.roots, units, strict=True)], dim=1)
