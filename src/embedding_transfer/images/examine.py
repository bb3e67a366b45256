"""A look at every picture of an image set: can it be read, how is it made, is it there twice?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from PIL import Image
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from embedding_transfer.errors import InputError
from embedding_transfer.images.decode import open_image
from embedding_transfer.images.image_set import ImageSet
from embedding_transfer.images.loading import batches_of


@dataclass(frozen=True)
class Look:
    """What one picture is like.

    Attributes:
        fault: Why it cannot be read; all else is empty then.
        mode: How it is stored, in Pillow's words: ``RGB``, ``L``, ``CMYK``, ...
        size: Width and height in pixels.
        one_color: Whether all its pixels are the same.
        digest: Hash of its size and pixels as networks see them, 8-bit RGB.
    """

    fault: str | None = None
    mode: str = ""
    size: tuple[int, int] = (0, 0)
    one_color: bool = False
    digest: bytes = b""


@dataclass(frozen=True)
class Examined:
    """Picture ``row`` of ``images`` and what it is like."""

    images: ImageSet
    row: int
    look: Look

    @property
    def name(self) -> str:
        return self.images.describe(self.row)

    @property
    def class_name(self) -> str:
        """Empty where there are no labels."""
        return self.images.class_names[self.images.labels[self.row]] if self.images.is_labeled else ""


def examine(images: ImageSet, workers: int = 2) -> list[Examined]:
    """Decode every picture once, in ``workers`` processes; unreadable ones are part of the result."""
    loader = DataLoader(_Looks(images), batch_size=32, num_workers=workers, collate_fn=list)
    looks: list[Look] = []
    with tqdm(total=len(images), desc=f"look at {images.name}", unit="img", leave=False, disable=None) as bar:
        for batch in batches_of(loader):
            looks += batch
            bar.update(len(batch))
    return [Examined(images, row, look) for row, look in enumerate(looks)]


def same_pictures(examined: Iterable[Examined]) -> list[list[Examined]]:
    """Groups of pictures that are equal pixel for pixel, whatever their files are called and how they are packed."""
    groups: dict[bytes, list[Examined]] = defaultdict(list)
    for picture in examined:
        if picture.look.fault is None:
            groups[picture.look.digest].append(picture)
    return [group for group in groups.values() if len(group) > 1]


class _Looks(Dataset[Look]):
    def __init__(self, images: ImageSet) -> None:
        self.images = images

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, row: int) -> Look:
        try:
            picture = self.images.image(row)
        except InputError as error:
            return Look(fault=str(error))
        return Look(
            mode=_stored_mode(self.images, row, picture),
            size=picture.size,
            one_color=picture.getcolors(1) is not None,
            digest=blake2b(picture.tobytes(), digest_size=16, key=str(picture.size).encode()).digest(),
        )


def _stored_mode(images: ImageSet, row: int, decoded: Image.Image) -> str:
    stored = images.images[row]
    if isinstance(stored, (str, Path, bytes)):
        try:
            with open_image(stored) as file:
                return file.mode
        except Exception:  # the file has changed since it was decoded
            return decoded.mode
    return stored.mode if isinstance(stored, Image.Image) else "RGB" if 3 in stored.shape[-3:] else "L"
