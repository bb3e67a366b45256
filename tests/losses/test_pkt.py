"""PKTLoss: the golden numbers, its formula, and what it means."""

import pytest
import torch
from loss_checks import EmbeddingLossContract, assert_agrees, batch, value_and_gradient

import golden
from embedding_transfer.losses import PKTLoss


@pytest.mark.parametrize("case", golden.loss_cases("PKT"), ids=lambda case: case["id"])
def test_agrees_with_the_published_code(case):
    assert_agrees(PKTLoss(), case)


class TestContract(EmbeddingLossContract):
    loss = PKTLoss()
    not_by_formula = ("a zero target",)

    def reference(self, target, source):
        def distribution(x):
            unit = x / (x.square().sum(dim=1, keepdim=True).sqrt() + 1e-7)
            similarity = ((unit[:, None] * unit).sum(dim=2) + 1) / 2
            return similarity / similarity.sum(dim=1, keepdim=True)

        p, q = distribution(source), distribution(target)
        return (p * torch.log((p + 1e-7) / (q + 1e-7))).mean()


def test_a_row_of_zeros_counts_in_the_value_and_gets_no_gradient():
    target, source = batch()
    target[2] = 0
    value, gradient = value_and_gradient(PKTLoss(), target, source)
    tiny = target.clone()
    tiny[2] = 1e-12
    torch.testing.assert_close(value, PKTLoss()(tiny, source), rtol=1e-3, atol=0)
    assert not gradient[2].any()
    assert gradient.any(dim=1).sum() == 7


def test_zero_for_the_same_directions_and_positive_otherwise():
    target, source = batch()
    assert PKTLoss()(source * torch.linspace(0.5, 2, 8)[:, None], source).item() == pytest.approx(0, abs=1e-12)
    assert PKTLoss()(target, source) > 1e-4
