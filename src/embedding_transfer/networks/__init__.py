"""Embedding networks: images in, vectors out."""

from embedding_transfer.networks.embedding_network import Embedded, EmbeddingNetwork

__all__ = ["Embedded", "EmbeddingNetwork"]
