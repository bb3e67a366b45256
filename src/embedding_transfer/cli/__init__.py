"""The command line over the verbs; nobody imports it but ``python -m embedding_transfer``."""

from typing import Any

from embedding_transfer.cli.main import main
from embedding_transfer.cli.verbs import FIRST, VERBS

__all__ = ["FIRST", "VERBS", "main", "parse"]


def __getattr__(name: str) -> Any:
    if name == "parse":
        from embedding_transfer.cli.arguments import parse

        return parse
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
