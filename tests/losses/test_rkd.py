"""RKDLoss: the golden numbers, its formula, angles by distances and by directions, and its invariances."""

import pytest
import torch
import torch.nn.functional as F
from loss_checks import (
    EmbeddingLossContract,
    assert_agrees,
    batch,
    direct_distances,
    near_duplicates,
    value_and_gradient,
)

import golden
from embedding_transfer.errors import UsageError
from embedding_transfer.losses import RKDLoss
from embedding_transfer.relations import angles

DISTANCE, ANGLE = RKDLoss(angle_weight=0), RKDLoss(distance_weight=0, angle_weight=1)


@pytest.mark.parametrize("case", golden.loss_cases("RKD_D"), ids=lambda case: case["id"])
def test_distance_term_agrees_with_the_published_code(case):
    assert_agrees(DISTANCE, case)


@pytest.mark.parametrize("case", golden.loss_cases("RKD_A"), ids=lambda case: case["id"])
def test_angle_term_agrees_with_the_published_code(case):
    assert_agrees(ANGLE, case)


def cosines(x):
    """e_ij.e_ik for all triplets, by direct differences: (n, n, n)."""
    directions = F.normalize(x - x[:, None], dim=2)  # (n, n, d)
    return directions @ directions.transpose(1, 2)


def in_mean_distances(x):
    d = direct_distances(x)
    return d / d[d > 0].mean()


def formula(target, source, w_distance, w_angle):
    by_distance = F.smooth_l1_loss(in_mean_distances(target), in_mean_distances(source))
    return w_distance * by_distance + w_angle * F.smooth_l1_loss(cosines(target), cosines(source))


class TestContract(EmbeddingLossContract):
    loss = RKDLoss(distance_weight=0.7, angle_weight=1.5)

    def reference(self, target, source):
        return formula(target, source, 0.7, 1.5)


@pytest.mark.parametrize("apart", [1e-1, 3e-2, 1e-2, 1e-3, 1e-4, 1e-5])
@pytest.mark.parametrize(("loss", "weights"), [(DISTANCE, (1, 0)), (ANGLE, (0, 1))])
def test_gradient_of_near_duplicates_in_float32(loss, weights, apart):
    target, source = (side.float() for side in near_duplicates(apart))
    _, gradient = value_and_gradient(loss, target, source)
    reference = value_and_gradient(lambda t, s: formula(t, s, *weights), target.double(), source.double())[1]
    assert (gradient - reference).abs().max() <= 1e-4 * reference.abs().max()


@pytest.mark.parametrize("rows", [[], [0], [2, 5], list(range(8))])
def test_angles_by_directions_are_those_by_distances(rows, monkeypatch):
    target, source = batch()
    by_distances = value_and_gradient(ANGLE, target, source)
    near = torch.zeros(8, dtype=torch.bool).index_fill_(0, torch.tensor(rows, dtype=torch.long), True)
    monkeypatch.setattr(angles, "has_close_neighbor", lambda distances: near)
    torch.testing.assert_close(value_and_gradient(ANGLE, target, source), by_distances)


def test_only_rows_with_close_neighbors_look_at_directions():
    target, _ = near_duplicates(1e-3)
    assert angles.has_close_neighbor(direct_distances(target)).nonzero()[:, 0].tolist() == [1, 5]


@pytest.mark.parametrize("size", [1, 3, 4, 8])
def test_blocks_of_pairs_add_up_to_the_whole(size, monkeypatch):
    target, source = batch()
    whole = value_and_gradient(ANGLE, target, source)
    ends = [slice(start, min(start + size, 8)) for start in range(0, 8, size)]
    blocks = [(j, k, 1.0 if j == k else 2.0) for a, j in enumerate(ends) for k in ends[: a + 1]]
    monkeypatch.setattr(angles, "block_pairs", lambda n, device: blocks)
    torch.testing.assert_close(value_and_gradient(ANGLE, target, source), whole)


def test_block_pairs_cover_every_pair_once_and_are_small():
    counts = torch.zeros(600, 600)
    for j, k, weight in angles.block_pairs(600, torch.device("cpu")):
        assert counts[j, k].numel() * 600 <= 2**17
        counts[j, k] += weight
    torch.testing.assert_close(counts + counts.T, torch.full((600, 600), 2.0))


@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_scaling_turning_or_moving_the_target_leaves_the_loss(scale):
    target, source = batch()
    value, gradient = value_and_gradient(RKDLoss(), target, source)
    scaled, scaled_gradient = value_and_gradient(RKDLoss(), scale * target + 3, source)
    torch.testing.assert_close(scaled, value)
    torch.testing.assert_close(scaled_gradient * scale, gradient)


def test_scaling_turning_or_moving_the_source_leaves_the_loss():
    target, source = batch()
    torch.testing.assert_close(RKDLoss()(target, 7 * source.flip(1) - 3), RKDLoss()(target, source))


def test_zero_for_similar_figures():
    _, source = batch()
    assert RKDLoss()(2 * source.flip(1) + 1, source).item() == pytest.approx(0, abs=1e-12)


def test_a_weight_of_zero_leaves_a_term_out():
    target, source = batch()
    both = RKDLoss(distance_weight=3, angle_weight=5)(target, source)
    torch.testing.assert_close(both, 3 * DISTANCE(target, source) + 5 * ANGLE(target, source))
    assert RKDLoss(0, 0)(target, source) == 0


@pytest.mark.parametrize("weights", [(-1, 2), (1, -2), (torch.nan, 2)])
def test_negative_weights_are_refused(weights):
    with pytest.raises(UsageError, match=r"RKDLoss\.(angle|distance)_weight(:| must be at least 0)"):
        RKDLoss(*weights)
