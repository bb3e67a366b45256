"""Embedding networks: images in, vectors out."""

from embedding_transfer.networks.embedded import Embedded
from embedding_transfer.networks.embedding_network import EmbeddingNetwork
from embedding_transfer.networks.load import load_network
from embedding_transfer.networks.released_checkpoints import load_published

__all__ = ["Embedded", "EmbeddingNetwork", "load_network", "load_published"]
