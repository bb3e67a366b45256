"""Relations: distances, relative distances and relaxed labels against direct differences, gradients, precision."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from loss_checks import batch, direct_distances, edges, near_duplicates

from embedding_transfer.errors import UsageError
from embedding_transfer.relations import (
    full_precision,
    pairwise_distances,
    relative_distances,
    relaxed_labels,
    require_positive,
)


def gradient_of(function, x, weights):
    x = x.detach().clone().requires_grad_()
    return torch.autograd.grad((function(x) * weights).sum(), x)[0]


@settings(max_examples=20)
@given(st.integers(1, 12), st.integers(2, 9), st.integers(0, 10**6))
def test_distances_are_those_of_direct_differences(n, d, seed):
    x, _ = batch(n, d, seed=seed)
    weights = torch.randn(n, n, dtype=torch.float64)
    torch.testing.assert_close(pairwise_distances(x), direct_distances(x), rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(
        gradient_of(pairwise_distances, x, weights), gradient_of(direct_distances, x, weights), rtol=1e-7, atol=1e-7
    )


@pytest.mark.parametrize("edge", edges())
def test_distances_at_the_edges_in_float32(edge):
    x = edges()[edge][0].float()
    weights = torch.linspace(-1, 1, len(x) ** 2).view(len(x), len(x)).sin()
    expected = direct_distances(x.double())
    torch.testing.assert_close(pairwise_distances(x).double(), expected, rtol=1e-4, atol=0)
    gradient = gradient_of(pairwise_distances, x, weights).double()
    expected = gradient_of(direct_distances, x.double(), weights.double())
    torch.testing.assert_close(gradient, expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("apart", [1e-1, 1e-2, 1e-3, 1e-4, 1e-5])
def test_distance_of_near_duplicates_in_float32(apart):
    x = near_duplicates(apart)[0].float()
    expected = (x[1].double() - x[5].double()).norm()
    assert pairwise_distances(x)[1, 5].item() == pytest.approx(expected.item(), rel=1e-4)


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_distances_of_an_embedding_that_is_not_finite_are_not_either(bad):
    x, _ = batch()
    x[3, 1] = bad
    distances = pairwise_distances(x)
    others = [0, 1, 2, 4, 5, 6, 7]
    assert not distances[3, others].isfinite().any()
    assert not distances[others, 3].isfinite().any()
    assert distances[others][:, others].isfinite().all()


def test_gradcheck_of_distances():
    x, _ = batch(5)
    assert torch.autograd.gradcheck(pairwise_distances, x.requires_grad_())
    assert torch.autograd.gradcheck(relative_distances, x)


def test_relative_distances_have_the_mean_one_with_the_zero_to_themselves_counted():
    x, _ = batch()
    r = relative_distances(x)
    torch.testing.assert_close(r.mean(dim=1), torch.ones(8, dtype=torch.float64))
    torch.testing.assert_close(r, direct_distances(x) / direct_distances(x).mean(dim=1, keepdim=True))
    assert relative_distances(x[:1]).tolist() == [[0.0]]


@settings(max_examples=20)
@given(st.floats(0.05, 10), st.integers(0, 10**6))
def test_relaxed_labels_are_those_of_direct_differences(sigma, seed):
    _, source = batch(seed=seed)
    labels = relaxed_labels(source, sigma)
    expected = torch.exp(-direct_distances(F.normalize(source)).square() / sigma)
    torch.testing.assert_close(labels, expected, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(labels, labels.T)
    assert (labels.diagonal() == 1).all()


@pytest.mark.parametrize("edge", edges())
def test_relaxed_labels_at_the_edges_in_float32(edge):
    source = edges()[edge][1].float()
    labels = relaxed_labels(source)
    assert (labels <= 1).all()
    expected = torch.exp(-direct_distances(F.normalize(source.double())).square())
    torch.testing.assert_close(labels.double(), expected, rtol=0, atol=1e-6)


def test_full_precision_leaves_autocast_and_returns_to_it():
    x = torch.randn(4, 4)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        with full_precision(x.device):
            assert (x @ x).dtype == torch.float32
        assert (x @ x).dtype == torch.bfloat16


@pytest.mark.parametrize("before", ["high", "highest"])
def test_full_precision_turns_tf32_off_and_puts_it_back(before):
    matmul = torch.backends.cuda.matmul
    untouched = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(before)
    try:
        state = matmul.allow_tf32
        with full_precision(torch.device("cuda")):
            assert getattr(matmul, "fp32_precision", "ieee") == "ieee"
        assert matmul.allow_tf32 == state
        assert torch.get_float32_matmul_precision() == before
    finally:
        torch.set_float32_matmul_precision(untouched)


@pytest.mark.parametrize("value", [0, -1, torch.inf, torch.nan])
def test_options_that_are_not_positive_are_refused(value):
    with pytest.raises(UsageError, match="int needs width > 0; got"):
        require_positive(1, width=value)
    require_positive(1, width=0.5)
