"""ProxyAnchorLoss: the golden numbers, equation 4 by loops, and agreement with pytorch-metric-learning."""

import pytest
import torch
import torch.nn.functional as F
from metric_loss_checks import CLASSES, SIZE, OfClasses, OfDirections, batch, value_and_gradient
from pytorch_metric_learning import losses

import golden
from embedding_transfer.metric_losses import ProxyAnchorLoss

CASES = golden.loss_cases("PA")


class TestContract(OfClasses, OfDirections):
    def make(self):
        return ProxyAnchorLoss(CLASSES, SIZE)


@pytest.mark.parametrize("case", [c for c in CASES if not c.get("official_bug")], ids=lambda case: case["id"])
def test_agrees_with_the_published_code(case):
    assert case["loss_comparable_at_recommended_tol"]
    assert case["grad_comparable_at_recommended_tol"]
    tolerance = {"f64": 1e-10, "f32": 1e-5}[case["dtype"]]
    embeddings = golden.tensor("losses", case["inputs"]["t"]).requires_grad_()
    loss = ProxyAnchorLoss(case["nb_classes"], embeddings.shape[1], case["params"]["mrg"], case["params"]["alpha"])
    loss.proxies = torch.nn.Parameter(golden.tensor("losses", case["inputs"]["proxies"]))
    value = loss(embeddings, golden.tensor("losses", case["inputs"]["labels"]))
    value.backward()
    expected = {key: golden.tensor("losses", name) for key, name in case["outputs"].items()}
    torch.testing.assert_close(value.detach(), expected["loss"].reshape(()), rtol=tolerance, atol=1e-8)
    torch.testing.assert_close(embeddings.grad, expected["grad_t"], rtol=0, atol=tolerance * case["grad_scale"])
    scale = expected["grad_proxies"].abs().max().item()
    torch.testing.assert_close(loss.proxies.grad, expected["grad_proxies"], rtol=0, atol=tolerance * scale)


def by_loops(embeddings, labels, proxies, margin=0.1, alpha=32.0):
    """Equation 4 of the paper, one term at a time."""
    cosine = F.normalize(embeddings) @ F.normalize(proxies).T
    pull, push = [], []
    for k in range(len(proxies)):
        own, others = cosine[labels == k, k], cosine[labels != k, k]
        if len(own):
            pull.append(torch.log(1 + torch.exp(-alpha * (own - margin)).sum()))
        push.append(torch.log(1 + torch.exp(alpha * (others + margin)).sum()))
    return sum(pull) / len(pull) + sum(push) / len(proxies)


def test_is_right_for_two_classes_where_the_released_code_is_not():
    (case,) = [c for c in CASES if c.get("official_bug") and c["dtype"] == "f64"]
    embeddings = golden.tensor("losses", case["inputs"]["t"])
    labels = golden.tensor("losses", case["inputs"]["labels"])
    proxies = golden.tensor("losses", case["inputs"]["proxies"])
    loss = ProxyAnchorLoss(2, embeddings.shape[1])
    loss.proxies = torch.nn.Parameter(proxies)
    right = by_loops(embeddings, labels, proxies)
    torch.testing.assert_close(loss(embeddings, labels).detach(), right, rtol=1e-10, atol=0)
    assert abs(right.item() - case["loss_value"]) > 1


def test_is_equation_4_on_a_batch_with_absent_classes():
    embeddings, labels = batch(dtype=torch.float64)
    loss = ProxyAnchorLoss(CLASSES, SIZE).double()
    expected = by_loops(embeddings, labels, loss.proxies)
    torch.testing.assert_close(loss(embeddings, labels), expected, rtol=1e-10, atol=0)


def test_agrees_with_pytorch_metric_learning():
    embeddings, labels = batch(dtype=torch.float64)
    ours, theirs = ProxyAnchorLoss(CLASSES, SIZE).double(), losses.ProxyAnchorLoss(CLASSES, SIZE).double()
    theirs.load_state_dict(ours.state_dict())
    expected = value_and_gradient(theirs, embeddings, labels)
    torch.testing.assert_close(value_and_gradient(ours, embeddings, labels), expected, rtol=1e-9, atol=1e-9)


def test_proxies_start_as_published():
    proxies = ProxyAnchorLoss(num_classes=200, embedding_size=512).proxies
    assert proxies.shape == (200, 512)
    assert proxies.std().item() == pytest.approx(0.1, rel=0.02)
    assert proxies.mean().item() == pytest.approx(0, abs=0.002)
