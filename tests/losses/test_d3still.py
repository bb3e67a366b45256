"""D3stillLoss: the golden numbers, its formula, ties, and small batches."""

import pytest
import torch
import torch.nn.functional as F
from loss_checks import EmbeddingLossContract, assert_agrees_with_newer, batch, value_and_gradient

import golden
from embedding_transfer.errors import UsageError
from embedding_transfer.losses import D3stillLoss


@pytest.mark.parametrize("case", golden.newer_cases("D3"), ids=lambda case: case["id"])
def test_agrees_with_the_published_code(case):
    params = {**case["params"]}
    assert_agrees_with_newer(D3stillLoss(top_k=params.pop("topk"), **params), case)


def formula(target, source, alpha, beta, gamma, top_k):
    """Pair by pair of places."""
    u, v = F.normalize(target), F.normalize(source)
    n, total = len(u), 0
    own = []
    for i in range(n):
        others = sorted((j for j in range(n) if j != i), key=lambda j: -(v[i] @ v[j]).item())
        order = [i, *others][:top_k]
        g, q = v[order] @ v[i], v[order] @ u[i]
        own.append(g[0] - q[0])
        hard, easy = [], []
        for m in range(1, len(order)):
            for l in range(1, len(order)):  # noqa: E741
                of_g, of_q = g[l] - g[m], q[l] - q[m]
                of_g = of_g if of_g != 0 else torch.ones_like(of_g)
                r = (of_q - of_g) / (0.1 + of_g.abs())
                if of_q != 0:
                    (hard if of_q / of_g < 0 else easy).append(r)
        for weight, side in ((beta, hard), (gamma, easy)):
            if side:
                total = total + weight * torch.stack(side).norm() / (n * (top_k - 1))
    return alpha * torch.stack(own).norm() / n + total


class TestContract(EmbeddingLossContract):
    loss = D3stillLoss(alpha=5, beta=2, gamma=0.5, top_k=4)
    aligned = True
    not_by_formula = (
        *("source duplicates", "duplicates in both", "all sources equal", "a zero source", "two zero sources"),  # ties
        *("target duplicates", "all targets equal", "a zero target"),
    )

    def reference(self, target, source):
        return formula(target, source, 5, 2, 0.5, 4)


def with_duplicates():
    target, source = batch(64, target_dim=512, source_dim=512)
    source[[3, 5]] = source[1].clone()
    return target, source


def test_duplicates_are_ties_whatever_rounding_says():
    """The published code rounds products of identical rows apart where they stand in other places of the batch."""
    target, source = with_duplicates()
    loss = D3stillLoss(top_k=64)
    value, gradient = value_and_gradient(loss, target, source)
    for seed in range(5):
        order = torch.randperm(64, generator=torch.Generator().manual_seed(seed))
        columns = torch.randperm(512, generator=torch.Generator().manual_seed(seed))
        moved = value_and_gradient(loss, target[order][:, columns], source[order][:, columns])
        torch.testing.assert_close(moved, (value, gradient[order][:, columns]))


def test_a_smaller_batch_keeps_the_divisor_and_one_row_its_coordinates():
    target, source = batch(4, source_dim=5)
    parts = [D3stillLoss(alpha=0, top_k=k)(target, source).item() for k in (4, 10)]
    assert parts[1] == pytest.approx(parts[0] * 3 / 9)
    value, gradient = value_and_gradient(D3stillLoss(alpha=2), *batch(1, source_dim=5))
    torch.testing.assert_close(value, 2 * (1 - F.cosine_similarity(*batch(1, source_dim=5))).squeeze())
    assert gradient.any()


def test_flipped_pairs_weigh_by_beta_and_the_others_by_gamma():
    source = torch.tensor([[1.0, 0, 0], [0.9, 0.3, 0.3], [0.5, 0.8, 0.3]], dtype=torch.float64)
    flipped = source[[0, 2, 1]].clone()
    hard, easy = (D3stillLoss(alpha=0, beta=b, gamma=g, top_k=3) for b, g in ((1, 0), (0, 1)))
    assert hard(source + 0.01, source) == 0
    assert easy(source + 0.01, source) > 0
    turned = source.clone()
    turned[0] = flipped[1]  # row 0 is now nearer to row 2 than to row 1
    assert hard(turned, source) > 0


@pytest.mark.parametrize("options", [{"alpha": -1}, {"beta": -1}, {"gamma": torch.nan}, {"top_k": 1}])
def test_options_out_of_range_are_refused(options):
    (option,) = options
    with pytest.raises(UsageError, match=f"D3stillLoss needs {option} >="):
        D3stillLoss(**options)
