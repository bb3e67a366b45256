"""Contrastive representation distillation (Tian, Krishnan, Isola, ICLR 2020)."""

import math
from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from embedding_transfer.build.ranges import Count, Dim, Positive, Range
from embedding_transfer.build.typed_arguments import in_range
from embedding_transfer.errors import InputError
from embedding_transfer.losses.noise_contrast import Negatives, noise_contrast
from embedding_transfer.losses.transfer_loss import TransferLoss
from embedding_transfer.relations import full_precision, matching_embeddings


class CRDLoss(TransferLoss):
    r"""Each network's embedding must find the other's embedding of the same image among many negatives.

    With a, b the unit outputs of the two heads, m_s, m_t the memories (running unit averages of b, a, one row per
    image), K negatives k and q = K / n_images, the side of the target is noise contrastive estimation over
    x_j = exp(a_i . m_s[j] / T) / Z:

    .. math:: L_t = -\frac{1}{n} \sum_i \Big[ \log\frac{x_i}{x_i + q} + \sum_k \log\frac{q}{x_k + q} \Big]

    and L = L_t + L_s, with b against m_t likewise. Z = n_images mean(exp(...)) of the first step, then constant. After
    each training step m[i] = unit(nce_m m[i] + (1 - nce_m) a_i); of several views of an image the last counts.
    Tian, Krishnan, Isola, "Contrastive Representation Distillation", ICLR 2020, section 3.

    Negatives are images of other classes. By default one draw serves the whole batch, each row leaving out those of
    its own class: the rest are independent draws from the other classes, and their mean times K has the expectation
    of K own draws, at a matrix product instead of n K gathered rows. With n_images <= nce_k all images are taken,
    which is that expectation itself.

    Args:
        target_dim: Length of the target's embeddings.
        source_dim: Length of the source's embeddings.
        n_images: Training images: rows of each memory.
        feat_dim: Length of the heads' outputs. Default: 128, as published.
        nce_k: K, negatives per row. Default: 4096, as released with the relaxed contrastive loss (16384 in the paper).
        nce_t: T, temperature. Default: 0.07, as published.
        nce_m: Share of the old memory row that is kept. Default: 0.5, as published.
        image_labels: (n_images,) class of every training image; without, negatives are all other images.
        shared_negatives: False draws K negatives for each row, by rejection.

    Attributes:
        target_head, source_head: ``nn.Linear`` to feat_dim; both learn.
        target_memory, source_memory: (n_images, feat_dim) buffers.

    Raises:
        UsageError: A size, temperature or momentum is out of range.
        InputError: ``image_labels`` has not n_images entries, or all are one class, which leaves no negatives.

    Example::

        >>> loss = CRDLoss(target_dim=64, source_dim=512, n_images=1000)
        >>> target, source = torch.randn(6, 64, requires_grad=True), torch.randn(6, 512)
        >>> loss(target, source, index=torch.tensor([0, 7, 999, 0, 7, 999])).backward()
    """

    target_memory: Tensor
    source_memory: Tensor
    log_constants: Tensor
    image_labels: Tensor

    @in_range
    def __init__(
        self,
        target_dim: Annotated[int, Range(1)],
        source_dim: Annotated[int, Range(1)],
        n_images: Annotated[int, Range(1)],
        feat_dim: Dim = 128,
        nce_k: Count = 4096,
        nce_t: Positive = 0.07,
        nce_m: Annotated[float, Range(0, below=1)] = 0.5,
        image_labels: Tensor | None = None,
        shared_negatives: bool = True,
    ) -> None:
        super().__init__()
        self.n_images = n_images
        self.nce_k = nce_k
        self.nce_t = nce_t
        self.nce_m = nce_m
        self.shared_negatives = shared_negatives
        self.target_head = nn.Linear(target_dim, feat_dim)
        self.source_head = nn.Linear(source_dim, feat_dim)
        bound = math.sqrt(3 / feat_dim)  # rows of length 1, on average
        for side in ("target_memory", "source_memory"):
            self.register_buffer(side, torch.empty(n_images, feat_dim).uniform_(-bound, bound))
        self.register_buffer("log_constants", torch.full((2,), torch.nan))  # log Z of target and source side
        labels = torch.arange(n_images) if image_labels is None else torch.as_tensor(image_labels)
        if labels.shape != (n_images,):
            raise InputError(f"CRDLoss needs one label per image, ({n_images},); got {tuple(labels.shape)}")
        if (labels == labels[0]).all():
            raise InputError(f"CRDLoss takes negatives from other classes; all {n_images} images are of one class")
        self.register_buffer("image_labels", labels, persistent=False)

    def forward(self, target: Tensor, source: Tensor, index: Tensor, negatives: Tensor | None = None) -> Tensor:
        """The loss, a scalar in the type of the heads; in training mode also updates the memories.

        Args:
            target: (n, target_dim) embeddings that learn.
            source: (n, source_dim) embeddings of the same n views; receives no gradient (its head does).
            index: (n,) which image each row shows; several views of an image share its memory row.
            negatives: (n, K) images to contrast each row with, taken as they are; drawn when not given.

        Raises:
            InputError: The shapes do not fit each other, or an index is no image.
        """
        target, source = matching_embeddings(self, target, source)
        index = self._images("index", index, (len(target),))
        if negatives is None:
            contrast = self.draw_negatives(index)
        else:
            negatives = self._images("negatives", negatives, (len(target), negatives.shape[-1]))
            contrast = Negatives(negatives, None, negatives.shape[1])
        dtype = self.target_memory.dtype
        with full_precision(target.device):
            a = F.normalize(self.target_head(target.to(dtype)), dim=1)  # (n, feat_dim)
            b = F.normalize(self.source_head(source.to(dtype)), dim=1)  # (n, feat_dim)
            log_z_t, log_z_s = self.log_constants
            loss_t, log_z_t = noise_contrast(a, self.source_memory, index, contrast, self.nce_t, log_z_t)
            loss_s, log_z_s = noise_contrast(b, self.target_memory, index, contrast, self.nce_t, log_z_s)
        if self.training:
            self.log_constants.copy_(torch.stack([log_z_t, log_z_s]))
            last = last_occurrence(index)
            self._remember(self.target_memory, a.detach(), index, last)
            self._remember(self.source_memory, b.detach(), index, last)
        return loss_t + loss_s

    def draw_negatives(self, index: Tensor) -> Negatives:
        """Images of other classes than those at ``index`` (n,), drawn again and again, by torch's global generator."""
        labels, own = self.image_labels, self.image_labels[index][:, None]  # (n, 1)
        if not self.shared_negatives:
            images = torch.randint(self.n_images, (len(index), self.nce_k), device=index.device)
            while (of_own_class := labels[images] == own).any():
                images[of_own_class] = torch.randint(self.n_images, (int(of_own_class.sum()),), device=index.device)
            return Negatives(images, None, self.nce_k)
        if self.n_images <= self.nce_k:
            images = torch.arange(self.n_images, device=index.device)
        else:
            images = torch.randint(self.n_images, (self.nce_k,), device=index.device)
        return Negatives(images, left_out=labels[images] == own, k=self.nce_k)

    @torch.no_grad()
    def _remember(self, memory: Tensor, units: Tensor, index: Tensor, last: Tensor) -> None:
        rows = F.normalize(torch.lerp(units, memory[index], self.nce_m), dim=1)  # (n, feat_dim)
        memory[index] = rows[last]  # the same row for all views of an image, so their order of writing does not matter

    def _images(self, name: str, images: Tensor, shape: tuple[int, ...]) -> Tensor:
        """``images`` on the device of the memories. Their range is checked on a CPU alone: on a GPU that would wait."""
        if images.shape != shape or images.is_floating_point():
            raise InputError(f"CRDLoss takes {name} {shape} of integers; got {images.dtype} {tuple(images.shape)}")
        if images.device.type == "cpu" and not 0 <= int(images.min()) <= int(images.max()) < self.n_images:
            raise InputError(
                f"CRDLoss has {self.n_images} images, 0 to {self.n_images - 1}; "
                f"got {name} from {int(images.min())} to {int(images.max())}"
            )
        return images.to(self.image_labels.device, torch.long).contiguous()


def last_occurrence(index: Tensor) -> Tensor:
    """Where each entry of ``index`` (n,) occurs for the last time, (n,)."""
    order = index.argsort(stable=True)
    return order[torch.searchsorted(index[order], index, right=True) - 1]
