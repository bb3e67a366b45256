"""RelaxedMSLoss: the golden numbers, its formula, and the views of one image."""

import pytest
import torch
import torch.nn.functional as F
from loss_checks import EmbeddingLossContract, assert_agrees, batch, direct_distances, value_and_gradient

import golden
from embedding_transfer.errors import UsageError
from embedding_transfer.losses import RelaxedMSLoss


@pytest.mark.parametrize("case", golden.loss_cases("RMS"), ids=lambda case: case["id"])
def test_agrees_with_the_published_code(case):
    assert_agrees(RelaxedMSLoss(sigma=case["params"]["sigma"], delta=case["params"]["delta"]), case)


def formula(target, source, sigma=1.0, delta=1.0, alpha=1.0, beta=2.0, positives=()):
    """Row by row; ``positives`` are pairs of rows that show one image."""
    d = direct_distances(target)
    w = torch.exp(-direct_distances(F.normalize(source)).square() / sigma)
    rows = []
    for i in range(len(d)):
        r = d[i] / d[i].mean()
        others = [j for j in range(len(d)) if j != i]
        label = torch.stack([w.new_ones(()) if {i, j} in positives else w[i, j] for j in others])
        attraction = torch.log(1 + (label * torch.exp(alpha * r[others])).sum()) / alpha
        repulsion = torch.log(1 + ((1 - label) * torch.exp(beta * (delta - r[others]))).sum()) / beta
        rows.append(attraction + repulsion)
    return torch.stack(rows).mean()


class TestContract(EmbeddingLossContract):
    loss = RelaxedMSLoss(sigma=0.7, delta=1.2, alpha=1.5, beta=2.5, views=1)

    def reference(self, target, source):
        return formula(target, source, 0.7, 1.2, 1.5, 2.5)


@pytest.mark.parametrize(
    ("n", "views", "positives"),
    [
        (8, 1, []),
        (8, 2, [{0, 4}, {1, 5}, {2, 6}, {3, 7}]),
        (7, 2, [{0, 3}, {1, 4}, {2, 5}]),  # the last row is on its own
        (6, 3, [{0, 2}, {0, 4}, {2, 4}, {1, 3}, {1, 5}, {3, 5}]),
        (2, 4, []),
    ],
)
@pytest.mark.filterwarnings("ignore:RelaxedMSLoss got")
def test_views_of_one_image_are_positives(n, views, positives):
    target, source = batch(n)
    expected = formula(target, source, positives=positives)
    torch.testing.assert_close(value_and_gradient(RelaxedMSLoss(views=views), target, source)[0], expected)


def test_rows_that_are_no_multiple_of_the_views_are_warned_of():
    with pytest.warns(UserWarning, match=r"got 63 rows, no multiple of its 2 views: .* views=1 ties none"):
        RelaxedMSLoss()(*batch(63))


@pytest.mark.parametrize(("n", "views"), [(62, 2), (63, 3), (63, 1), (1, 2)])
def test_other_numbers_of_rows_are_not(n, views, recwarn):
    RelaxedMSLoss(views=views)(*batch(n))
    assert not recwarn.list


def test_does_not_overflow():
    """One row a thousand times farther away than the rest: e^r alone would be infinite in float32."""
    target, source = (side.float() for side in batch(400))
    target[0] = 1e3
    value, gradient = value_and_gradient(RelaxedMSLoss(alpha=2, views=1), target, source)
    assert value.isfinite()
    assert gradient.isfinite().all()
    assert value > 50


@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_scaling_or_moving_the_target_leaves_the_loss(scale):
    target, source = batch()
    value, gradient = value_and_gradient(RelaxedMSLoss(), target, source)
    scaled, scaled_gradient = value_and_gradient(RelaxedMSLoss(), scale * target + 3, source)
    torch.testing.assert_close(scaled, value)
    torch.testing.assert_close(scaled_gradient * scale, gradient)


@pytest.mark.parametrize("options", [{"sigma": 0}, {"delta": -1}, {"alpha": 0}, {"beta": torch.nan}, {"views": 0}])
def test_options_out_of_range_are_refused(options):
    with pytest.raises(UsageError, match=r"RelaxedMSLoss\.\w+(:| must be)"):
        RelaxedMSLoss(**options)
