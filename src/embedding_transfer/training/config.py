"""The options of a run as plain data: what config.yaml holds, and when two runs have the same."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from embedding_transfer.build.classes import Homes, described
from embedding_transfer.training.options import AUTO, TrainingOptions

MAY_CHANGE = {"resume", "workers", "threads", "log", "root", "output", "device", "compile", "save_every_steps"}
MAY_CHANGE |= {"gradient_checkpointing", "accumulate", "store_source", "store_source_dtype"}
"""Options that a resumed run may give anew."""

FROM_SOURCE = {"backbone", "embedding_dim", "image_size", "pooling"}
"""Options that a target takes from its source where they are not given."""


def config_data(options: TrainingOptions) -> dict[str, Any]:
    """All options as plain data that ``--config`` reads again, those of this kind of training first.

    Raises:
        UsageError: If an option names a class that is not there, or arguments that it does not take.
    """
    own = type(options).__annotations__
    fields = sorted(dataclasses.fields(options), key=lambda field: field.name not in own)
    data = {field.name: plain_value(field, getattr(options, field.name)) for field in fields}
    return {**data, "resume": False}


def differing(options: TrainingOptions, before: dict[str, Any]) -> tuple[str, Any, Any] | None:
    """The first option that was another one in an earlier configuration, with its old and its new value.

    What is settled only when source and images are known may still be open, and options that the earlier version of a
    run did not have yet count as equal.
    """
    fields = {field.name: field for field in dataclasses.fields(options)}
    for name, now in config_data(options).items():
        is_open = now is None and name in FROM_SOURCE
        if name not in before or name in MAY_CHANGE or is_open:
            continue
        was = plain_value(fields[name], before[name])
        if was != _settled_as(was, now):
            return name, was, now
    return None


def _settled_as(was: Any, now: Any) -> Any:
    """``now`` with what was settled in the place of every ``auto`` in it."""
    if now == AUTO:
        return was
    if isinstance(now, dict) and isinstance(was, dict):
        return {name: _settled_as(was.get(name), value) for name, value in now.items()}
    if isinstance(now, list) and isinstance(was, list) and len(now) == len(was):
        return [_settled_as(*both) for both in zip(was, now, strict=True)]
    return now


def classes_of(kind: str) -> Homes:
    """The modules whose classes an option may name: of ``losses``, ``metric_losses`` or ``miners``."""
    from pytorch_metric_learning import losses as others
    from pytorch_metric_learning import miners

    from embedding_transfer import losses, metric_losses

    homes: dict[str, Homes] = {"losses": losses, "metric_losses": (metric_losses, others), "miners": miners}
    return homes[kind]


def plain_value(field: dataclasses.Field[Any], value: Any) -> Any:
    """A value of an option as plain data.

    Raises:
        UsageError: If it names a class that is not there, or arguments that it does not take.
    """
    if value is not None and "class_of" in field.metadata:
        return described(value, classes_of(field.metadata["class_of"]))
    if field.metadata.get("many"):
        names = [_name(item) for item in (value if isinstance(value, (list, tuple)) else [value])]
        return names[0] if len(names) == 1 else names
    if type(value) in (list, tuple):  # not a named tuple, such as the two halves of an image set
        return [item if _is_plain(item) else _name(item) for item in value]
    return value if _is_plain(value) else _name(value)


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, (bool, int, float, str))


def _name(given: Any) -> str:
    """A path or a name as text; an object by the name of its class, which no file can give back."""
    return str(given) if isinstance(given, (str, Path)) else f"an object: {type(given).__qualname__}"
