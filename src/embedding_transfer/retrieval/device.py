"""Where tensors live: a processor, a GPU, Apple's GPU; in one process or shared out among several."""

from __future__ import annotations

from typing import Any, Literal

import torch
from accelerate import Accelerator

from embedding_transfer.build.kept_memory import keep_freed_memory
from embedding_transfer.errors import UsageError

Device = Literal["auto", "cpu", "cuda", "mps"]
"""``auto`` is the GPU (``cuda``) if there is one, else the CPU; ``mps``, Apple's GPU, is taken by wish alone."""


def accelerator_on(device: Device = "auto", **settings: Any) -> Accelerator:
    """An accelerator on this kind of device; in several processes each has its own one.

    A process that computes on the CPU keeps the memory that it frees, which makes steps faster.

    Args:
        device: One of :data:`Device`.
        **settings: Of accelerate's ``Accelerator``.

    Raises:
        UsageError: If there is no such device, or this process already computes on another.

    Example::

        >>> accelerator_on("cpu").device.type
        'cpu'
    """
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if device == "auto":
        device = "cuda" if there["cuda"] else "cpu"
    if not there.get(device, False):
        raise UsageError(f"no device {device} here: there is {', '.join(name for name in there if there[name])}")
    if device == "cpu":
        keep_freed_memory()
    try:
        return Accelerator(cpu=device == "cpu", **settings)
    except ValueError as error:
        if "already been initialized" not in str(error):
            raise
        raise UsageError(
            f"this process already computes on another device or in another precision than {device}, "
            f"{settings.get('mixed_precision') or 'no'}: start a new one"
        ) from error
