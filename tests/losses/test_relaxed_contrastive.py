"""RelaxedContrastiveLoss: the golden numbers, its formula, what it means, and its blocks of rows."""

import pytest
import torch
import torch.nn.functional as F
from loss_checks import (
    EmbeddingLossContract,
    assert_agrees,
    assert_agrees_with_newer,
    assert_newer,
    batch,
    direct_distances,
    near_duplicates,
    value_and_gradient,
)

import golden
from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.losses import RelaxedContrastiveLoss
from embedding_transfer.relations import contextual_labels, distance_rows


@pytest.mark.parametrize("case", golden.loss_cases("RC"), ids=lambda case: case["id"])
def test_agrees_with_the_published_code(case):
    assert_agrees(RelaxedContrastiveLoss(**case["params"]), case)


def formula(target, source, sigma, delta):
    d = direct_distances(target)
    r = d / d.mean(dim=1, keepdim=True)
    w = torch.exp(-direct_distances(F.normalize(source)).square() / sigma)
    off_diagonal = 1 - torch.eye(len(r), dtype=r.dtype)
    return (off_diagonal * (w * r.square() + (1 - w) * F.relu(delta - r).square())).sum() / len(r)


class TestContract(EmbeddingLossContract):
    loss = RelaxedContrastiveLoss(sigma=0.7, delta=1.2)

    def reference(self, target, source):
        return formula(target, source, 0.7, 1.2)


@pytest.mark.parametrize("apart", [1e-1, 1e-2, 1e-3, 1e-4, 1e-5])
def test_gradient_of_near_duplicates_in_float32(apart):
    target, source = (side.float() for side in near_duplicates(apart))
    _, gradient = value_and_gradient(RelaxedContrastiveLoss(), target, source)
    reference = value_and_gradient(lambda t, s: formula(t, s, 1, 1), target.double(), source.double())[1]
    assert (gradient - reference).abs().max() <= 1e-4 * reference.abs().max()


@pytest.mark.parametrize("rows_per_block", [1, 3, 8])
@pytest.mark.parametrize("closest", [1e-4, 1.0])
def test_blocks_of_rows_add_up_to_the_whole(rows_per_block, closest, monkeypatch):
    target, source = batch()
    target[5] = target[1] + closest * torch.ones(5) / 5**0.5
    whole = value_and_gradient(RelaxedContrastiveLoss(), target.float(), source.float())
    blocks = [slice(start, min(start + rows_per_block, 8)) for start in range(0, 8, rows_per_block)]
    monkeypatch.setattr("embedding_transfer.losses.relaxed_loss.row_tiles", lambda n, device: blocks)
    torch.testing.assert_close(value_and_gradient(RelaxedContrastiveLoss(), target.float(), source.float()), whole)


def test_large_batches_come_in_blocks_and_small_ones_do_not():
    blocks = distance_rows.row_tiles(4096, torch.device("cpu"))
    assert [row for block in blocks for row in range(4096)[block]] == list(range(4096))
    assert len(blocks) > 8
    assert distance_rows.row_tiles(180, torch.device("cpu")) == [slice(0, 180)]


@pytest.mark.parametrize("scale", [1e-3, 0.5, 1e3])
def test_scaling_or_moving_the_target_leaves_the_loss(scale):
    target, source = batch()
    value, gradient = value_and_gradient(RelaxedContrastiveLoss(), target, source)
    scaled, scaled_gradient = value_and_gradient(RelaxedContrastiveLoss(), scale * target + 3, source)
    torch.testing.assert_close(scaled, value)
    torch.testing.assert_close(scaled_gradient * scale, gradient)


def test_scaling_a_source_embedding_leaves_the_loss():
    target, source = batch()
    value, _ = value_and_gradient(RelaxedContrastiveLoss(), target, source)
    lengths = torch.linspace(0.1, 10, 8, dtype=torch.float64)[:, None]
    torch.testing.assert_close(value_and_gradient(RelaxedContrastiveLoss(), target, lengths * source)[0], value)


def test_descending_pulls_together_what_the_source_finds_alike_and_pushes_apart_the_rest():
    source = torch.tensor([[1.0, 0], [1, 0.01], [0, 1], [0.01, 1]])
    target = torch.tensor([[0.0, 0], [1, 0.2], [0.1, 1], [1, 1.3]])
    _, gradient = value_and_gradient(RelaxedContrastiveLoss(sigma=0.1), target, source)
    before, after = direct_distances(target), direct_distances(target - 1e-3 * gradient)
    before, after = before / before.mean(), after / after.mean()
    assert after[0, 1] < before[0, 1]
    assert after[2, 3] < before[2, 3]
    assert after[0, 2] > before[0, 2]


@pytest.mark.parametrize("options", [{"sigma": 0}, {"sigma": -1}, {"delta": 0}, {"delta": torch.inf}])
def test_options_out_of_range_are_refused(options):
    (option,) = options
    with pytest.raises(UsageError, match=rf"RelaxedContrastiveLoss\.{option}(:| must be above 0)"):
        RelaxedContrastiveLoss(**options)


def test_asks_for_the_embeddings_only():
    assert RelaxedContrastiveLoss().fields == ("target", "source")


@pytest.mark.parametrize("case", golden.newer_cases("STML_RC"), ids=lambda case: case["id"])
def test_contextual_labels_agree_with_the_published_code_whose_divisor_is_n_times_n_minus_1(case):
    params = case["params"]
    index = golden.tensor("newer_losses", case["inputs"][params["idx"]])
    loss = RelaxedContrastiveLoss(
        params["sigma"], params["delta"], "contextual", params["topk"], normalize=bool(params["student_norm"])
    )
    assert_agrees_with_newer(loss, case, index, factor=1 / (len(index) - 1))


@pytest.mark.parametrize("case", golden.newer_cases("STML"), ids=lambda case: case["id"])
def test_contextual_labels_teach_both_heads_of_stml(case):
    """Its relaxed contrastive part; what is left of its loss and gradients is the divergence of its two heads."""
    inputs, params = {name: golden.tensor("newer_losses", key) for name, key in case["inputs"].items()}, case["params"]
    loss = RelaxedContrastiveLoss(params["sigma"], params["delta"], "contextual", params["topk"])
    heads = [value_and_gradient(loss, inputs[name], inputs["s"], inputs["idx"]) for name in ("feat", "t")]
    value = sum(value for value, _ in heads) / 2 / (len(inputs["t"]) - 1)
    assert_newer({**case, "outputs": {"rc": case["outputs"]["rc"]}}, rc=value)


INDEX = torch.arange(24).repeat(2)


def contextual_formula(target, source, index, sigma, delta, top_k):
    d = direct_distances(target)
    d = d * (d > 1.001e-6)
    r = d / d.mean(dim=1, keepdim=True).clamp(min=1e-12)
    relaxed = torch.exp(-direct_distances(F.normalize(source)).square() / sigma)
    w = (relaxed + contextual_labels(source, sigma, top_k, index)) / 2
    off_diagonal = 1 - torch.eye(len(r), dtype=r.dtype)
    return (off_diagonal * (w * r.square() + (1 - w) * F.relu(delta - r).square())).sum() / len(r)


class TestContractOfContextualLabels(EmbeddingLossContract):
    loss = RelaxedContrastiveLoss(sigma=0.7, delta=1.2, labels="contextual", top_k=5)

    def others(self, n):
        return [INDEX[:n]]

    def reference(self, target, source):
        return contextual_formula(target, source, INDEX[: len(target)], 0.7, 1.2, 5)


def test_contextual_labels_ask_for_the_images_and_do_without():
    loss = RelaxedContrastiveLoss(labels="contextual")
    assert loss.fields == ("target", "source", "index")
    target, source = batch()
    torch.testing.assert_close(loss(target, source), loss(target, source, torch.arange(8)))
    with pytest.raises(InputError, match=r"one index per row; got \(7,\) for \(8, 5\)"):
        loss(target, source, torch.arange(7))
    with pytest.raises(UsageError, match="labels 'relaxed' or 'contextual'; got 'shared'"):
        RelaxedContrastiveLoss(labels="shared")
    with pytest.raises(UsageError, match="needs top_k >= 2"):
        RelaxedContrastiveLoss(labels="contextual", top_k=1)


def test_normalized_rows_forget_their_lengths():
    target, source = batch()
    loss = RelaxedContrastiveLoss(normalize=True)
    lengths = torch.linspace(0.1, 10, 8, dtype=torch.float64)[:, None]
    torch.testing.assert_close(loss(lengths * target, source), loss(target, source))
    torch.testing.assert_close(loss(target, source), RelaxedContrastiveLoss()(F.normalize(target), source))
