"""From what a user writes to an object: classes by name, values of options by their type."""

from embedding_transfer.build.classes import SIZES, Spec, as_data, build, find_class

__all__ = ["SIZES", "Spec", "as_data", "build", "find_class"]
