"""Losses that learn from class labels, to train sources: ``loss(embeddings, labels) -> scalar``. One file per loss.

Every one is an ``nn.Module``; what it learns itself (proxies, a classifier) are ordinary parameters. ``num_classes``
and ``embedding_size`` in a constructor are what the training knows from its data and fills in. ``new_metric_loss``
builds one, ours or one of pytorch-metric-learning, by its name and with a miner.
"""

from embedding_transfer.metric_losses.contrastive import ContrastiveLoss
from embedding_transfer.metric_losses.cross_batch_memory import CrossBatchMemory
from embedding_transfer.metric_losses.cross_entropy import CrossEntropyLoss
from embedding_transfer.metric_losses.metric_loss import MetricLoss
from embedding_transfer.metric_losses.mined_loss import MinedLoss
from embedding_transfer.metric_losses.multi_similarity import MultiSimilarityLoss
from embedding_transfer.metric_losses.n_pairs import NPairsLoss
from embedding_transfer.metric_losses.new_metric_loss import new_metric_loss
from embedding_transfer.metric_losses.proxy_anchor import ProxyAnchorLoss
from embedding_transfer.metric_losses.proxy_nca import ProxyNCALoss
from embedding_transfer.metric_losses.triplet import TripletLoss

__all__ = [
    "ContrastiveLoss",
    "CrossBatchMemory",
    "CrossEntropyLoss",
    "MetricLoss",
    "MinedLoss",
    "MultiSimilarityLoss",
    "NPairsLoss",
    "ProxyAnchorLoss",
    "ProxyNCALoss",
    "TripletLoss",
    "new_metric_loss",
]
