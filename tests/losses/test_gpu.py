"""Losses on a GPU: everything stays on its device and nothing waits for it, on a pretended one; and on a real one."""

import copy

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from embedding_transfer.losses import (
    AttentionTransferLoss,
    CRDLoss,
    D3stillLoss,
    DarkRankLoss,
    FitNetLoss,
    Matryoshka,
    PKTLoss,
    RAMLLoss,
    RelaxedContrastiveLoss,
    RelaxedMSLoss,
    RKDLoss,
    SimilarityKLLoss,
)
from embedding_transfer.metric_losses import CrossEntropyLoss, ProxyAnchorLoss, ProxyNCALoss

N = 12


def calls():
    """Each loss with its arguments."""
    torch.manual_seed(0)
    target, source, labels = torch.randn(N, 6, requires_grad=True), torch.randn(N, 8), torch.arange(N) // 4
    maps = [[torch.rand(N, 3, 4, 4, requires_grad=True)], [torch.rand(N, 4, 2, 2)]]
    crd = CRDLoss(6, 8, n_images=5000, feat_dim=8, nce_k=16)
    return {
        "relaxed contrastive": (RelaxedContrastiveLoss(), [target, source]),
        "relaxed MS": (RelaxedMSLoss(), [target, source]),
        "RKD": (RKDLoss(), [target, source]),
        "PKT": (PKTLoss(), [target, source]),
        "DarkRank": (DarkRankLoss(), [target, source, labels]),
        "crd": (crd, [target, source, torch.arange(N)]),
        "crd, negatives per row": (crd, [target, source, torch.arange(N), torch.randint(5000, (N, 16))]),
        "RAML": (RAMLLoss(target_dim=6, source_dim=8), [target, source]),
        "D3still": (D3stillLoss(top_k=5, target_dim=6, source_dim=8), [target, source]),
        "similarity KL": (SimilarityKLLoss(), [target, source]),
        "similarity KL, cross": (SimilarityKLLoss(top_k=5, cross=True, target_dim=6, source_dim=8), [target, source]),
        "similarity KL, queue": (
            SimilarityKLLoss(anchors="queue", queue_size=32, target_dim=6, source_dim=8),
            [target, source],
        ),
        "contextual labels": (RelaxedContrastiveLoss(labels="contextual"), [target, source, torch.arange(N) % 6]),
        "Matryoshka": (Matryoshka(PKTLoss(), [6, 3]), [target, source]),
        "attention transfer": (AttentionTransferLoss(), maps),
        "fitnet": (FitNetLoss([3], [4]), maps),
        "proxy-anchor": (ProxyAnchorLoss(5, 6), [target, labels]),
        "proxy-nca": (ProxyNCALoss(5, 6), [target, labels]),
        "cross-entropy": (CrossEntropyLoss(5, 6), [target, labels]),
    }


def moved(values, move):
    return [moved(v, move) if isinstance(v, list) else move(v) for v in values]


@pytest.mark.skipif(torch.__version__ < "2.9", reason="torch 2.7 aborts where it pretends a GPU without one")
@pytest.mark.parametrize("name", sorted(set(calls()) - {"RKD"}))  # has to know which rows have a close neighbor
def test_stays_on_the_device_and_never_waits_for_it(name):
    """Tensors without data: mixing devices or looking at a value raises an error."""
    loss, arguments = calls()[name]
    with FakeTensorMode() as mode:

        def pretended(x: torch.Tensor) -> torch.Tensor:
            return torch.empty_like(mode.from_tensor(x), device="cuda").requires_grad_(x.requires_grad)

        state = {key: pretended(x) for key, x in [*loss.named_parameters(), *loss.named_buffers()]}
        value = torch.func.functional_call(loss, state, tuple(moved(arguments, pretended)))
    assert value.device.type == "cuda"
    assert value.shape == ()
    assert value.requires_grad


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("name", sorted(set(calls()) - {"crd"}))  # draws its negatives from the device's own generator
def test_agrees_with_the_cpu(name):
    loss, arguments = calls()[name]
    there = copy.deepcopy(loss).cuda()
    far = moved(arguments, lambda x: x.detach().cuda().requires_grad_(x.requires_grad))
    here, over_there = loss(*arguments), there(*far)
    here.backward()
    over_there.backward()
    torch.testing.assert_close(over_there.cpu(), here, rtol=1e-5, atol=1e-7)
    for left, right in zip(there.parameters(), loss.parameters(), strict=True):
        torch.testing.assert_close(left.grad.cpu(), right.grad, rtol=1e-4, atol=1e-6)
