"""What to type to run one training of a grid alone."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def as_command(verb: str, recipe: Path, layers: list[Mapping[str, Any]]) -> str:
    """The command line of a recipe with further options, the later ones winning.

    Example::

        >>> as_command("transfer", Path("a.yaml"), [{"loss": "RKDLoss", "loss.angle_weight": 1}, {"seed": 0}])
        'embedding-transfer transfer --config=a.yaml --loss=RKDLoss --loss.angle_weight=1 --seed=0 --resume'
    """
    words = ["embedding-transfer", verb, f"--config={recipe}"]
    words += [f"--{name}={_as_text(value)}" for layer in layers for name, value in layer.items()]
    return shlex.join([*words, "--resume"])


def _as_text(value: Any) -> str:
    return str(value) if isinstance(value, (str, Path)) else json.dumps(value)
