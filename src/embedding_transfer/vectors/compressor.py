"""The map as an estimator of scikit-learn."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import Tensor

from embedding_transfer.errors import UsageError
from embedding_transfer.losses import TransferLoss
from embedding_transfer.vectors.learning import learn_map
from embedding_transfer.vectors.map_file import read_map, write_map
from embedding_transfer.vectors.map_rows import device_named, drawn_rows, map_rows
from embedding_transfer.vectors.options import Keep, LearningOptions

RENAMED = {"n_components": "dim", "random_state": "seed"}
"""Names that scikit-learn has for what options call otherwise."""

Self = TypeVar("Self", bound="EmbeddingCompressor")


class EmbeddingCompressor(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Learns a map of vectors to shorter ones that keeps, of their cosines, who is near to whom.

    Only directions count: a vector is divided by its length first. The map is linear, with ``hidden`` a small network
    beside that, and begins as the best projection without training.

    Args:
        n_components: Length of the shorter vectors, at most that of the given ones.
        keep: ``"neighbors"``: the nearest vectors stay the nearest ones, by a KL divergence of softmaxes of cosines at
            temperature 0.02. ``"classes"``: what is alike comes together, by the relaxed contrastive loss.
        loss: A :class:`TransferLoss` on ``target`` and ``source``, or the name of one, in place of that of ``keep``.
        start: ``"uncentered"``, ``"pca"``, ``"whitened"``, ``"random"`` or ``"truncation"``: the linear map to begin
            with. Default: uncentered for neighbors, pca for classes.
        hidden: Units of the network; 0: the map is linear.
        nested_dims: Shorter lengths at which vectors may be cut off, such as (32, 16).
        steps: Mini-batches; 0: the start as it is.
        batch_size: Rows of each.
        near_share: Share of a batch that is rows with their nearest neighbors; the others are random ones.
        lr: Largest learning rate.
        normalize: Whether the shorter vectors have length 1. If not, their lengths say how much of a vector was kept.
        max_rows: Of more vectors so many are drawn to learn from.
        device: ``"auto"`` is a GPU (``cuda``) if there is one, else the ``cpu``.
        random_state: Seed of all that is drawn.

    Attributes:
        map_: The :class:`ShortMap`.
        n_features_in_: Length of the given vectors.
        feature_names_in_: Their columns, if they came as a table with names.

    Example::

        >>> rows = np.random.default_rng(0).normal(size=(300, 32))
        >>> short = EmbeddingCompressor(n_components=8, steps=10).fit(rows)
        >>> short.transform(rows).shape
        (300, 8)
    """

    def __init__(
        self,
        n_components: int = 64,
        *,
        keep: Keep = "neighbors",
        loss: str | TransferLoss | None = None,
        start: str | None = None,
        hidden: int = 0,
        nested_dims: tuple[int, ...] | None = None,
        steps: int = 500,
        batch_size: int = 512,
        near_share: float = 0.5,
        lr: float = 1e-3,
        normalize: bool = True,
        max_rows: int = 100_000,
        device: str = "auto",
        random_state: int = 0,
    ) -> None:
        self.n_components = n_components
        self.keep = keep
        self.loss = loss
        self.start = start
        self.hidden = hidden
        self.nested_dims = nested_dims
        self.steps = steps
        self.batch_size = batch_size
        self.near_share = near_share
        self.lr = lr
        self.normalize = normalize
        self.max_rows = max_rows
        self.device = device
        self.random_state = random_state

    def fit(self: Self, X: Any, y: Any = None) -> Self:  # noqa: N803
        """Learn the map.

        Args:
            X: (n, d) floating point: an array, also one mapped from a file, a tensor, or a table.
            y: Ignored, there by convention: no labels are needed.

        Raises:
            UsageError: An option is out of range.
            ValueError: X is not (n, d), has a value that is not finite, or fewer than 2 rows.
        """
        X = self._checked(X, reset=True, ensure_min_samples=2)  # noqa: N806
        given = _by_options(self.get_params(deep=False))
        options = LearningOptions.of({name: value for name, value in given.items() if name != "device"})
        rows = torch.from_numpy(np.array(X[drawn_rows(len(X), options.max_rows, options.seed)], np.float32))
        self.map_ = learn_map(rows.to(device_named(self.device)), options).cpu()
        return self

    def transform(self, X: Any) -> Any:  # noqa: N803
        """Shorter vectors (n, n_components), in the type of X; a tensor for a tensor, on its device.

        Raises:
            NotFittedError: The map was not learned yet.
            ValueError: X is not (n, d), or has a value that is not finite.
        """
        check_is_fitted(self)
        short = map_rows(self.map_, self._checked(X, reset=False), device_named(self.device))
        return torch.from_numpy(short).to(X) if isinstance(X, Tensor) else short

    def save(self, path: str | Path) -> None:
        """Write the map and its options to a ``.safetensors`` file; :meth:`load` reads it.

        Raises:
            UsageError: If the map was learned by a ``loss`` of your own: pickle keeps that.
        """
        check_is_fitted(self)
        if self.loss is not None and not isinstance(self.loss, str):
            raise UsageError("save keeps numbers and names, not a loss of your own: set loss=None first, or use pickle")
        write_map(Path(path), self.map_, _by_options(self.get_params(deep=False)))

    @classmethod
    def load(cls: type[Self], path: str | Path) -> Self:
        """Read what :meth:`save`, ``compress`` or ``align`` wrote.

        Raises:
            UsageError: If there is no such file.
            InputError: If it is no such file.
        """
        short, options = read_map(Path(path))
        named = {
            name: options[RENAMED.get(name, name)] for name in cls().get_params() if RENAMED.get(name, name) in options
        }
        named |= {"hidden": short.hidden, "normalize": short.normalize, "n_components": short.linear.out_features}
        named = {name: tuple(value) if isinstance(value, list) else value for name, value in named.items()}
        compressor = cls(**named)
        compressor.map_, compressor.n_features_in_ = short, short.linear.in_features
        return compressor

    @property
    def _n_features_out(self) -> int:
        """How many names ``get_feature_names_out`` makes."""
        return self.map_.linear.out_features

    def _checked(self, X: Any, **checks: Any) -> np.ndarray:  # noqa: N803
        X = X.detach().cpu().numpy() if isinstance(X, Tensor) else X  # noqa: N806
        return validate_data(self, X, dtype=[np.float64, np.float32, np.float16], **checks)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _by_options(parameters: dict[str, Any]) -> dict[str, Any]:
    """Parameters under the names that options have."""
    return {RENAMED.get(name, name): value for name, value in parameters.items()}
