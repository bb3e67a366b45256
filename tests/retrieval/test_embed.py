"""Embeddings of whatever pictures are given as."""

from pathlib import Path

import pytest
import torch

from embedding_transfer.errors import UsageError
from embedding_transfer.images import load_images
from embedding_transfer.networks import EmbeddingNetwork
from embedding_transfer.retrieval.device import accelerator_on
from embedding_transfer.retrieval.embed import embed_images, embedding_batches


@pytest.fixture
def network() -> EmbeddingNetwork:
    torch.manual_seed(0)
    return EmbeddingNetwork("convnet-4", 8, image_size=16)


def test_paths_a_folder_and_an_image_set_give_the_same(network: EmbeddingNetwork, tiny_folder: Path) -> None:
    images = load_images("folder", tiny_folder).test
    expected = embed_images(network, images, workers=0)
    assert expected.shape == (25, 8)
    for pictures in (tiny_folder / "test", [str(path) for path in images.images], list(images.images)):
        assert torch.equal(embed_images(network, pictures, workers=0), expected)
    one = embed_images(network, str(images.images[7]), workers=0)
    assert torch.allclose(one, expected[7:8], atol=1e-6)


def test_the_network_is_in_the_mode_it_was(network: EmbeddingNetwork, tiny_folder: Path) -> None:
    for mode in (True, False):
        embed_images(network.train(mode), tiny_folder / "test", workers=0)
        assert network.training is mode
    with pytest.raises(UsageError, match="no picture or folder nowhere"):
        embed_images(network, "nowhere")


@pytest.mark.parametrize("workers", [0, 1])
def test_a_later_start_gives_the_same_rows(network: EmbeddingNetwork, tiny_folder: Path, workers: int) -> None:
    images = load_images("folder", tiny_folder).test
    whole = torch.cat(list(embedding_batches(network, images, 4, workers, accelerator_on())))
    rest = torch.cat(list(embedding_batches(network, images, 4, workers, accelerator_on(), start=12)))
    assert torch.equal(rest, whole[12:])
    assert torch.equal(whole, embed_images(network, images, batch_size=4, workers=workers))
