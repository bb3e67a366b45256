"""More than 8 bits: what pictures look like stays, by what the file or its values say."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from embedding_transfer.errors import InputError
from embedding_transfer.images.decode import read_rgb


def gray(path: Path) -> list[int]:
    image = read_rgb(path)
    assert image.convert("L").convert("RGB").tobytes() == image.tobytes()
    return np.asarray(image)[0, :, 0].tolist()


def saved(path: Path, values: list[float], kind: str, **options: object) -> Path:
    Image.fromarray(np.array([values], dtype=kind)).save(path, **options)
    return path


@pytest.mark.parametrize("white", [255, 1023, 4095, 65535])
@pytest.mark.parametrize("ending", ["png", "tif"])
def test_sixteen_bits_are_scaled_by_their_values(tmp_path: Path, white: int, ending: str) -> None:
    half = round(white / 2)
    assert gray(saved(tmp_path / f"x.{ending}", [0, half, white], "uint16")) == pytest.approx([0, 128, 255], abs=1)


def test_white_is_what_a_tiff_says(tmp_path: Path) -> None:
    path = saved(tmp_path / "x.tif", [0, 8191, 16383], "uint16", tiffinfo={281: 16383})
    assert gray(path) == pytest.approx([0, 127, 255], abs=1)


def test_white_is_what_the_header_of_a_pgm_says(tmp_path: Path) -> None:
    (tmp_path / "dark.pgm").write_bytes(b"P5 3 1 4095\n" + np.array([0, 100, 257], dtype=">u2").tobytes())
    assert gray(tmp_path / "dark.pgm") == pytest.approx([0, 6, 16], abs=1)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 0.5, 1.0], [0, 128, 255]),
        ([0.0, 100.0, 255.0], [0, 100, 255]),
        ([-1.0, 0.0, 1.0], [0, 128, 255]),
        ([0.0, 32768.0, 65535.0], [0, 128, 255]),
        ([0.0, 5e5, 1e6], [0, 128, 255]),
        ([0.0, float("nan"), 1.0], [0, 0, 255]),
        ([0.0, 0.5, float("inf")], [0, 128, 255]),
    ],
)
def test_floats(tmp_path: Path, values: list[float], expected: list[int]) -> None:
    assert gray(saved(tmp_path / "x.tif", values, "float32")) == pytest.approx(expected, abs=1)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([0, 2000, 4095], "int32"),
        ([0, 32767, 65535], "int32"),
        ([-1000, 0, 1000], "int32"),
        ([-1000, 0, 1000], "int16"),
        ([0, 2**30, 2**31 - 1], "int32"),
        ([0, 2**31, 2**32 - 1], "uint32"),
    ],
)
def test_integers_of_many_bits(tmp_path: Path, values: list[int], kind: str) -> None:
    path = tmp_path / "x.tif"
    if kind in ("int16", "uint32"):  # Pillow reads these and cannot write them
        path.write_bytes(tiff(np.array([values], dtype=kind)))
    else:
        saved(path, values, kind)
    assert gray(path) == pytest.approx([0, 127, 255], abs=2)


def test_a_picture_without_any_number_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot read image .*x\.tif: it is damaged .*no pixel is a finite number"):
        read_rgb(saved(tmp_path / "x.tif", [float("nan")], "float32"))


def tiff(pixels: np.ndarray) -> bytes:
    """A TIFF file without compression, written from the standard."""
    height, width = pixels.shape
    sample_format = {"u": 1, "i": 2}[pixels.dtype.kind]
    entries = [
        (256, 4, width),
        (257, 4, height),
        (258, 3, 8 * pixels.itemsize),
        (259, 3, 1),
        (262, 3, 1),
        (273, 4, 8),
        (277, 3, 1),
        (278, 4, height),
        (279, 4, pixels.nbytes),
        (339, 3, sample_format),
    ]
    directory = np.array([len(entries)], dtype="<u2").tobytes()
    for tag, kind, value in entries:
        directory += np.array([tag, kind], dtype="<u2").tobytes() + np.array([1, value], dtype="<u4").tobytes()
    start = np.array([8 + pixels.nbytes], dtype="<u4").tobytes()
    return b"II*\0" + start + pixels.astype(pixels.dtype.newbyteorder("<")).tobytes() + directory + bytes(4)
