"""SimilarityKLLoss: the golden numbers of S2SD, CSD and a queue, its formula, and what its queue remembers."""

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
from embedding_transfer.losses import SimilarityKLLoss


@pytest.mark.parametrize("case", golden.newer_cases("S2SD_KL"), ids=lambda case: case["id"])
def test_agrees_with_s2sd(case):
    temperature = case["params"]["T"]
    assert_agrees_with_newer(SimilarityKLLoss(temperature, temperature, weight=temperature**2), case)


@pytest.mark.parametrize("case", golden.newer_cases("S2SD_full"), ids=lambda case: case["id"])
def test_agrees_with_the_whole_of_s2sd(case):
    """Branches of the network are sources of its embedding; neither they nor the features get a gradient."""
    inputs = {name: golden.tensor("newer_losses", key).requires_grad_() for name, key in case["inputs"].items()}
    params, features = case["params"], inputs["feat"]
    loss = SimilarityKLLoss(params["T"], params["T"], weight=params["T"] ** 2)
    branches = [loss(inputs["t"], features @ inputs[name].T) for name in ("W1", "W2")]
    value = params["w"] * torch.stack(branches).mean()
    if params["feat_distill"]:
        value = value + params["feat_w"] * loss(inputs["t"], features)
    value.backward()
    gradients = {f"grad_{name}": torch.zeros_like(x) if x.grad is None else x.grad for name, x in inputs.items()}
    assert_newer(case, loss=value, **gradients)


@pytest.mark.parametrize("case", golden.newer_cases("CSD"), ids=lambda case: case["id"])
def test_agrees_with_csd(case):
    params = case["params"]
    loss = SimilarityKLLoss(params["temp_student"], params["temp_teacher"], top_k=params["top_k"], cross=True)
    assert_agrees_with_newer(loss, case)


def with_queue(case, **options):
    """The loss of a case with its queue, in its type."""
    inputs = {name: golden.tensor("newer_losses", key) for name, key in case["inputs"].items()}
    queue, temperature = inputs["queue"], case["params"]["temperature"]
    sizes = {"target_dim": inputs["t"].shape[1], "source_dim": inputs["s"].shape[1], "queue_size": len(queue)}
    loss = SimilarityKLLoss(temperature, temperature, anchors="queue", **sizes, **options).to(queue.dtype)
    loss.queue.copy_(queue)
    return loss, inputs


@pytest.mark.parametrize("case", golden.newer_cases("LT_queue"), ids=lambda case: case["id"])
def test_agrees_with_lightly_train_given_a_queue(case):
    loss, _ = with_queue(case)
    assert_agrees_with_newer(loss.eval(), case)


@pytest.mark.parametrize("case", golden.newer_cases("LT_step"), ids=lambda case: case["id"])
def test_agrees_with_steps_of_lightly_train(case):
    loss, inputs = with_queue(case, project=True, projection_bias=True)
    loss.projection.load_state_dict({"weight": inputs["W"], "bias": inputs["b"]})
    source = inputs["s"]
    if case["params"]["steps"] == 2:
        loss(inputs["t"], source)
        source = inputs["s_next"]
    value, gradient = value_and_gradient(loss, inputs["t"], source)
    loss.queue.copy_(inputs["queue"])  # the call above was a step
    if case["params"]["steps"] == 2:
        with torch.no_grad():
            loss(inputs["t"], inputs["s"])
    loss(inputs["t"], source).backward()
    of_head = {"grad_W": loss.projection.weight.grad, "grad_b": loss.projection.bias.grad}
    assert_newer(case, loss=value, grad_t=gradient, queue_after=loss.queue, **of_head)


def formula(target, source, anchors_t, anchors_s, t_target, t_source, chosen):
    """Row by row; ``chosen`` gives the anchors of a row from its similarities in the source's space."""
    loss = 0
    for u, v in zip(F.normalize(target), F.normalize(source), strict=True):
        of_source = anchors_s @ v
        nearest = chosen(of_source)
        p, q = F.softmax(of_source[nearest] / t_source, dim=0), F.softmax((anchors_t @ u)[nearest] / t_target, dim=0)
        loss = loss + (p * (p / q).log()).sum() / len(target)
    return loss


def everything(similarities):
    return torch.arange(len(similarities))


class TestRelations(EmbeddingLossContract):
    loss = SimilarityKLLoss(target_temperature=0.4, source_temperature=0.3)
    not_by_formula = ("a zero target",)

    def reference(self, target, source):
        return formula(target, source, F.normalize(target), F.normalize(source), 0.4, 0.3, everything)


class TestCross(EmbeddingLossContract):
    loss = SimilarityKLLoss(target_temperature=0.5, source_temperature=0.2, top_k=4, cross=True, weight=3)
    aligned = True
    not_by_formula = (
        *("source duplicates", "duplicates in both", "all sources equal"),  # ties at the last place
        *("a zero target", "a zero source", "two zero sources"),
    )

    def reference(self, target, source):
        anchors = F.normalize(source)

        def nearest(similarities):
            return similarities.argsort(descending=True)[:4]

        return 3 * formula(target, source, anchors, anchors, 0.5, 0.2, nearest)


def test_a_queue_remembers_the_newest_rows_first_and_forgets_the_oldest():
    loss = SimilarityKLLoss(anchors="queue", queue_size=20, source_dim=5)
    batches = [batch(8, source_dim=5, seed=seed) for seed in range(3)]
    for target, source in batches:
        loss(target, source)
    newest_first = torch.cat([F.normalize(source) for _, source in reversed(batches)])
    torch.testing.assert_close(loss.queue, newest_first[:20].float())


def test_a_queue_changes_in_training_alone_and_is_part_of_the_state():
    loss = SimilarityKLLoss(anchors="queue", queue_size=20, source_dim=5)
    target, source = batch(source_dim=5)
    loss(target, source)
    before = loss.state_dict()["queue"].clone()
    loss.eval()(*batch(source_dim=5, seed=1))
    assert torch.equal(loss.state_dict()["queue"], before)


def test_a_queue_as_large_as_the_batch_is_the_cross_loss_of_the_batch():
    target, source = batch(source_dim=5)
    queued = SimilarityKLLoss(0.3, 0.2, anchors="queue", queue_size=8, source_dim=5).double()
    expected = value_and_gradient(SimilarityKLLoss(0.3, 0.2, cross=True), target, source)
    torch.testing.assert_close(value_and_gradient(queued, target, source), expected)


@pytest.mark.parametrize("top_k", [1, 3, 20])
def test_the_nearest_of_a_queue(top_k):
    target, source = batch(source_dim=5)
    loss = SimilarityKLLoss(0.3, 0.2, anchors="queue", top_k=top_k, queue_size=20, source_dim=5).double().eval()
    loss.queue.copy_(F.normalize(batch(20, source_dim=5, seed=3)[1]))
    expected = formula(target, source, loss.queue, loss.queue, 0.3, 0.2, lambda x: x.argsort(descending=True)[:top_k])
    torch.testing.assert_close(loss(target, source), expected)


def test_a_perfect_target_is_where_relations_rest_and_where_the_published_cross_temperatures_do_not():
    _, source = batch(source_dim=5)
    turned = source @ rotation(5, 5)
    value, gradient = value_and_gradient(SimilarityKLLoss(), turned, source)
    assert value.abs() < 1e-10
    assert gradient.abs().max() < 1e-10
    assert SimilarityKLLoss(cross=True)(source, source).abs() < 1e-10
    assert SimilarityKLLoss(cross=True)(turned, source) > 1
    published = SimilarityKLLoss(target_temperature=1, source_temperature=0.01, cross=True)
    assert value_and_gradient(published, source, source)[1].abs().max() > 1e-3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target_temperature": 0}, "target_temperature > 0"),
        ({"source_temperature": -1}, "source_temperature > 0"),
        ({"top_k": 0}, "top_k > 0"),
        ({"weight": 0}, "weight > 0"),
        ({"anchors": "queue"}, "needs source_dim to make a queue"),
        ({"anchors": "gallery"}, "anchors 'batch' or 'queue'; got 'gallery'"),
        ({"project": True}, "relations need no projection"),
        ({"project": True, "cross": True}, "needs target_dim and source_dim to project"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(UsageError, match=message):
        SimilarityKLLoss(**options)


def test_coordinates_of_other_lengths_need_a_projection():
    with pytest.raises(InputError, match=r"target \(8, 5\), source \(8, 7\): give it target_dim=5, source_dim=7"):
        SimilarityKLLoss(cross=True)(*batch())
    loss = SimilarityKLLoss(cross=True, target_dim=5, source_dim=7)
    assert loss(*batch()).isfinite()
    with pytest.raises(InputError, match=r"was made for lengths \(5, 7\); got \(5, 6\)"):
        loss(*batch(source_dim=6))
