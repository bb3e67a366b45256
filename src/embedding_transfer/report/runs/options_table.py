"""How runs were called: what differs from the defaults or between runs, and all the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from embedding_transfer.report.html_table import html_table
from embedding_transfer.report.runs.record import RunRecord


def told_table(runs: Sequence[RunRecord]) -> str:
    """Options that differ from the defaults in one of the runs, as HTML."""
    return _table(
        runs, [name for name in _names(runs) if _is_told(name, runs)], "options that differ from the defaults"
    )


def other_table(runs: Sequence[RunRecord]) -> str:
    """All other options, as HTML."""
    return _table(runs, [name for name in _names(runs) if not _is_told(name, runs)], "all other options")


def in_words(value: Any) -> str:
    """An option as people write it.

    Example::

        >>> in_words({"class_path": "RKDLoss", "init_args": {"angle_weight": 2.0}}), in_words([1, 2]), in_words(None)
        ('RKDLoss (angle_weight 2.0)', '1, 2', 'none')
    """
    if isinstance(value, Mapping) and "class_path" in value:
        path = str(value["class_path"])
        called = path.rpartition(".")[2] if path.startswith("embedding_transfer.") else path
        arguments = ", ".join(f"{name} {in_words(one)}" for name, one in (value.get("init_args") or {}).items())
        return f"{called} ({arguments})" if arguments else called
    if isinstance(value, (list, tuple)):
        return ", ".join(in_words(one) for one in value)
    return "none" if value is None else str(value)


def _names(runs: Sequence[RunRecord]) -> list[str]:
    return list(dict.fromkeys(name for run in runs for name in run.config if name not in ("resume", "output")))


def _is_told(name: str, runs: Sequence[RunRecord]) -> bool:
    values = {in_words(run.config[name]) for run in runs if name in run.config}
    return len(values) > 1 or any(name in run.told for run in runs)


def _table(runs: Sequence[RunRecord], names: Sequence[str], title: str) -> str:
    rows = [
        [name.replace("_", "-"), *(in_words(run.config[name]) if name in run.config else "" for run in runs)]
        for name in names
    ]
    return html_table(["option", *(run.name for run in runs)], rows, title)
