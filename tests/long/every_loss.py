"""Every loss by name, small enough for a few pictures: with their memories, regressors, heads, parts and proxies."""

from __future__ import annotations

from typing import Any

TRANSFER: dict[str, Any] = {
    "AttentionTransferLoss": "AttentionTransferLoss",
    "CRDLoss": {"class_path": "CRDLoss", "init_args": {"feat_dim": 4, "nce_k": 8}},
    "D3stillLoss": "D3stillLoss",
    "DarkRankLoss": "DarkRankLoss",
    "FitNetLoss": "FitNetLoss",
    "Matryoshka": {"class_path": "Matryoshka", "init_args": {"loss": "RKDLoss"}},
    "PKTLoss": "PKTLoss",
    "RAMLLoss": "RAMLLoss",
    "RKDLoss": "RKDLoss",
    "RelaxedContrastiveLoss": "RelaxedContrastiveLoss",
    "RelaxedMSLoss": "RelaxedMSLoss",
    "SimilarityKLLoss": "SimilarityKLLoss",
    "SimilarityKLLoss with a queue": {
        "class_path": "SimilarityKLLoss",
        "init_args": {"anchors": "queue", "queue_size": 40},
    },
    "WeightedSum": {
        "class_path": "WeightedSum",
        "init_args": {"losses": ["RelaxedContrastiveLoss", "FitNetLoss"], "weights": [1.0, 0.5]},
    },
}
"""What to call it, and how it is asked for."""

METRIC: dict[str, Any] = {
    "ContrastiveLoss": "ContrastiveLoss",
    "CrossBatchMemory": {"class_path": "CrossBatchMemory", "init_args": {"loss": "TripletMarginLoss"}},
    "CrossEntropyLoss": "CrossEntropyLoss",
    "MultiSimilarityLoss": "MultiSimilarityLoss",
    "NPairsLoss": "NPairsLoss",
    "ProxyAnchorLoss": "ProxyAnchorLoss",
    "ProxyNCALoss": "ProxyNCALoss",
    "TripletLoss": "TripletLoss",
    "ArcFaceLoss of pytorch-metric-learning": "ArcFaceLoss",
    "SupConLoss of pytorch-metric-learning": "SupConLoss",
}
