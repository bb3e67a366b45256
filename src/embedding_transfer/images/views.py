"""Views: random ones for training, replayable from (seed, epoch, image, view), and the one for evaluation.

Views are uint8 RGB tensors; networks take them as [0, 1] floats (:func:`as_floats`) and normalize for themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import Dataset
from torchvision.transforms import InterpolationMode, v2
from torchvision.transforms.v2 import functional as tv

from embedding_transfer.errors import UsageError, nearest
from embedding_transfer.images.batches import Drawn
from embedding_transfer.images.image_set import ImageSet
from embedding_transfer.images.picture_cache import shrunk

Transform = Callable[[Any], Any]
"""A picture to a picture; those of photos also take and give a tensor (3, h, w) uint8, which torch resizes."""

AUGMENTATIONS = ("photo", "character")


def training_view(augmentation: str, size: int) -> RandomView:
    """Random views of a picture, drawn from torch's global generator.

    Args:
        augmentation: ``"photo"``: random resized crop (8 to 100 % of the area) and horizontal flip, as the paper uses
            them. ``"character"``: a gentle affine move without a flip, since a mirrored letter is another letter.
        size: Side of the view in pixels.

    Raises:
        UsageError: If there is no such augmentation.
    """
    if augmentation == "photo":
        return RandomPhoto(size)
    if augmentation == "character":
        return RandomCharacter(size)
    raise UsageError(
        f"no augmentation {augmentation!r}{nearest(augmentation, AUGMENTATIONS)}; there are {', '.join(AUGMENTATIONS)}"
    )


def evaluation_view(size: int, crop: float) -> Transform:
    """The short side resized to ``round(size / crop)``, then the center ``size`` x ``size``.

    ``size=224, crop=0.875`` is the published view: resize to 256, crop 224. ``crop=1`` keeps the borders.
    """
    return v2.Compose([v2.Resize(round(size / crop), InterpolationMode.BILINEAR), v2.CenterCrop(size)])


class RandomView(nn.Module):
    """A random view, drawn of what :meth:`prepared` makes of a picture."""

    def prepared(self, picture: Any) -> Any:
        """What all views of a picture are drawn from; made once for all of them."""
        return picture


class RandomPhoto(RandomView):
    """Random resized crop and horizontal flip: the draws and pixels of torchvision's two transforms in fewer calls."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.crop = v2.RandomResizedCrop(size)

    def forward(self, picture: Any) -> Any:
        place = self.crop.make_params([picture])
        view = tv.resized_crop(picture, **place, size=self.crop.size, antialias=True)
        return tv.horizontal_flip(view) if torch.rand(1) < 0.5 else view


class RandomCharacter(RandomView):
    """Turn by up to 10 degrees, shear by 8, scale by 0.85 to 1.15, shift by 8 %; the corners' color fills the gaps."""

    reach = torch.tensor([10.0, 0.08, 0.08, 8.0, 8.0])  # degrees, share of the width, of the height, degrees, degrees

    def __init__(self, size: int) -> None:
        super().__init__()
        self.whole = evaluation_view(size, crop=1.0)

    def prepared(self, picture: Any) -> Any:
        return self.whole(picture)

    def forward(self, image: Image.Image) -> Image.Image:
        w, h = image.size
        angle, right, down, shear_x, shear_y = (torch.rand(5) * 2 - 1).mul(self.reach).tolist()
        scale = 0.85 + 0.3 * torch.rand(()).item()
        corners = [image.getpixel(corner) for corner in ((0, 0), (w - 1, 0), (0, h - 1), (w - 1, h - 1))]
        fill = [float(sorted(channel)[1]) for channel in zip(*corners, strict=True)]  # (lower) median of each channel
        shift, shear = [round(right * w), round(down * h)], [shear_x, shear_y]
        return tv.affine(image, angle, shift, scale, shear, InterpolationMode.BILINEAR, fill)


class TrainingViews(Dataset[tuple[Tensor, int, int]]):
    """Item ``(epoch, index)``: ``views`` (v, 3, size, size) uint8 of one image decoded once, its label (-1
    without labels), its index.

    A view is decided by (seed, epoch, index, view number) and nothing else, so any step can be replayed.

    Args:
        images: What to see. From their cache, if they have one, pictures come with a shorter side of at most
            ``cached_side``.
        transform: Draws a random view.
        views: How many of each picture.
        seed: Of the draws.
        resize: ``"pillow"`` or ``"torch"``, which is faster and takes the transform of photos alone; their pixels
            differ by at most 2 of 255.
        cached_side: Shorter side in pixels; default: as long as it is.
    """

    def __init__(
        self,
        images: ImageSet,
        transform: RandomView,
        views: int,
        seed: int,
        resize: Literal["pillow", "torch"] = "pillow",
        cached_side: int | None = None,
    ) -> None:
        self.images, self.transform, self.views, self.seed = images, transform, views, seed
        self.resize, self.cached_side = resize, cached_side

    def __getitem__(self, drawn: Drawn) -> tuple[Tensor, int, int]:
        epoch, index = drawn
        picture = self.transform.prepared(self._picture(index))
        views = []
        with torch.random.fork_rng(devices=[]):  # the stream of everything else is left alone
            for view in range(self.views):
                key = np.random.SeedSequence((self.seed, epoch, index, view)).generate_state(1, np.uint64)[0]
                torch.default_generator.manual_seed(int(key) >> 1)
                views.append(planes(self.transform(picture)))
        return torch.stack(views), self.images.label(index), index

    def _picture(self, index: int) -> Image.Image | Tensor:
        """Image ``index`` as the transform takes it, from the cache if there is one."""
        if self.images.cache is None or self.cached_side is None:
            picture: Image.Image | np.ndarray = self.images.image(index)
        else:
            picture = self.images.made(index, f"short-side-{self.cached_side}", shrunk(self.cached_side))
        if self.resize == "pillow":
            return Image.fromarray(picture) if isinstance(picture, np.ndarray) else picture
        pixels = picture if isinstance(picture, np.ndarray) else np.array(picture)  # (h, w, 3)
        return torch.from_numpy(pixels).permute(2, 0, 1)


class EvaluationViews(Dataset[Tensor]):
    """Item ``index``: the evaluation view (3, size, size) uint8 of image ``index``.

    Args:
        images: What to see.
        size: Side of a view in pixels.
        crop: Share of the picture that is seen (see :func:`evaluation_view`).
        transform: A picture to its view, in place of these two.
    """

    def __init__(self, images: ImageSet, size: int, crop: float, transform: Transform | None = None) -> None:
        self.images, self.transform = images, transform or evaluation_view(size, crop)
        self.name = None if transform else f"evaluation-{size}-of-{round(size / crop)}"

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Tensor:
        if self.name is None:
            return planes(self.transform(self.images.image(index)))
        return planes(self.images.made(index, self.name, self.transform))


def planes(picture: Image.Image | np.ndarray | Tensor) -> Tensor:
    """A picture, its pixels (h, w, 3), or a tensor (3, h, w), as a tensor (3, h, w) of its own that is contiguous."""
    colors_first = picture.numpy() if isinstance(picture, Tensor) else np.asarray(picture).transpose(2, 0, 1)
    return torch.from_numpy(np.array(colors_first, order="C"))


def views_first(views: Tensor) -> Tensor:
    """(n, v, ...) of a batch of n images to rows [all view 1, all view 2, ...]: (v * n, ...)."""
    return views.transpose(0, 1).flatten(0, 1)


def as_floats(views: Tensor) -> Tensor:
    """uint8 RGB to floats in [0, 1], what networks take."""
    return views.float().div_(255)


def resized(images: Tensor, size: int | None) -> Tensor:
    """Square images (n, 3, h, h) at another side, shrunk with antialiasing; as they are for ``None``."""
    if size is None or images.shape[-1] == size:
        return images
    return F.interpolate(images, (size, size), mode="bilinear", antialias=True)
