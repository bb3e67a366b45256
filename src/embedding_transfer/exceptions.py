"""Every error this package raises on purpose. The command line turns them into one line and an exit code."""


class EmbeddingTransferError(Exception):
    """Base of all errors raised on purpose: catch this to catch them all (exit code 1)."""


class UsageError(EmbeddingTransferError, ValueError):
    """The call is wrong: an unknown name, a missing path, options that contradict each other (exit code 2)."""


class InputError(EmbeddingTransferError, ValueError):
    """What was given cannot be used: a corrupt image, an empty folder, tensors of shapes that do not fit."""


class TrainingError(EmbeddingTransferError, RuntimeError):
    """A training had to stop, for example because its loss was no longer finite."""
