"""What every loss on relations checks first."""

import math

import torch
from torch import Tensor

from embedding_transfer.errors import InputError, UsageError


def matching_embeddings(loss: object, target: Tensor, source: Tensor) -> tuple[Tensor, Tensor]:
    """The two sets of embeddings in the target's type, at least float32, the source without its graph.

    Args:
        loss: Who asks; its class is named in errors.
        target: (n, d_t) floating point.
        source: (n, d_s) floating point, on the same device.

    Raises:
        InputError: The tensors are not 2-D, not floating point, empty, of unequal length or on different devices.
    """
    name = type(loss).__name__
    got = f"got target {tuple(target.shape)}, source {tuple(source.shape)}"
    if target.ndim != 2 or source.ndim != 2:
        raise InputError(f"{name} takes embeddings of shape (n, d); {got}")
    if len(target) != len(source):
        raise InputError(f"{name} compares n target with n source embeddings; {got}: one view missing?")
    if target.numel() == 0 or source.numel() == 0:
        raise InputError(f"{name} needs at least one embedding; {got}")
    if not (target.is_floating_point() and source.is_floating_point()):
        raise InputError(f"{name} takes floating point embeddings; got target {target.dtype}, source {source.dtype}")
    if target.device != source.device:
        raise InputError(f"{name} needs both on one device; got target on {target.device}, source on {source.device}")
    dtype = torch.float64 if target.dtype == torch.float64 else torch.float32
    return target.to(dtype), source.detach().to(dtype)


def no_relations(target: Tensor, source: Tensor) -> Tensor:
    """The loss of a single embedding, which relates to nothing: 0 without gradient, but NaN where one is not finite."""
    return 0 * target.sum() + 0 * source.sum()


def require_positive(loss: object, **options: float) -> None:
    """Refuses an option of LOSS that is not a finite number above zero.

    Raises:
        UsageError: The first such option, by name.
    """
    for option, value in options.items():
        if not (math.isfinite(value) and value > 0):
            raise UsageError(f"{type(loss).__name__} needs {option} > 0; got {value}")
