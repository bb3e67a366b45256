"""Every picture is looked at once, and equal ones are found whatever their files are."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from embedding_transfer.images import ImageSet
from embedding_transfer.images.examine import examine, same_pictures


def images_in(folder: Path) -> ImageSet:
    paths = sorted(folder.iterdir())
    return ImageSet("some", paths, np.zeros(len(paths), dtype=np.int64), ("a",))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    noise = np.random.default_rng(0).integers(0, 256, (6, 8), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "0_gray.png")
    Image.fromarray(noise).convert("RGB").save(tmp_path / "1_same_as_rgb.bmp")
    Image.fromarray(noise.reshape(8, 6)).save(tmp_path / "2_same_bytes_other_shape.png")
    Image.new("CMYK", (5, 4), (0, 0, 0, 255)).save(tmp_path / "3_black.jpg")
    (tmp_path / "4_broken.png").write_text("no picture")
    noise[0, 0] ^= 1
    Image.fromarray(noise).save(tmp_path / "5_one_pixel_differs.png")
    return tmp_path


@pytest.mark.parametrize("workers", [0, 2])
def test_what_is_seen(folder: Path, workers: int) -> None:
    examined = examine(images_in(folder), workers)
    assert [picture.row for picture in examined] == [0, 1, 2, 3, 4, 5]
    looks = [picture.look for picture in examined]
    assert [look.mode for look in looks] == ["L", "RGB", "L", "CMYK", "", "L"]
    assert [look.size for look in looks] == [(8, 6), (8, 6), (6, 8), (5, 4), (0, 0), (8, 6)]
    assert [look.one_color for look in looks] == [False, False, False, True, False, False]
    assert looks[4].fault is not None
    assert "4_broken.png" in looks[4].fault
    assert [look.fault for index, look in enumerate(looks) if index != 4] == [None] * 5
    assert examined[3].name == str(folder / "3_black.jpg")
    assert examined[3].class_name == "a"


def test_equal_pictures_are_equal_once_decoded(folder: Path) -> None:
    (group,) = same_pictures(examine(images_in(folder), workers=0))
    assert [picture.row for picture in group] == [0, 1]


def test_unreadable_pictures_are_not_equal(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_text("no picture")
    assert same_pictures(examine(images_in(tmp_path), workers=0)) == []


def test_arrays() -> None:
    pixels = np.stack([np.arange(4, dtype=np.uint8).reshape(2, 2)] * 2)
    gray, again = examine(ImageSet("gray", pixels, np.array([0, 0]), ("a",)), workers=0)
    (color,) = examine(ImageSet("color", np.stack([pixels[:1]] * 3, axis=-1), np.array([0]), ("a",)), workers=0)
    assert (gray.look.mode, color.look.mode) == ("L", "RGB")
    assert gray.name == "gray[0] (a)"
    assert same_pictures([gray, again, color]) == [[gray, again, color]]
