"""Batches from a loader, with errors that read the same whether a worker process met them or not."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from embedding_transfer.errors import EmbeddingTransferError
from embedding_transfer.told_to_end import end_if_told

Batch = TypeVar("Batch")


def batches_of(loader: Iterable[Batch]) -> Iterator[Batch]:
    """What ``loader`` yields.

    Raises:
        EmbeddingTransferError: As a worker raised it, without the worker's traceback in the message.
        KeyboardInterrupt: If an end was asked for while workers were started.
    """
    try:
        for batch in loader:
            end_if_told()  # starting a worker may have drowned it
            yield batch
    except EmbeddingTransferError as error:
        message = str(error)
        if "Original Traceback" not in message:
            raise
        raise type(error)(message.strip().splitlines()[-1].partition(": ")[2]) from None
