"""What an exported network takes: said in its file, so that other programs show it the right pictures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, get_args

from embedding_transfer.errors import InputError, shown
from embedding_transfer.networks.network_file import METADATA_KEY

Pixels = Literal["float32", "uint8"]
"""The numbers of pictures: floats in [0, 1], or whole numbers from 0 to 255."""


class ExportedInput(NamedTuple):
    """The pictures that an exported network takes: RGB (n, 3, image_size, image_size), not normalized.

    Attributes:
        pixels: The kind of their numbers.
        image_size: Side in pixels.
        crop: Share of a picture that is seen: its shorter side is resized to ``image_size / crop``, rounded, and the
            center is taken (see :func:`~embedding_transfer.images.views.evaluation_view`).
    """

    pixels: Pixels
    image_size: int
    crop: float

    @property
    def resize(self) -> int:
        """The length of a picture's shorter side before the center is taken."""
        return round(self.image_size / self.crop)

    def in_words(self) -> str:
        """One line for people."""
        kind = "float32 in [0, 1]" if self.pixels == "float32" else "uint8"
        size = self.image_size
        return (
            f"RGB (n, 3, {size}, {size}) {kind}: the shorter side resized to {self.resize}, the center {size} x {size}"
        )

    def as_metadata(self) -> str:
        """JSON for the file's metadata, under :data:`METADATA_KEY`."""
        return json.dumps({**self._asdict(), "resize": self.resize})


def read_exported_input(metadata: Mapping[str, str], name: str) -> ExportedInput | None:
    """What :meth:`ExportedInput.as_metadata` wrote, or ``None`` where another program wrote the file.

    Raises:
        InputError: If it is damaged; the message begins with ``name``.

    Example::

        >>> written = ExportedInput("uint8", 224, 0.875).as_metadata()
        >>> read_exported_input({"embedding_transfer": written}, "short.onnx")
        ExportedInput(pixels='uint8', image_size=224, crop=0.875)
    """
    written = metadata.get(METADATA_KEY)
    if written is None:
        return None
    try:
        data: Any = json.loads(written)
        found = ExportedInput(data["pixels"], int(data["image_size"]), float(data["crop"]))
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise InputError(f"{name} says in a damaged way which pictures it takes: {shown(written)}") from error
    if found.pixels not in get_args(Pixels) or found.image_size < 1 or not 0 < found.crop <= 1:
        raise InputError(f"{name} says in a damaged way which pictures it takes: {shown(written)}")
    return found
