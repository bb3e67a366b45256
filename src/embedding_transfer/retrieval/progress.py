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
