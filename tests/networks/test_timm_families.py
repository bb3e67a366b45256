"""Families of timm networks, each by a small member: as a source with weights from a file, and as a target.

Many are shrunk further, with fewer and narrower blocks, so that all of them together take seconds; what they are
made of stays. The same list is a table in docs/networks.md.
"""

from pathlib import Path
from typing import Any, NamedTuple

import pytest
import timm
import torch
from torch import Tensor

from embedding_transfer.errors import UsageError
from embedding_transfer.networks import EmbeddingNetwork
from embedding_transfer.networks.pooling import Pooling
from embedding_transfer.sources.timm_source import TimmSource

DOCS = Path(__file__).parents[2] / "docs/networks.md"


class Family(NamedTuple):
    """A family by one of its members.

    Attributes:
        name: What timm calls the member.
        pooling: What is pooled unless something else is asked for.
        image_size: A small size of picture that it takes as a target.
        shrunk: Arguments that make it smaller.
        has_class_token: Whether its tokens begin with one for the whole picture.
    """

    name: str
    pooling: Pooling
    image_size: int = 64
    shrunk: dict[str, Any] = {}  # noqa: RUF012
    has_class_token: bool = False


NARROW = {"embed_dim": 48, "depth": 2, "num_heads": 3}
SHORT = {"depth": 2}

FAMILIES = {
    "ResNet": Family("test_resnet", "average+maximum"),
    "ResNeXt": Family(
        "resnext50_32x4d", "average+maximum", shrunk={"layers": (1, 1, 1, 1), "channels": (32, 32, 64, 64)}
    ),
    "RegNet": Family("regnetx_002", "average+maximum"),
    "DenseNet": Family("densenet121", "average+maximum", shrunk={"block_config": (1, 1, 1, 1)}),
    "VGG": Family("vgg11", "average+maximum", shrunk={"mlp_ratio": 0.01}),
    "NFNet": Family("test_nfnet", "average+maximum"),
    "EfficientNet": Family("test_efficientnet", "average+maximum"),
    "MobileNetV3": Family("mobilenetv3_small_050", "average+maximum"),
    "MobileNetV4": Family("mobilenetv4_conv_small_050", "average+maximum"),
    "GhostNet": Family("ghostnet_050", "average+maximum"),
    "ConvNeXt": Family("test_convnext", "average+maximum"),
    "MambaOut": Family("test_mambaout", "own"),
    "MaxViT": Family("test_maxvit", "average+maximum"),
    "CoAtNet": Family("test_coatnet", "average+maximum"),
    "FastViT": Family("fastvit_t8", "average+maximum", shrunk={"layers": (1, 1, 1, 1)}),
    "PVTv2": Family("pvt_v2_b0", "average+maximum"),
    "EfficientFormer": Family(
        "efficientformer_l1", "own", 224, {"depths": (1, 1, 1, 2), "embed_dims": (8, 16, 32, 64)}
    ),
    "EfficientFormerV2": Family("efficientformerv2_s0", "average+maximum"),
    "LeViT": Family("levit_128s", "own"),
    "ViT": Family("test_vit", "own", has_class_token=True),
    "ViT with registers": Family("test_vit2", "own"),
    "ViT with attention pooling": Family("test_vit3", "own"),
    "DeiT distilled": Family("deit_tiny_distilled_patch16_224", "own", shrunk=SHORT, has_class_token=True),
    "CLIP": Family("vit_xsmall_patch16_clip_224", "own", shrunk=SHORT, has_class_token=True),
    "SigLIP": Family("vit_base_patch16_siglip_224", "own", shrunk=NARROW),
    "DINOv2": Family("vit_small_patch14_reg4_dinov2", "own", 56, NARROW, has_class_token=True),
    "DINOv3": Family("vit_small_patch16_dinov3", "own", shrunk=NARROW, has_class_token=True),
    "EVA": Family("eva02_tiny_patch14_224", "own", 56, SHORT, has_class_token=True),
    "BEiT": Family("beit_base_patch16_224", "own", shrunk=NARROW, has_class_token=True),
    "CaiT": Family("cait_xxs24_224", "own", shrunk=SHORT, has_class_token=True),
    "XCiT": Family("xcit_nano_12_p16_224", "own", shrunk=SHORT, has_class_token=True),
    "PiT": Family("pit_ti_224", "own", 224, {"depth": (1, 1, 1)}, has_class_token=True),
    "CoaT": Family("coat_lite_tiny", "own", has_class_token=True),
    "Twins": Family("twins_svt_small", "own", shrunk={"depths": (1, 1, 1, 1), "embed_dims": (32, 32, 64, 64)}),
    "Swin": Family("swin_tiny_patch4_window7_224", "own", shrunk={"embed_dim": 24, "depths": (1, 1, 1, 1)}),
    "Hiera": Family("hiera_tiny_224", "own", shrunk={"embed_dim": 24}),
    "MLP-Mixer": Family("mixer_s32_224", "own"),
}
"""By the names that docs/networks.md has for them."""


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Family:
    """A family whose member timm builds shrunk."""
    family = FAMILIES[request.param]
    create = timm.create_model
    monkeypatch.setattr(timm, "create_model", lambda name, **options: create(name, **{**family.shrunk, **options}))
    torch.manual_seed(0)
    return family


def pictures(size: int, count: int = 2) -> Tensor:
    return torch.rand(count, 3, size, size, generator=torch.Generator().manual_seed(0))


def with_classifier(family: Family, file: Path, **size: Any) -> Any:
    """timm's whole network, as published files hold it, saved to a file."""
    model = timm.create_model(family.name, **size).eval()
    torch.save(model.state_dict(), file)
    return model


@torch.no_grad()
def vectors_of_timm(model: Any, images: Tensor) -> Tensor:
    return model.forward_head(model.forward_features(images), pre_logits=True)


def test_as_a_source_it_is_what_timm_makes_of_pictures(family: Family, tmp_path: Path) -> None:
    model = with_classifier(family, tmp_path / "weights.pth")
    source = TimmSource(f"timm:{family.name}", tmp_path / "weights.pth")
    images = pictures(source.image_size, count=1)
    with torch.no_grad():
        vectors = source(images)
    assert vectors.shape == (1, source.embedding_dim)
    torch.testing.assert_close(vectors, vectors_of_timm(model, source.normalize(images)))


def test_as_a_target_all_of_it_learns_and_comes_back_from_its_file(family: Family, tmp_path: Path) -> None:
    size = family.image_size
    network = EmbeddingNetwork(family.name, 6, image_size=size)
    assert network.pooling == family.pooling
    network.check_image_size()
    embedded = network.embed_all(pictures(size))
    assert embedded.pooled.shape == (2, network.backbone.features)
    assert [stage.shape[1] for stage in embedded.maps] == network.map_channels
    embedded.embedding.square().sum().backward()
    assert [name for name, p in network.named_parameters() if p.grad is None or not p.grad.isfinite().all()] == []

    network.save(tmp_path / "network.safetensors")
    again = EmbeddingNetwork.load(tmp_path / "network.safetensors")
    assert torch.equal(again(pictures(size)), network.eval()(pictures(size)))


def test_as_a_target_it_starts_from_weights_and_pools_as_timm_does(family: Family, tmp_path: Path) -> None:
    is_told = getattr(timm.get_pretrained_cfg(family.name), "fixed_input_size", False)
    model = with_classifier(family, tmp_path / "weights.pth", **({"img_size": family.image_size} if is_told else {}))
    network = EmbeddingNetwork(
        family.name, 6, image_size=family.image_size, weights=tmp_path / "weights.pth", pooling="own"
    ).eval()
    images = pictures(family.image_size)
    with torch.no_grad():
        pooled = network.embed_all(images).pooled
    torch.testing.assert_close(pooled, vectors_of_timm(model, network.normalize(images)))


@pytest.mark.parametrize("pooling", ["average", "class-token"])
def test_other_poolings_leave_nothing_that_does_not_learn(family: Family, pooling: Pooling) -> None:
    if pooling == "class-token" and not family.has_class_token:
        with pytest.raises(UsageError, match=f"{family.name} has no class token: use pooling average, gem or own"):
            EmbeddingNetwork(family.name, 6, image_size=family.image_size, pooling=pooling)
        return
    network = EmbeddingNetwork(family.name, 6, image_size=family.image_size, pooling=pooling)
    network(pictures(family.image_size)).square().sum().backward()
    assert [name for name, p in network.named_parameters() if p.grad is None or not p.grad.isfinite().all()] == []


def test_networks_that_end_in_several_maps_are_refused() -> None:
    with pytest.raises(UsageError, match="backbone crossvit_9_240 ends in several maps, not one"):
        EmbeddingNetwork("crossvit_9_240", image_size=240)


def test_a_size_that_a_family_cannot_take_is_refused_with_its_own() -> None:
    with pytest.raises(UsageError, match="image size 64 does not fit backbone efficientformer_l1, which was made for"):
        EmbeddingNetwork("efficientformer_l1", image_size=64)


def test_the_table_in_the_docs_is_this_list() -> None:
    rows = [
        f"| {title} | `{family.name}` | `{family.pooling}` | {'yes' if family.has_class_token else 'no'} | "
        f"{family.image_size} |"
        for title, family in FAMILIES.items()
    ]
    assert "\n".join(rows) in DOCS.read_text()
