"""Similarity KL without a row among its own anchors, against NumPy."""

import numpy as np
import pytest
import torch
from scipy.special import log_softmax

from embedding_transfer.errors import UsageError
from embedding_transfer.losses import SimilarityKLLoss


def by_hand(target: np.ndarray, source: np.ndarray, temperature: float, top_k: int | None) -> float:
    total = 0.0
    units = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in (target, source)]
    for i in range(len(target)):
        q, p = (np.delete(u @ u[i], i) / temperature for u in units)
        if top_k is not None:
            nearest = np.argsort(-p)[:top_k]
            q, p = q[nearest], p[nearest]
        log_q, log_p = log_softmax(q), log_softmax(p)
        total += float((np.exp(log_p) * (log_p - log_q)).sum())
    return total / len(target)


@pytest.mark.parametrize("top_k", [None, 3])
def test_the_formula(top_k: int | None) -> None:
    random = np.random.default_rng(0)
    target, source = random.normal(size=(9, 4)), random.normal(size=(9, 6))
    loss = SimilarityKLLoss(0.1, 0.1, own=False, top_k=top_k)
    found = loss(torch.from_numpy(target), torch.from_numpy(source)).item()
    assert found == pytest.approx(by_hand(target, source, 0.1, top_k), rel=1e-6)


def test_gradients() -> None:
    target = torch.randn(6, 3, dtype=torch.float64, requires_grad=True)
    source = torch.randn(6, 5, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda t: SimilarityKLLoss(0.2, 0.2, own=False)(t, source), target)


def test_a_queue_has_no_own_rows_to_leave_out() -> None:
    with pytest.raises(UsageError, match="leaves out own rows"):
        SimilarityKLLoss(anchors="queue", own=False, source_dim=4)
