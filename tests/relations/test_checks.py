"""What every loss on relations refuses, in one line with what to do."""

import numpy as np
import pytest
import torch

from embedding_transfer.errors import InputError
from embedding_transfer.losses import PKTLoss, RelaxedContrastiveLoss, RelaxedMSLoss, RKDLoss
from embedding_transfer.relations import matching_embeddings

ROWS = torch.rand(4, 3)


@pytest.mark.parametrize("loss", [RelaxedContrastiveLoss(), RelaxedMSLoss(), RKDLoss(), PKTLoss()])
def test_arrays_of_numpy_are_refused_whichever_side_they_are_on(loss):
    for target, source, side in ((ROWS.numpy(), ROWS, "target"), (ROWS, ROWS.numpy(), "source")):
        with pytest.raises(InputError) as caught:
            loss(target, source)
        assert str(caught.value) == (
            f"{type(loss).__name__} takes torch tensors; got a numpy.ndarray as {side}: "
            "give torch tensors, torch.from_numpy(...)"
        )


@pytest.mark.parametrize("wrong", [None, [[1.0, 2.0]], np.float32(3)])
def test_other_things_than_tensors_are_refused_by_their_kind(wrong):
    with pytest.raises(InputError, match=rf"got a (numpy\.)?{type(wrong).__name__} as source"):
        RelaxedContrastiveLoss()(ROWS, wrong)


def test_the_source_has_no_graph_and_the_targets_type():
    target, source = matching_embeddings(PKTLoss(), ROWS.double(), torch.rand(4, 2, requires_grad=True))
    assert (target.dtype, source.dtype, source.requires_grad) == (torch.float64, torch.float64, False)
    assert matching_embeddings(PKTLoss(), ROWS.bfloat16(), ROWS)[0].dtype == torch.float32
