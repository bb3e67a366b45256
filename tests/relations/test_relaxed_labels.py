"""Relative distances and relaxed labels against direct differences."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from loss_checks import batch, direct_distances, edges

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.relations import relative_distances, relaxed_labels


def test_gradcheck_of_relative_distances():
    x, _ = batch(5)
    assert torch.autograd.gradcheck(relative_distances, x.requires_grad_())


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


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_embeddings_of_16_bits_are_related_in_float32(dtype):
    x = batch()[1].to(dtype)
    for relate in (relaxed_labels, relative_distances):
        assert torch.equal(relate(x), relate(x.float()))


@pytest.mark.parametrize("relate", [relaxed_labels, relative_distances])
def test_what_cannot_be_related_is_refused_by_name(relate):
    with pytest.raises(InputError, match=rf"{relate.__name__} takes torch tensors; got a numpy.ndarray .*from_numpy"):
        relate(np.zeros((3, 2), np.float32))
    with pytest.raises(InputError, match=rf"{relate.__name__} takes .* got \(3, 2\) torch.int64"):
        relate(torch.zeros(3, 2, dtype=torch.int64))
    with pytest.raises(InputError, match=r"got \(3,\) torch.float32"):
        relate(torch.zeros(3))


def test_a_width_that_is_not_positive_is_refused():
    with pytest.raises(UsageError, match="sigma must be above 0; got 0"):
        relaxed_labels(torch.eye(2), sigma=0)
