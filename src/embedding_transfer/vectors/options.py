"""How a map is learned, and what becomes of files of vectors: options, checked; nothing here imports torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from embedding_transfer.build.classes import Spec
from embedding_transfer.build.typed_options import TypedOptions
from embedding_transfer.errors import UsageError

Keep = Literal["neighbors", "classes"]
Start = Literal["uncentered", "pca", "whitened", "random", "truncation"]


@dataclass(kw_only=True)
class LearningOptions(TypedOptions):
    """How a map to shorter vectors is learned.

    Args:
        dim: Length of the shorter vectors.
        keep: What shall survive: ``neighbors``, who is nearest, by similarities at a low temperature; or ``classes``,
            what is alike, by relaxed distances.
        loss: A transfer loss on vectors in place of the one that keep means, by name or class path.
        start: The linear map to begin with; default: ``uncentered`` for neighbors, ``pca`` for classes.
        hidden: Units of a small network beside the linear map; 0: none.
        nested_dims: Shorter lengths at which vectors may be cut off later, such as 32,16.
        steps: Mini-batches to learn from; 0: the start as it is.
        batch_size: Vectors of each.
        near_share: Share of a batch that is vectors with their nearest neighbors; the others are random ones.
        lr: Largest learning rate of Adam; it rises over a tenth of the steps, then falls along a cosine.
        normalize: Give the shorter vectors length 1; if not, their lengths say how much of a vector was kept.
        max_rows: Of more vectors so many are drawn to learn from.
        seed: Of all that is drawn.
    """

    dim: int = 64
    keep: Keep = "neighbors"
    loss: Spec | None = field(default=None, metadata={"class_of": "losses"})
    start: Start | None = None
    hidden: int = 0
    nested_dims: tuple[int, ...] | None = None
    steps: int = 500
    batch_size: int = 512
    near_share: float = 0.5
    lr: float = 1e-3
    normalize: bool = True
    max_rows: int = 100_000
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, least in (("dim", 1), ("steps", 0), ("hidden", 0), ("batch_size", 3), ("max_rows", 2)):
            if getattr(self, name) < least:
                raise UsageError(f"{name} must be at least {least}; got {getattr(self, name)}")
        if not 0 <= self.near_share <= 1:
            raise UsageError(f"near_share is a share, from 0 to 1; got {self.near_share}")
        if self.lr <= 0:
            raise UsageError(f"lr must be positive; got {self.lr}")
        if self.nested_dims and not 1 <= min(self.nested_dims) <= max(self.nested_dims) <= self.dim:
            raise UsageError(f"nested_dims are from 1 to {self.dim}, the whole length; got {self.nested_dims}")

    @property
    def lengths(self) -> tuple[int, ...]:
        """All lengths that the vectors may have, the whole one first."""
        return tuple(sorted({self.dim, *(self.nested_dims or ())}, reverse=True))

    @property
    def start_name(self) -> str:
        """The name of the map to begin with."""
        return self.start or ("uncentered" if self.keep == "neighbors" else "pca")


@dataclass(kw_only=True)
class CompressOptions(LearningOptions):
    """Options of :func:`compress`.

    Args:
        quantize: ``int8`` takes a byte for a number, ``binary`` a bit; calibrated on the vectors learned from.
        labels: For Recall@1: a text file with a label a line, or ``folders``: the folder of each vector's path.
        dtype: Type of the numbers, without quantize.
        device: Where to compute: ``auto`` is a GPU (``cuda``) if there is one, else the ``cpu``.
    """

    quantize: Literal["none", "int8", "binary"] = "none"
    labels: str | None = None
    dtype: Literal["float32", "float16"] = "float32"
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
