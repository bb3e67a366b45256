"""How far a training is: a bar on a terminal, elsewhere a line every minute."""

from __future__ import annotations

from typing import ClassVar

from embedding_transfer.retrieval.progress import PictureProgress


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
