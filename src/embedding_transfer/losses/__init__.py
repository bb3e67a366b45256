"""The transfer losses: what a target learns from a source's space. One file per loss, each usable on plain tensors."""

from embedding_transfer.losses.attention_transfer import AttentionTransferLoss
from embedding_transfer.losses.crd import CRDLoss
from embedding_transfer.losses.d3still import D3stillLoss
from embedding_transfer.losses.darkrank import DarkRankLoss
from embedding_transfer.losses.fitnet import FitNetLoss
from embedding_transfer.losses.matryoshka import Matryoshka
from embedding_transfer.losses.pkt import PKTLoss
from embedding_transfer.losses.raml import RAMLLoss
from embedding_transfer.losses.relaxed_contrastive import RelaxedContrastiveLoss
from embedding_transfer.losses.relaxed_ms import RelaxedMSLoss
from embedding_transfer.losses.rkd import RKDLoss
from embedding_transfer.losses.similarity_kl import SimilarityKLLoss
from embedding_transfer.losses.transfer_loss import TransferLoss
from embedding_transfer.losses.weighted_sum import WeightedSum

__all__ = [
    "AttentionTransferLoss",
    "CRDLoss",
    "D3stillLoss",
    "DarkRankLoss",
    "FitNetLoss",
    "Matryoshka",
    "PKTLoss",
    "RAMLLoss",
    "RKDLoss",
    "RelaxedContrastiveLoss",
    "RelaxedMSLoss",
    "SimilarityKLLoss",
    "TransferLoss",
    "WeightedSum",
]
