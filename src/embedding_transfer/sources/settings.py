"""What has to be said of some kinds of sources, by every verb that opens one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from embedding_transfer.build.ranges import ImageSize, Positive
from embedding_transfer.build.typed_options import TypedOptions


@dataclass(kw_only=True)
class SourceSettings(TypedOptions):
    """What has to be said of some kinds of sources.

    Args:
        source_weight: How much each of several sources counts; default: all the same.
        source_weights: Files of weights, one for each ``timm:`` source, in their order.
        source_pretrained: Download the weights of ``timm:`` sources from timm.
        source_image_size: Side in pixels of what a source sees of a picture; default: its own size. An ONNX file that
            leaves it open needs it.
        source_mean: Mean of the pictures that an ONNX source expects, by channel.
        source_std: Standard deviation of the pictures that an ONNX source expects, by channel.
    """

    source_weight: tuple[Positive, ...] = ()
    source_weights: tuple[Path, ...] = ()
    source_pretrained: bool = False
    source_image_size: ImageSize | None = None
    source_mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    source_std: tuple[Positive, ...] = (0.229, 0.224, 0.225)
