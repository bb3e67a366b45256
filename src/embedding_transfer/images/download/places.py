"""What can be downloaded: where it is, how large it is, and where it belongs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from embedding_transfer.errors import UsageError, nearest
from embedding_transfer.images.load import IMAGE_SETS

GOOGLE_DRIVE = "https://drive.google.com/uc?export=download&id="


@dataclass(frozen=True)
class ImageArchive:
    """An image set, packed into one file.

    Attributes:
        name: What users call it, the name of the image set as well.
        url: Of the archive; ``None`` if nobody serves it any more.
        file: The archive's name.
        size: Bytes of the archive, exact where ``md5`` is known.
        folder: The folder in the archive, and in ``output``, that is the image set.
        md5: Of the archive, where its makers publish it.
    """

    name: str
    url: str | None
    file: str
    size: int
    folder: str
    md5: str | None = None
    output: str = "data"

    @property
    def what(self) -> str:
        """The image set in a few words."""
        return IMAGE_SETS[self.name]

    @property
    def result(self) -> Path:
        """What is there in the end, below the output folder."""
        return Path(self.folder)


@dataclass(frozen=True)
class Checkpoint:
    """A source network that was released with the paper's research code.

    Attributes:
        name: What users call it.
        url: Of the file.
        file: Where recipes look for it, below ``output``.
        size: Bytes, about.
        backbone: That it must have.
    """

    name: str
    url: str
    file: str
    size: int
    backbone: str
    md5: str | None = None
    output: str = "pretrained_source"
    embedding_dim: int = 512

    @property
    def what(self) -> str:
        """The network in a few words."""
        return f"{self.backbone}, {self.embedding_dim} dimensions, learned from {self.name.partition('-')[0]}"

    @property
    def result(self) -> Path:
        """What is there in the end, below the output folder."""
        return Path(self.file)


def _checkpoint(images: str, backbone: str, drive_id: str, size: int) -> Checkpoint:
    file = f"{backbone}/{images}_{backbone}_512dim_Proxy_Anchor_ckpt.pth"
    name = f"{images.lower()}-{backbone.replace('_', '-')}"
    return Checkpoint(name, GOOGLE_DRIVE + drive_id, file, size, backbone)


_ALL: tuple[ImageArchive | Checkpoint, ...] = (
    ImageArchive(
        "cub",
        "https://data.caltech.edu/records/65de6-vp158/files/CUB_200_2011.tgz",
        "CUB_200_2011.tgz",
        1_150_585_339,
        "CUB_200_2011",
        md5="97eceeb196236b17998738112f37df78",
    ),
    ImageArchive("cars", None, "", 1_960_000_000, "cars196"),
    ImageArchive(
        "sop",
        f"{GOOGLE_DRIVE}1TclrpQOF_ullUP99wk_gjGN8pKvtErG8",
        "Stanford_Online_Products.zip",
        3_080_000_000,
        "Stanford_Online_Products",
    ),
    _checkpoint("cub", "bn_inception", "1uuTF1AI5yHVVHT0RzBqTEnYHr5TbEdC3", 47_000_000),
    _checkpoint("cars", "bn_inception", "1ENSpNad0Zu8d6D5pMG5fsK2bU2z4KuMv", 47_000_000),
    _checkpoint("SOP", "bn_inception", "1gyMei5IMSFshqqt0UfN5-po41JbNFULl", 47_000_000),
    _checkpoint("cub", "resnet50", "1pDBfV3vNTxlYkwsMZylQEgOwmg_bicjV", 107_000_000),
    _checkpoint("cars", "resnet50", "1WSeBPi61NIr-dsTuZFRoUZ3RJ-S86nfS", 107_000_000),
    _checkpoint("SOP", "resnet50", "152JIJzzFuz_v6vLtlpybB4OhphE9icRz", 107_000_000),
)
PLACES = {place.name: place for place in _ALL}
"""Name to place, image sets first."""


def place_of(name: str) -> ImageArchive | Checkpoint:
    """The place of a name.

    Raises:
        UsageError: If there is none; the message has the nearest name and all of them.
    """
    if name not in PLACES:
        raise UsageError(
            f"nothing to download is called {name!r}{nearest(name, PLACES)}; there are {', '.join(PLACES)}"
        )
    return PLACES[name]
