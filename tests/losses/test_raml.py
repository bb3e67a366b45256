"""RAMLLoss: the golden numbers, its formula, related views, and what it does for a query in the source's gallery."""

import pytest
import torch
import torch.nn.functional as F
from loss_checks import (
    EmbeddingLossContract,
    assert_agrees_with_newer,
    assert_newer,
    batch,
    rotation,
    value_and_gradient,
)

import golden
from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.losses import RAMLLoss


@pytest.mark.parametrize("case", golden.newer_cases("RAML_AIR"), ids=lambda case: case["id"])
def test_agrees_with_the_code_for_batches(case):
    assert_agrees_with_newer(RAMLLoss(**case["params"]), case)


def test_agrees_with_the_distiller_class_which_reads_its_first_weight_twice():
    (case,) = golden.newer_cases("RAML_AIR_class")
    params = case["params"]
    loss = RAMLLoss(lambda1=params["lambda1"], lambda2=params["lambda1"])
    assert_agrees_with_newer(loss, case, factor=params["kd_weight"])


@pytest.mark.parametrize("case", golden.newer_cases("RAML_repo"), ids=lambda case: case["id"])
def test_agrees_with_the_authors_code_for_views_of_an_image(case):
    target, source = (golden.tensor("newer_losses", case["inputs"][side]) for side in "ts")  # (images, views, d)
    params, views = case["params"], target.shape[1]
    epsilon = 1e-6 if params["normalise"] else None
    loss = RAMLLoss(params["lambda1"], params["lambda2"], relations="views", views=views, norm_epsilon=epsilon)
    rows = [side.transpose(0, 1).flatten(0, 1) for side in (target, source)]  # [all view 1, all view 2, ...]
    value, gradient = value_and_gradient(loss, *rows)
    assert_newer(case, loss=value, grad_t=gradient.unflatten(0, (views, -1)).transpose(0, 1))


def formula(target, source, lambda1, lambda2):
    """Pair by pair."""
    u, v = F.normalize(target), F.normalize(source)
    n = len(u)
    loss = sum((1 - u[i] @ v[i] + 1e-6) ** 2 for i in range(n)) / n
    for i in range(n):
        for j in range(n):
            if i != j:
                loss = loss + lambda1 * (u[i] @ v[j] - v[i] @ v[j] + 1e-6) ** 2 / (n * (n - 1))
                loss = loss + lambda2 * (u[i] @ u[j] - v[i] @ v[j] + 1e-6) ** 2 / (n * (n - 1))
    return loss


class TestContract(EmbeddingLossContract):
    loss = RAMLLoss(lambda1=0.5, lambda2=1.5)
    aligned = True
    not_by_formula = ("a zero target",)

    def reference(self, target, source):
        return formula(target, source, 0.5, 1.5)


def test_a_zero_target_counts_and_gets_no_gradient():
    target, source = batch(source_dim=5)
    target[2] = 0
    value, gradient = value_and_gradient(RAMLLoss(), target, source)
    torch.testing.assert_close(value, formula(target, source, 0.7482, 0.6778))
    assert not gradient[2].any()
    assert gradient.any(dim=1).sum() == 7


def test_one_row_is_put_where_its_source_is():
    target, source = batch(1, source_dim=5)
    value, gradient = value_and_gradient(RAMLLoss(), target, source)
    torch.testing.assert_close(value, (1 - F.cosine_similarity(target, source) + 1e-6).square().squeeze())
    assert gradient.any()


def test_zero_at_the_source_alone_and_not_at_its_relations():
    _, source = batch(source_dim=5)
    assert RAMLLoss()(source * torch.linspace(0.5, 2, 8)[:, None], source).item() < 1e-11
    assert RAMLLoss()(source @ rotation(5, 5), source) > 0.1


def test_views_relate_within_their_image_alone():
    target, source = batch(12, source_dim=5)
    loss = RAMLLoss(relations="views", views=3)
    images = [slice(image, None, 4) for image in range(4)]  # rows [all view 1, all view 2, all view 3] of 4 images
    expected = sum(RAMLLoss()(target[rows], source[rows]) for rows in images)
    torch.testing.assert_close(loss(target, source), expected)
    with pytest.raises(InputError, match="relates 3 views of each image; got 8 rows"):
        loss(*batch(source_dim=5))


def test_a_projected_target_is_compared_in_the_source_s_space_and_its_relations_in_its_own():
    target, source = batch()
    loss = RAMLLoss(lambda1=0.5, lambda2=1.5, target_dim=5, source_dim=7)
    coordinates = formula(target @ loss.projection.weight.T.double(), source, 0.5, 0)
    own, of_source = (F.normalize(rows) @ F.normalize(rows).T for rows in (target, source))
    pairs = ~torch.eye(8, dtype=torch.bool)
    relations = (own - of_source + 1e-6)[pairs].square().mean()
    torch.testing.assert_close(loss(target, source), coordinates + 1.5 * relations)


@pytest.mark.parametrize("options", [{"lambda1": -1}, {"lambda2": torch.nan}, {"norm_epsilon": -1e-6}])
def test_options_out_of_range_are_refused(options):
    (option,) = options
    with pytest.raises(UsageError, match=f"RAMLLoss needs {option} >= 0"):
        RAMLLoss(**options)
    with pytest.raises(UsageError, match="relations 'batch' or 'views'; got 'image'"):
        RAMLLoss(relations="image")
