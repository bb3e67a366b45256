"""From what a user writes to an object: classes by name, values of options by their type."""

from embedding_transfer.build.classes import (
    SIZES,
    Homes,
    Spec,
    build,
    check_spec,
    class_names,
    class_path,
    described,
    find_class,
    with_argument,
)
from embedding_transfer.build.option_file import merged, read_options
from embedding_transfer.build.values import as_type, plain_value

__all__ = [
    "SIZES",
    "Homes",
    "Spec",
    "as_type",
    "build",
    "check_spec",
    "class_names",
    "class_path",
    "described",
    "find_class",
    "merged",
    "plain_value",
    "read_options",
    "with_argument",
]
