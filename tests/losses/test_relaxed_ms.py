"""RelaxedMSLoss: the golden numbers, what the loss means, and its edges."""

import golden
import pytest
from loss_checks import assert_agrees

from embedding_transfer.losses import RelaxedMSLoss


@pytest.mark.parametrize("case", golden.loss_cases("RMS"), ids=lambda case: case["id"])
def test_agrees_with_the_published_code(case):
    assert_agrees(RelaxedMSLoss(sigma=case["params"]["sigma"], delta=case["params"]["delta"]), case)
