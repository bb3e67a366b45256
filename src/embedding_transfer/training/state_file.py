"""The state to resume from, in a file: damage is noticed, and the state before it is kept."""

from __future__ import annotations

import os
import warnings
import zipfile
from pathlib import Path
from typing import Any

import torch

from embedding_transfer.errors import InputError, reason
from embedding_transfer.files import whole_file


class StateFile:
    """A state and the one before it.

    Args:
        path: The file; the state before it is kept beside it.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.before = path, path.with_name(f"{path.stem}-before{path.suffix}")

    def save(self, state: dict[str, Any]) -> None:
        """Replace the state; what was the state until now becomes the one before it."""
        with whole_file(self.path) as unfinished:
            try:
                torch.save(state, unfinished)
            except RuntimeError as error:  # torch's writer of zip files: a full disk, for example
                raise OSError(f"cannot write {self.path}: {reason(error)}") from error
            if self.path.exists():
                os.replace(self.path, self.before)

    def load(self) -> dict[str, Any] | None:
        """The state, on the CPU; where it is damaged, the one before it, with a warning; ``None`` if there is none.

        Raises:
            InputError: If there is nothing else than a damaged state.
        """
        damaged: InputError | None = None
        for path in (self.path, self.before):
            if not path.exists():
                continue
            try:
                state = _read(path)
            except InputError as error:
                damaged = damaged or error
                continue
            if damaged is not None:
                warnings.warn(f"{damaged}; going on from the state before it, {path}", stacklevel=2)
            return state
        if damaged is not None:
            raise damaged
        return None

    def drop_before(self) -> None:
        """The state before is needed no longer: the run is complete."""
        self.before.unlink(missing_ok=True)


def _read(path: Path) -> dict[str, Any]:
    """Raises InputError if the file is damaged: torch.save wrote a checksum for each tensor, torch.load reads none."""
    try:
        with zipfile.ZipFile(path) as parts:
            damaged = parts.testzip()
        if damaged is not None:
            raise InputError(f"{path} is damaged: the checksum of {damaged} does not agree")
        state: dict[str, Any] = torch.load(path, map_location=torch.device("cpu"), weights_only=True)
        return state
    except InputError:
        raise
    except Exception as error:  # zipfile and torch raise whatever they meet
        raise InputError(f"cannot resume from {path}: {reason(error)}") from error
