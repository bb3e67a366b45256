"""Pictures of another size: networks of fixed size are told, and whether one takes them is found out by showing one."""

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


def resize_input(model: nn.Module, size: int) -> None:
    """Tell a network of timm that has a fixed input size, such as ViT and Swin, another one; others take any.

    Embeddings of positions are interpolated.

    Raises:
        UsageError: If it cannot be.
    """
    change = getattr(model, "set_input_size", None)
    if change is None:
        return
    try:
        change(img_size=(size, size))
    except (RuntimeError, AssertionError, ValueError) as error:
        raise UsageError(f"image size {size} does not fit {type(model).__name__}: {reason(error)}") from error
