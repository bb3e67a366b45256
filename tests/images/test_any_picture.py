"""Pictures as other libraries hand them over."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from embedding_transfer.errors import InputError
from embedding_transfer.images.any_picture import any_to_rgb

PIXELS = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
PICTURE = Image.fromarray(PIXELS)


def encoded(picture: Image.Image, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG", **options)
    return file.getvalue()


@pytest.mark.parametrize(
    "picture",
    [
        PICTURE,
        PICTURE.convert("RGBA"),
        PIXELS,
        np.moveaxis(PIXELS, 2, 0),
        torch.from_numpy(PIXELS),
        torch.from_numpy(PIXELS).permute(2, 0, 1),
        encoded(PICTURE),
    ],
)
def test_colors(picture: Any) -> None:
    assert np.array_equal(np.asarray(any_to_rgb(picture, "it")), PIXELS)


@pytest.mark.parametrize("picture", [PIXELS[..., 0], PIXELS[..., :1], PIXELS[None, ..., 0], PICTURE.getchannel(0)])
def test_grays(picture: Any) -> None:
    assert np.array_equal(np.asarray(any_to_rgb(picture, "it")), np.repeat(PIXELS[..., :1], 3, axis=2))


def test_where_both_ends_may_be_the_colors() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (3, 5, 3), dtype=np.uint8)
    assert any_to_rgb(pixels, "it").size == (5, 3)
    assert any_to_rgb(torch.from_numpy(pixels), "it").size == (3, 5)


def test_files(tmp_path: Path) -> None:
    PICTURE.save(tmp_path / "a.png")
    for path in (tmp_path / "a.png", str(tmp_path / "a.png")):
        assert np.array_equal(np.asarray(any_to_rgb(path, "it")), PIXELS)


def test_pictures_are_turned_as_their_exif_says_and_stay_as_they_are() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    content = encoded(PICTURE, exif=exif)
    opened = Image.open(io.BytesIO(content))
    for picture in (content, opened, opened):
        assert any_to_rgb(picture, "it").size == (5, 7)
    assert opened.size == (7, 5)


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        (
            torch.rand(3, 5, 7),
            r"^it is \(3, 5, 7\) of float32: pixels are uint8, .* leave out transforms",
        ),
        (PIXELS.astype(np.int64), r"^it is \(5, 7, 3\) of int64"),
        (PIXELS[None], r"^it is \(1, 5, 7, 3\) of uint8"),
        ({"image": PICTURE}, r"^it is a dict: a picture is a Pillow picture"),
        (b"no picture", r"^cannot read image it: it is damaged"),
        (b"", r"^cannot read image it: it is empty"),
    ],
)
def test_what_is_no_picture(picture: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        any_to_rgb(picture, "it")
