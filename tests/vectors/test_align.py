"""Alignment of two spaces, against SciPy's Procrustes and scikit-learn's ridge."""

import numpy as np
import pytest
import torch
from scipy.linalg import orthogonal_procrustes

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.vectors.align import align_vectors

RANDOM = torch.Generator().manual_seed(0)
NEW = torch.randn(400, 8, generator=RANDOM)
UNITS = torch.nn.functional.normalize(NEW)


def test_procrustes_is_that_of_scipy() -> None:
    old = NEW @ torch.randn(8, 8, generator=RANDOM)
    expected = orthogonal_procrustes(UNITS.numpy(), torch.nn.functional.normalize(old).numpy())[0]
    found = align_vectors(NEW, old, "procrustes").map.linear
    np.testing.assert_allclose(found.weight.T.numpy(), expected, atol=1e-5)


def test_a_linear_relation_is_found() -> None:
    old = UNITS @ torch.randn(8, 5, generator=RANDOM)  # of another length
    mapped = align_vectors(NEW, old, "linear").map(NEW)
    cosines = (mapped * torch.nn.functional.normalize(old)).sum(dim=1)
    assert cosines.mean() > 0.97


def test_a_network_finds_what_no_linear_map_can() -> None:
    old = (UNITS @ torch.randn(8, 8, generator=RANDOM) * 2).abs()
    held, hits = slice(300, 400), {}
    for method in ("linear", "network"):
        mapped = align_vectors(NEW[:300], old[:300], method).map(NEW[held])  # type: ignore[arg-type]
        cosines = mapped @ torch.nn.functional.normalize(old[held]).T
        hits[method] = (cosines.argmax(dim=1) == torch.arange(100)).double().mean().item()
    assert hits["network"] > hits["linear"]


def test_what_does_not_fit_is_one_line() -> None:
    with pytest.raises(InputError, match="got 400 new, 399 old"):
        align_vectors(NEW, NEW[1:])
    with pytest.raises(UsageError, match="no method"):
        align_vectors(NEW, NEW, "magic")  # type: ignore[arg-type]
