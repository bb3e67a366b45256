"""Relations between the embeddings of a batch: distances, relaxed labels, angles; exact, and fast to differentiate."""

from embedding_transfer.relations.checks import matching_embeddings, no_relations, require_positive
from embedding_transfer.relations.contextual_labels import contextual_labels
from embedding_transfer.relations.pairwise import inner_products, pairwise_distances
from embedding_transfer.relations.precision import full_precision
from embedding_transfer.relations.ranking import ranked, without_diagonal
from embedding_transfer.relations.relaxed_labels import relative_distances, relaxed_labels
from embedding_transfer.relations.unit_rows import unit_rows

__all__ = [
    "contextual_labels",
    "full_precision",
    "inner_products",
    "matching_embeddings",
    "no_relations",
    "pairwise_distances",
    "ranked",
    "relative_distances",
    "relaxed_labels",
    "require_positive",
    "unit_rows",
    "without_diagonal",
]
