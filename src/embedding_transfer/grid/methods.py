"""The methods that a grid compares: names, and the options of ``transfer`` that they stand for."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from embedding_transfer.build import read_options
from embedding_transfer.errors import InputError, UsageError, nearest

AS_RELEASED = ("FitNet", "Attention", "CRD", "DarkRank", "PKT", "RKD", "RelaxedMS", "RelaxedContrastive")
"""The eight methods of the released research code, in the order of the paper's tables."""

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
