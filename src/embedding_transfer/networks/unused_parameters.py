"""Parameters that have no part in what a network gives: taken out, so that nothing waits for their gradients."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def take_out_unused(model: nn.Module, output: Tensor) -> None:
    """Take out the layers of a network that have no part in its output; what is unused inside others stops learning.

    Layers right under the network, such as its classifier, are taken out. A parameter further inside, such as a class
    token that is not pooled, or one that the network itself holds fixed, becomes a buffer: it stays in the state dict
    under its name, and no optimizer sees it.

    Args:
        model: The network.
        output: What it gave, with its graph.

    Example::

        >>> model = nn.ModuleDict({"body": nn.Linear(3, 2), "classifier": nn.Linear(2, 9)})
        >>> take_out_unused(model, model["body"](torch.ones(1, 3)))
        >>> list(model.state_dict())
        ['body.weight', 'body.bias']
    """
    learning = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    gradients = torch.autograd.grad(output, list(learning.values()), torch.ones_like(output), allow_unused=True)
    used = {name for name, gradient in zip(learning, gradients, strict=True) if gradient is not None}
    used_layers = {name.split(".")[0] for name in used}
    for name, layer in list(model.named_children()):
        if name not in used_layers and list(layer.parameters()):
            setattr(model, name, nn.ModuleList() if isinstance(layer, nn.ModuleList) else nn.Identity())
    for name, parameter in list(model.named_parameters()):
        if name not in used:
            place, _, own_name = name.rpartition(".")
            holder = model.get_submodule(place)
            delattr(holder, own_name)
            holder.register_buffer(own_name, parameter.detach())
