"""Agreement of two spaces, against counting by hand and SciPy's Spearman correlation."""

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist
from scipy.stats import spearmanr
from torch import Tensor

from embedding_transfer.errors import InputError
from embedding_transfer.retrieval import agreement as module
from embedding_transfer.retrieval.agreement import agreement


def spaces(n: int = 40, ties: bool = False) -> tuple[Tensor, Tensor]:
    random = torch.Generator().manual_seed(n)
    source = torch.randn(n, 5, generator=random)
    target = source @ torch.randn(5, 3, generator=random) + torch.randn(n, 3, generator=random)
    return (target.round(), source.round()) if ties else (target, source)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_overlap_is_the_share_of_common_neighbors(metric: str) -> None:
    target, source = spaces()
    near = []
    for space in (target, source):
        distances = cdist(space.numpy(), space.numpy(), metric)
        np.fill_diagonal(distances, np.inf)
        near.append(distances.argsort(axis=1))
    found = agreement(target, source, ks=(1, 4), metric=metric)
    for k in (1, 4):
        shares = [len({*a[:k]} & {*b[:k]}) / k for a, b in zip(*near, strict=True)]
        assert found[f"overlap@{k}"] == pytest.approx(np.mean(shares))


@pytest.mark.parametrize("ties", [False, True])
def test_rank_correlation_is_that_of_scipy(ties: bool) -> None:
    target, source = spaces(ties=ties)
    mine, theirs = (cdist(space.numpy(), space.numpy()).astype(np.float32) for space in (target, source))
    others = ~np.eye(len(source), dtype=bool)
    expected = [spearmanr(a[o], b[o]).statistic for a, b, o in zip(mine, theirs, others, strict=True)]
    assert agreement(target, source, ks=(1,))["rank_correlation"] == pytest.approx(np.mean(expected), abs=1e-9)


def test_equal_spaces_agree_whatever_their_scale() -> None:
    _, source = spaces()
    assert agreement(source * 3 + 1, source) == pytest.approx(
        {"overlap@1": 1.0, "overlap@10": 1.0, "rank_correlation": 1.0}
    )


def test_a_space_without_distances_agrees_with_none() -> None:
    _, source = spaces()
    assert agreement(torch.ones(40, 3), source, ks=(1,))["rank_correlation"] == 0


def test_many_pictures_are_drawn_from_always_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    target, source = spaces(300)
    whole = agreement(target, source, ks=(3,))
    monkeypatch.setattr(module, "DRAWN", 100)
    drawn = agreement(target, source, ks=(3,))
    assert drawn == agreement(target, source, ks=(3,))
    assert drawn["overlap@3"] == whole["overlap@3"]
    assert drawn["rank_correlation"] != whole["rank_correlation"]
    assert drawn["rank_correlation"] == pytest.approx(whole["rank_correlation"], abs=0.1)


def test_two_pictures_are_the_least() -> None:
    found = agreement(torch.eye(2), torch.eye(2), ks=(1,))
    assert found == {"overlap@1": 1.0, "rank_correlation": 0.0}


def test_what_cannot_be_compared() -> None:
    target, source = spaces()
    with pytest.raises(InputError, match="the same pictures; got 39 target, 40 source rows"):
        agreement(target[:39], source)
    with pytest.raises(InputError, match="overlap@10 needs more than 10 pictures; got 5: lower K"):
        agreement(target[:5], source[:5])
    with pytest.raises(InputError, match="finite"):
        agreement(target.clone().fill_(torch.nan), source)
