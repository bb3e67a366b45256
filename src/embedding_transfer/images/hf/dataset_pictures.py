"""The pictures of a Hugging Face dataset, read one at a time from the disk and decoded as files are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from embedding_transfer.errors import InputError

if TYPE_CHECKING:
    from datasets import Dataset


class DatasetPictures:
    """A sequence of encoded pictures; the dataset stays mapped into memory, and is pickled by the names of its files.

    Args:
        dataset: The dataset.
        column: Of the pictures.

    Raises:
        InputError: If the column cannot hold pictures.
    """

    def __init__(self, dataset: Dataset, column: str) -> None:
        import datasets

        self.column = column
        try:
            self.dataset = dataset.select_columns([column]).cast_column(column, datasets.Image(decode=False))
        except Exception as error:  # the library raises what it meets
            raise InputError(f"column {column} holds {dataset.features[column]}, which are no pictures") from error

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> bytes | Path:
        stored = self.dataset[index][self.column]
        if stored is None:
            raise InputError(f"row {index} of column {self.column} is empty")
        if stored["bytes"] is not None:
            return bytes(stored["bytes"])
        path = str(stored["path"])
        if "://" in path:
            raise InputError(
                f"the picture in row {index} is {path}, and nothing is fetched: store pictures on the disk"
            )
        return Path(path)

    def paths(self) -> list[str] | None:
        """The files of all pictures, if the dataset knows pictures by their files alone."""
        if isinstance(self[0], bytes):
            return None
        stored = self.dataset.with_format("arrow")[:].column(self.column).to_pylist()
        are_files = all(each is not None and each["bytes"] is None and "://" not in each["path"] for each in stored)
        return [each["path"] for each in stored] if are_files else None
