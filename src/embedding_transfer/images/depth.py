"""Pictures of more than 8 bits, or of floats, in 8 bits: what they look like stays, whatever their scale is."""

from __future__ import annotations

import numpy as np
from PIL import Image

FULL_SCALES = (255, 1023, 4095, 65535)
"""The largest values of 8, 10, 12 and 16 bits."""

BITS_PER_SAMPLE, MAX_SAMPLE_VALUE, SAMPLE_FORMAT = 258, 281, 339  # tags of TIFF


def gray_in_8_bits(image: Image.Image) -> Image.Image:
    """A picture of mode I;16, I or F in mode L.

    Black is 0. White is what the file says; else 1.0 for floats up to 1; else the largest value of 8, 10, 12 or 16
    bits, whichever is the first that no pixel exceeds. Where pixels are negative or exceed 65535, their least value
    becomes black and their greatest white.

    Raises:
        ValueError: If no pixel is a finite number.
    """
    pixels = np.asarray(image)
    if _is_unsigned_32_bit(image):
        pixels = pixels.astype(np.int32).view(np.uint32)
    pixels = pixels.astype(np.float64)
    finite = pixels[np.isfinite(pixels)]
    if finite.size == 0:
        raise ValueError("no pixel is a finite number")
    black, white = _range(float(finite.min()), float(finite.max()), _stated_white(image), image.mode == "F")
    scaled = (np.nan_to_num(pixels, nan=black, posinf=white, neginf=black) - black) * (255 / (white - black or 1))
    return Image.fromarray(scaled.round().clip(0, 255).astype(np.uint8))


def _range(least: float, greatest: float, stated_white: int | None, is_float: bool) -> tuple[float, float]:
    """What becomes black and what becomes white."""
    if least < 0 or greatest > FULL_SCALES[-1]:
        return least, greatest
    if stated_white is not None and greatest <= stated_white:
        return 0, stated_white
    if is_float and greatest <= 1:
        return 0, 1
    return 0, full_scale(greatest)


def full_scale(greatest: float) -> int:
    """The largest value of 8, 10, 12 or 16 bits, whichever is the first that is not exceeded."""
    return next(scale for scale in FULL_SCALES if greatest <= scale)


def _stated_white(image: Image.Image) -> int | None:
    """The value of white that a file states, if it does."""
    if image.format == "PPM" and image.mode != "F":
        return FULL_SCALES[-1]  # Pillow has scaled it by the number in its header
    stated = getattr(image, "tag_v2", {}).get(MAX_SAMPLE_VALUE)
    stated = stated[0] if isinstance(stated, tuple) and stated else stated
    return stated if isinstance(stated, int) and stated > 0 else None


def _is_unsigned_32_bit(image: Image.Image) -> bool:
    """Whether pixels are unsigned, which Pillow reads as if they had a sign."""
    tags = getattr(image, "tag_v2", {})
    return image.mode == "I" and tags.get(BITS_PER_SAMPLE) == (32,) and tags.get(SAMPLE_FORMAT, (1,)) == (1,)
