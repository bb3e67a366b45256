"""The published results, as data."""

from embedding_transfer.grid.published.recall import PublishedRecall, published_recall

__all__ = ["PublishedRecall", "published_recall"]
