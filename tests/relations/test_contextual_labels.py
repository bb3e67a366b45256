"""Contextual labels: the golden numbers, set by set, and what they mean."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from loss_checks import assert_newer

import golden
from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.relations import contextual_labels, relaxed_labels


def index_of(case):
    return golden.tensor("newer_losses", case["inputs"][case["params"]["idx"]])


@pytest.mark.parametrize("case", golden.newer_cases("STML_RC"), ids=lambda case: case["id"])
def test_agrees_with_the_published_code(case):
    source, params = golden.tensor("newer_losses", case["inputs"]["s"]), case["params"]
    shared = contextual_labels(source, params["sigma"], params["topk"], index_of(case))
    relaxed = relaxed_labels(source, params["sigma"])
    outputs = {name: case["outputs"][name] for name in ("w_p", "w_c", "w")}
    assert_newer({**case, "outputs": outputs}, w_p=relaxed, w_c=shared, w=(relaxed + shared) / 2)


def by_sets(source, top_k, index):
    """The definition, with sets."""
    n = len(source)
    unit = torch.nn.functional.normalize(source)

    def rank(i):
        def order(j):
            return (j != i, index[j] != index[i], (unit[i] - unit[j]).norm().item())

        return sorted(range(n), key=order)[:top_k]

    near = [rank(i) for i in range(n)]
    mutual = [{j for j in near[i] if i in near[j]} for i in range(n)]
    c = [[len(mutual[i] & mutual[j]) / len(mutual[i]) if j in mutual[i] else 0.0 for j in range(n)] for i in range(n)]
    half = max(1, round(min(top_k, n) / 2))
    averaged = torch.tensor(c, dtype=torch.float64)
    averaged = torch.stack([averaged[near[i][:half]].mean(dim=0) for i in range(n)])
    return (averaged + averaged.T) / 2


@settings(max_examples=40)
@given(st.integers(2, 14), st.integers(2, 9), st.integers(1, 2), st.integers(0, 10**6))
def test_is_the_definition_by_sets(images, top_k, views, seed):
    source = torch.randn(images * views, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    index = torch.arange(images).repeat(views)
    torch.testing.assert_close(contextual_labels(source, 1.0, top_k, index), by_sets(source, top_k, index.tolist()))


def test_rows_of_one_image_are_neighbors_however_far_apart():
    source = torch.eye(6)
    index = torch.tensor([0, 1, 2, 0, 1, 2])
    expected = (index[:, None] == index).float()
    torch.testing.assert_close(contextual_labels(source, top_k=2, index=index), expected)


def test_a_batch_that_is_smaller_than_the_neighborhood():
    assert contextual_labels(torch.randn(1, 3)).tolist() == [[1]]
    torch.testing.assert_close(contextual_labels(torch.randn(4, 3), top_k=10), torch.ones(4, 4))


def test_what_does_not_fit_is_refused():
    with pytest.raises(InputError, match=r"one index per row; got \(3,\) for 4 rows"):
        contextual_labels(torch.randn(4, 3), index=torch.arange(3))
    with pytest.raises(UsageError, match="contextual_labels needs sigma > 0; got 0"):
        contextual_labels(torch.randn(4, 3), sigma=0)
