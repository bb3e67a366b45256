"""WeightedSum: asks for what its losses ask for, and adds them up."""

import pytest
import torch

from embedding_transfer.errors import UsageError
from embedding_transfer.losses import CRDLoss, FitNetLoss, RelaxedContrastiveLoss, WeightedSum


def test_the_sum_of_its_losses_on_the_fields_of_all():
    torch.manual_seed(0)
    relaxed, fitnet = RelaxedContrastiveLoss(), FitNetLoss([3], [4])
    loss = WeightedSum([relaxed, fitnet], [0.5, 100.0])
    batch = {
        "target": torch.randn(4, 6, requires_grad=True),
        "source": torch.randn(4, 8),
        "target_maps": [torch.rand(4, 3, 2, 2)],
        "source_maps": [torch.rand(4, 4, 2, 2)],
    }
    assert loss.fields == ("target", "source", "target_maps", "source_maps")
    expected = 0.5 * relaxed(batch["target"], batch["source"])
    expected = expected + 100 * fitnet(batch["target_maps"], batch["source_maps"])
    torch.testing.assert_close(loss(**batch), expected)
    torch.testing.assert_close(loss(**batch, labels=torch.zeros(4)), expected)  # what nobody asks for is ignored


def test_what_its_losses_learn_is_found_and_stored():
    loss = WeightedSum([FitNetLoss([3], [4]), CRDLoss(6, 8, n_images=9, feat_dim=5)], [1.0, 0.8])
    names = {name for name, _ in loss.named_parameters()}
    assert {"losses.0.regressors.0.weight", "losses.1.target_head.weight", "losses.1.source_head.bias"} <= names
    assert "losses.1.target_memory" in loss.state_dict()
    assert loss.fields == ("target_maps", "source_maps", "target", "source", "index")


def test_as_many_weights_as_losses():
    with pytest.raises(UsageError, match="1 losses and 2 weights"):
        WeightedSum([RelaxedContrastiveLoss()], [1.0, 2.0])
    with pytest.raises(UsageError, match="0 losses"):
        WeightedSum([], [])
