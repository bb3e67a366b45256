"""Batches against the published sampler's facts, and what they promise beyond it."""

import re
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.images import Batches, ImageSet
from golden import facts


def images_of(sizes: list[int]) -> ImageSet:
    """Classes of these sizes, their images in random order."""
    labels = np.repeat(np.arange(len(sizes)), sizes)
    labels = np.random.default_rng(0).permutation(labels)
    return ImageSet(
        "some", np.zeros((len(labels), 1, 1), np.uint8), labels, tuple(f"class{c}" for c in range(len(sizes)))
    )


def drawn(batches: Batches) -> list[list[int]]:
    return [[image for _, image in batch] for batch in batches]


def in_a_row(batches: Iterable[list[int]]) -> list[int]:
    return [image for batch in batches for image in batch]


def test_the_published_batch() -> None:
    published = facts("sampler")["facts"]
    numbers = [int(n) for n in re.findall(r"\d+", published["official_target_training"])]
    batch_size, per_class, _views, n_classes = numbers[:4]
    images = images_of([7] * 100)
    batches = Batches(images, batch_size, per_class)
    assert published["length"].startswith("floor(n_images / batch_size) batches per epoch")
    assert len(batches) == len(drawn(batches)) == 700 // batch_size
    assert published["batch_composition"].startswith("floor(batch_size / images_per_class) DISTINCT classes")
    for batch in drawn(batches):
        blocks = images.labels[batch].reshape(n_classes, per_class)  # "class block after class block"
        assert (blocks == blocks[:, :1]).all()
        assert len(set(blocks[:, 0])) == n_classes


def test_classes_are_drawn_uniformly_whatever_their_size() -> None:
    images = images_of([2, 2, 100, 100])
    batches = Batches(images, 2, 2)
    counts = np.zeros(4)
    for epoch in range(40):
        batches.epoch = epoch
        for batch in drawn(batches):
            counts[images.labels[batch[0]]] += 1
    expected = counts.sum() / 4  # 1,020 draws of each class
    assert (np.abs(counts - expected) < 5 * np.sqrt(expected * 3 / 4)).all()


@settings(max_examples=50)
@given(
    st.lists(st.integers(2, 9), min_size=3, max_size=12), st.integers(1, 4), st.integers(1, 3), st.integers(0, 2**31)
)
def test_images_of_a_class_differ_unless_there_are_too_few(
    sizes: list[int], per_class: int, n_classes: int, seed: int
) -> None:
    images = images_of(sizes)
    if len(images) < per_class * n_classes:
        return
    for batch in drawn(Batches(images, per_class * n_classes, per_class, seed=seed)):
        for block in np.array(batch).reshape(n_classes, per_class):
            size = sizes[images.labels[block[0]]]
            assert len(set(block.tolist())) == per_class or size < per_class


def test_all_images_of_a_class_are_drawn() -> None:
    images = images_of([3, 4, 5])
    batches = Batches(images, 4, 2)
    seen: set[int] = set()
    for batches.epoch in range(30):
        seen |= {image for batch in drawn(batches) for image in batch}
    assert seen == set(range(12))


def test_shuffled_batches_hold_every_image_once() -> None:
    batches = Batches(images_of([5, 6]), 3)
    epoch = in_a_row(drawn(batches))
    assert len(epoch) == len(set(epoch)) == 9 == 3 * len(batches)
    batches.epoch = 1
    assert in_a_row(drawn(batches)) != epoch


@pytest.mark.parametrize("per_class", [None, 2])
def test_an_epoch_depends_on_seed_and_number_alone(per_class: int | None) -> None:
    images = images_of([9] * 8)

    def epoch(number: int, seed: int) -> list[list[int]]:
        batches = Batches(images, 12, per_class, seed)
        batches.epoch = number
        return drawn(batches)

    assert epoch(3, 0) == epoch(3, 0)
    assert epoch(3, 0) != epoch(4, 0)
    assert epoch(3, 0) != epoch(3, 1)


@pytest.mark.parametrize("per_class", [None, 3])
@pytest.mark.parametrize("processes", [2, 4])
def test_processes_share_the_batches_of_one(per_class: int | None, processes: int) -> None:
    images = images_of([9] * 8)
    whole = drawn(Batches(images, 12, per_class))
    shares = [drawn(Batches(images, 12, per_class, process=p, processes=processes)) for p in range(processes)]
    assert [in_a_row(parts) for parts in zip(*shares, strict=True)] == whole
    assert all(len(part) == 12 // processes for share in shares for part in share)


def test_every_draw_knows_its_epoch() -> None:
    batches = Batches(images_of([4, 4]), 4, 2)
    batches.epoch = 7
    assert {draw.epoch for batch in batches for draw in batch} == {7}


@pytest.mark.parametrize(
    ("sizes", "arguments", "message"),
    [
        ([4, 4], {"batch_size": 9}, "some has 8 images, fewer than one batch of 9"),
        ([4, 4], {"batch_size": 0}, "batch size 0 cannot be shared out evenly among 1 processes"),
        ([4, 4], {"batch_size": 5, "processes": 2}, "batch size 5 cannot be shared out evenly among 2 processes"),
        ([4, 4], {"batch_size": 3, "images_per_class": 2}, "batch size 3 is no multiple of images per class, 2"),
        ([4, 4], {"batch_size": 3, "images_per_class": 0}, "no multiple of images per class, 0"),
        ([4, 4], {"batch_size": 6, "images_per_class": 2}, "needs 3 classes, but some has 2: lower the batch size"),
    ],
)
def test_numbers_that_do_not_fit(sizes: list[int], arguments: dict[str, int], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Batches(images_of(sizes), **arguments)


def test_pairs_need_two_images_of_every_class() -> None:
    alone = images_of([4, 1, 1, 4])
    with pytest.raises(
        InputError, match=r"class class1 of some has 1 image \(2 such classes\), but 2 images per class"
    ):
        Batches(alone, 4, 2)
    assert len(Batches(alone, 4, 1)) == len(Batches(alone, 4)) == 2
