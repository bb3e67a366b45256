"""Colors of 16 bits that hold 10 or 12 bits are not shown black."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from embedding_transfer.errors import InputError
from embedding_transfer.images.decode import read_rgb


def png(path: Path, pixels: np.ndarray, color_type: int) -> Path:
    """A PNG file of 16 bits, written from the standard: Pillow writes none in color."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    height, width = pixels.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, 16, color_type, 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunks)
    return path


@pytest.mark.parametrize("white", [255, 1023, 4095, 65535])
def test_rgb(tmp_path: Path, white: int) -> None:
    pixels = np.linspace(0, white, 12).round().reshape(2, 2, 3)
    seen = np.asarray(read_rgb(png(tmp_path / "x.png", pixels, 2)))
    assert seen == pytest.approx(pixels * 255 / white, abs=1)


def test_transparency_is_laid_on_white(tmp_path: Path) -> None:
    pixels = np.array([[[4095, 0, 0, 65535], [4095, 0, 0, 0]]])
    assert np.asarray(read_rgb(png(tmp_path / "x.png", pixels, 6))).tolist() == [[[255, 0, 0], [255, 255, 255]]]


def test_black_stays_black(tmp_path: Path) -> None:
    assert not np.asarray(read_rgb(png(tmp_path / "x.png", np.zeros((1, 2, 3)), 2))).any()


def test_gray_with_transparency_is_refused_where_it_would_be_black(tmp_path: Path) -> None:
    light = np.array([[[65535, 65535], [30000, 65535]]])
    assert np.asarray(read_rgb(png(tmp_path / "light.png", light, 4)))[0, :, 0].tolist() == [255, 30000 // 256]
    with pytest.raises(InputError, match=r"cannot read image .*x\.png: its colors have 16 bits and use the lowest"):
        read_rgb(png(tmp_path / "x.png", np.array([[[4095, 65535]]]), 4))
