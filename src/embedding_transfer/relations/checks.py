"""What every loss on relations checks first."""

import torch
from torch import Tensor

from embedding_transfer.errors import InputError


def matching_embeddings(loss: object, target: Tensor, source: Tensor) -> tuple[Tensor, Tensor]:
    """The two sets of embeddings in the target's type, at least float32, the source without its graph.

    Args:
        loss: Who asks; its class is named in errors.
        target: (n, d_t) floating point.
        source: (n, d_s) floating point, on the same device.

    Raises:
        InputError: They are no tensors, not 2-D, not floating point, empty, of unequal length or on different devices.
    """
    name = type(loss).__name__
    require_tensors(name, target=target, source=source)
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


def require_tensors(caller: str, **values: object) -> None:
    """Refuses what is no torch tensor, such as a NumPy array.

    Raises:
        InputError: The first such value, by name.
    """
    for name, value in values.items():
        if not isinstance(value, Tensor):
            kind = f"{type(value).__module__.partition('.')[0]}.{type(value).__name__}".removeprefix("builtins.")
            raise InputError(
                f"{caller} takes torch tensors; got a {kind} as {name}: give torch tensors, torch.from_numpy(...)"
            )


def precise_rows(caller: str, **embeddings: Tensor) -> Tensor:
    """One set of embeddings (n, d) in float32 or better, checked.

    Args:
        caller: Who asks; it is named in errors.
        **embeddings: The one set, by the name that the caller has for it.

    Raises:
        InputError: It is no tensor, not 2-D or not floating point.
    """
    require_tensors(caller, **embeddings)
    ((name, rows),) = embeddings.items()
    if rows.ndim != 2 or not rows.is_floating_point():
        raise InputError(
            f"{caller} takes {name} embeddings of shape (n, d), floating point; got {tuple(rows.shape)} {rows.dtype}"
        )
    return rows if rows.dtype == torch.float64 else rows.float()


def no_relations(target: Tensor, source: Tensor) -> Tensor:
    """The loss of a single embedding, which relates to nothing: 0 without gradient, but NaN where one is not finite."""
    return 0 * target.sum() + 0 * source.sum()
