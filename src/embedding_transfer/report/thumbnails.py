"""Small pictures of a page: each is in it once, and all of them take no more than a budget."""

from __future__ import annotations

import base64
import io

from PIL import Image

from embedding_transfer.errors import InputError
from embedding_transfer.images.image_set import ImageSet
from embedding_transfer.report import markup

SIDE = 84  # pixels
BUDGET = 3_000_000
"""Characters that all pictures of a page may take."""


class Thumbnails:
    """Small JPEG pictures of an image set, numbered in the order in which they were asked for.

    Args:
        images: The pictures.
        budget: Characters that they may take together.

    Example::

        thumbnails = Thumbnails(images)
        thumbnails.number(17)  # 0; None once the budget is spent, and where a picture cannot be read
    """

    def __init__(self, images: ImageSet, budget: int = BUDGET) -> None:
        self.images, self.left = images, budget
        self._numbers: dict[int, int | None] = {}
        self._encoded: list[str] = []

    def number(self, row: int) -> int | None:
        """The number of the picture at a row of the image set."""
        if row not in self._numbers and self.left > 0:
            encoded = self._encode(row)
            self._numbers[row] = None if encoded is None else len(self._encoded)
            if encoded is not None:
                self._encoded.append(encoded)
                self.left -= len(encoded) + 3
        return self._numbers.get(row)

    def _encode(self, row: int) -> str | None:
        try:
            small = self.images.image(row)
        except (InputError, OSError):
            return None
        small.thumbnail((SIDE, SIDE), Image.Resampling.BICUBIC, reducing_gap=2.0)
        buffer = io.BytesIO()
        small.save(buffer, "JPEG", quality=72)
        return base64.b64encode(buffer.getvalue()).decode()

    def script(self) -> str:
        """The element that holds them, for the script of the page."""
        return markup.data_script("pictures", self._encoded)
