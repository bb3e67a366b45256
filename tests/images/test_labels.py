"""Images without labels: whatever uses their labels says so in one line, and nothing else minds."""

import copy
import pickle
from collections.abc import Callable

import numpy as np
import pytest
import torch

from embedding_transfer.errors import InputError
from embedding_transfer.images import ImageSet, require_labels

PHOTOS = ImageSet("photos", ["a.png", "b.png"])
LABELED = ImageSet("shoes", ["a.png", "b.png"], np.array([0, 1]), ("boot", "sandal"))


@pytest.mark.parametrize(
    "use",
    [
        lambda labels: labels[0],
        lambda labels: len(labels),
        lambda labels: list(labels),
        lambda labels: 0 in labels,
        lambda labels: bool(labels),
        lambda labels: labels == 1,
        lambda labels: labels < 1,
        lambda labels: labels + 1,
        lambda labels: 1 + labels,
        lambda labels: labels.max(),
        lambda labels: labels.tolist(),
        np.asarray,
        np.bincount,
        np.unique,
        torch.as_tensor,
        torch.tensor,
    ],
)
def test_every_use_of_labels_that_are_not_there_is_one_error(use: Callable[[object], object]) -> None:
    with pytest.raises(InputError, match=r"^photos has no labels: training on classes .* \(--images folder\) or"):
        use(PHOTOS.labels)


def test_they_can_be_shown_copied_and_sent_to_other_processes() -> None:
    for again in (pickle.loads(pickle.dumps(PHOTOS)), copy.deepcopy(PHOTOS), copy.copy(PHOTOS)):
        assert not again.is_labeled
        assert repr(again.labels) == "NoLabels('photos')"
        with pytest.raises(InputError, match="photos has no labels"):
            again.labels[0]


def test_what_needs_labels_asks_for_them() -> None:
    assert require_labels(LABELED, "train-source").tolist() == [0, 1]
    with pytest.raises(InputError, match=r"^photos has no labels, and train-source needs them: transfer by losses on"):
        require_labels(PHOTOS, "train-source")
