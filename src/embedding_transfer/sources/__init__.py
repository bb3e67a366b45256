"""Sources: whatever ``--source`` names behind one call, and starting a target from it."""

from embedding_transfer.sources.frozen_source import FrozenSource

__all__ = ["FrozenSource"]
