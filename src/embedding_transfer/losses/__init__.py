"""The transfer losses: what a target learns from a source's space. One file per loss, each usable on plain tensors."""

from embedding_transfer.losses.relaxed_contrastive import RelaxedContrastiveLoss
from embedding_transfer.losses.transfer_loss import TransferLoss

__all__ = [
    "RelaxedContrastiveLoss",
    "TransferLoss",
]
