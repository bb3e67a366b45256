"""Any picture becomes 8-bit RGB, and what is no picture is named."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from embedding_transfer.errors import InputError
from embedding_transfer.images.decode import array_to_rgb, read_rgb

Pixel = tuple[int, int, int]


def written(path: Path, mode: str, pixels: list[object], **options: object) -> Path:
    """A file with one row of pixels."""
    image = Image.new(mode, (len(pixels), 1))
    for x, pixel in enumerate(pixels):
        image.putpixel((x, 0), pixel)
    image.save(path, **options)
    return path


def row(path: Path) -> list[Pixel]:
    image = read_rgb(path)
    assert image.mode == "RGB"
    return [image.getpixel((x, 0)) for x in range(image.width)]


@pytest.mark.parametrize(
    ("mode", "ending", "pixels", "expected"),
    [
        ("1", "png", [0, 1], [(0, 0, 0), (255, 255, 255)]),
        ("L", "png", [0, 7, 255], [(0, 0, 0), (7, 7, 7), (255, 255, 255)]),
        ("LA", "png", [(10, 255), (10, 0)], [(10, 10, 10), (255, 255, 255)]),
        ("RGB", "png", [(1, 2, 3)], [(1, 2, 3)]),
        ("RGBA", "png", [(1, 2, 3, 255), (1, 2, 3, 0)], [(1, 2, 3), (255, 255, 255)]),
        ("CMYK", "tif", [(0, 0, 0, 0), (0, 0, 0, 255), (255, 0, 0, 0)], [(255, 255, 255), (0, 0, 0), (0, 255, 255)]),
        ("I;16", "png", [0, 257, 257 * 100, 65535], [(0, 0, 0), (1, 1, 1), (100, 100, 100), (255, 255, 255)]),
        ("I", "tif", [-5, 257 * 9, 65535, 10**6], [(0, 0, 0), (9, 9, 9), (255, 255, 255), (255, 255, 255)]),
        ("F", "tif", [0.0, 7.0, 255.0], [(0, 0, 0), (7, 7, 7), (255, 255, 255)]),
    ],
)
def test_every_mode(tmp_path: Path, mode: str, ending: str, pixels: list[object], expected: list[Pixel]) -> None:
    path = written(tmp_path / f"picture.{ending}", mode, pixels)
    with Image.open(path) as stored:
        assert stored.mode == mode
    assert row(path) == expected


def test_half_transparent_pixels_are_mixed_with_white(tmp_path: Path) -> None:
    (mixed,) = row(written(tmp_path / "half.png", "RGBA", [(0, 100, 200, 51)]))
    assert mixed == pytest.approx([255 - 0.2 * (255 - value) for value in (0, 100, 200)], abs=1)


@pytest.mark.parametrize("transparent", [False, True])
def test_palettes(tmp_path: Path, transparent: bool) -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([9, 8, 7, 6, 5, 4])
    image.putpixel((1, 0), 1)
    image.save(tmp_path / "palette.png", **({"transparency": 1} if transparent else {}))
    with Image.open(tmp_path / "palette.png") as stored:
        assert stored.mode == "P"
    assert row(tmp_path / "palette.png") == [(9, 8, 7), (255, 255, 255) if transparent else (6, 5, 4)]


def test_gray_of_a_transparent_gray_value(tmp_path: Path) -> None:
    path = written(tmp_path / "key.png", "L", [5, 6], transparency=6)
    assert row(path) == [(5, 5, 5), (255, 255, 255)]


@pytest.mark.parametrize(
    ("orientation", "turned"),
    [
        (1, [[1, 2, 3], [4, 5, 6]]),
        (2, [[3, 2, 1], [6, 5, 4]]),
        (3, [[6, 5, 4], [3, 2, 1]]),
        (4, [[4, 5, 6], [1, 2, 3]]),
        (5, [[1, 4], [2, 5], [3, 6]]),
        (6, [[4, 1], [5, 2], [6, 3]]),
        (7, [[6, 3], [5, 2], [4, 1]]),
        (8, [[3, 6], [2, 5], [1, 4]]),
    ],
)
def test_exif_orientation_is_applied(tmp_path: Path, orientation: int, turned: list[list[int]]) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.array([[1, 2, 3], [4, 5, 6]], dtype=np.uint8)).save(tmp_path / "turned.png", exif=exif)
    assert np.asarray(read_rgb(tmp_path / "turned.png"))[:, :, 0].tolist() == turned


def test_what_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = tmp_path / "whole.jpg"
    Image.effect_noise((64, 64), 90).save(whole)
    (tmp_path / "truncated.jpg").write_bytes(whole.read_bytes()[:600])
    (tmp_path / "text.png").write_text("this is no picture")
    (tmp_path / "empty.png").touch()
    (tmp_path / "folder.png").mkdir()
    for name in ("truncated.jpg", "text.png", "empty.png", "folder.png", "missing.png"):
        with pytest.raises(InputError, match=rf"cannot read image .*{name}: "):
            read_rgb(tmp_path / name)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(InputError, match=r"cannot read image .*whole\.jpg: .*4096 pixels"):
        read_rgb(whole)


def test_arrays() -> None:
    assert array_to_rgb(np.array([[3]], dtype=np.uint8)).getpixel((0, 0)) == (3, 3, 3)
    assert array_to_rgb(np.array([[[1, 2, 3]]], dtype=np.uint8)).getpixel((0, 0)) == (1, 2, 3)
