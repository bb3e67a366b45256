"""Networks compiled by torch, where that works."""

from __future__ import annotations

import copy
import warnings

import torch
from torch import nn

from embedding_transfer.errors import reason


def compile_or_warn(network: nn.Module, name: str, image_size: int, learns: bool) -> bool:
    """Let a network run compiled from its next call on; if torch cannot compile it here, say so and leave it as it is.

    A copy is tried first, so that nothing of the network changes before it is known to work.

    Args:
        network: Called with images (n, 3, h, w).
        name: What the warning calls it.
        image_size: Side of the pictures it is tried with.
        learns: Whether gradients are needed, too.

    Returns:
        Whether it is compiled.
    """
    try:
        tried = copy.deepcopy(network)
        tried.compile()
        pictures = torch.zeros(2, 3, image_size, image_size).to(next(network.parameters()))
        with torch.set_grad_enabled(learns), torch.random.fork_rng():
            found = tried(pictures)
            if learns:
                found[-1].sum().backward() if isinstance(found, tuple) else found.sum().backward()
    except Exception as error:  # of the compiler, the C++ compiler behind it, or a network of any make
        warnings.warn(f"{name} cannot be compiled here and runs as it is: {reason(error)}", stacklevel=2)
        return False
    network.compile()
    return True
