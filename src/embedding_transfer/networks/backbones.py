"""Backbones by name."""

from __future__ import annotations

from embedding_transfer.errors import UsageError, nearest
from embedding_transfer.networks.backbone import Backbone
from embedding_transfer.networks.backbone_names import plain_backbone_name
from embedding_transfer.networks.bn_inception import BNInception
from embedding_transfer.networks.convnet import ConvNet, convnet_width
from embedding_transfer.networks.pooling import Pooling, check_pooling


def build_backbone(
    name: str, *, image_size: int = 224, pretrained: bool = False, pooling: Pooling | None = None
) -> Backbone:
    """The backbone called ``name``, with random weights unless ``pretrained``.

    Args:
        name: ``"bn_inception"`` (:class:`BNInception`), ``"convnet-WIDTH"`` (:class:`ConvNet`), or any name of
            ``timm.list_models()`` (:class:`TimmBackbone`), also as model cards write it: ``"hf-hub:timm/NAME"``.
        image_size: Side of the square pictures, for networks that need to know it.
        pretrained: Download the weights that timm offers under this name.
        pooling: What will be pooled; ``None`` is average plus maximum for our own backbones, whose own pooling it is,
            and what :class:`TimmBackbone` says for those of timm.

    Raises:
        UsageError: If no backbone has this name (the message has the nearest one), there is nothing to download, or it
            cannot be pooled this way.
        EmbeddingTransferError: If the download fails.

    Example::

        >>> build_backbone("timm/test_resnet.r160_in1k", image_size=64).features
        96
    """
    name = plain_backbone_name(name)
    width = convnet_width(name)
    if name == "bn_inception" or width is not None:
        if pretrained:
            raise UsageError(f"there are no pretrained weights of {name} to download: give a file with weights=FILE")
        check_pooling(pooling, name, has_class_token=False)
        backbone: Backbone = BNInception() if width is None else ConvNet(width)
        backbone.pooling = "average+maximum" if pooling in (None, "own") else pooling
        return backbone

    import timm  # two seconds that our own backbones do without

    if not timm.is_model(name):
        known = ["bn_inception", "convnet-32", *timm.list_models()]
        raise UsageError(f"unknown backbone {name!r}{nearest(name, known)}")

    from embedding_transfer.networks.timm_backbone import TimmBackbone

    return TimmBackbone(name, image_size=image_size, pretrained=pretrained, pooling=pooling)
