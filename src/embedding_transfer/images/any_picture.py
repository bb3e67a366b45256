"""One picture as other libraries hand it over: a file, its bytes, a Pillow picture, an array, a tensor."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageFile
from torch import Tensor

from embedding_transfer.errors import InputError
from embedding_transfer.images.decode import array_to_rgb, read_rgb, to_rgb
from embedding_transfer.images.formats import formats
from embedding_transfer.images.orientation import load_upright

AnyPicture = str | Path | bytes | Image.Image | np.ndarray | Tensor

COLORS = (1, 3)


def any_to_rgb(picture: AnyPicture, name: str) -> Image.Image:
    """A picture as 8-bit RGB.

    Args:
        picture: A file, what is in a file, a Pillow picture, or uint8 pixels (h, w), (h, w, 1), (h, w, 3), (1, h, w)
            or (3, h, w). Where both ends may be the colors, they come last in an array, and first in a tensor.
        name: What messages call it.

    Raises:
        InputError: If it is none of these or cannot be decoded.

    Example::

        any_to_rgb(torch.zeros(3, 32, 40, dtype=torch.uint8), "black").size  # (40, 32)
    """
    if isinstance(picture, (str, Path, bytes)):
        return read_rgb(picture, name)
    if isinstance(picture, Image.Image):
        kind = picture.format
        if isinstance(picture, ImageFile.ImageFile) and kind is not None and kind not in (*formats(), "MPO"):
            raise InputError(f"cannot read image {name}: {kind} is not read; save it as JPEG or PNG")
        return to_rgb(load_upright(picture.copy()))  # the dataset may keep it and hand it over again
    if isinstance(picture, (np.ndarray, Tensor)):
        return array_to_rgb(_pixels(picture, name))
    raise InputError(
        f"{name} is a {type(picture).__name__}: a picture is a Pillow picture, an array or tensor of uint8, bytes or a "
        "path, alone or as the first of (picture, label)"
    )


def _pixels(picture: np.ndarray | Tensor, name: str) -> np.ndarray:
    """(h, w) or (h, w, 3) uint8."""
    shape = tuple(picture.shape)
    is_last, is_first = (len(shape) == 3 and shape[end] in COLORS for end in (2, 0))
    if picture.dtype not in (np.uint8, torch.uint8) or not (len(shape) == 2 or is_last or is_first):
        raise InputError(
            f"{name} is {shape} of {str(picture.dtype).removeprefix('torch.')}: pixels are uint8, 0 to 255, (h, w), "
            "(h, w, 3) or (3, h, w); leave out transforms such as ToTensor, since views are made here"
        )
    pixels = picture.cpu().numpy() if isinstance(picture, Tensor) else picture
    if is_first and (not is_last or isinstance(picture, Tensor)):
        pixels = np.moveaxis(pixels, 0, 2)
    return pixels[:, :, 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else np.ascontiguousarray(pixels)
