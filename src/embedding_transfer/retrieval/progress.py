"""How far the embedding of pictures is: a bar on a terminal, elsewhere a line now and then."""

from __future__ import annotations

from typing import Any, ClassVar

from embedding_transfer.images.download.progress import Progress


class PictureProgress(Progress):
    """Shows how many pictures are done while the block lasts: at the beginning, every minute and at the end.

    Args:
        what: Is going on, ``embedding photos``.
        total: Number of pictures.
        start: How many were embedded before.
    """

    bar: ClassVar[dict[str, Any]] = {"unit": "img", "smoothing": 0.05}

    def many(self, count: float) -> str:
        """So many pictures."""
        return f"{count:,.0f} pictures" if count >= 10 else f"{count:.3g} pictures"

    def more(self, count: int) -> None:
        """Tell that ``count`` more pictures are done."""
        self.at(self.position + count)


class LongPictureProgress(PictureProgress):
    """The same for what is often short: a line every minute alone, a bar that does not stay."""

    says_ends: ClassVar[bool] = False
    bar: ClassVar[dict[str, Any]] = {"unit": "img", "leave": False}


class TrainingProgress(PictureProgress):
    """Shows how far a training is: a line every minute alone, as each epoch has its own.

    Args:
        what: Is going on.
        total: Pictures of all epochs.
        start: Pictures of the epochs that are done.
        is_shown: Whether anything is shown.
    """

    says_ends: ClassVar[bool] = False

    def begin_epoch(self, epoch: int, epochs: int) -> None:
        """Tell which epoch begins."""
        self.what = f"epoch {epoch}/{epochs}"
        if self._bar is not None:
            self._bar.set_description(self.what)

    def step(self, count: int, loss: float) -> None:
        """Tell that ``count`` more pictures were learned from, and the loss."""
        if self._bar is not None:
            self._bar.set_postfix(loss=f"{loss:.4g}", refresh=False)
        self.more(count)
