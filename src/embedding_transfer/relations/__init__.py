"""Relations between the embeddings of a batch: distances, relaxed labels, angles; exact, and fast to differentiate."""

from embedding_transfer.relations.checks import matching_embeddings, no_relations
from embedding_transfer.relations.pairwise import inner_products, pairwise_distances
from embedding_transfer.relations.precision import full_precision
from embedding_transfer.relations.relaxed_labels import relative_distances, relaxed_labels

__all__ = [
    "full_precision",
    "inner_products",
    "matching_embeddings",
    "no_relations",
    "pairwise_distances",
    "relative_distances",
    "relaxed_labels",
]
