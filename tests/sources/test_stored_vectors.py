"""Stored vectors as a source: found by path in any order, the first fault named."""

from pathlib import Path

import numpy as np
import pytest
import torch

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.images import ImageSet, load_images
from embedding_transfer.sources import StoredVectors, open_source


@pytest.fixture
def images(tiny_folder: Path) -> ImageSet:
    return load_images("folder", tiny_folder).train


def write(path: Path, vectors: np.ndarray, keys: list[str]) -> Path:
    np.save(path, vectors)
    path.with_suffix(".txt").write_text("\n".join(keys) + "\n")
    return path


def rows(images: ImageSet, d: int = 3) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(len(images), d)).astype(np.float32)


def test_order_does_not_matter_and_views_share_a_row(images: ImageSet, tmp_path: Path) -> None:
    vectors, order = rows(images), np.random.default_rng(1).permutation(len(images))
    file = write(tmp_path / "v.npy", vectors[order], [images.keys[i] for i in order])
    source = open_source(file)
    assert isinstance(source, StoredVectors)
    source.look_at(images)
    index = torch.tensor([4, 0, 7] * 2)
    found = source(torch.zeros(6, 3, 4, 4), index, 2)
    assert torch.equal(found.embedding, torch.from_numpy(vectors)[index])
    assert torch.equal(source.embed(images), torch.from_numpy(vectors))
    assert (source.dim, source.image_size, source.map_channels, source.backbone_name) == (3, None, (), None)


def test_only_half_of_the_pictures_may_be_asked_for(images: ImageSet, tmp_path: Path) -> None:
    source = open_source(write(tmp_path / "v.npy", rows(images), images.keys))
    some = images.subset(np.arange(3, 9))
    assert torch.equal(source.embed(some), torch.from_numpy(rows(images)[3:9]))


def test_faults_are_named(images: ImageSet, tmp_path: Path) -> None:
    vectors, keys = rows(images), images.keys
    missing = open_source(write(tmp_path / "missing.npy", vectors[2:], keys[2:]))
    with pytest.raises(InputError, match=rf"no vector for 2 of {len(keys)} pictures .*, the first is {keys[0]}"):
        missing.look_at(images)
    twice = open_source(write(tmp_path / "twice.npy", np.concatenate([vectors, vectors[:1]]), [*keys, keys[0]]))
    with pytest.raises(InputError, match=rf"has 2 vectors of {keys[0]}"):
        twice.look_at(images)
    vectors[5, 1] = np.nan
    broken = open_source(write(tmp_path / "nan.npy", vectors, keys))
    with pytest.raises(InputError, match=rf"has 1 vectors that are not finite, the first is of {keys[5]}"):
        broken.look_at(images)


def test_it_says_that_it_looks_at_nothing_yet(images: ImageSet, tmp_path: Path) -> None:
    source = open_source(write(tmp_path / "v.npy", rows(images), images.keys))
    with pytest.raises(UsageError, match="looks at no pictures yet"):
        source(torch.zeros(1, 3, 4, 4), torch.tensor([0]), 1)
