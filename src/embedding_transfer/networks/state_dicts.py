"""The weights of a network in the middle of whatever else a checkpoint holds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from embedding_transfer.errors import InputError
from embedding_transfer.networks.plain_tensors import check_plain
from embedding_transfer.networks.torch_file import SAVE_WEIGHTS, whole_model

WRAPPERS = re.compile(r"(?:(?<=\.)|^)(?:_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)\.")
"""What compiling and sharding put into names, at any place."""

AVERAGED = re.compile(r"(?:^|[._])(?:ema|averaged?)(?:$|[._])")
"""Averages of the weights over the training; where a checkpoint has them, they are what was measured (as in timm)."""


DEEPEST = 20
"""Mappings within each other that are looked into; a file may hold one that holds itself."""


class Weights(NamedTuple):
    """Weights of a network, found in a checkpoint.

    Attributes:
        place: Where they were: keys of the mappings around them, and what their names began with.
        state: Tensors by the names that the network has for them.
    """

    place: str
    state: dict[str, Tensor]


def state_dicts(content: Any, place: str = "") -> Iterator[Weights]:
    """Every mapping in a checkpoint that has tensors by name, such as under ``state_dict`` beside an optimizer's.

    Names are free of :data:`WRAPPERS`; entries that are no tensors, and optimizers, are left out.
    """
    if not isinstance(content, Mapping) or place.count(".") > DEEPEST:
        return
    named = {key: value for key, value in content.items() if isinstance(key, str)}
    tensors = {WRAPPERS.sub("", key): value for key, value in named.items() if isinstance(value, Tensor)}
    if tensors:
        yield Weights(place, tensors)
    for key, value in named.items():
        if key.startswith("optim"):
            continue
        yield from state_dicts(value, f"{place}{key}.")


def all_weights(content: Any, origin: str) -> list[Weights]:
    """Every mapping of tensors in a checkpoint (see :func:`state_dicts`).

    Raises:
        InputError: If there is none, or a tensor is none of plain numbers.
    """
    found = list(state_dicts(content))
    if not found:
        raise no_weights(content, origin)
    for weights in found:
        check_plain(weights.state, origin)
    return found


def fitting_weights(content: Any, names: Collection[str], origin: str) -> Weights:
    """The weights in a checkpoint that have the most of a network's names, without what these names begin with.

    So it does not matter under which key the weights are, and whether their names begin with ``module.``, ``model.``,
    ``backbone.``, several of these or anything else. Tensors beside them, such as another head's, are left out.

    Args:
        content: What was in the file.
        names: The names that the network has for its weights.
        origin: Where the checkpoint comes from, for messages.

    Raises:
        InputError: If there are no weights, or several that fit equally well, none of them an average.

    Example::

        >>> content = {"epoch": 3, "state_dict": {"module.conv.weight": torch.ones(1), "module.fc.bias": torch.ones(1)}}
        >>> fitting_weights(content, {"conv.weight"}, "file.pth")
        Weights(place='state_dict.module.', state={'conv.weight': tensor([1.]), 'fc.bias': tensor([1.])})
    """
    found = all_weights(content, origin)
    fits = [(count, prefix, weights) for weights in found for prefix, count in _prefixes(weights.state, names).items()]
    if not fits:
        return max(found, key=lambda weights: len(weights.state))
    most = max(count for count, *_ in fits)
    best = [_under(prefix, weights) for count, prefix, weights in fits if count == most]
    best = [weights for weights in best if AVERAGED.search(weights.place)] or best
    if len(best) > 1 and 2 * most < len(names):  # blocks of another network, each with a few names of this one
        return max(found, key=lambda weights: len(weights.state))
    if any(not _same(best[0].state, other.state, names) for other in best[1:]):
        places = " and ".join(repr(weights.place.rstrip(".")) for weights in best)
        raise InputError(f"{origin} holds this network {len(best)} times, under {places}: save the one you want alone")
    return best[0]


def no_weights(content: Any, origin: str) -> InputError:
    """The error of a file that has no weights by name: what it is, and what to do."""
    model = whole_model(content)
    if model:
        return InputError(f"{origin} is a whole pickled model ({model}), not its weights: {SAVE_WEIGHTS}")
    return InputError(f"{origin} holds no state dict of tensors by name: {SAVE_WEIGHTS}")


def _prefixes(state: Mapping[str, Tensor], names: Collection[str]) -> Counter[str]:
    """How many of a network's names there are behind each beginning of the names in a state dict."""
    found: Counter[str] = Counter()
    for key in state:
        parts = key.split(".")
        for start in range(len(parts)):
            if ".".join(parts[start:]) in names:
                found["".join(f"{part}." for part in parts[:start])] += 1
    return found


def _under(prefix: str, weights: Weights) -> Weights:
    own = {key[len(prefix) :]: value for key, value in weights.state.items() if key.startswith(prefix)}
    return Weights(weights.place + prefix, own)


def _same(one: Mapping[str, Tensor], other: Mapping[str, Tensor], names: Collection[str]) -> bool:
    shared = [name for name in names if name in one]
    return all(name in other and torch.equal(one[name], other[name]) for name in shared)
