"""Files of an image set that are not used: counted while folders are read, told once."""

from __future__ import annotations

import warnings
from collections import Counter
from pathlib import Path

from embedding_transfer.images.formats import HEIF_ENDINGS, picture_endings
from embedding_transfer.images.printable import printable

OUTSIDE = "outside of the class folders"
"""Why a picture is left out that lies beside class folders."""


class ImagesNote(UserWarning):
    """What one should know of how an image set was understood; it is used all the same."""


class LeftOut(ImagesNote):
    """Files or folders of an image set that are not used."""


class LeftOutFiles:
    """Counts files by why they are left out.

    Args:
        root: The image set's folder.

    Example::

        left_out = LeftOutFiles(Path("data"))
        left_out.add(".heic files", "data/cat/1.heic")
        left_out.warn()  # LeftOut: 1 file of data is left out: 1 .heic; the first is data/cat/1.heic
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.counts: Counter[str] = Counter()
        self.first: str | None = None

    def add(self, kind: str, path: str | Path) -> None:
        """Count one file; the first in the alphabet is the one that is named."""
        self.counts[kind] += 1
        self.first = str(path) if self.first is None else min(self.first, str(path))

    def __len__(self) -> int:
        return self.counts.total()

    def kinds(self) -> str:
        """What is left out, by kind: ``6 .heic, 2 without an ending``."""
        return ", ".join(f"{count:,} {kind}" for kind, count in self.counts.most_common())

    def remedy(self) -> str:
        """What to do to have these files read, with a semicolon before it, or nothing where nothing can be done."""
        if any(kind in HEIF_ENDINGS and kind not in picture_endings() for kind in self.counts):
            return '; pip install "embedding-transfer[heic]" makes .heic files readable'
        if any(kind.startswith(".") for kind in self.counts):
            return "; save pictures as JPEG or PNG to use them"
        return "; put images into the folder of their class" if OUTSIDE in self.counts else ""

    def warn(self) -> None:
        """Warn of all of them at once, if there are any."""
        if self.first is None:
            return
        number = "1 file" if len(self) == 1 else f"{len(self):,} files"
        warnings.warn(
            f"left out {number} of {printable(self.root)}: {self.kinds()}; the first is {printable(self.first)}"
            f"{self.remedy()}",
            LeftOut,
            stacklevel=2,
        )
