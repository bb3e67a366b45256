"""Labels, or none: what an image set without labels holds in their place, and who needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from embedding_transfer.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from embedding_transfer.images.image_set import ImageSet

WITHOUT = (
    "transfer by losses on embeddings, embed and search need none; for labels, give class folders (--images folder) or "
    "a table with a column 'label'"
)
"""What one can do without labels, and how to have some."""


class NoLabels:
    """Stands in for the labels of images that have none: whatever is done with it is an error that says so.

    Args:
        name: Of the image set.

    Example::

        >>> NoLabels("photos/train")[0]  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        embedding_transfer.errors.InputError: photos/train has no labels: ...
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"NoLabels({self.name!r})"

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise InputError(
            f"{self.name} has no labels: training on classes and scores on classes such as Recall@K need them; "
            f"{WITHOUT}"
        )

    __array__ = __getitem__ = __len__ = __iter__ = __contains__ = __bool__ = __int__ = _refuse
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __and__ = __or__ = _refuse
    __hash__ = object.__hash__

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):  # asked by pickle, copy and others, which go on without
            raise AttributeError(name)
        self._refuse()


def require_labels(images: ImageSet, who: str) -> np.ndarray:
    """The labels (n,) of an image set, for something that cannot do without.

    Args:
        images: The image set.
        who: Needs them, for the message: ``train-source``, ``DarkRankLoss``, ...

    Raises:
        InputError: If the images have no labels.

    Example::

        require_labels(splits.train, "ProxyAnchorLoss")
    """
    if not images.is_labeled:
        raise InputError(f"{images.name} has no labels, and {who} needs them: {WITHOUT}")
    return images.labels
