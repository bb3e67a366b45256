"""ImageSet: pictures and labels stay together."""

from pathlib import Path

import numpy as np
import pytest

from embedding_transfer.errors import InputError
from embedding_transfer.images import ImageSet


def gray(n: int) -> ImageSet:
    """n pictures of 2 x 3 pixels, picture i of gray i, of classes i // 2."""
    pixels = np.broadcast_to(np.arange(n, dtype=np.uint8)[:, None, None], (n, 2, 3))
    return ImageSet("gray", pixels, np.arange(n) // 2, tuple(f"class {c}" for c in range((n + 1) // 2)))


def test_arrays_become_rgb_pictures() -> None:
    picture = gray(4).image(3)
    assert (picture.mode, picture.size, picture.getpixel((0, 0))) == ("RGB", (3, 2), (3, 3, 3))
    color = ImageSet("color", np.full((1, 2, 2, 3), (1, 2, 3), dtype=np.uint8), np.zeros(1, dtype=int), ("a",))
    assert color.image(0).getpixel((1, 1)) == (1, 2, 3)


@pytest.mark.parametrize("as_mask", [False, True])
def test_a_subset_numbers_the_remaining_classes_anew(as_mask: bool) -> None:
    images, rows = gray(8), np.array([2, 6, 7])
    part = images.subset(np.isin(np.arange(8), rows) if as_mask else rows, "part")
    assert part.name == "part"
    assert part.class_names == ("class 1", "class 3")
    assert part.labels.tolist() == [0, 1, 1]
    assert part.labels.dtype == np.int64
    assert [part.image(i).getpixel((0, 0))[0] for i in range(3)] == [2, 6, 7]


def test_a_subset_keeps_the_order_it_is_asked_for_and_its_queries() -> None:
    paths = [Path(f"{i}.png") for i in range(4)]
    flags = np.array([True, False, True, False])
    images = ImageSet("paths", paths, np.array([0, 0, 1, 1]), ("a", "b"), is_query=flags, is_gallery=~flags)
    part = images.subset(np.array([3, 0]))
    assert part.images == [paths[3], paths[0]]
    assert part.labels.tolist() == [1, 0]
    assert part.is_query is not None
    assert part.is_query.tolist() == [False, True]
    assert part.is_gallery is not None
    assert part.is_gallery.tolist() == [True, False]


def test_pictures_are_called_by_path_or_by_place_and_class() -> None:
    assert gray(4).describe(3) == "gray[3] (class 1)"
    assert ImageSet("p", [Path("a/b.png")], np.zeros(1, dtype=int), ("a",)).describe(0) == str(Path("a/b.png"))


def test_strings_are_paths_and_lists_are_labels(tmp_path: Path) -> None:
    gray(2).image(1).save(tmp_path / "a.png")
    images = ImageSet("s", [str(tmp_path / "a.png"), "b.png"], [0, 1], ("a", "b"))
    assert images.images == [tmp_path / "a.png", Path("b.png")]
    assert images.image(0).getpixel((0, 0)) == (1, 1, 1)
    assert images.describe(1) == "b.png"
    assert images.labels.dtype == np.int64


def test_halves_by_a_mask() -> None:
    train, test = gray(6).split(np.arange(6) < 4)
    assert (train.name, test.name) == ("gray/train", "gray/test")
    assert (train.class_names, test.class_names) == (("class 0", "class 1"), ("class 2",))


@pytest.mark.parametrize(
    ("pixels", "what"),
    [
        (np.zeros((2, 3, 3)), r"an array \(2, 3, 3\) of float64: pictures are uint8"),
        (np.zeros((2, 3, 3), dtype=np.uint16), r"an array \(2, 3, 3\) of uint16"),
        (np.zeros((2, 3), dtype=np.uint8), r"an array \(2, 3\) of uint8: .* in the shape \(n, h, w\)"),
        (np.zeros((2, 3, 5, 5), dtype=np.uint8), r"an array \(2, 3, 5, 5\)"),
    ],
)
def test_arrays_must_hold_pictures_of_8_bits(pixels: np.ndarray, what: str) -> None:
    with pytest.raises(InputError, match=rf"x has {what}"):
        ImageSet("x", pixels, np.zeros(2, dtype=int), ("a",))


def test_every_label_has_a_name() -> None:
    for labels in ([0, 2], [-1, 0]):
        with pytest.raises(InputError, match=r"x has labels from -?\d to \d but 2 class names"):
            ImageSet("x", ["a.png", "b.png"], labels, ("a", "b"))
    with pytest.raises(InputError, match="x has labels that are no numbers: number the class names from 0"):
        ImageSet("x", ["a.png", "b.png"], ["cat", "dog"], ("cat", "dog"))


def test_summary() -> None:
    assert gray(4).summary() == "gray: 4 images of 2 classes"
    flags = np.array([True, False, False, False])
    images = ImageSet("q", gray(4).images, gray(4).labels, ("a", "b"), is_query=flags, is_gallery=~flags)
    assert images.summary() == "q: 4 images of 2 classes, 1 queries, 3 in the gallery"


def test_lengths_must_agree() -> None:
    with pytest.raises(InputError, match="gray has 4 images but 3 labels"):
        ImageSet("gray", gray(4).images, np.zeros(3, dtype=int), ("a",))
    with pytest.raises(InputError, match="gray has 4 images but 1 is_query"):
        ImageSet("gray", gray(4).images, np.zeros(4, dtype=int), ("a",), is_query=np.ones(1, dtype=bool))
    with pytest.raises(InputError, match="nothing has no images"):
        ImageSet("nothing", [], np.zeros(0, dtype=int), ())
