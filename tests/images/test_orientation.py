"""EXIF with odd or damaged tags: the picture is read, and turned where its orientation can be read."""

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from embedding_transfer.images.decode import read_rgb

Tag = tuple[int, int, int, bytes]  # number, kind, count, value
ROTATED: Tag = (274, 3, 1, struct.pack("<H", 6))


def exif(*tags: Tag) -> bytes:
    """An EXIF block, written from the standard; a value of more than 4 bytes lies behind the directory."""
    behind = 8 + 2 + 12 * len(tags) + 4
    directory, values = struct.pack("<H", len(tags)), b""
    for number, kind, count, value in sorted(tags):
        place = value.ljust(4, b"\0") if len(value) <= 4 else struct.pack("<I", behind + len(values))
        directory += struct.pack("<HHI", number, kind, count) + place
        values += value if len(value) > 4 else b""
    return b"Exif\0\0II*\0" + struct.pack("<I", 8) + directory + bytes(4) + values


def size_of(path: Path, block: bytes) -> tuple[int, int]:
    Image.fromarray(np.arange(6, dtype=np.uint8).reshape(2, 3)).save(path, exif=block)
    return read_rgb(path).size


FRACTION = struct.pack("<II", 2, 1)
ODD: dict[str, Tag] = {
    "a fraction for a whole number": (296, 5, 1, FRACTION),
    "text for a number": (296, 2, 9, b"two inch\0"),
    "a number for text": (271, 3, 1, struct.pack("<H", 7)),
    "a fraction by zero": (282, 5, 1, struct.pack("<II", 1, 0)),
    "an unknown kind": (300, 99, 1, b"1234"),
    "more values than there are": (271, 2, 10**6, b"makerxx\0"),
    "a directory that is none": (34665, 4, 1, struct.pack("<I", 10**8)),
    "text that is no UTF-8": (271, 2, 6, b"\xff\xfe\xfd\xfc\xfb\0"),
}


@pytest.mark.parametrize("ending", ["jpg", "png", "webp"])
@pytest.mark.parametrize("odd", ODD.values(), ids=ODD.keys())
def test_an_odd_tag_keeps_picture_and_orientation(tmp_path: Path, odd: Tag, ending: str) -> None:
    assert size_of(tmp_path / f"x.{ending}", exif(ROTATED, odd)) == (2, 3)
    assert size_of(tmp_path / f"y.{ending}", exif(odd)) == (3, 2)


@pytest.mark.parametrize(
    ("orientation", "size"),
    [
        ((274, 4, 1, struct.pack("<I", 6)), (2, 3)),
        ((274, 1, 1, b"\6"), (2, 3)),
        ((274, 2, 2, b"6\0"), (2, 3)),
        ((274, 5, 1, struct.pack("<II", 6, 1)), (2, 3)),
        ((274, 3, 2, struct.pack("<HH", 6, 6)), (2, 3)),
        ((274, 3, 1, struct.pack("<H", 0)), (3, 2)),
        ((274, 3, 1, struct.pack("<H", 77)), (3, 2)),
        ((274, 2, 4, b"up\0\0"), (3, 2)),
    ],
)
def test_an_orientation_of_another_kind(tmp_path: Path, orientation: Tag, size: tuple[int, int]) -> None:
    assert size_of(tmp_path / "x.png", exif(orientation)) == size


@pytest.mark.parametrize(
    "block", [b"Exif\0\0", b"Exif\0\0II", b"Exif\0\0nonsense and more", b"Exif\0\0MM\0*\xff\xff\xff\xff"]
)
def test_no_exif_at_all(tmp_path: Path, block: bytes) -> None:
    assert size_of(tmp_path / "x.png", block) == (3, 2)


def test_every_cut_of_an_exif_keeps_the_picture(tmp_path: Path) -> None:
    whole = exif((271, 2, 9, b"a maker!\0"), ROTATED, (306, 2, 20, b"2020:01:01 00:00:00\0"))
    sizes = [size_of(tmp_path / "x.jpg", whole[:length]) for length in range(6, len(whole))]
    entry_ends = 6 + 8 + 2 + 2 * 12
    assert sizes[entry_ends - 6 :] == [(2, 3)] * (len(whole) - entry_ends)


def test_tiff_is_turned_once(tmp_path: Path) -> None:
    pixels = np.arange(6, dtype=np.uint8).reshape(2, 3)
    Image.fromarray(pixels).save(tmp_path / "x.tif", tiffinfo={274: 6})
    assert np.asarray(read_rgb(tmp_path / "x.tif"))[:, :, 0].tolist() == np.rot90(pixels, -1).tolist()
