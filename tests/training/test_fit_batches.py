"""Batches that fit: the published numbers where the images can fill them, smaller ones where not, never silently."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedding_transfer.errors import UsageError
from embedding_transfer.images import Batches, ImageSet
from embedding_transfer.training.fit_batches import fit_batches
from embedding_transfer.training.options import TrainingOptions
from embedding_transfer.training.source_options import SourceOptions
from embedding_transfer.training.transfer_options import TransferOptions

SOURCE, TRANSFER = SourceOptions.of({"output": "x"}), TransferOptions.of({"output": "x", "source": "s"})


def images_of(*sizes: int) -> ImageSet:
    labels = np.repeat(np.arange(len(sizes)), sizes)
    return ImageSet("some", np.zeros((len(labels), 1, 1), np.uint8), labels, tuple(map(str, range(len(sizes)))))


@pytest.mark.parametrize(
    ("options", "sizes", "fitting"),
    [
        (TRANSFER, [59] * 100, (90, 2)),  # as published
        (SOURCE, [59] * 100, (180, None)),
        (TRANSFER, [20] * 12, (24, 2)),  # twelve classes, two of each
        (SOURCE, [20] * 12, (60, None)),  # four steps an epoch
        (TRANSFER, [5, 5, 1], (8, None)),  # a class of one has no pair
        (SOURCE, [2, 2], (4, None)),
    ],
)
def test_numbers(options: TrainingOptions, sizes: list[int], fitting: tuple[int, int | None]) -> None:
    assert fit_batches(options, images_of(*sizes)).batch == fitting


@given(
    sizes=st.lists(st.integers(1, 12), min_size=2, max_size=40),
    processes=st.integers(1, 3),
    is_source=st.booleans(),
)
def test_batches_that_fit_can_be_drawn(sizes: list[int], processes: int, is_source: bool) -> None:
    images = images_of(*sizes)
    options = fit_batches(SOURCE if is_source else TRANSFER, images, processes)
    if len(images) < processes * (options.batch[1] or 1):
        return
    batches = Batches(images, *options.batch, 0, 0, processes)
    assert len(batches) >= 1
    assert len(next(iter(batches))) == options.batch[0] // processes


def test_numbers_that_were_given_stay() -> None:
    given_both = dataclasses.replace(TRANSFER, batch_size=6, images_per_class=3)
    assert fit_batches(given_both, images_of(4, 4)).batch == (6, 3)
    shuffled = dataclasses.replace(TRANSFER, images_per_class=None)
    assert fit_batches(shuffled, images_of(*[8] * 30)).batch == (60, None)


def test_images_without_labels_are_shuffled() -> None:
    images = ImageSet("photos", np.zeros((240, 1, 1), np.uint8))
    assert fit_batches(TRANSFER, images).batch == (60, None)
    assert fit_batches(dataclasses.replace(TRANSFER, batch_size=6), images).batch == (6, None)


def test_numbers_that_are_still_open_are_not_taken_for_numbers() -> None:
    with pytest.raises(UsageError, match="still auto"):
        _ = TRANSFER.batch
