"""Weights into a module: they fit exactly, or a message begins with what they are likely to be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from torch import Tensor, nn

from embedding_transfer.errors import InputError
from embedding_transfer.networks.plain_tensors import check_weights

CLASSIFIERS = ("fc", "last_linear", "classifier", "head")
"""What the last layer of a network is mostly called; embedding networks have no use for ImageNet's."""

OF_POSITIONS = ("pos_emb", "position", "rel_pos", "relative_", "attn_mask", "attention_bias", "rope", "freqs")
"""In names of tensors whose shape follows the size of the pictures."""


class Misfit(NamedTuple):
    """In what the names and shapes of a state dict differ from a module's."""

    missing: list[str]
    unexpected: list[str]
    reshaped: list[str]

    @property
    def names(self) -> list[str]:
        return [*self.missing, *self.unexpected, *self.reshaped]


def load_state(module: nn.Module, state: Mapping[str, Tensor], origin: str) -> None:
    """Load a state dict that must fit exactly; numbers of another type, such as of 16 bits, become the module's.

    Args:
        module: Gets the values.
        state: The tensors by name.
        origin: Where they come from, for messages.

    Raises:
        InputError: If names or shapes differ; the message says what the weights are likely to be, and names a few.
    """
    own = module.state_dict()
    misfit = Misfit(
        missing=[key for key in own if key not in state],
        unexpected=[key for key in state if key not in own],
        reshaped=[key for key in own if key in state and state[key].shape != own[key].shape],
    )
    if misfit.names:
        raise InputError(f"{origin} {_what_they_are(misfit, own, state)}: {_details(misfit, own, state)}")
    check_weights(state, own, origin)
    module.load_state_dict(state)


def _what_they_are(misfit: Misfit, own: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> str:
    if all(any(part in name for part in OF_POSITIONS) for name in misfit.names) and misfit.reshaped:
        larger = sum(state[key].numel() - own[key].numel() for key in misfit.reshaped) > 0
        which = "larger" if larger else "smaller"
        return f"has weights of this network for {which} pictures; build it with the image size they were made for"
    if all(name.split(".")[0] in CLASSIFIERS for name in misfit.names):
        return "differs from the network in its last layer alone"
    if misfit.missing == misfit.names and len(misfit.missing) <= len(own) / 10:
        return f"lacks {len(misfit.missing)} of the network's {len(own)} tensors"
    if misfit.unexpected == misfit.names:
        return f"has weights of a larger network, with {len(misfit.unexpected)} tensors that this one has no place for"
    if len(misfit.reshaped) == len(misfit.names) == 1 and own[misfit.reshaped[0]].ndim == 4:
        return "has weights of a network that begins otherwise, for other channels or sizes of pictures"
    fitting = len(own) - len(misfit.missing) - len(misfit.reshaped)
    return f"seems to have weights of another network ({fitting} of {len(own)} tensors fit)"


def _details(misfit: Misfit, own: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> str:
    shapes = [f"{key} {tuple(state[key].shape)} instead of {tuple(own[key].shape)}" for key in misfit.reshaped]
    kinds = {"missing": misfit.missing, "unexpected": misfit.unexpected, "of another shape": shapes}
    return "; ".join(f"{kind}: {_shortened(names)}" for kind, names in kinds.items() if names)


def _shortened(names: list[str], most: int = 2) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
