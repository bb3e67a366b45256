"""RelaxedContrastiveLoss: the golden numbers, what the loss means, and its edges."""

import pytest
from loss_checks import assert_agrees

import golden
from embedding_transfer.losses import RelaxedContrastiveLoss


@pytest.mark.parametrize("case", golden.loss_cases("RC"), ids=lambda case: case["id"])
def test_agrees_with_the_published_code(case):
    assert_agrees(RelaxedContrastiveLoss(**case["params"]), case)
