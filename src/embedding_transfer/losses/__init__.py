"""The transfer losses: what a target learns from a source's space. One file per loss, each usable on plain tensors."""

from embedding_transfer.losses.attention_transfer import AttentionTransferLoss
from embedding_transfer.losses.crd import CRDLoss
from embedding_transfer.losses.fitnet import FitNetLoss
from embedding_transfer.losses.relaxed_contrastive import RelaxedContrastiveLoss
from embedding_transfer.losses.relaxed_ms import RelaxedMSLoss
from embedding_transfer.losses.transfer_loss import TransferLoss
from embedding_transfer.losses.weighted_sum import WeightedSum

__all__ = [
    "AttentionTransferLoss",
    "CRDLoss",
    "FitNetLoss",
    "RelaxedContrastiveLoss",
    "RelaxedMSLoss",
    "TransferLoss",
    "WeightedSum",
]
