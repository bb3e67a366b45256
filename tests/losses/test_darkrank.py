"""DarkRankLoss: the golden numbers, its formula, the query left out by index, and the triplet term."""

import itertools

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from loss_checks import EmbeddingLossContract, assert_agrees, batch, direct_distances, value_and_gradient
from pytorch_metric_learning.losses import TripletMarginLoss

import golden
from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.losses import DarkRankLoss
from embedding_transfer.losses.darkrank import plackett_luce, triplet_margin

LISTWISE, FULL = (golden.loss_cases(loss) for loss in ("DR_list", "DR_full"))


def labels_of(case):
    return golden.tensor("losses", f"in/{case['set']}/labels")


def use_ranking(monkeypatch, case):
    """Ranks as the published code did, which breaks ties at random, and a duplicate may take the query's place."""
    if "permute_idx" in case:
        ranking = golden.tensor("losses", case["permute_idx"])
        monkeypatch.setattr(DarkRankLoss, "nearest", lambda self, source: ranking)


@pytest.mark.parametrize("case", LISTWISE, ids=lambda case: case["id"])
def test_listwise_term_agrees_with_the_published_code(case):
    assert_agrees(DarkRankLoss(triplet_weight=0), case, labels_of(case))


@pytest.mark.parametrize("case", FULL, ids=lambda case: case["id"])
def test_agrees_with_the_published_code(case):
    assert_agrees(DarkRankLoss(), case, labels_of(case))


@pytest.mark.parametrize("case", [c for c in LISTWISE + FULL if c.get("rank_ties")], ids=lambda case: case["id"])
def test_agrees_with_the_published_code_given_its_ranking_of_ties(case, monkeypatch):
    use_ranking(monkeypatch, case)
    weight = 0 if case["loss"] == "DR_list" else 1
    comparable = {key: True for key in case if key.endswith("comparable_at_recommended_tol")}
    assert len(comparable) == 2
    assert_agrees(DarkRankLoss(triplet_weight=weight), {**case, **comparable}, labels_of(case))


LABELS = torch.tensor([0, 0, 1, 1, 2, 2, 0, 1, 2, 3, 3, 0])


def formula(target, source, labels, alpha, beta, permute_len, weight, margin):
    """Query by query and triplet by triplet."""
    d_target, d_source = (direct_distances(F.normalize(x)) for x in (target, source))
    n, terms = len(target), []
    for i in range(n):
        ranked = sorted((j for j in range(n) if j != i), key=lambda j: d_source[i, j].item())[:permute_len]
        scores = -alpha * d_target[i, ranked] ** beta
        for k in range(len(ranked)):
            terms.append(scores[k:].exp().sum().log() - scores[k])
    loss = torch.stack(terms).sum() / n
    hinges = [
        d_target[a, p] - d_target[a, b] + margin
        for a, p, b in itertools.product(range(n), repeat=3)
        if a != p and labels[a] == labels[p] and labels[a] != labels[b]
    ]
    violated = [hinge for hinge in hinges if hinge > 0]
    return loss + weight * torch.stack(violated).mean() if violated else loss


class TestContract(EmbeddingLossContract):
    loss = DarkRankLoss(alpha=2.0, beta=2.5, permute_len=3, triplet_weight=0.7, margin=0.3)
    not_by_formula = (
        *("source duplicates", "duplicates in both", "all sources equal", "a zero source", "two zero sources"),  # ties
        "a zero target",  # normalized twice for the triplet term, as published: a gradient of 1e23
    )

    def others(self, n):
        return [LABELS.repeat(4)[:n]]

    def reference(self, target, source):
        return formula(target, source, LABELS.repeat(4), 2.0, 2.5, 3, 0.7, 0.3)


def test_the_query_is_left_out_by_index_and_a_duplicate_of_it_is_not():
    source = torch.tensor([[1.0, 0], [1, 0], [0, 1], [-1, 0]])
    nearest = DarkRankLoss(permute_len=2).nearest(source)
    assert nearest[0].tolist() == [1, 2]
    assert nearest[1].tolist() == [0, 2]
    assert not (nearest == torch.arange(4)[:, None]).any()


def test_fewer_rows_than_ranks():
    target, source = batch(3)
    three = DarkRankLoss(permute_len=9, triplet_weight=0)
    two = DarkRankLoss(permute_len=2, triplet_weight=0)
    labels = torch.arange(3)
    torch.testing.assert_close(three(target, source, labels), two(target, source, labels))


def test_plackett_luce_sums_to_one_over_all_orders():
    scores = torch.randn(4, dtype=torch.float64)
    orders = torch.tensor(list(itertools.permutations(range(4))))
    likelihoods = plackett_luce(scores[orders]).exp()
    assert likelihoods.sum().item() == pytest.approx(1)
    assert likelihoods.argmax() == (orders == scores.argsort(descending=True)).all(dim=1).nonzero()


@settings(max_examples=25)
@given(st.integers(1, 40), st.integers(1, 5), st.sampled_from([0.05, 0.2, 1.0, 3.0]), st.integers(0, 10**6))
def test_triplet_term_is_that_of_pytorch_metric_learning(n, classes, margin, seed):
    target, _ = batch(n, seed=seed)
    labels = torch.randint(classes, (n,), generator=torch.Generator().manual_seed(seed))
    value, gradient = value_and_gradient(lambda x: triplet_margin(x, labels, margin), target)
    expected = value_and_gradient(lambda x: TripletMarginLoss(margin=margin)(x, labels), target)
    torch.testing.assert_close((value, gradient), expected)


def test_lengths_of_embeddings_do_not_matter():
    target, source = batch()
    labels = LABELS[:8]
    lengths = torch.linspace(0.1, 10, 8, dtype=torch.float64)[:, None]
    loss = DarkRankLoss()
    torch.testing.assert_close(loss(lengths * target, lengths.flip(0) * source, labels), loss(target, source, labels))


@pytest.mark.parametrize(
    "options", [{"alpha": 0}, {"beta": -1}, {"permute_len": 0}, {"triplet_weight": -1}, {"margin": 0}]
)
def test_options_out_of_range_are_refused(options):
    (option,) = options
    with pytest.raises(UsageError, match=rf"DarkRankLoss\.{option} must be"):
        DarkRankLoss(**options)


def test_needs_a_label_for_each_embedding():
    with pytest.raises(InputError, match=r"one label per embedding; got \(4,\) for \(8, 5\)"):
        DarkRankLoss()(*batch(), torch.arange(4))


def test_asks_for_labels():
    assert DarkRankLoss().fields == ("target", "source", "labels")
