"""Embedding networks: images in, vectors out."""

from embedding_transfer.networks.embedding_network import Embedded, EmbeddingNetwork
from embedding_transfer.networks.load import load_network

__all__ = ["Embedded", "EmbeddingNetwork", "load_network"]
