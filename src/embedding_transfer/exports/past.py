"""What a run directory tells of how its network came about."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from embedding_transfer.build import read_options
from embedding_transfer.errors import InputError
from embedding_transfer.networks.load import BEST


class Past(NamedTuple):
    """How a network came about.

    Attributes:
        options: All options of its training.
        best: The numbers of the epoch that its best network is of.
        chosen_by: The name of the number that chose the epoch; ``None``: it is the last one.
    """

    options: Mapping[str, Any]
    best: Mapping[str, Any]
    chosen_by: str | None


def past_of(path: Path) -> Past | None:
    """What is known of the network at ``path``: a run directory, or its best network; ``None``: nothing.

    Raises:
        InputError: If the files of the run are damaged.
    """
    folder = path.parent if path.name == BEST else path
    config, metrics = folder / "config.yaml", folder / "metrics.jsonl"
    if not (config.is_file() and metrics.is_file()):
        return None
    options = read_options(config)
    try:
        lines = [json.loads(line) for line in metrics.read_text(encoding="utf-8").splitlines()]
        ks = options["ks"]
        names = (f"validation_recall@{min(ks)}", f"recall@{min(ks)}", f"overlap@{max(ks)}")
        scored = {name: [line for line in lines if name in line] for name in names}
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise InputError(f"{folder} is damaged: its config.yaml or metrics.jsonl cannot be read ({error})") from error
    name = next((name for name in names if scored[name] and options.get("train_on") != "all"), None)
    if name is None:
        return Past(options, lines[-1] if lines else {}, None)
    return Past(options, max(scored[name], key=lambda line: line[name]), name)
