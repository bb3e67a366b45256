"""How far work on vectors is: a bar on a terminal, elsewhere a line now and then."""

from __future__ import annotations

from typing import Any, ClassVar

from embedding_transfer.images.download.progress import Progress


class VectorProgress(Progress):
    """Shows how many vectors are done while the block lasts.

    Args:
        what: Is going on, ``writing``.
        total: Number of vectors.
    """

    bar: ClassVar[dict[str, Any]] = {"unit": "vectors", "unit_scale": True}

    def many(self, count: float) -> str:
        """So many vectors."""
        return f"{count:,.0f} vectors"

    def more(self, count: int) -> None:
        """Tell that ``count`` more vectors are done."""
        self.at(self.position + count)


class StepProgress(Progress):
    """Shows how many steps of learning are done.

    Args:
        what: Is going on, ``learning``.
        total: Number of steps.
    """

    bar: ClassVar[dict[str, Any]] = {"unit": "steps"}

    def many(self, count: float) -> str:
        """So many steps."""
        return f"{count:,.4g} steps"
