import pytest

from embedding_transfer.errors import UsageError
from embedding_transfer.networks.backbone_names import plain_backbone_name


@pytest.mark.parametrize(
    "name",
    [
        "resnet18.a1_in1k",
        "timm/resnet18.a1_in1k",
        "hf-hub:timm/resnet18.a1_in1k",
        "hf_hub:timm/resnet18.a1_in1k",
        "https://huggingface.co/timm/resnet18.a1_in1k",
        "http://www.huggingface.co/timm/resnet18.a1_in1k/",
        "https://hf.co/timm/resnet18.a1_in1k",
        "huggingface.co/timm/resnet18.a1_in1k",
        "https://huggingface.co/timm/resnet18.a1_in1k/tree/main",
        "https://huggingface.co/timm/resnet18.a1_in1k/blob/main/README.md",
        "https://huggingface.co/timm/resnet18.a1_in1k?library=timm#usage",
        " hf-hub:timm/resnet18.a1_in1k\n",
    ],
)
def test_a_network_of_timm_has_one_name_wherever_it_was_copied_from(name: str) -> None:
    assert plain_backbone_name(name) == "resnet18.a1_in1k"


@pytest.mark.parametrize("name", ["bn_inception", "convnet-32", "vit_base_patch16_clip_224.openai", "timm", "x/y"])
def test_other_names_stay_as_they_are(name: str) -> None:
    assert plain_backbone_name(name) == name


@pytest.mark.parametrize("name", ["hf-hub:facebook/dinov2-base", "https://huggingface.co/google/vit-base-patch16-224"])
def test_repositories_that_are_not_timms_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match=rf"unknown backbone '{name}': .*timm/NAME"):
        plain_backbone_name(name)


@pytest.mark.parametrize("name", [18, None, ["resnet18"]])
def test_what_is_no_text_is_refused(name: object) -> None:
    with pytest.raises(UsageError, match="a backbone is named by a text"):
        plain_backbone_name(name)  # type: ignore[arg-type]
