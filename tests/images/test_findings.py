"""What is found in an image set, one fault at a time."""

import numpy as np
import pytest

from embedding_transfer.images import ImageSet, ImageSplits
from embedding_transfer.images.examine import Examined, examine
from embedding_transfer.images.findings import Finding, find_all


def noise(n: int, height: int = 32, width: int = 32, seed: int = 0) -> np.ndarray:
    return np.random.default_rng([seed, n, height, width]).integers(0, 256, (n, height, width), dtype=np.uint8)


def part(name: str, labels: list[int], pixels: np.ndarray | None = None, prefix: str = "") -> ImageSet:
    """A split with classes ``name0``, ``name1``, ..."""
    names = tuple(f"{prefix or name}{c}" for c in range(max(labels) + 1))
    pixels = noise(len(labels), seed=len(name)) if pixels is None else pixels
    return ImageSet(name, pixels, np.array(labels), names)


TRAIN, TEST = part("train", [0, 0, 1, 1]), part("test", [0, 0, 1, 1])


def found(train: ImageSet = TRAIN, test: ImageSet = TEST, images_per_class: int | None = 2) -> list[Finding]:
    examined: list[Examined] = [*examine(train, workers=0), *examine(test, workers=0)]
    return find_all(ImageSplits(train, test), examined, images_per_class)


def texts(findings: list[Finding]) -> list[str]:
    assert not any(finding.stops for finding in findings)
    return [finding.text for finding in findings]


def test_nothing_is_found_in_a_good_set() -> None:
    assert found() == []


def test_a_class_of_one_image_stops_training_in_pairs() -> None:
    (finding,) = found(part("train", [0, 0, 1]))
    assert finding.stops
    assert finding.text.startswith("class train1 of train has 1 image")
    assert found(part("train", [0, 0, 1]), images_per_class=1) == []
    assert found(part("train", [0, 0, 1]), images_per_class=None) == []


def test_a_class_that_is_smaller_than_its_share_of_a_batch() -> None:
    (text,) = texts(found(part("train", [0, 0, 0, 1, 1]), images_per_class=3))
    assert text == "1 training class with fewer than 3 images, such as train1 with 2: batches repeat images of it"


def test_classes_of_both_splits() -> None:
    (text,) = texts(found(test=part("test", [0, 0, 1, 1, 2, 2], prefix="train")))
    assert text.startswith("2 classes in training and test, such as train0")


def test_class_names_that_differ_in_spaces_alone() -> None:
    train = ImageSet("train", noise(4), np.array([0, 0, 1, 1]), ("red shoe", "red  shoe "))
    (text,) = texts(found(train))
    assert text == (
        "1 class is written in more than one way, such as 'red  shoe ' and 'red shoe': "
        "spaces make them different classes"
    )


def test_queries_that_can_find_nothing() -> None:
    (text,) = texts(found(test=part("test", [0, 0, 1])))
    assert text == "1 query with no other image of the class to find: test[2] (test1)"
    flags = np.array([True, False, True, False])
    labels = np.array([0, 0, 1, 0])
    with_gallery = ImageSet("test", TEST.images, labels, TEST.class_names, is_query=flags, is_gallery=~flags)
    assert texts(found(test=with_gallery)) == ["1 query with no other image of the class to find: test[2] (test1)"]
    paired = ImageSet("test", TEST.images, TEST.labels, TEST.class_names, is_query=flags, is_gallery=~flags)
    assert found(test=paired) == []


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ((0, 1), r"1 picture more than once in their class"),
        ((0, 2), r"1 picture in more than one class"),
        ((0, 4), r"1 picture in training and in test"),
        ((0, 2, 4), r"1 picture in training and in test"),
        ((4, 6), r"1 picture in more than one class"),
    ],
)
def test_pictures_that_are_there_twice(rows: tuple[int, ...], message: str) -> None:
    pixels = noise(8)
    pixels[list(rows)] = pixels[rows[0]]
    (finding,) = found(part("train", [0, 0, 1, 1], pixels[:4]), part("test", [0, 0, 1, 1], pixels[4:]))
    assert not finding.stops
    assert finding.text.startswith(message)
    (group,) = finding.pictures
    assert [(seen.images.name, seen.row) for seen in group] == [("train" if r < 4 else "test", r % 4) for r in rows]
    assert f"such as {group[0].name} = {group[1].name}" in finding.text


def test_each_kind_of_duplicate_is_counted_in_groups() -> None:
    pixels = noise(8)
    pixels[[1, 4]] = pixels[0]
    pixels[3] = pixels[2]
    pixels[7] = pixels[6]
    kinds = texts(found(part("train", [0, 0, 1, 1], pixels[:4]), part("test", [0, 0, 1, 1], pixels[4:])))
    assert [text[:24] for text in kinds] == ["1 picture in training an", "2 pictures more than onc"]


def test_without_labels_nothing_is_said_of_classes() -> None:
    pixels = noise(8)
    pixels[1] = pixels[0]
    train, test = ImageSet("train", pixels[:4]), ImageSet("test", pixels[4:])
    assert texts(found(train, test)) == [
        "1 picture more than once: copies are found too easily, such as train[0] = train[1]"
    ]
    pixels[5] = pixels[0]
    assert texts(found(train, test))[0].startswith("1 picture in training and in test")


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        (noise(4, 31, 40), r"4 images with a side below 32 pixels, such as train[0] (train0) (40 x 31)"),
        (noise(4, 32, 129), r"4 images more than 4 times as long as wide, such as train[0] (train0) (129 x 32)"),
        (noise(4, 129, 32), r"4 images more than 4 times as long as wide, such as train[0] (train0) (32 x 129)"),
    ],
)
def test_odd_shapes(pixels: np.ndarray, message: str) -> None:
    findings = found(part("train", [0, 0, 1, 1], pixels))
    assert texts(findings) == [message]
    assert [seen.row for seen in findings[0].pictures[0]] == [0, 1, 2, 3]


def test_shapes_at_the_border_are_fine() -> None:
    assert found(part("train", [0, 0, 1, 1], noise(4, 32, 128))) == []


def test_one_color() -> None:
    pixels = noise(4)
    pixels[2] = 7
    assert texts(found(part("train", [0, 0, 1, 1], pixels))) == [
        "1 image of one color only, such as train[2] (train1) (32 x 32)"
    ]


def test_what_stops_a_training_comes_first() -> None:
    findings = found(part("train", [0, 0, 0, 1, 1, 2], noise(6, 20, 20)), images_per_class=3)
    assert [finding.stops for finding in findings] == [True, False, False]
