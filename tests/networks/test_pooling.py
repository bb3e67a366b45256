"""Poolings: closed forms, invariances, timm's own forward, and files that say which one it was."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.networks import EmbeddingNetwork
from embedding_transfer.networks.features import Features
from embedding_transfer.networks.network_file import METADATA_KEY
from embedding_transfer.networks.pooling import POOLINGS, GeneralizedMean, Pooling, new_pooling

OF_MAPS: tuple[Pooling, ...] = ("average+maximum", "average", "gem")
IMAGES = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def some_map() -> Tensor:
    return torch.rand(3, 5, 4, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def pooled(pooling: Pooling, final: Tensor) -> Tensor:
    return new_pooling(pooling)(Features([], final))


# ---------------------------------------------------------------- closed forms and invariances


@pytest.mark.parametrize(
    ("pooling", "expected"),
    [("average+maximum", 2.0 + 3.0), ("average", 2.0), ("gem", ((1 + 8 + 27) / 3) ** (1 / 3))],
)
def test_of_one_two_three(pooling: Pooling, expected: float) -> None:
    assert pooled(pooling, torch.tensor([[[[1.0, 2.0, 3.0]]]])).item() == pytest.approx(expected)


@pytest.mark.parametrize("pooling", OF_MAPS)
def test_places_may_be_shuffled_and_the_map_scaled(pooling: Pooling) -> None:
    final = some_map()
    vectors = pooled(pooling, final)
    assert vectors.shape == (3, 5)
    shuffled = final.flatten(2)[:, :, torch.randperm(8)].view_as(final)
    torch.testing.assert_close(pooled(pooling, shuffled), vectors)
    torch.testing.assert_close(pooled(pooling, 7 * final), 7 * vectors)


def test_the_generalized_mean_lies_between_average_and_maximum() -> None:
    final = some_map()
    values = [GeneralizedMean(power)(Features([], final)) for power in (1.0, 2.0, 3.0, 10.0, 300.0)]
    torch.testing.assert_close(values[0], final.mean(dim=(2, 3)))
    assert all((low < high).all() for low, high in pairwise(values))
    torch.testing.assert_close(values[-1], final.amax(dim=(2, 3)), rtol=0.02, atol=0)


def test_the_power_and_the_map_get_exact_gradients() -> None:
    pool = GeneralizedMean().double()
    final = some_map().requires_grad_()

    def generalized_mean(final: Tensor, power: Tensor) -> Tensor:
        return torch.func.functional_call(pool, {"power": power}, (Features([], final),))

    assert torch.autograd.gradcheck(generalized_mean, (final, pool.power.detach().clone().requires_grad_()))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_small_and_negative_values_keep_the_generalized_mean_finite(dtype: torch.dtype) -> None:
    final = torch.tensor([[[[-1.0, 0.0, 1e-3]]]], dtype=dtype, requires_grad=True)
    vector = GeneralizedMean().to(dtype)(Features([], final))
    assert vector.dtype == dtype
    assert vector.item() == pytest.approx(1e-3 / 3 ** (1 / 3), rel=0.01)
    vector.sum().backward()
    assert final.grad is not None
    assert final.grad.isfinite().all()


def test_prefix_tokens_are_left_out_but_by_the_class_token() -> None:
    prefix = torch.tensor([[[9.0], [8.0]]])  # a class token and a register
    features = Features([], torch.ones(1, 1, 2, 2), prefix)
    assert [new_pooling(pooling)(features).item() for pooling in OF_MAPS] == [2, 1, 1]
    assert new_pooling("class-token")(features).item() == 9


# ---------------------------------------------------------------- networks


@pytest.mark.parametrize("backbone", ["test_vit", "test_vit2", "mixer_s32_224", "test_mambaout", "volo_d1_224"])
def test_tokens_and_channels_last_are_pooled_as_timm_does(backbone: str) -> None:
    network = EmbeddingNetwork(backbone, 4, image_size=64).eval()
    assert network.pooling == "own"
    model, pictures = network.backbone.weights_module, network.normalize(IMAGES)
    expected = model.forward_head(model.forward_features(pictures), pre_logits=True)  # type: ignore[operator]
    torch.testing.assert_close(network.embed_all(IMAGES).pooled, expected)


@pytest.mark.parametrize("backbone", ["test_resnet", "test_convnext", "test_efficientnet", "convnet-4", "bn_inception"])
def test_maps_with_channels_first_are_pooled_as_published(backbone: str) -> None:
    network = EmbeddingNetwork(backbone, 4, image_size=64).eval()
    assert network.pooling == "average+maximum"
    final = network.backbone(network.normalize(IMAGES)).final
    torch.testing.assert_close(network.embed_all(IMAGES).pooled, final.mean(dim=(2, 3)) + final.amax(dim=(2, 3)))


@pytest.mark.parametrize("pooling", ["own", "average+maximum"])
def test_the_own_pooling_of_our_backbones_is_the_published_one(pooling: Pooling) -> None:
    assert EmbeddingNetwork("convnet-4", 4, image_size=28, pooling=pooling).pooling == "average+maximum"


@pytest.mark.parametrize("backbone", ["test_vit", "test_vit3", "test_resnet", "test_convnext", "convnet-4"])
@pytest.mark.parametrize("pooling", POOLINGS)
def test_every_pooling_learns_and_comes_back_from_its_file(backbone: str, pooling: Pooling, tmp_path: Path) -> None:
    if pooling == "class-token" and backbone != "test_vit":
        with pytest.raises(UsageError, match=f"backbone {backbone} has no class token: use pooling average, gem or"):
            EmbeddingNetwork(backbone, 4, image_size=64, pooling=pooling)
        return
    network = EmbeddingNetwork(backbone, 4, image_size=64, pooling=pooling)
    network.check_image_size()
    network(IMAGES).square().sum().backward()
    assert [name for name, parameter in network.named_parameters() if parameter.grad is None] == []
    network.save(tmp_path / "network.safetensors")
    again = EmbeddingNetwork.load(tmp_path / "network.safetensors")
    assert again.pooling == network.pooling
    assert torch.equal(again(IMAGES), network.eval()(IMAGES))


def test_layers_stay_where_they_are_pooled_with() -> None:
    def layers(pooling: Pooling, backbone: str) -> set[str]:
        names = EmbeddingNetwork(backbone, 4, image_size=64, pooling=pooling).backbone.weights_module.state_dict()
        return {name.split(".")[0] for name in names}

    assert layers("own", "test_vit3") - layers("average", "test_vit3") == {"attn_pool"}
    assert layers("own", "test_convnext") - layers("average", "test_convnext") == {"head"}  # its norm


def test_the_learned_power_learns_while_the_backbone_does_not() -> None:
    network = EmbeddingNetwork("convnet-4", 4, image_size=28, pooling="gem")
    network.backbone_learns = False
    assert [name for name, p in network.named_parameters() if p.requires_grad] == [
        "pool.power",
        "head.weight",
        "head.bias",
    ]
    assert network.state_dict()["pool.power"] == 3


def test_an_unknown_pooling_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="unknown pooling 'class_token', did you mean class-token"):
        EmbeddingNetwork("test_vit", 4, image_size=64, pooling="class_token")  # type: ignore[arg-type]


# ---------------------------------------------------------------- files


def described(path: Path, **changes: Any) -> None:
    """A saved network of average plus maximum whose description is changed."""
    network = EmbeddingNetwork("test_vit", 4, image_size=64, pooling="average+maximum")
    network.save(path)
    save_file(load_file(path), path, {METADATA_KEY: json.dumps({**network.description, **changes})})


def test_a_transformer_saved_before_there_were_poolings_is_pooled_as_then(tmp_path: Path) -> None:
    described(tmp_path / "old.safetensors", pooling="average + maximum")
    network = EmbeddingNetwork.load(tmp_path / "old.safetensors")
    tokens = network.backbone.weights_module.forward_features(network.normalize(IMAGES))[:, 1:]  # type: ignore[operator]
    torch.testing.assert_close(network.embed_all(IMAGES).pooled, tokens.mean(dim=1) + tokens.amax(dim=1))


@pytest.mark.parametrize("pooling", ["maximum", None, 3, ["average"]])
def test_a_file_of_an_unknown_pooling_is_refused_in_a_line(pooling: Any, tmp_path: Path) -> None:
    described(tmp_path / "new.safetensors", pooling=pooling)
    with pytest.raises(InputError, match=r"pools by average \+ maximum, average, class-token, gem, own; ") as refused:
        EmbeddingNetwork.load(tmp_path / "new.safetensors")
    assert "\n" not in str(refused.value)
    assert repr(pooling) in str(refused.value)
