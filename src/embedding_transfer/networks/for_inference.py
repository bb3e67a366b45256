"""A copy of a network made for inference: BatchNorm folded into convolutions, pixels with their channels together."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from embedding_transfer.networks.embedded import Embedded

TOLERANCE = 1e-5
"""How far a folded network may be from the network, relative to its largest output."""


def for_inference(network: nn.Module, image_size: int) -> nn.Module:
    """The network in evaluation mode with fewer operations, or the network itself where that is not to be had.

    A BatchNorm layer that sees nothing but the output of one convolution is an affine map with fixed numbers: it goes
    into the convolution's weights. Weights take the memory format channels last, in which convolutions need not reorder
    pixels. The copy is compared with the network on two random pictures, and only kept if all outputs (embeddings,
    pooled vectors, stage maps) agree to 1e-5 of the largest.

    Args:
        network: Called with images (n, 3, h, w) in [0, 1]; an ``EmbeddingNetwork``, or any other. It stays as it is.
        image_size: Side of the pictures that it is tried with.

    Example::

        >>> from embedding_transfer.networks import EmbeddingNetwork
        >>> network = EmbeddingNetwork("convnet-8", 4, image_size=16).eval()
        >>> fast = for_inference(network, 16)
        >>> [layer for layer in fast.modules() if isinstance(layer, nn.BatchNorm2d)]
        []
    """
    if not any(isinstance(layer, nn.Conv2d) for layer in network.modules()):
        return network
    parameter = next(network.parameters())
    pictures = torch.rand(2, 3, image_size, image_size, generator=torch.Generator().manual_seed(0)).to(parameter)
    was_training = network.training
    network.eval()
    try:
        fast = copy.deepcopy(network)
        with torch.no_grad():
            folds = _pairs_to_fold(fast, pictures[:1])
            for batch_norm, convolution in folds.items():
                _fold(fast, batch_norm, convolution)
            fast.to(memory_format=torch.channels_last)
            is_same = _agree(_outputs(network, pictures), _outputs(fast, pictures))
    except Exception:  # a network of any make: not to be copied, or its layers are no usual ones
        return network
    finally:
        network.train(was_training)
    return fast if is_same else network


def _pairs_to_fold(network: nn.Module, picture: Tensor) -> dict[nn.Module, nn.Module]:
    """For each BatchNorm layer that was given the output of a convolution itself, that convolution.

    Layers that run more than once have no part in it, nor do kinds of convolutions that change their weights.
    """
    made_by: dict[int, tuple[nn.Module, Tensor]] = {}  # tensors are held, so that no other gets their id
    pairs: dict[nn.Module, nn.Module] = {}
    runs: dict[nn.Module, int] = {}

    def remember_output(layer: nn.Module, _: Any, output: Tensor) -> None:
        runs[layer] = runs.get(layer, 0) + 1
        made_by[id(output)] = layer, output

    def remember_input(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        runs[layer] = runs.get(layer, 0) + 1
        if id(inputs[0]) in made_by:
            pairs[layer] = made_by[id(inputs[0])][0]

    hooks = [layer.register_forward_hook(remember_output) for layer in network.modules() if _is_plain(layer)]
    hooks += [
        layer.register_forward_pre_hook(remember_input)
        for layer in network.modules()
        if isinstance(layer, nn.BatchNorm2d) and layer.track_running_stats
    ]
    try:
        _outputs(network, picture)
    finally:
        for hook in hooks:
            hook.remove()
    once = {batch_norm: conv for batch_norm, conv in pairs.items() if runs[batch_norm] == runs[conv] == 1}
    return once if len(set(once.values())) == len(once) else {}


def _is_plain(layer: nn.Module) -> bool:
    """A convolution that uses its weights as they are; padding may be worked out as TensorFlow does."""
    return isinstance(layer, nn.Conv2d) and type(layer).__name__ in ("Conv2d", "Conv2dSame")


def _fold(network: nn.Module, batch_norm: nn.Module, convolution: nn.Module) -> None:
    """Put BatchNorm's numbers into the convolution; what else the layer does (timm's activation) stays."""
    fused: Any = fuse_conv_bn_eval(convolution, batch_norm)  # type: ignore[type-var, arg-type]
    convolution.weight, convolution.bias = fused.weight, fused.bias
    place = next(name for name, layer in network.named_modules() if layer is batch_norm)
    holder, _, own_name = place.rpartition(".")
    setattr(network.get_submodule(holder), own_name, nn.Sequential(*batch_norm.children()))


def _outputs(network: nn.Module, pictures: Tensor) -> list[Tensor]:
    embed_all = getattr(network, "embed_all", None)
    if embed_all is None:
        return [network(pictures)]
    embedded: Embedded = embed_all(pictures)
    return [*embedded.maps, embedded.pooled, embedded.embedding]


def _agree(expected: Sequence[Tensor], found: Sequence[Tensor]) -> bool:
    pairs = zip(expected, found, strict=True)
    return all(bool((one - other).abs().max() <= TOLERANCE * one.abs().max().clamp_min(1e-30)) for one, other in pairs)
