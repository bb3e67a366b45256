"""``--loss.sigma auto``: the width of the kernel that suits the source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from embedding_transfer.images import ImageSet
from embedding_transfer.sources.audit import audit
from embedding_transfer.training.options import AUTO

LOOKED_AT = 1000
"""Training pictures that the source is shown."""


def has_auto_sigma(loss: Any) -> bool:
    """Whether a loss, or one inside it, leaves its sigma open."""
    if isinstance(loss, (list, tuple)):
        return any(has_auto_sigma(part) for part in loss)
    if not isinstance(loss, Mapping):
        return False
    arguments = loss.get("init_args") or {}
    return arguments.get("sigma") == AUTO or any(has_auto_sigma(value) for value in arguments.values())


def with_sigma(loss: Any, sigma: float) -> Any:
    """The loss with a number in every place where sigma is ``auto``.

    Example::

        >>> with_sigma({"class_path": "RelaxedMSLoss", "init_args": {"sigma": "auto", "delta": 1.0}}, 0.5)
        {'class_path': 'RelaxedMSLoss', 'init_args': {'sigma': 0.5, 'delta': 1.0}}
    """
    if isinstance(loss, (list, tuple)):
        return [with_sigma(part, sigma) for part in loss]
    if not isinstance(loss, Mapping) or "init_args" not in loss:
        return loss
    arguments = {
        name: sigma if name == "sigma" and value == AUTO else with_sigma(value, sigma)
        for name, value in loss["init_args"].items()
    }
    return {**loss, "init_args": arguments}


def suggested_sigma(images: ImageSet, embed: Callable[[ImageSet], Any]) -> float:
    """The sigma that suits a source (see :func:`audit`).

    Args:
        images: Training pictures; the source is shown some of them, evenly spread.
        embed: Its vectors (n, d) of an image set.
    """
    some = np.unique(np.linspace(0, len(images) - 1, LOOKED_AT).astype(int))
    return audit(embed(images.subset(some, f"{images.name} for sigma"))).suggested_sigma
