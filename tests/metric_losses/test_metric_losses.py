"""Metric losses: golden numbers of Proxy-Anchor, agreement with other code and closed forms, and the edges of all."""

import copy
import inspect

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from pytorch_metric_learning import losses as pml
from pytorch_metric_learning import miners
from pytorch_metric_learning.distances import DotProductSimilarity

import golden
from embedding_transfer import metric_losses
from embedding_transfer.errors import InputError
from embedding_transfer.metric_losses import (
    ContrastiveLoss,
    CrossEntropyLoss,
    MetricLoss,
    MinedLoss,
    MultiSimilarityLoss,
    NPairsLoss,
    ProxyAnchorLoss,
    ProxyNCALoss,
    TripletLoss,
)

CLASSES, SIZE = 6, 5
EVERY_LOSS = {
    "multi-similarity": MultiSimilarityLoss,
    "contrastive": ContrastiveLoss,
    "triplet": TripletLoss,
    "n-pairs": NPairsLoss,
    "n-pairs with norms": lambda: NPairsLoss(l2_weight=0.1),
    "cross-entropy": lambda: CrossEntropyLoss(CLASSES, SIZE),
    "proxy-nca": lambda: ProxyNCALoss(CLASSES, SIZE),
    "proxy-anchor": lambda: ProxyAnchorLoss(CLASSES, SIZE),
    "mined": lambda: MinedLoss(pml.ArcFaceLoss(CLASSES, SIZE), miners.BatchHardMiner()),
}
SMOOTH = ["n-pairs", "n-pairs with norms", "cross-entropy", "proxy-nca", "proxy-anchor", "multi-similarity"]
OF_DIRECTIONS = ["multi-similarity", "contrastive", "triplet", "proxy-nca", "proxy-anchor", "mined"]


def is_finished_loss(member: object) -> bool:
    return inspect.isclass(member) and issubclass(member, MetricLoss) and member not in (MetricLoss, MinedLoss)


every_loss = pytest.mark.parametrize("name", EVERY_LOSS)


def made(name: str, dtype: torch.dtype = torch.float32):
    torch.manual_seed(1)
    return EVERY_LOSS[name]().to(dtype)


def batch(n: int = 12, dtype: torch.dtype = torch.float32) -> tuple[torch.Tensor, torch.Tensor]:
    """Two views of six images, two images of each of three classes."""
    torch.manual_seed(2)
    return torch.randn(n, SIZE, dtype=dtype), (torch.arange(n) % 6) // 2


def value_and_gradient(loss, embeddings, labels):
    embeddings = embeddings.detach().requires_grad_()
    value = loss(embeddings, labels)
    (gradient,) = torch.autograd.grad(value, embeddings)
    return value.detach(), gradient


PA_CASES = golden.loss_cases("PA")


@pytest.mark.parametrize("case", [c for c in PA_CASES if not c.get("official_bug")], ids=lambda case: case["id"])
def test_proxy_anchor_agrees_with_the_published_code(case):
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


def proxy_anchor_by_loops(embeddings, labels, proxies, margin=0.1, alpha=32.0):
    """Equation 4 of the paper, one term at a time."""
    cosine = F.normalize(embeddings) @ F.normalize(proxies).T
    pull, push = [], []
    for k in range(len(proxies)):
        own, others = cosine[labels == k, k], cosine[labels != k, k]
        if len(own):
            pull.append(torch.log(1 + torch.exp(-alpha * (own - margin)).sum()))
        push.append(torch.log(1 + torch.exp(alpha * (others + margin)).sum()))
    return sum(pull) / len(pull) + sum(push) / len(proxies)


def test_proxy_anchor_is_right_for_two_classes_where_the_released_code_is_not():
    (case,) = [c for c in PA_CASES if c.get("official_bug") and c["dtype"] == "f64"]
    embeddings = golden.tensor("losses", case["inputs"]["t"])
    labels = golden.tensor("losses", case["inputs"]["labels"])
    proxies = golden.tensor("losses", case["inputs"]["proxies"])
    loss = ProxyAnchorLoss(2, embeddings.shape[1])
    loss.proxies = torch.nn.Parameter(proxies)
    right = proxy_anchor_by_loops(embeddings, labels, proxies)
    torch.testing.assert_close(loss(embeddings, labels).detach(), right, rtol=1e-10, atol=0)
    assert abs(right.item() - case["loss_value"]) > 1


def test_proxy_anchor_by_loops_on_a_batch_with_absent_classes():
    embeddings, labels = batch(dtype=torch.float64)
    loss = made("proxy-anchor", torch.float64)
    expected = proxy_anchor_by_loops(embeddings, labels, loss.proxies)
    torch.testing.assert_close(loss(embeddings, labels), expected, rtol=1e-10, atol=0)


def test_proxies_start_as_published():
    proxies = ProxyAnchorLoss(num_classes=200, embedding_size=512).proxies
    assert proxies.shape == (200, 512)
    assert proxies.std().item() == pytest.approx(0.1, rel=0.02)
    assert proxies.mean().item() == pytest.approx(0, abs=0.002)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (ProxyAnchorLoss(CLASSES, SIZE), pml.ProxyAnchorLoss(CLASSES, SIZE)),
        (ProxyNCALoss(CLASSES, SIZE), pml.ProxyNCALoss(CLASSES, SIZE, softmax_scale=9)),
    ],
)
def test_proxy_losses_agree_with_pytorch_metric_learning(ours, theirs):
    embeddings, labels = batch(dtype=torch.float64)
    ours, theirs = copy.deepcopy(ours).double(), copy.deepcopy(theirs).double()
    theirs.load_state_dict(ours.state_dict())
    for left, right in zip(
        value_and_gradient(ours, embeddings, labels), value_and_gradient(theirs, embeddings, labels), strict=True
    ):
        torch.testing.assert_close(left, right, rtol=1e-9, atol=1e-9)


def test_cross_entropy_is_that_of_its_classifier():
    embeddings, labels = batch()
    loss = made("cross-entropy")
    torch.testing.assert_close(loss(embeddings, labels), F.cross_entropy(loss.classifier(embeddings), labels))


def test_n_pairs_is_the_published_loss_on_one_pair_per_class():
    torch.manual_seed(0)
    embeddings, labels = torch.randn(8, SIZE), torch.tensor([3, 0, 1, 2, 1, 0, 3, 2])
    theirs = pml.NPairsLoss(distance=DotProductSimilarity(normalize_embeddings=False))
    torch.testing.assert_close(NPairsLoss()(embeddings, labels), theirs(embeddings, labels))


def test_n_pairs_uses_every_pair_and_only_other_classes_as_negatives():
    embeddings, labels = batch(12)  # classes 0 0 1 1 2 2 0 0 1 1 2 2: two pairs per class
    pairs = [(0, 1), (2, 3), (4, 5), (6, 7), (8, 9), (10, 11)]
    terms = []
    for i, (anchor, positive) in enumerate(pairs):
        candidates = [j for j, (a, _) in enumerate(pairs) if j == i or labels[a] != labels[anchor]]
        logits = torch.stack([embeddings[anchor] @ embeddings[pairs[j][1]] for j in candidates])
        terms.append(logits.logsumexp(0) - embeddings[anchor] @ embeddings[positive])
    torch.testing.assert_close(NPairsLoss()(embeddings, labels), torch.stack(terms).mean())
    _, gradient = value_and_gradient(NPairsLoss(), embeddings, labels)
    assert (gradient.abs().sum(1) > 0).all()


def test_n_pairs_leaves_out_the_odd_row_of_a_class():
    _, gradient = value_and_gradient(NPairsLoss(), torch.randn(5, SIZE), torch.tensor([0, 0, 0, 1, 1]))
    assert (gradient.abs().sum(1) > 0).tolist() == [True, True, False, True, True]


@pytest.mark.parametrize(
    ("ours", "theirs", "miner"),
    [
        (MultiSimilarityLoss(), pml.MultiSimilarityLoss(2, 50, 0.5), miners.MultiSimilarityMiner(0.1)),
        (TripletLoss(0.2), pml.TripletMarginLoss(0.2), miners.TripletMarginMiner(0.2, "semihard")),
        (ContrastiveLoss(0.5), pml.ContrastiveLoss(0, 0.5), lambda embeddings, labels: None),
    ],
)
def test_pair_losses_are_those_of_pytorch_metric_learning(ours, theirs, miner):
    embeddings, labels = batch()
    expected = theirs(embeddings, labels, miner(embeddings, labels))
    assert expected > 0
    torch.testing.assert_close(ours(embeddings, labels), expected)


def test_contrastive_loss_in_closed_form():
    embeddings = torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.96, 0.28]])
    labels = torch.tensor([0, 0, 1])
    d01, d02, d12 = ((embeddings[i] - embeddings[j]).norm() for i, j in [(0, 1), (0, 2), (1, 2)])
    assert d02 < 0.5 < d12
    torch.testing.assert_close(ContrastiveLoss(0.5)(embeddings, labels), d01 + (0.5 - d02))


def test_a_user_s_loss_and_miner_learn():
    loss = made("mined")
    embeddings, labels = batch()
    loss(embeddings, labels).backward()
    (weights,) = loss.parameters()
    assert weights.grad.abs().sum() > 0


@pytest.mark.parametrize("name", ["cross-entropy", "proxy-nca", "proxy-anchor"])
def test_what_the_loss_learns_are_parameters_with_gradients(name):
    loss = made(name)
    embeddings, labels = batch()
    before = loss(embeddings, labels)
    optimizer = torch.optim.SGD(loss.parameters(), lr=1e-2)
    before.backward()
    optimizer.step()
    assert loss(embeddings, labels) < before


@pytest.mark.parametrize("name", SMOOTH)
def test_gradients_in_float64(name):
    loss = made(name, torch.float64)
    embeddings, labels = batch(dtype=torch.float64)
    parameters = tuple(loss.parameters())
    assert torch.autograd.gradcheck(lambda x, *_: loss(x, labels), (embeddings.requires_grad_(), *parameters))


@pytest.mark.parametrize("name", [name for name in EVERY_LOSS if "n-pairs" not in name])  # pairs rows in their order
@given(seed=st.integers(0, 10**6))
def test_the_order_of_the_batch_does_not_matter(name, seed):
    embeddings, labels = batch(dtype=torch.float64)
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    loss = made(name, torch.float64)
    torch.testing.assert_close(loss(embeddings[order], labels[order]), loss(embeddings, labels))


@pytest.mark.parametrize("name", OF_DIRECTIONS)
@given(scale=st.floats(1e-3, 1e3))
def test_losses_of_directions_do_not_see_lengths(name, scale):
    embeddings, labels = batch(dtype=torch.float64)
    loss = made(name, torch.float64)
    torch.testing.assert_close(loss(scale * embeddings, labels), loss(embeddings, labels), rtol=1e-5, atol=1e-8)


EDGES = {
    "one row": (torch.randn(1, SIZE), torch.tensor([2])),
    "two rows of one class": (torch.randn(2, SIZE), torch.tensor([1, 1])),
    "two rows of two classes": (torch.randn(2, SIZE), torch.tensor([1, 0])),
    "one class only": (torch.randn(4, SIZE), torch.tensor([1, 1, 1, 1])),
    "a zero row": (torch.randn(4, SIZE) * torch.tensor([[1.0], [0], [1], [1]]), torch.tensor([0, 0, 1, 1])),
    "all rows equal": (torch.ones(4, SIZE), torch.tensor([0, 0, 1, 1])),
    "duplicates": (torch.randn(2, SIZE).repeat(2, 1), torch.tensor([0, 1, 0, 1])),
    "short rows": (1e-3 * torch.randn(4, SIZE), torch.tensor([0, 0, 1, 1])),
    "long rows": (1e3 * torch.randn(4, SIZE), torch.tensor([0, 0, 1, 1])),
    "not contiguous": (torch.randn(SIZE, 8).T[::2], torch.tensor([0, 9, 0, 9, 1, 9, 1, 9])[::2]),
}


@every_loss
@pytest.mark.parametrize("edge", EDGES)
def test_edges_are_finite(name, edge):
    value, gradient = value_and_gradient(made(name), *EDGES[edge])
    assert value.ndim == 0
    assert value.isfinite()
    assert gradient.isfinite().all()


@every_loss
@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_a_bad_embedding_is_never_a_fine_loss(name, bad):
    embeddings, labels = batch()
    embeddings[3, 1] = bad
    assert not made(name)(embeddings, labels).isfinite()


@every_loss
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("autocast", [False, True])
def test_half_precision_is_computed_in_float32(name, dtype, autocast):
    embeddings, labels = batch()
    embeddings = embeddings.to(dtype)
    loss = made(name)
    kept = {key: parameter.dtype for key, parameter in loss.named_parameters()}
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
        value, gradient = value_and_gradient(loss, embeddings, labels)
    assert value.dtype == torch.float32
    assert gradient.dtype == dtype
    torch.testing.assert_close(value, made(name)(embeddings.float(), labels).detach())
    assert {key: parameter.dtype for key, parameter in loss.named_parameters()} == kept


@every_loss
@pytest.mark.parametrize(
    ("embeddings", "labels"),
    [
        (torch.randn(4, SIZE), torch.tensor([0, 1])),
        (torch.randn(4, SIZE, 1), torch.tensor([0, 1, 2, 3])),
        (torch.randn(0, SIZE), torch.zeros(0, dtype=torch.long)),
    ],
)
def test_shapes_that_do_not_fit_are_named(name, embeddings, labels):
    with pytest.raises(InputError, match=r"embeddings \(n, d\) and labels \(n,\); got"):
        made(name)(embeddings, labels)


@pytest.mark.parametrize("name", ["cross-entropy", "proxy-nca", "proxy-anchor"])
@pytest.mark.parametrize("label", [-1, CLASSES])
def test_a_class_that_the_loss_does_not_have_is_an_error(name, label):
    with pytest.raises(InputError, match=f"has {CLASSES} classes"):
        made(name)(torch.randn(2, SIZE), torch.tensor([0, label]))


@pytest.mark.parametrize("cls", [c for c in vars(metric_losses).values() if is_finished_loss(c)])
def test_every_constructor_asks_only_for_what_the_training_knows(cls):
    required = {n for n, p in inspect.signature(cls).parameters.items() if p.default is p.empty}
    assert required in (set(), {"num_classes", "embedding_size"})
