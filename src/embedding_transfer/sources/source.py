"""What every source is: vectors for pictures, frozen."""

from __future__ import annotations

from abc import abstractmethod

from accelerate import Accelerator
from torch import Tensor, nn

from embedding_transfer.images import ImageSet, ImageSplits
from embedding_transfer.networks import Embedded


class Source(nn.Module):
    """A frozen source: in evaluation mode, without gradient, always.

    Attributes:
        name: What messages and tables call it.
        dim: Length of its vectors.
        image_size: Side in pixels of the views it wants to see; ``None``: it looks at no picture.
        own_size: Side of the pictures that it was made for; ``None``: as ``image_size``.
        map_channels: Channels of each stage map that it gives; empty: it gives none.
        backbone_name: What a target of the same kind is built from; ``None``: nothing by name.
    """

    name: str
    dim: int
    image_size: int | None = None
    own_size: int | None = None
    map_channels: tuple[int, ...] = ()
    backbone_name: str | None = None

    def train(self, mode: bool = True) -> Source:
        """Stays in evaluation mode."""
        return super().train(False)

    def look_at(self, images: ImageSet) -> None:
        """Prepare for pictures of this set, before the first :meth:`forward`.

        Raises:
            InputError: If the source has no vector of one of them.
        """

    def look_over(self, images: ImageSplits) -> None:
        """Compare with a whole image set, and warn of what does not belong to it."""

    def run_compiled(self) -> None:
        """Let torch compile what runs, where that works."""

    def begin_epoch(self, epoch: int) -> None:
        """The views that come next are those of this epoch, counted from 0."""

    def finish(self) -> None:
        """No more views come."""

    @abstractmethod
    def forward(self, images: Tensor, index: Tensor, views: int) -> Embedded:
        """What the source makes of views.

        Args:
            images: (views * n, 3, h, w), float RGB in [0, 1], rows [all view 1, all view 2, ...].
            index: (views * n,), which picture of the set that it looks at each row shows.
            views: How many views of each picture there are.
        """

    @abstractmethod
    def embed(self, images: ImageSet, *, workers: int = 2, accelerator: Accelerator | None = None) -> Tensor:
        """Its vectors (n, dim) of all pictures of a set, each seen once, without chance."""
