"""Sources: whatever ``--source`` names behind one call, and starting a target from it."""

from embedding_transfer.sources.open_source import SourceSettings, open_source
from embedding_transfer.sources.picture_source import PictureSource
from embedding_transfer.sources.several_sources import SeveralSources
from embedding_transfer.sources.source import Source
from embedding_transfer.sources.stored_vectors import StoredVectors

__all__ = ["PictureSource", "SeveralSources", "Source", "SourceSettings", "StoredVectors", "open_source"]
