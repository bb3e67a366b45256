"""Retrieval: embed a set, find exact nearest neighbors, count how often they are right."""

from embedding_transfer.retrieval.embed import embed_images
from embedding_transfer.retrieval.neighbors import Neighbors, nearest_neighbors, search_neighbors
from embedding_transfer.retrieval.recall import recall_at_k

nearest_neighbours = nearest_neighbors  # its name until version 0.1

__all__ = ["Neighbors", "embed_images", "nearest_neighbors", "nearest_neighbours", "recall_at_k", "search_neighbors"]
