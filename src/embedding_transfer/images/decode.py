"""Any picture becomes 8-bit RGB: paths, arrays, every mode that Pillow knows."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from embedding_transfer.errors import InputError


def read_rgb(path: Path) -> Image.Image:
    """Read an image file as RGB: turned as its EXIF orientation says, transparency laid on white.

    Raises:
        InputError: If the file is missing, truncated or no image; the message names it.
    """
    try:
        with Image.open(path) as image:
            return to_rgb(ImageOps.exif_transpose(image))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise InputError(f"cannot read image {path}: {error}") from error


def array_to_rgb(pixels: np.ndarray) -> Image.Image:
    """A uint8 array (h, w) or (h, w, 3) as an RGB picture."""
    return Image.fromarray(pixels).convert("RGB")


def to_rgb(image: Image.Image) -> Image.Image:
    """Any Pillow mode (1, L, LA, P, RGBA, CMYK, I;16, I, F, ...) as RGB."""
    if image.mode.startswith(("I;16", "I")):
        image = _sixteen_to_eight_bits(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(paper, image).convert("RGB")
    return image.convert("RGB")


def _sixteen_to_eight_bits(image: Image.Image) -> Image.Image:
    """16-bit gray scaled to 8 bits (Pillow alone would clip everything above 255 to white)."""
    pixels = np.asarray(image).astype(np.int64)
    return Image.fromarray((pixels.clip(0, 65535) // 257).astype(np.uint8))
