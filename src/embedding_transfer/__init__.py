"""Hand the knowledge of a trained embedding network on to another: better, shorter or smaller.

Everything here is imported when it is first used, so that ``import embedding_transfer`` costs nothing.
"""

import importlib
import sys
from typing import TYPE_CHECKING, Any

from embedding_transfer.old_names import RENAMED, OldNames

__version__ = "0.1.0"

if TYPE_CHECKING:
    from embedding_transfer import losses, metric_losses
    from embedding_transfer.errors import DownloadError, EmbeddingTransferError, InputError, TrainingError, UsageError
    from embedding_transfer.images import ImageSet, ImageSplits, load_images
    from embedding_transfer.losses import RelaxedContrastiveLoss, TransferLoss
    from embedding_transfer.networks import Embedded, EmbeddingNetwork, load_network
    from embedding_transfer.retrieval import embed_images, nearest_neighbors, recall_at_k, search_neighbors
    from embedding_transfer.retrieval.vector_file import read_vectors, write_vectors
    from embedding_transfer.training.result import TrainingResult
    from embedding_transfer.vectors.compressor import EmbeddingCompressor
    from embedding_transfer.verbs.align import align
    from embedding_transfer.verbs.audit_source import audit_source
    from embedding_transfer.verbs.check_images import check_images
    from embedding_transfer.verbs.compress import compress
    from embedding_transfer.verbs.convert import convert
    from embedding_transfer.verbs.demo import demo
    from embedding_transfer.verbs.download import download
    from embedding_transfer.verbs.embed import embed
    from embedding_transfer.verbs.evaluate import evaluate
    from embedding_transfer.verbs.export import export
    from embedding_transfer.verbs.fidelity import fidelity
    from embedding_transfer.verbs.reproduce import reproduce
    from embedding_transfer.verbs.search import search
    from embedding_transfer.verbs.train_source import train_source
    from embedding_transfer.verbs.transfer import transfer

_HOMES = {
    "errors": ("DownloadError", "EmbeddingTransferError", "InputError", "TrainingError", "UsageError"),
    "images": ("ImageSet", "ImageSplits", "load_images"),
    "losses": ("RelaxedContrastiveLoss", "TransferLoss"),
    "networks": ("Embedded", "EmbeddingNetwork", "load_network"),
    "retrieval": ("embed_images", "nearest_neighbors", "recall_at_k", "search_neighbors"),
    "retrieval.vector_file": ("read_vectors", "write_vectors"),
    "training.result": ("TrainingResult",),
    "vectors.compressor": ("EmbeddingCompressor",),
    "verbs.align": ("align",),
    "verbs.audit_source": ("audit_source",),
    "verbs.check_images": ("check_images",),
    "verbs.compress": ("compress",),
    "verbs.convert": ("convert",),
    "verbs.demo": ("demo",),
    "verbs.download": ("download",),
    "verbs.embed": ("embed",),
    "verbs.evaluate": ("evaluate",),
    "verbs.export": ("export",),
    "verbs.fidelity": ("fidelity",),
    "verbs.reproduce": ("reproduce",),
    "verbs.search": ("search",),
    "verbs.train_source": ("train_source",),
    "verbs.transfer": ("transfer",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "DownloadError",
    "Embedded",
    "EmbeddingCompressor",
    "EmbeddingNetwork",
    "EmbeddingTransferError",
    "ImageSet",
    "ImageSplits",
    "InputError",
    "RelaxedContrastiveLoss",
    "TrainingError",
    "TrainingResult",
    "TransferLoss",
    "UsageError",
    "align",
    "audit_source",
    "check_images",
    "compress",
    "convert",
    "demo",
    "download",
    "embed",
    "embed_images",
    "evaluate",
    "export",
    "fidelity",
    "load_images",
    "load_network",
    "losses",
    "metric_losses",
    "nearest_neighbors",
    "read_vectors",
    "recall_at_k",
    "reproduce",
    "search",
    "search_neighbors",
    "train_source",
    "transfer",
    "write_vectors",
]


sys.meta_path.append(OldNames())


def __getattr__(name: str) -> Any:
    if name in ("losses", "metric_losses"):
        return importlib.import_module(f"{__name__}.{name}")
    name = RENAMED.get(name, name)
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME_OF[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
