"""Networks as sources: frozen, at their own resolution, one row or one mean for the views of an image."""

import pytest
import torch

from embedding_transfer.networks import EmbeddingNetwork
from embedding_transfer.sources import PictureSource
from embedding_transfer.sources.picture_source import consensus


def test_consensus_is_the_unit_mean_of_unit_rows() -> None:
    rows = torch.tensor([[3.0, 0.0], [0.0, 2.0], [0.0, 5.0], [0.0, 1.0]])  # two views of two images
    half = 0.5**0.5
    torch.testing.assert_close(consensus(rows, 2), torch.tensor([[half, half], [0.0, 1.0]] * 2))


def test_the_source_stays_as_it_is() -> None:
    source = PictureSource(EmbeddingNetwork("convnet-4", 8, image_size=16))
    before = {name: value.clone() for name, value in source.network.state_dict().items()}
    source.train()
    embedded = source(torch.rand(6, 3, 24, 24), torch.arange(6), 1)  # of another size than its own
    assert not embedded.embedding.requires_grad
    assert not source.network.training
    assert not any(parameter.requires_grad for parameter in source.parameters())
    for name, value in source.network.state_dict().items():
        assert torch.equal(value, before[name]), name


@pytest.mark.parametrize("size", [16, 24, 12])
def test_it_gives_what_its_network_gives(size: int) -> None:
    network = EmbeddingNetwork("convnet-4", 8, image_size=16).eval()
    source = PictureSource(network, "mine")
    images = torch.rand(3, 3, size, size)
    embedded = source(images, torch.arange(3), 1)
    seen = images if size == 16 else torch.nn.functional.interpolate(images, (16, 16), mode="bilinear", antialias=True)
    torch.testing.assert_close(embedded.embedding, network(seen), rtol=1e-5, atol=1e-6)
    assert [stage.shape[1] for stage in embedded.maps] == list(source.map_channels)
    assert (source.name, source.dim, source.image_size, source.backbone_name) == ("mine", 8, 16, "convnet-4")
