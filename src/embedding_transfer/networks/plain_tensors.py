"""Tensors from files: numbers in memory that a network can take over, and nothing else that a tensor can be."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from embedding_transfer.errors import InputError, shown

LARGEST_EXPANDED = 2**28
"""Numbers of a tensor that stores fewer of them and repeats these; more would be a trap."""


def check_plain(state: Mapping[str, Tensor], origin: str) -> None:
    """Refuse tensors that are no numbers in memory.

    Raises:
        InputError: If one is sparse, quantized, without values (on the device ``meta``), or repeats a few values
            endlessly; the message names it.
    """
    for name, value in state.items():
        kind = _odd_kind(value)
        if kind is not None:
            raise InputError(
                f"{origin} cannot be used: {shown(name)} is {kind}; save plain tensors (tensor.to_dense())"
            )


def check_weights(state: Mapping[str, Tensor], own: Mapping[str, Tensor], origin: str) -> None:
    """Refuse weights that a network would take over and could not compute with.

    Args:
        state: Weights from a file, of the names and shapes of ``own``.
        own: The network's.
        origin: The file, for messages.

    Raises:
        InputError: If whole or complex numbers stand where the network has floats, or a weight is NaN or infinite.
    """
    for name, value in state.items():
        if not own[name].is_floating_point():
            continue
        if not value.is_floating_point():
            kind = str(value.dtype).removeprefix("torch.")
            raise InputError(f"{origin} has {kind} numbers in {name}, where the network has floating point numbers")
        finite = value.to(torch.promote_types(value.dtype, torch.float32)).isfinite()
        if not finite.all():
            count = f"{int((~finite).sum()):,} of {value.numel():,} weights"
            raise InputError(f"{origin} has {count} in {name} that are NaN or infinite: the network is broken")


def _odd_kind(value: Tensor) -> str | None:
    if value.is_nested or value.layout != torch.strided:
        return "nested" if value.is_nested else str(value.layout).removeprefix("torch.")
    if value.is_quantized:
        return "quantized"
    if value.device.type == "meta":
        return "without values (of the device meta)"
    stored = value.untyped_storage().nbytes() // value.element_size()
    return f"{value.numel():,} numbers, of which {stored:,} are stored" if _is_trap(value, stored) else None


def _is_trap(value: Tensor, stored: int) -> bool:
    return value.numel() > max(stored, LARGEST_EXPANDED)
