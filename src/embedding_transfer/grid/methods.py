"""The methods that a grid compares and a transfer may name: the options of ``transfer`` that they stand for."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, get_type_hints

import yaml

from embedding_transfer.build import as_type, read_options
from embedding_transfer.errors import InputError, UsageError, nearest
from embedding_transfer.training.transfer_options import TransferOptions

AS_RELEASED = ("FitNet", "Attention", "CRD", "DarkRank", "PKT", "RKD", "RelaxedMS", "RelaxedContrastive")
"""The eight methods of the released research code, in the order of the paper's tables."""

BEST = "best"
"""Not a method but a choice of one, for the target that is asked for."""

ASKED = ("backbone", "weights", "pretrained", "source_image_size")
"""Options that decide which method is best: what a target has that is not its source's, and what its source sees."""

LED = {
    (False, False): "RelaxedContrastive-start",
    (True, False): "RelaxedContrastive-PKT",
    (False, True): "RelaxedContrastive",
    (True, True): "RKD",
}
"""What led in our trials, by whether a target has a backbone of its own and weights of its own."""

LED_FROM_LARGER = "RKD-start"
"""What led in place of a target that starts as its source, if the source sees other pictures than its own size."""

Method = dict[str, Any]
"""Options of ``transfer`` by name, such as ``{"loss": "RelaxedContrastiveLoss", "loss.sigma": 0.5}``."""


def load_methods(file: Path | None = None) -> dict[str, Method]:
    """The methods of ``methods.yaml`` in this folder, and those of ``file``, which may also replace some.

    Raises:
        UsageError: If there is no such file.
        InputError: If it does not hold options by method.
    """
    known = yaml.safe_load(resources.files("embedding_transfer.grid").joinpath("methods.yaml").read_text())
    if file is None:
        return dict(known)
    own = read_options(file)
    if not all(isinstance(options, dict) for options in own.values()):
        raise InputError(f"{file} must hold options by method, such as: Mine: {{loss: RKDLoss, loss.angle_weight: 1}}")
    return {**known, **own}


def chosen_methods(names: tuple[str, ...], known: dict[str, Method]) -> dict[str, Method]:
    """The methods called ``names``.

    Raises:
        UsageError: If there is none of that name; the message has the nearest right one.
    """
    for name in names:
        if name not in known:
            raise UsageError(f"no method {name!r}{nearest(name, known)}; there are {', '.join(known)}")
    return {name: known[name] for name in names}


def method_of(name: str, beside: Mapping[str, Any]) -> Method:
    """The options that ``transfer --method NAME`` stands for.

    Args:
        name: A method of ``methods.yaml``, or ``best``: what led in our trials (docs/choosing-a-loss.md) for a target
            with or without a backbone and weights of its own.
        beside: The other options of the transfer.

    Raises:
        UsageError: If there is none of that name; the message has the nearest right one.

    Example::

        >>> method_of("RKD", {})
        {'loss': 'RKDLoss'}
    """
    if name == BEST:
        kinds = get_type_hints(TransferOptions, include_extras=True)
        asked = {option: as_type(beside[option], kinds[option], option) for option in ASKED if option in beside}
        name = LED[bool(asked.get("backbone")), bool(asked.get("weights") or asked.get("pretrained"))]
        if name == "RelaxedContrastive-start" and asked.get("source_image_size"):
            name = LED_FROM_LARGER
    return chosen_methods((name,), load_methods())[name]
