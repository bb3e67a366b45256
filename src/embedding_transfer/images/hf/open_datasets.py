"""Opens what the library datasets stores, or can read, in a folder; nothing is fetched from the network."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embedding_transfer.errors import EmbeddingTransferError, InputError, UsageError, reason
from embedding_transfer.images.halves import half_of

if TYPE_CHECKING:
    from datasets import Dataset

ONLY = "whole"
"""What the one split is called where there are no others."""


def open_datasets(root: Path) -> dict[str, Dataset]:
    """The splits of a dataset, by their names.

    Folders written by ``save_to_disk`` and Arrow files are mapped into memory as they are. All else (Parquet files, an
    ``imagefolder``) the library turns into Arrow files in its cache, once.

    Args:
        root: A folder, or one file of it.

    Raises:
        UsageError: If it is not there, or the library is not installed.
        InputError: If it cannot be read.
    """
    if not root.exists():
        raise UsageError(f"no folder {root}: --root must be the folder of a dataset, such as save_to_disk writes")
    datasets = _library(root)
    if (root / f"{root.name}.py").exists():
        raise InputError(f"{root} holds the script {root.name}.py, which is not run: save the dataset as Parquet")
    try:
        with _offline(datasets):
            found = _open(datasets, root)
    except EmbeddingTransferError:
        raise
    except Exception as error:  # the library raises what it meets
        raise InputError(f"cannot read the dataset in {root}: {reason(error)}") from error
    if not found:
        raise InputError(f"the dataset in {root} has no splits")
    return found


def _open(datasets: Any, root: Path) -> dict[str, Dataset]:
    if (root / "dataset_dict.json").exists() or (root / "state.json").exists():
        found = datasets.load_from_disk(str(root))
        return dict(found) if isinstance(found, datasets.DatasetDict) else {ONLY: found}
    if files := _arrow_files(root):
        with suppress(OSError, ValueError):  # Arrow files of the other kind, which cannot be mapped as they are
            return {
                split: datasets.concatenate_datasets([datasets.Dataset.from_file(str(file)) for file in of_split])
                for split, of_split in files.items()
            }
    if root.is_file():
        kind = {".parquet": "parquet", ".arrow": "arrow"}.get(root.suffix.lower())
        if kind is None:
            raise UsageError(f"{root} is no dataset: --root must be a folder, or a .parquet or .arrow file")
        return dict(datasets.load_dataset(kind, data_files={ONLY: str(root)}))
    return dict(datasets.load_dataset(str(root)))


def _arrow_files(root: Path) -> dict[str, list[Path]]:
    """The Arrow files in a folder, by the split that their names say; none if there are Parquet files, too."""
    files = [root] if root.suffix == ".arrow" else sorted(root.rglob("*.arrow")) if root.is_dir() else []
    if root.is_dir() and any(root.rglob("*.parquet")):
        return {}
    by_split: dict[str, list[Path]] = defaultdict(list)
    for file in files:
        words = re.split(r"[^a-z]+", str(file.relative_to(root.parent)).lower().removesuffix(".arrow"))
        by_split[next((word for word in reversed(words) if half_of(word)), ONLY)].append(file)
    return dict(by_split)


def _library(root: Path) -> Any:
    try:
        import datasets
    except ImportError as error:
        raise UsageError(f'reading the dataset in {root} needs pip install "embedding-transfer[hf]"') from error
    return datasets


@contextmanager
def _offline(datasets: Any) -> Iterator[None]:
    """No network while a dataset is opened, whatever the environment says."""
    import huggingface_hub

    forced = [
        (datasets.config, "HF_HUB_OFFLINE", True),
        (datasets.config, "HF_DATASETS_OFFLINE", True),
        (datasets.config, "HF_UPDATE_DOWNLOAD_COUNTS", False),
        (huggingface_hub.constants, "HF_HUB_OFFLINE", True),
    ]
    before = [(place, name, getattr(place, name)) for place, name, _ in forced if hasattr(place, name)]
    try:
        for place, name, value in forced:
            setattr(place, name, value)
        yield
    finally:
        for place, name, value in before:
            setattr(place, name, value)
