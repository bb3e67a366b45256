"""The command line over the verbs; nobody imports it but ``python -m embedding_transfer``."""

from embedding_transfer.cli.main import VERBS, function_of, main, parse

__all__ = ["VERBS", "function_of", "main", "parse"]
