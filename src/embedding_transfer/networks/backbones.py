"""Backbones by name."""

from __future__ import annotations

from difflib import get_close_matches

from embedding_transfer.exceptions import UsageError
from embedding_transfer.networks.backbone import Backbone
from embedding_transfer.networks.convnet import ConvNet, convnet_width


def build_backbone(name: str, *, image_size: int = 224, pretrained: bool = False) -> Backbone:
    """The backbone called ``name``, with random weights unless ``pretrained``.

    Args:
        name: ``"convnet-WIDTH"`` (:class:`ConvNet`), or any name of ``timm.list_models()``.
        image_size: Side of the square pictures, for networks that need to know it.
        pretrained: Download the weights that timm offers under this name.

    Raises:
        UsageError: If no backbone has this name (the message has the nearest ones), or there is nothing to download.
        EmbeddingTransferError: If the download fails.
    """
    width = convnet_width(name)
    if width is not None:
        _refuse_download(name, pretrained)
        return ConvNet(width)

    import timm  # two seconds that the small networks can do without

    from embedding_transfer.networks.timm_backbone import TimmBackbone

    if not timm.is_model(name):
        known = ["convnet-32", *timm.list_models()]
        near = get_close_matches(name.lower(), known, n=3, cutoff=0.5) or ["resnet18", "resnet50", "convnet-32"]
        raise UsageError(f"unknown backbone {name!r}: did you mean {', '.join(near)}?")
    return TimmBackbone(name, image_size=image_size, pretrained=pretrained)


def _refuse_download(name: str, pretrained: bool) -> None:
    if pretrained:
        raise UsageError(f"there are no pretrained weights of {name} to download: give a file with weights=FILE")
