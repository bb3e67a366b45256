"""Any picture becomes 8-bit RGB, and what is no picture is named."""

import os
import re
import struct
import subprocess
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from embedding_transfer.errors import InputError
from embedding_transfer.images.decode import array_to_rgb, read_rgb
from embedding_transfer.images.formats import picture_endings

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
        ("I", "tif", [0, 257 * 9, 65535], [(0, 0, 0), (9, 9, 9), (255, 255, 255)]),
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


DAMAGED = "jpg png webp gif bmp tif jp2 ppm tga avif ico icns pcx sgi qoi dds dib psd mpo"


@pytest.mark.parametrize("ending", DAMAGED.split(" "))
def test_damage_of_any_format_is_one_line_with_the_name(tmp_path: Path, ending: str) -> None:
    """Cut anywhere, or with some bytes changed, most of them in the header: read, or refused in one line."""
    if ending not in {known.lstrip(".") for known in picture_endings()}:
        pytest.skip("this Pillow cannot read it")
    if ending != "psd" and Image.registered_extensions()[f".{ending}"] not in {*Image.SAVE, *Image.SAVE_ALL}:
        pytest.skip("this Pillow cannot write it")
    rng = np.random.default_rng(0)
    path = tmp_path / f"picture.{ending}"
    if ending == "psd":  # Pillow cannot write it: a header of 26 bytes, three empty sections, raw RGB
        path.write_bytes(b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 4, 4, 8, 3) + bytes(14) + bytes(range(48)))
    else:
        pixels = rng.integers(0, 256, (24, 24, 4 if ending == "icns" else 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path)
    whole = path.read_bytes()
    read_rgb(path)
    refused: list[str] = []
    for trial in range(60):
        damaged = bytearray(whole)
        if trial % 3 == 0:
            damaged = damaged[: rng.integers(len(whole))]
        else:
            for place in rng.integers(0, min(len(whole), 80), size=1 + trial % 7):
                damaged[place] = rng.choice([0, 255, rng.integers(256)])
        path.write_bytes(damaged)
        try:
            read_rgb(path)
        except InputError as error:
            refused.append(str(error))
    assert len(refused) > 5
    assert all(re.fullmatch(rf"cannot read image {path}: .+", message) for message in refused)


@pytest.mark.parametrize("raised", [struct.error, TypeError, KeyError, IndexError, EOFError, zlib.error, OverflowError])
def test_whatever_a_reader_raises_is_an_input_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, raised: type[Exception]
) -> None:
    path = written(tmp_path / "picture.png", "L", [1])

    def fail(*_: object) -> None:
        raise raised("odd\nerror")

    monkeypatch.setattr(PngImageFile, "load", fail)
    with pytest.raises(InputError, match=rf"^cannot read image {path}: it is damaged \({raised.__name__}: [^\n]*\)$"):
        read_rgb(path)


def test_too_little_memory_is_an_input_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "picture.png", "L", [1])

    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(PngImageFile, "load", fail)
    with pytest.raises(InputError, match=r"picture\.png: MemoryError$"):
        read_rgb(path)


def test_postscript_is_never_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*command: object, **_: object) -> None:
        raise AssertionError(f"a program was started: {command}")

    for starter in ("check_call", "call", "run", "Popen"):
        monkeypatch.setattr(subprocess, starter, run)
    postscript = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n"
    iptc = b"\x1c\x03\x3c\0\2\1\0\x1c\x03\x14\0\1\x09\x1c\x03\x1e\0\1\x09\x1c\x08\x0a\0" + bytes([len(postscript)])
    for name, content in (("a.eps", postscript), ("b.png", postscript), ("c.iim", iptc + postscript)):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=rf"cannot read image .*{name}: it is "):
            read_rgb(tmp_path / name)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(
        InputError, match=r"cannot read image .*pipe\.png: it is no regular file \(a pipe or a device\)"
    ):
        read_rgb(tmp_path / "pipe.png")


def test_lab_colors(tmp_path: Path) -> None:
    lightness, a, b = 53.2, 80.1, 67.2  # pure red of sRGB, whose white is that of D65
    stored = (round(lightness * 2.55), round(a) + 128, round(b) + 128)
    Image.new("LAB", (1, 1), stored).save(tmp_path / "lab.tif")
    assert row(tmp_path / "lab.tif")[0] == pytest.approx((255, 0, 0), abs=25)


def test_heic(tmp_path: Path) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    pillow_heif.from_pillow(Image.new("RGB", (64, 64), (200, 30, 30))).save(tmp_path / "photo.heic")
    assert row(tmp_path / "photo.heic")[0] == pytest.approx((200, 30, 30), abs=6)


def test_paths_may_be_strings(tmp_path: Path) -> None:
    assert read_rgb(str(written(tmp_path / "picture.png", "L", [7]))).getpixel((0, 0)) == (7, 7, 7)


def test_arrays() -> None:
    assert array_to_rgb(np.array([[3]], dtype=np.uint8)).getpixel((0, 0)) == (3, 3, 3)
    assert array_to_rgb(np.array([[[1, 2, 3]]], dtype=np.uint8)).getpixel((0, 0)) == (1, 2, 3)
