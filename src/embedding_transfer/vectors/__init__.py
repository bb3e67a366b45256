"""Vectors in, shorter vectors out: maps learned from vectors alone, what these keep, one model's space in another's.

Importing this room costs no torch: options are read, and help is printed, without it.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from embedding_transfer.vectors.compressor import EmbeddingCompressor
    from embedding_transfer.vectors.neighborhoods import Neighborhoods

_HOMES = {"EmbeddingCompressor": "compressor", "Neighborhoods": "neighborhoods"}

__all__ = ["EmbeddingCompressor", "Neighborhoods"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
