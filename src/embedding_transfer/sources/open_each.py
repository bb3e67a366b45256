"""Several sources, each for itself: what is compared in one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from embedding_transfer.errors import UsageError
from embedding_transfer.sources.opening import open_source
from embedding_transfer.sources.settings import SourceSettings
from embedding_transfer.sources.source import Source
from embedding_transfer.sources.timm_source import PREFIX


def open_each(names: Sequence[Any], settings: SourceSettings) -> list[Source]:
    """One source for each name; files of weights go to those of ``timm:``, in their order.

    Raises:
        UsageError: If there is no such source, or not one file of weights for each source of timm.
        InputError: If a file cannot be used.

    Example::

        small, large = open_each(["runs/small", "runs/large.safetensors"], SourceSettings())
    """
    if settings.source_weight:
        raise UsageError("--source-weight makes one source of several; here each is measured for itself")
    from_timm, files = [str(name).startswith(PREFIX) for name in names], settings.source_weights
    if files and len(files) != sum(from_timm):
        raise UsageError(
            f"--source-weights takes one file for each timm: source; got {len(files)} for {sum(from_timm)}"
        )
    left = iter(files)
    own = [(next(left),) if is_timm and files else () for is_timm in from_timm]
    return [open_source(name, replace(settings, source_weights=file)) for name, file in zip(names, own, strict=True)]
