"""The paper's networks give the numbers of the released research code: from its checkpoint, through a saved file."""

from pathlib import Path

import pytest
import torch
from golden_models import MODELS, golden_input, hashed, released_weights
from torch import Tensor, nn

from embedding_transfer.networks.embedding_network import EmbeddingNetwork
from embedding_transfer.networks.released_checkpoints import load_published
from golden import facts, tensor

TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-10}
TAG = {torch.float32: "f32", torch.float64: "f64"}


def assert_close(value: Tensor, key: str, tolerance: float = 1e-10) -> None:
    expected = tensor("models", key).double()
    assert value.shape == expected.shape, key
    assert (value.double() - expected).abs().max() <= tolerance * expected.abs().max(), key


@pytest.fixture(scope="module", params=list(MODELS))
def model(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def saved(model: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp(model)
    torch.save({"model_state_dict": released_weights(model)}, folder / "released.pth")
    network = load_published(folder / "released.pth", l2_normalize=False)
    assert network.backbone_name == MODELS[model]
    network.save(folder / "saved.safetensors")
    return folder / "saved.safetensors"


def load(saved: Path) -> EmbeddingNetwork:
    network = EmbeddingNetwork.load(saved)
    network.normalize = nn.Identity()
    return network


def test_the_fill_rule_is_the_golden_one(model: str) -> None:
    for where, value in facts("models")["hash_check"].items():
        number, index = (int(part.split("=")[1]) for part in where.split(","))
        assert hashed(number, index + 1)[index] == pytest.approx(value, rel=1e-15)
    total = sum(float(value.double().sum()) for value in released_weights(model).values())
    assert total == pytest.approx(facts("models")["models"][model]["filled_float_sum"], rel=1e-12)
    assert float(golden_input().double().sum()) == pytest.approx(facts("models")["input_check"]["sum"], rel=1e-12)


def test_only_the_classifier_is_missing(model: str, saved: Path) -> None:
    golden = facts("models")["models"][model]
    unused = sum(released_weights(model)[name].numel() for name in golden["parameters_without_gradient"])
    assert sum(p.numel() for p in load(saved).parameters()) == golden["n_parameters"] - unused


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["f32", "f64"])
def test_embeddings_and_maps(model: str, saved: Path, dtype: torch.dtype) -> None:
    network, tag, tolerance = load(saved).to(dtype), TAG[dtype], TOLERANCE[dtype]
    with torch.no_grad():
        embedded = network.embed_all(golden_input().to(dtype))
        assert_close(embedded.embedding, f"{model}/emb_l2norm_False/{tag}", tolerance)
        network.l2_normalize = True
        assert_close(network(golden_input().to(dtype)), f"{model}/emb_l2norm_True/{tag}", tolerance)

    assert [stage.shape[1] for stage in embedded.maps] == network.map_channels
    golden_maps = facts("models")["models"][model]["feature_maps"]
    for number, (stage, golden) in enumerate(zip([*embedded.maps, embedded.pooled], golden_maps, strict=True)):
        key = f"{model}/feat{number}"
        assert list(stage.shape) == golden["shape"]
        sample = stage.flatten()[tensor("models", f"{key}/sample_index")]
        assert_close(sample, f"{key}/sample/{tag}", tolerance)
        assert_close(stage.flatten()[:8], f"{key}/first8/{tag}", tolerance)
        whole = torch.stack([stage.double().mean(), stage.double().std(correction=0)])
        assert_close(whole, f"{key}/mean_std/{tag}", tolerance)
        if dtype == torch.float64:
            assert_close(stage.flatten(2).mean(2) if stage.ndim == 4 else stage, f"{key}/channel_mean/f64")


def test_one_forward_in_training_mode(model: str, saved: Path) -> None:
    golden = facts("models")["models"][model]
    momentum = golden["bn"]["momentum"][0]
    network = EmbeddingNetwork(MODELS[model], 64, batch_norm_momentum=momentum)
    network.load_state_dict(load(saved).state_dict())
    network.normalize = nn.Identity()
    with torch.no_grad():
        embedding = network.double().train()(golden_input().double())
    assert_close(embedding, f"{model}/train_mode/emb/f64")
    for which in ("first", "last"):
        name = golden["train_mode"][f"bn_{which}"].removeprefix("model.")
        layer = network.backbone.weights_module.get_submodule(name)
        assert_close(layer.running_mean, f"{model}/train_mode/bn_{which}/running_mean")
        assert_close(layer.running_var, f"{model}/train_mode/bn_{which}/running_var")


@pytest.mark.parametrize("picture", ["grad_300x200", "noise_180x320", "gray_256x256"])
@pytest.mark.parametrize(("backbone", "key"), [("bn_inception", "inception"), ("resnet18", "resnet")])
def test_normalization(backbone: str, key: str, picture: str) -> None:
    crop = tensor("transforms", f"{picture}/crop_u8_rgb")  # (224, 224, 3)
    images = crop.permute(2, 0, 1)[None].float() / 255  # what every network is given
    values = EmbeddingNetwork(backbone, 8, image_size=64).normalize(images)[0]
    expected = tensor("transforms", f"{picture}/{key}/stride4")
    assert (values[:, ::4, ::4] - expected).abs().max() <= 1e-6
