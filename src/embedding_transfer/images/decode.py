"""Any picture becomes 8-bit RGB: paths, arrays, every mode that Pillow knows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageCms, UnidentifiedImageError

from embedding_transfer.errors import InputError, reason
from embedding_transfer.images.deep_color import deep_color_in_8_bits, is_dark, raw_mode_of_16_bits
from embedding_transfer.images.depth import gray_in_8_bits
from embedding_transfer.images.formats import formats
from embedding_transfer.images.orientation import load_upright
from embedding_transfer.images.printable import printable
from embedding_transfer.images.unreadable import BEGINNING, what_it_is_instead


def read_rgb(picture: str | Path | bytes, name: str | None = None) -> Image.Image:
    """Read an image file as RGB: turned as its EXIF orientation says, transparency laid on white.

    Args:
        picture: The path of a file, or what is in it.
        name: What messages call it; default: its path.

    Raises:
        InputError: If the file is missing, damaged or no image that is read; the message names it.

    Example::

        read_rgb("photo.jpg").save("copy.png")
    """
    name = name or ("of these bytes" if isinstance(picture, bytes) else printable(picture))
    try:
        with open_image(picture) as image:
            raw_mode = raw_mode_of_16_bits(image)
            decoded = load_upright(image)
        if raw_mode is not None and is_dark(decoded):
            with open_image(picture) as again:
                decoded = deep_color_in_8_bits(decoded, again)
        return to_rgb(decoded)
    except InputError as error:
        raise InputError(f"cannot read image {name}: {error}") from error
    except OSError as error:
        raise InputError(f"cannot read image {name}: {error.strerror or reason(error)}") from error
    except Exception as error:  # Pillow raises what it meets: struct.error, KeyError, zlib.error, MemoryError, ...
        known = isinstance(error, (Image.DecompressionBombError, MemoryError))
        fault = reason(error) if known else f"it is damaged ({type(error).__name__}: {reason(error)})"
        raise InputError(f"cannot read image {name}: {fault}") from error


@contextmanager
def open_image(picture: str | Path | bytes) -> Iterator[Image.Image]:
    """Open an image file of a format that is read; its pixels are decoded later.

    Nothing but regular files is opened: a named pipe would hang.

    Args:
        picture: The path of a file, or what is in it.

    Raises:
        InputError: If it is no regular file or no image; without the path, which callers add.
        OSError: If it cannot be opened. Pillow raises many other errors where a file is damaged.
    """
    with _opened(picture) as file:  # not by its name: Pillow would map it into memory, and garble turned TIFF so
        try:
            image = Image.open(file, formats=formats())
        except UnidentifiedImageError as error:
            file.seek(0)
            ending = "" if isinstance(picture, bytes) else Path(picture).suffix
            raise InputError(what_it_is_instead(file.read(BEGINNING), ending)) from error
        yield image


def _opened(picture: str | Path | bytes) -> BinaryIO:
    if isinstance(picture, bytes):
        return BytesIO(picture)
    path = Path(picture)
    if path.exists() and not path.is_file():
        raise InputError("it is a folder" if path.is_dir() else "it is no regular file (a pipe or a device)")
    return path.open("rb")


def array_to_rgb(pixels: np.ndarray) -> Image.Image:
    """A uint8 array (h, w) or (h, w, 3) as an RGB picture."""
    return Image.fromarray(pixels).convert("RGB")


def to_rgb(image: Image.Image) -> Image.Image:
    """Any Pillow mode (1, L, LA, P, RGBA, CMYK, LAB, I;16, I, F, ...) as RGB."""
    if image.mode == "F" or image.mode.startswith("I"):
        image = gray_in_8_bits(image)
    if image.mode == "LAB":
        profiles = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, *profiles, outputMode="RGB")
        assert converted is not None  # it is None for conversions in place alone
        return converted
    if image.has_transparency_data:
        image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(paper, image).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")  # which would copy it
