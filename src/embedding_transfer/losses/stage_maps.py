"""Brings the stage maps of two networks together: the same number of stages, the same height and width."""

import torch
import torch.nn.functional as F
from torch import Tensor

from embedding_transfer.errors import InputError


def paired_maps(loss: object, target_maps: list[Tensor], source_maps: list[Tensor]) -> list[tuple[Tensor, Tensor]]:
    """The last stages of both networks as pairs of maps of equal height and width, the source's without its graph.

    Where the networks have different numbers of stages, the last ones are paired (the later a stage, the more alike
    is what it sees). Where two maps differ in height or width, the larger is averaged down to the smaller
    (adaptive average pooling). A vector (n, c) counts as a map (n, c, 1, 1).

    Args:
        loss: Who asks; its class is named in errors.
        target_maps: Stage maps (n, c, h, w), early stages first.
        source_maps: Stage maps of the same n views; c, h and w may differ.

    Raises:
        InputError: A list is empty, or a pair of maps is not of the same n > 0 floating point views.
    """
    if not target_maps or not source_maps:
        raise InputError(
            f"{type(loss).__name__} pairs stage maps; got {len(target_maps)} of the target, {len(source_maps)} of the "
            "source: stored embeddings have none, use a source network"
        )
    stages = min(len(target_maps), len(source_maps))
    pairs = zip(target_maps[-stages:], source_maps[-stages:], strict=True)
    return [_same_size(loss, target, source.detach()) for target, source in pairs]


def _same_size(loss: object, target: Tensor, source: Tensor) -> tuple[Tensor, Tensor]:
    shapes = f"got target {target.dtype} {tuple(target.shape)}, source {source.dtype} {tuple(source.shape)}"
    target, source = _as_map(target), _as_map(source)
    if target.ndim != 4 or source.ndim != 4 or len(target) != len(source) or not target.numel() or not source.numel():
        raise InputError(f"{type(loss).__name__} pairs maps (n, c, h, w) of the same n views; {shapes}")
    if not (target.is_floating_point() and source.is_floating_point()):
        raise InputError(f"{type(loss).__name__} takes floating point maps; {shapes}")
    height = min(target.shape[2], source.shape[2])
    width = min(target.shape[3], source.shape[3])
    return _averaged_to(height, width, target), _averaged_to(height, width, source)


def _as_map(features: Tensor) -> Tensor:
    return features[:, :, None, None] if features.ndim == 2 else features


def _averaged_to(height: int, width: int, maps: Tensor) -> Tensor:
    if maps.shape[2:] == (height, width):
        return maps
    precise = maps.to(torch.promote_types(maps.dtype, torch.float32))
    return F.adaptive_avg_pool2d(precise, (height, width))
