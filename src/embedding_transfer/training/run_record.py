"""A run directory as its page sees it, also where the run was interrupted."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from embedding_transfer.build import read_options
from embedding_transfer.errors import EmbeddingTransferError, InputError, UsageError
from embedding_transfer.report.runs.record import RunRecord, distinct_names
from embedding_transfer.training.config import MAY_CHANGE, plain_value
from embedding_transfer.training.evaluation import VALIDATION
from embedding_transfer.training.options import AUTO, TrainingOptions
from embedding_transfer.training.run_directory import START
from embedding_transfer.training.source_options import SourceOptions
from embedding_transfer.training.transfer_options import TransferOptions


def read_runs(folders: Sequence[Path]) -> list[RunRecord]:
    """The runs in some folders, finished or not.

    Raises:
        UsageError: If there is no run in one of them.
        InputError: If its options or its numbers cannot be read.

    Example::

        read_runs([Path("runs/short"), Path("runs/small")])
    """
    return [_read(folder, name) for folder, name in zip(folders, distinct_names(folders), strict=True)]


def run_record(
    folder: Path,
    config: Mapping[str, Any],
    lines: Sequence[Mapping[str, Any]],
    best: Mapping[str, Any] | None,
    start: Mapping[str, Any] | None,
    name: str,
) -> RunRecord:
    """A run, from what is known of it.

    Args:
        folder: Its directory.
        config: All options as plain data.
        lines: Of metrics.jsonl.
        best: The best of them.
        start: What was measured before the first epoch, if anything was.
        name: What the page calls it.
    """
    group = {key: value for key, value in config.items() if key not in {*MAY_CHANGE, "seed"}}
    return RunRecord(folder, config, _told(config), json.dumps(group, sort_keys=True), lines, best, start, name)


def _read(folder: Path, name: str) -> RunRecord:
    if not (folder / "config.yaml").is_file():
        raise UsageError(f"{folder} holds no run (no config.yaml): give the --output of a training")
    config = read_options(folder / "config.yaml")
    lines = _lines(folder / "metrics.jsonl")
    scored = [line for line in lines if _chooses(config, line) in line]
    best = max(scored, key=lambda line: line[_chooses(config, line)], default=None)
    start = next(iter(_lines(folder / START)), None)
    return run_record(folder, config, lines, best, start, name)


def _lines(file: Path) -> list[dict[str, Any]]:
    """The lines of a file of numbers, but for a last one that was not written to its end."""
    if not file.is_file():
        return []
    texts = [text for text in file.read_text(encoding="utf-8").splitlines() if text.strip()]
    lines = []
    for number, text in enumerate(texts, 1):
        try:
            line = json.loads(text)
        except ValueError as error:
            if number == len(texts) and number > 1:
                break
            raise InputError(f"{file}, line {number}: no numbers by name ({error})") from error
        if not isinstance(line, dict) or not isinstance(line.get("epoch"), int):
            raise InputError(f"{file}, line {number}: no numbers of an epoch")
        lines.append(line)
    return lines


def _chooses(config: Mapping[str, Any], line: Mapping[str, Any]) -> str:
    """The name of the number whose largest value is the best epoch's, as :func:`new_evaluation` has it."""
    ks = config.get("ks") or [1]
    of_labels = f"{VALIDATION if config.get('validation') else ''}recall@{min(ks)}"
    if config.get("train_on") == "all":
        return "epoch" if any(name.startswith(("recall@", "overlap@")) for name in line) else "recall@"
    return of_labels if of_labels in line else f"overlap@{max(ks)}"


def _told(config: Mapping[str, Any]) -> tuple[str, ...]:
    """The options that differ from the defaults; those whose default is settled by the images count as told."""
    kind: type[TrainingOptions] = TransferOptions if "source" in config else SourceOptions
    return tuple(
        field.name
        for field in dataclasses.fields(kind)
        if field.name in config and field.name not in ("output", "resume") and _differs(field, config[field.name])
    )


def _differs(field: dataclasses.Field[Any], value: Any) -> bool:
    if field.default is dataclasses.MISSING or field.default == AUTO:
        return True
    try:
        return bool(value != plain_value(field, field.default))
    except EmbeddingTransferError:
        return True
