"""SourceProjection: it starts as principal components, and so keeps all of the source that it can."""

import pytest
import torch
import torch.nn.functional as F
from loss_checks import batch
from sklearn.decomposition import TruncatedSVD

from embedding_transfer.errors import InputError
from embedding_transfer.losses import D3stillLoss, RAMLLoss, SimilarityKLLoss
from embedding_transfer.losses.source_projection import SourceProjection


def vectors(n=200, d=7):
    """Vectors whose directions vary more along some axes than along others, away from the origin."""
    torch.manual_seed(0)
    return torch.randn(n, d) * torch.linspace(3, 0.1, d) + 1


def test_starts_as_the_principal_components_of_directions():
    projection, source = SourceProjection(3, 7), vectors()
    projection.start(source)
    svd = TruncatedSVD(3, algorithm="arpack").fit(F.normalize(source).double().numpy())
    expected = torch.from_numpy(svd.components_.copy()).T.float()  # (7, 3), up to signs
    torch.testing.assert_close((projection.weight * expected).sum(dim=0).abs(), torch.ones(3))


def test_no_other_start_brings_the_principal_coordinates_nearer_to_the_source():
    source = F.normalize(vectors())
    projection = SourceProjection(3, 7)
    kept = []
    for start in (projection.start, lambda _: torch.nn.init.orthogonal_(projection.weight)):
        start(source)
        coordinates = source @ projection.weight.detach()  # (n, 3)
        kept.append(F.cosine_similarity(projection(coordinates), source).square().mean().item())
    assert kept[0] > max(kept[1:]) + 0.05


def test_a_longer_target_begins_with_the_source_s_components():
    projection = SourceProjection(9, 7)
    projection.start(vectors())
    torch.testing.assert_close(projection.weight[:, :7].T @ projection.weight[:, :7], torch.eye(7))
    assert not projection.weight[:, 7:].any()


def test_starts_along_given_directions():
    directions = torch.linalg.qr(torch.randn(7, 7)).Q
    projection = SourceProjection(3, 7)
    projection.start_along(directions)
    assert torch.equal(projection.weight, directions[:, :3])


def test_vectors_of_another_source_are_refused():
    with pytest.raises(InputError, match=r"starts from vectors \(n, 7\) of its source; got \(200, 6\)"):
        SourceProjection(3, 7).start(vectors(d=6))


@pytest.mark.parametrize("kind", [RAMLLoss, D3stillLoss, lambda **o: SimilarityKLLoss(cross=True, **o)])
def test_there_is_one_where_lengths_differ_or_somebody_asks(kind):
    assert kind(target_dim=5, source_dim=5).projection is None
    assert kind(target_dim=5, source_dim=7, project=False).projection is None
    assert kind(target_dim=5, source_dim=5, project=True).projection.bias is None
    loss = kind(target_dim=5, source_dim=7, projection_bias=True)
    target, source = batch()
    loss(target, source).backward()
    assert loss.projection.weight.grad.abs().max() > 0
    assert loss.projection.bias.grad.abs().max() > 0


def test_relations_alone_need_none():
    assert SimilarityKLLoss(target_dim=5, source_dim=7).projection is None
