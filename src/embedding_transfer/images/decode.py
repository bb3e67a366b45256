"""Any picture becomes 8-bit RGB: paths, arrays, every mode that Pillow knows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, UnidentifiedImageError

from embedding_transfer.errors import InputError, reason
from embedding_transfer.images.deep_color import deep_color_in_8_bits, is_dark, raw_mode_of_16_bits
from embedding_transfer.images.depth import gray_in_8_bits
from embedding_transfer.images.formats import formats
from embedding_transfer.images.orientation import load_upright
from embedding_transfer.images.printable import printable
from embedding_transfer.images.unreadable import what_it_is_instead


def read_rgb(path: str | Path) -> Image.Image:
    """Read an image file as RGB: turned as its EXIF orientation says, transparency laid on white.

    Raises:
        InputError: If the file is missing, damaged or no image that is read; the message names it.

    Example::

        read_rgb("photo.jpg").save("copy.png")
    """
    try:
        with open_image(path) as image:
            raw_mode = raw_mode_of_16_bits(image)
            picture = load_upright(image)
        if raw_mode is not None and is_dark(picture):
            with open_image(path) as again:
                picture = deep_color_in_8_bits(picture, again)
        return to_rgb(picture)
    except InputError as error:
        raise InputError(f"cannot read image {printable(path)}: {error}") from error
    except OSError as error:
        raise InputError(f"cannot read image {printable(path)}: {error.strerror or reason(error)}") from error
    except Exception as error:  # Pillow raises what it meets: struct.error, KeyError, zlib.error, MemoryError, ...
        known = isinstance(error, (Image.DecompressionBombError, MemoryError))
        fault = reason(error) if known else f"it is damaged ({type(error).__name__}: {reason(error)})"
        raise InputError(f"cannot read image {printable(path)}: {fault}") from error


@contextmanager
def open_image(path: str | Path) -> Iterator[Image.Image]:
    """Open an image file of a format that is read; its pixels are decoded later.

    Nothing but regular files is opened: a named pipe would hang.

    Raises:
        InputError: If it is no regular file or no image; without the path, which callers add.
        OSError: If it cannot be opened. Pillow raises many other errors where a file is damaged.
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        raise InputError("it is a folder" if path.is_dir() else "it is no regular file (a pipe or a device)")
    with path.open("rb") as file:  # not by its name: Pillow would map it into memory, and garble turned TIFF so
        try:
            image = Image.open(file, formats=formats())
        except UnidentifiedImageError as error:
            raise InputError(what_it_is_instead(path)) from error
        yield image


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
    return image.convert("RGB")
