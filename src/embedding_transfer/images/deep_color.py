"""Color pictures of 16 bits whose values are those of 10 or 12 bits, which Pillow alone would show all but black."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from embedding_transfer.errors import InputError
from embedding_transfer.images.depth import full_scale
from embedding_transfer.images.orientation import load_upright

DARK = 16  # 12 bits fill no more than this many values of the high byte


def raw_mode_of_16_bits(image: Image.Image) -> str | None:
    """How an opened color picture of 16 bits is stored, in Pillow's words such as ``RGB;16B``; ``None`` for others."""
    tiles = getattr(image, "tile", [])
    if image.mode not in ("RGB", "RGBA") or not tiles:
        return None
    arguments = tiles[0][3]
    raw_mode = arguments[0] if isinstance(arguments, tuple) and arguments else arguments
    return raw_mode if isinstance(raw_mode, str) and ";16" in raw_mode else None


def is_dark(picture: Image.Image) -> bool:
    """Whether the high bytes are so small that values may be those of fewer bits."""
    return bool(_colors(picture).max() < DARK)


def deep_color_in_8_bits(picture: Image.Image, again: Image.Image) -> Image.Image:
    """The picture with colors scaled to 8 bits from all of their 16.

    Args:
        picture: Its high bytes, which is all that Pillow reads.
        again: The same file, opened anew; its low bytes are read from it.

    Raises:
        InputError: If it is stored so that the low bytes cannot be read.
    """
    again.tile = [_with_bytes_swapped(tile) for tile in again.tile]  # type: ignore[attr-defined]
    try:
        low = load_upright(again)
    except ValueError as error:  # unknown raw mode
        raise InputError("its colors have 16 bits and use the lowest alone; save it in 8 bits") from error
    values = _colors(picture).astype(np.int64) * 256 + _colors(low)
    scaled = Image.fromarray((values * (255 / full_scale(float(values.max())))).round().astype(np.uint8))
    if picture.mode == "RGBA":
        scaled.putalpha(picture.getchannel("A"))
    return scaled


def _with_bytes_swapped(tile: Any) -> Any:
    """A part of a file that will be read with the other order of bytes: Pillow takes the other one of each two."""
    codec, extents, offset, arguments = tile
    raw_mode, *others = arguments if isinstance(arguments, tuple) else (arguments,)
    swapped = raw_mode[:-1] + ("L" if raw_mode[-1] == "B" else "B")
    changed = (codec, extents, offset, (swapped, *others) if others else swapped)
    return type(tile)(*changed) if hasattr(tile, "_fields") else changed  # older releases of Pillow have plain tuples


def _colors(picture: Image.Image) -> np.ndarray:
    """(h, w, 3)"""
    return np.asarray(picture)[..., :3]
