import json
from typing import Any

import pytest
import torch
from torch.nn import functional as F

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.networks import EmbeddingNetwork

IMAGES = torch.rand(4, 3, 28, 28, generator=torch.Generator().manual_seed(0))


def small_network(**options: Any) -> EmbeddingNetwork:
    return EmbeddingNetwork("convnet-8", 5, **{"image_size": 28, **options})


def test_embedding_is_the_head_of_average_plus_maximum() -> None:
    network = small_network().eval()
    embedded = network.embed_all(IMAGES)
    maps, final, *_ = network.backbone(network.normalize(IMAGES))
    pooled = (F.adaptive_avg_pool2d(final, 1) + F.adaptive_max_pool2d(final, 1)).flatten(1)
    torch.testing.assert_close(embedded.pooled, pooled)
    torch.testing.assert_close(embedded.embedding, pooled @ network.head.weight.T + network.head.bias)
    torch.testing.assert_close(network(IMAGES), embedded.embedding)
    assert all(torch.equal(stage, other) for stage, other in zip(embedded.maps, maps, strict=True))


def test_l2_normalize_keeps_directions_and_makes_length_one() -> None:
    network = small_network().eval()
    plain = network(IMAGES)
    network.l2_normalize = True
    unit = network(IMAGES)
    torch.testing.assert_close(unit.norm(dim=1), torch.ones(4))
    torch.testing.assert_close(unit * plain.norm(dim=1, keepdim=True), plain)


@pytest.mark.parametrize("embedding_dim", [3, 16, 40])
def test_head_starts_orthogonal(embedding_dim: int) -> None:
    weight = EmbeddingNetwork("convnet-8", embedding_dim).head.weight  # (d, 16)
    gram = weight @ weight.T if embedding_dim <= 16 else weight.T @ weight
    torch.testing.assert_close(gram, torch.eye(len(gram)), atol=1e-5, rtol=0)


def test_pictures_are_normalized_by_the_network_itself() -> None:
    red = torch.zeros(1, 3, 2, 2)
    red[:, 0] = 1
    assert EmbeddingNetwork("convnet-8").normalize(red)[0, :, 0, 0].tolist() == [1, -1, -1]
    assert EmbeddingNetwork("bn_inception").normalize(red)[0, :, 0, 0].tolist() == [-104, -117, 255 - 128]


def test_mean_and_std_follow_the_network_but_stay_out_of_its_state() -> None:
    network = small_network().double()
    assert network(IMAGES.double()).dtype == torch.float64
    assert not [name for name in network.state_dict() if name.startswith("normalize")]


def test_description_survives_json_and_builds_the_same_network() -> None:
    network = small_network(l2_normalize=True, crop=1.0, batch_norm_momentum=0.9)
    description = json.loads(json.dumps(network.description))
    again = EmbeddingNetwork.from_description(description)
    assert again.description == description == network.description
    again.load_state_dict(network.state_dict())
    assert torch.equal(again.eval()(IMAGES), network.eval()(IMAGES))


def test_the_described_normalization_wins_over_the_backbones_own() -> None:
    description = small_network().description
    description["normalization"] = {"mean": [0, 0, 0], "std": [1, 1, 1], "channel_order": "bgr", "value_range": 2}
    assert torch.equal(EmbeddingNetwork.from_description(description).normalize(IMAGES), 2 * IMAGES.flip(1))


@pytest.mark.parametrize("lacking", ["backbone", "embedding_dim", "normalization", "crop", "pooling"])
def test_a_description_that_lacks_something_is_refused(lacking: str) -> None:
    description = small_network().description
    del description[lacking]
    with pytest.raises(InputError, match=lacking):
        EmbeddingNetwork.from_description(description)


def test_a_description_of_version_0_1_is_understood() -> None:
    description = small_network().description
    description["normalisation"] = {**description.pop("normalization"), "mean": [0.1, 0.2, 0.3]}
    assert EmbeddingNetwork.from_description(description).normalize.normalization.mean == (0.1, 0.2, 0.3)


def test_an_unknown_pooling_is_refused() -> None:
    with pytest.raises(InputError, match="generalised mean"):
        EmbeddingNetwork.from_description({**small_network().description, "pooling": "generalised mean"})


def test_batch_norm_momentum_reaches_the_running_statistics() -> None:
    network = small_network(batch_norm_momentum=1.0)
    network(IMAGES)
    first = network.backbone.get_submodule("stages.0")
    response = first[1](network.normalize(IMAGES))  # (4, 8, 28, 28)
    torch.testing.assert_close(first[2].running_mean, response.mean(dim=(0, 2, 3)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"embedding_dim": 0}, "embedding_dim"),
        ({"crop": 0.0}, "crop"),
        ({"crop": 1.5}, "crop"),
        ({"image_size": 0}, "image_size"),
        ({"pretrained": True, "weights": "file.pth"}, "not both"),
        ({"pretrained": True}, "no pretrained weights of convnet-8"),
        ({"weights": "nowhere.pth"}, r"no such file: nowhere\.pth"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        EmbeddingNetwork(**{"backbone": "convnet-8", **options})


@pytest.mark.parametrize("shape", [(3, 28, 28), (4, 1, 28, 28), (4, 28, 28, 3)])
def test_images_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match=r"takes images \(n, 3, h, w\)"):
        small_network()(torch.rand(shape))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_a_network_of_16_bits_takes_the_pictures_that_any_other_takes(dtype: torch.dtype) -> None:
    network = small_network().eval()
    expected = network(IMAGES)
    embedding = network.to(dtype)(IMAGES)
    assert embedding.dtype == dtype
    torch.testing.assert_close(embedding.float(), expected, rtol=0.05, atol=0.05)


def test_what_is_no_tensor_is_refused() -> None:
    with pytest.raises(InputError, match="takes images as a torch tensor; got a ndarray"):
        small_network()(IMAGES.numpy())


@pytest.mark.parametrize("name", ["hf-hub:timm/test_resnet.r160_in1k", "timm/test_resnet.r160_in1k"])
def test_a_name_of_the_hub_is_remembered_as_timms_own(name: str) -> None:
    assert EmbeddingNetwork(name, 4, image_size=64).description["backbone"] == "test_resnet.r160_in1k"


@pytest.mark.parametrize(("backbone", "size"), [("convnet-8", 7), ("bn_inception", 8), ("resnet18", 16)])
def test_pictures_too_small_for_the_backbone_are_refused(backbone: str, size: int) -> None:
    network = EmbeddingNetwork(backbone, 8, image_size=size)
    with pytest.raises(UsageError, match=f"image size {size} is too small for backbone {backbone}"):
        network.check_image_size()


@pytest.mark.parametrize("training", [True, False])
def test_checking_the_image_size_changes_nothing(training: bool) -> None:
    network = small_network().train(training)
    network.batch_norm = "frozen-statistics"
    modes = {name: module.training for name, module in network.named_modules()}
    state = {name: value.clone() for name, value in network.state_dict().items()}
    network.check_image_size()
    assert {name: module.training for name, module in network.named_modules()} == modes
    assert all(torch.equal(value, state[name]) for name, value in network.state_dict().items())
