"""Whether a network takes pictures of a size is found out by showing it one."""

from __future__ import annotations

import torch
from torch import nn

from embedding_transfer.errors import UsageError, reason


def try_image_size(network: nn.Module, size: int, least: int, backbone: str) -> None:
    """Show a network one black picture (1, 3, size, size); nothing about the network changes.

    Args:
        network: In any mode, on any device.
        size: Side of the picture.
        least: The smallest one to recommend; half of it is refused unseen.
        backbone: Its name, for messages.

    Raises:
        UsageError: If such pictures are too small for the backbone, or do not fit it.
    """
    if 2 * size <= least:
        raise UsageError(f"image size {size} is too small for backbone {backbone}: use {least} or more")
    was_training = network.training
    network.eval()
    try:
        with torch.no_grad():
            network(torch.zeros(1, 3, size, size).to(next(network.parameters())))
    except (RuntimeError, AssertionError, ValueError) as error:
        message = f"image size {size} is too small for backbone {backbone}, or does not fit it"
        raise UsageError(f"{message}: {reason(error)}") from error
    finally:
        network.train(was_training)
