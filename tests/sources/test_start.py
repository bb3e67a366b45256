"""A target that starts as its source."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from embedding_transfer import transfer
from embedding_transfer.errors import UsageError
from embedding_transfer.images import ImageSet, load_images
from embedding_transfer.networks import EmbeddingNetwork, load_network
from embedding_transfer.retrieval.embed import embed_images
from embedding_transfer.sources.principal_components import principal_components
from embedding_transfer.sources.start import start_as_source


def embedded(network: EmbeddingNetwork, images: ImageSet) -> Tensor:
    return embed_images(network, images, workers=0)


def network(embedding_dim: int, **options: Any) -> EmbeddingNetwork:
    return EmbeddingNetwork("convnet-4", embedding_dim, image_size=16, crop=1.0, **options).eval()


@pytest.fixture
def images(tiny_folder: Path) -> ImageSet:
    return load_images("folder", tiny_folder).train


@pytest.fixture
def source(images: ImageSet) -> EmbeddingNetwork:
    """A source whose running statistics and biases are not those of a new network."""
    source = network(8).train()
    torch.nn.init.normal_(source.head.bias)
    source(torch.rand(16, 3, 16, 16))
    return source.eval()


def test_a_vector_of_the_same_length_is_the_source_s(source: EmbeddingNetwork, images: ImageSet) -> None:
    target = network(8)
    start_as_source(target, source, lambda: embedded(source, images))
    assert torch.equal(embedded(target, images), embedded(source, images))


def test_a_shorter_vector_is_the_source_s_principal_components(source: EmbeddingNetwork, images: ImageSet) -> None:
    target = network(3)
    start_as_source(target, source, lambda: embedded(source, images))
    found, of_source = embedded(target, images).double(), embedded(source, images).double()
    mean, directions = principal_components(of_source, 3)
    torch.testing.assert_close(found - found.mean(dim=0), (of_source - mean) @ directions, rtol=1e-5, atol=1e-5)


def test_a_turned_vector_keeps_its_distances_and_can_be_cut(source: EmbeddingNetwork, images: ImageSet) -> None:
    target = network(8)
    start_as_source(target, source, lambda: embedded(source, images), turned=True)
    found, of_source = embedded(target, images).double(), embedded(source, images).double()
    torch.testing.assert_close(torch.cdist(found, found), torch.cdist(of_source, of_source), rtol=1e-4, atol=1e-4)
    mean, directions = principal_components(of_source, 3)
    cut = found[:, :3]
    torch.testing.assert_close(cut - cut.mean(dim=0), (of_source - mean) @ directions, rtol=1e-5, atol=1e-5)


def test_a_target_of_several_lengths_starts_as_the_principal_components(
    tiny_options: dict[str, Any], source: EmbeddingNetwork, images: ImageSet, tmp_path: Path
) -> None:
    source.save(tmp_path / "source.safetensors")
    options = {**tiny_options, "lr": 0.0, "batch_norm": "frozen", "epochs": 1, "start_from_source": True}
    nested = {"class_path": "Matryoshka", "init_args": {"loss": "RKDLoss", "dims": [8, 3]}}
    result = transfer(tmp_path / "source.safetensors", output=tmp_path / "run", loss=nested, **options)
    cut, of_source = embedded(load_network(result.output), images)[:, :3].double(), embedded(source, images).double()
    mean, directions = principal_components(of_source, 3)
    torch.testing.assert_close(cut - cut.mean(dim=0), (of_source - mean) @ directions, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("compared", ["RAMLLoss", "D3stillLoss", "CRDLoss"])
def test_a_loss_that_compares_coordinates_keeps_them_at_several_lengths(
    compared: str, tiny_options: dict[str, Any], source: EmbeddingNetwork, images: ImageSet, tmp_path: Path
) -> None:
    source.save(tmp_path / "source.safetensors")
    options = {**tiny_options, "lr": 0.0, "batch_norm": "frozen", "epochs": 1, "start_from_source": True}
    nested = {"class_path": "Matryoshka", "init_args": {"loss": compared, "dims": [8, 3]}}
    result = transfer(tmp_path / "source.safetensors", output=tmp_path / "run", loss=nested, **options)
    assert torch.equal(embedded(load_network(result.output), images), embedded(source, images))


def test_the_directions_are_those_of_what_a_normalized_source_returns(images: ImageSet) -> None:
    source, target = network(8, l2_normalize=True), network(3)
    start_as_source(target, source, lambda: embedded(source, images))
    _, directions = principal_components(embedded(source, images), 3)
    torch.testing.assert_close(target.head.weight, directions.float().T @ source.head.weight)


@pytest.mark.parametrize("other", [{"backbone": "convnet-8"}, {"embedding_dim": 9}, {"weights": "any.pth"}])
def test_what_cannot_start_from_its_source(
    other: dict[str, Any], tiny_options: dict[str, Any], source: EmbeddingNetwork, tmp_path: Path
) -> None:
    source.save(tmp_path / "source.safetensors")
    with pytest.raises(UsageError, match=r"start(s)? from"):
        transfer(
            tmp_path / "source.safetensors", start_from_source=True, output=tmp_path / "run", **tiny_options, **other
        )
    assert not (tmp_path / "run").exists()


def test_a_transfer_that_learns_nothing_stays_its_source(
    tiny_options: dict[str, Any], source: EmbeddingNetwork, images: ImageSet, tmp_path: Path
) -> None:
    source.save(tmp_path / "source.safetensors")
    options = {**tiny_options, "lr": 0.0, "batch_norm": "frozen", "epochs": 1}
    result = transfer(tmp_path / "source.safetensors", start_from_source=True, output=tmp_path / "run", **options)
    target = load_network(result.output)
    assert torch.equal(embedded(target, images), embedded(source, images))


def test_a_learning_rate_of_0_keeps_the_start(tiny_source: Path, tiny_options: dict[str, Any], tmp_path: Path) -> None:
    """So principal components of a source become a network to ship."""
    still = {**tiny_options, "lr": 0.0, "epochs": 1}
    transfer(tiny_source, embedding_dim=3, start_from_source=True, output=tmp_path / "pca", **still)
    source, images = load_network(tiny_source), load_images("folder", tiny_options["root"]).train  # type: ignore[arg-type]
    target = network(3)
    start_as_source(target, source, lambda: embedded(source, images))
    shipped = load_network(tmp_path / "pca").state_dict()
    for name, value in target.state_dict().items():
        torch.testing.assert_close(shipped[name], value)
