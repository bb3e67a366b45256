"""The simple maps, against scikit-learn's."""

import numpy as np
import torch
from sklearn.decomposition import PCA, TruncatedSVD

from embedding_transfer.vectors.linear_maps import LINEAR_MAPS, moments_of, uncentered, whitened
from embedding_transfer.vectors.linear_maps import pca as principal_components


def rows(n: int = 200, d: int = 12) -> torch.Tensor:
    random = torch.Generator().manual_seed(n)
    mixed = torch.randn(n, d, generator=random).double() @ torch.randn(d, d, generator=random).double()
    return torch.nn.functional.normalize(mixed + 1)


def same_but_for_signs(mine: torch.Tensor, theirs: np.ndarray) -> bool:
    signs = np.sign((mine.numpy() * theirs).sum(axis=0))
    return np.allclose(mine.numpy() * signs, theirs, atol=1e-9)


def test_moments_do_not_depend_on_the_chunks() -> None:
    whole, parted = moments_of([rows()]), moments_of(rows().split(7))
    torch.testing.assert_close(parted.mean, rows().mean(dim=0))
    torch.testing.assert_close(parted.second, whole.second)
    torch.testing.assert_close(whole.second, rows().T @ rows() / 200)


def test_principal_components_are_those_of_scikit_learn() -> None:
    x = rows()
    assert same_but_for_signs(principal_components(moments_of([x]), 5)(x), PCA(5, svd_solver="full").fit_transform(x))


def test_whitened_components_are_those_of_scikit_learn() -> None:
    x = rows()
    theirs = PCA(5, whiten=True, svd_solver="full").fit_transform(x) * (200 / 199) ** 0.5  # it divides by n - 1
    assert same_but_for_signs(whitened(moments_of([x]), 5)(x), theirs)


def test_the_uncentered_projection_is_the_truncated_svd() -> None:
    x = rows()
    theirs = TruncatedSVD(5, algorithm="arpack").fit_transform(x)
    assert same_but_for_signs(uncentered(moments_of([x]), 5)(x), theirs)


def test_a_column_without_variance_is_not_divided_by_zero() -> None:
    x = rows()
    x[:, 3:] = 0.5
    for name, make in LINEAR_MAPS.items():
        assert make(moments_of([x]), 8)(x).isfinite().all(), name


def test_a_random_projection_keeps_lengths_on_average() -> None:
    x = rows(100, 400)
    lengths = LINEAR_MAPS["random"](moments_of([x]), 300)(x).norm(dim=1)
    assert abs(lengths.mean().item() - 1) < 0.05
