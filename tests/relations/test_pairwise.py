"""Distances and inner products of all pairs against direct differences, and their gradients."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from loss_checks import batch, direct_distances, edges, near_duplicates

from embedding_transfer.relations import inner_products, pairwise_distances


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


def test_gradcheck_of_distances_and_products():
    x, _ = batch(5)
    assert torch.autograd.gradcheck(pairwise_distances, x.requires_grad_())
    assert torch.autograd.gradcheck(inner_products, x)
