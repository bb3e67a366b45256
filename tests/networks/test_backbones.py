import socket

import pytest

from embedding_transfer.errors import UsageError
from embedding_transfer.networks.backbones import build_backbone
from embedding_transfer.networks.bn_inception import BNInception
from embedding_transfer.networks.convnet import ConvNet
from embedding_transfer.networks.timm_backbone import TimmBackbone


@pytest.mark.parametrize(
    ("name", "kind"), [("convnet-7", ConvNet), ("bn_inception", BNInception), ("test_resnet", TimmBackbone)]
)
def test_name_decides_the_backbone(name: str, kind: type) -> None:
    assert type(build_backbone(name, image_size=64)) is kind


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("resnt18", "resnet18"),
        ("Resnet50", "resnet50"),
        ("BN-Inception", "bn_inception"),
        ("bninception", "bn_inception"),
        ("convnet32", "convnet-32"),
        ("convnet-0", "convnet-32"),
        ("efficientnetb0", "efficientnet_b0"),
    ],
)
def test_a_wrong_name_suggests_the_right_one(wrong: str, right: str) -> None:
    with pytest.raises(UsageError, match=f"unknown backbone '{wrong}', did you mean {right}"):
        build_backbone(wrong)


@pytest.mark.parametrize("place", ["hf-hub:timm/", "hf_hub:timm/", "timm/", "https://huggingface.co/timm/"])
def test_names_of_the_hub_build_the_network_and_nothing_is_asked_for(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("nothing may be downloaded")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    built = build_backbone(f"{place}test_resnet.r160_in1k", image_size=64)
    assert built.state_dict().keys() == build_backbone("test_resnet", image_size=64).state_dict().keys()


def test_a_wrong_name_of_the_hub_suggests_the_right_one() -> None:
    with pytest.raises(UsageError, match="unknown backbone 'resnt18', did you mean resnet18"):
        build_backbone("hf-hub:timm/resnt18")


def test_an_unknown_tag_is_refused() -> None:
    with pytest.raises(UsageError, match=r"resnet18\.nonsense"):
        build_backbone("resnet18.nonsense")


def test_our_own_backbones_have_nothing_to_download() -> None:
    with pytest.raises(UsageError, match="no pretrained weights of bn_inception to download"):
        build_backbone("bn_inception", pretrained=True)
