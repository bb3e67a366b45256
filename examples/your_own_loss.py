"""A transfer loss of your own. Use: embedding-transfer transfer --loss your_own_loss.CosineMatchingLoss ...

(with this file's folder in PYTHONPATH), or as below with plain tensors.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from embedding_transfer.losses import TransferLoss


class CosineMatchingLoss(TransferLoss):
    """The cosines among target embeddings shall be those among source embeddings, of other images more than of views.

    Args:
        same_image_weight: Weight of pairs that are views of one image.
    """

    def __init__(self, same_image_weight: float = 0.5) -> None:
        super().__init__()
        self.same_image_weight = same_image_weight

    def forward(self, target: Tensor, source: Tensor, index: Tensor) -> Tensor:  # asks for three tensors by name
        target, source = F.normalize(target), F.normalize(source.detach())  # (n, d_t), (n, d_s)
        difference = target @ target.T - source @ source.T  # (n, n)
        same_image = index[:, None] == index  # (n, n)
        weight = torch.where(same_image, self.same_image_weight, 1.0)
        return (weight * difference.square()).mean()


if __name__ == "__main__":
    target, source = torch.randn(6, 8, requires_grad=True), torch.randn(6, 32)
    loss = CosineMatchingLoss()(target, source, torch.tensor([0, 1, 2, 0, 1, 2]))
    loss.backward()
    print(f"loss {loss.item():.3f}, gradient {tuple(target.grad.shape)}")
