"""Full precision is entered, and left as it was found."""

import pytest
import torch

from embedding_transfer.relations import full_precision


def test_full_precision_leaves_autocast_and_returns_to_it():
    x = torch.randn(4, 4)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        with full_precision(x.device):
            assert (x @ x).dtype == torch.float32
        assert (x @ x).dtype == torch.bfloat16


def test_full_precision_turns_bfloat16_of_a_cpu_off_and_puts_it_back():
    untouched = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        with full_precision(torch.device("cpu")):
            matmul = getattr(torch.backends.mkldnn, "matmul", None)
            assert (
                getattr(matmul, "fp32_precision", None) == "ieee" or torch.get_float32_matmul_precision() == "highest"
            )
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision(untouched)


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
