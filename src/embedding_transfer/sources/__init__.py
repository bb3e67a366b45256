"""Sources: whatever ``--source`` names behind one call, and starting a target from it.

Importing this room costs no torch: settings are read, and help is printed, without it.
"""

import importlib
from typing import TYPE_CHECKING, Any

from embedding_transfer.sources.settings import SourceSettings

if TYPE_CHECKING:
    from embedding_transfer.sources.opening import open_source
    from embedding_transfer.sources.picture_source import PictureSource
    from embedding_transfer.sources.several_sources import SeveralSources
    from embedding_transfer.sources.source import Source
    from embedding_transfer.sources.stored_vectors import StoredVectors

_HOMES = {
    "PictureSource": "picture_source",
    "SeveralSources": "several_sources",
    "Source": "source",
    "StoredVectors": "stored_vectors",
    "open_source": "opening",
}

__all__ = ["PictureSource", "SeveralSources", "Source", "SourceSettings", "StoredVectors", "open_source"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
