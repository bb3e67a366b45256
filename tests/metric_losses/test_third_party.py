"""The reasons against losses of pytorch-metric-learning, measured: where one no longer holds, let the loss in."""

import torch
import torch.nn.functional as F
from metric_loss_checks import batch
from pytorch_metric_learning import losses

from embedding_transfer.metric_losses.third_party import NO_LOSSES, is_third_party, usable_losses


def smooth_ap(embeddings, labels, temperature=0.01):
    """Brown et al., ECCV 2020, equation 7, one pair at a time."""
    cosine = F.normalize(embeddings) @ F.normalize(embeddings).T
    rows = range(len(labels))
    precisions = []
    for i in rows:
        same = [j for j in rows if labels[j] == labels[i]]
        terms = []
        for j in same:
            ahead = torch.sigmoid((cosine[i] - cosine[i, j]) / temperature)  # (n,)
            terms.append((1 + sum(ahead[k] for k in same if k != j)) / (1 + sum(ahead[k] for k in rows if k != j)))
        precisions.append(torch.stack(terms).mean())
    return 1 - torch.stack(precisions).mean()


def test_smooth_ap_is_right_for_sorted_squares_alone():
    torch.manual_seed(0)
    square, labels = torch.randn(9, 8), torch.arange(3).repeat_interleave(3)
    expected = smooth_ap(square, labels)
    torch.testing.assert_close(losses.SmoothAPLoss()(square, labels), expected)
    order = torch.tensor([0, 3, 6, 1, 4, 7, 2, 5, 8])
    torch.testing.assert_close(smooth_ap(square[order], labels[order]), expected)
    assert abs(losses.SmoothAPLoss()(square[order], labels[order]) - expected) > 0.01
    oblong, labels = torch.randn(6, 8), torch.arange(3).repeat_interleave(2)
    assert abs(losses.SmoothAPLoss()(oblong, labels) - smooth_ap(oblong, labels)) > 0.005


def test_instance_loss_takes_row_k_for_class_k():
    embeddings, labels = batch()
    cosine = F.normalize(embeddings) @ F.normalize(embeddings).T
    expected = F.cross_entropy(64 * cosine, labels)  # a column for each row of the batch, not for each class
    torch.testing.assert_close(losses.InstanceLoss()(embeddings, labels), expected)


def test_nca_finds_each_row_in_a_memory():
    embeddings, labels = torch.eye(8), torch.arange(8)
    memory = losses.CrossBatchMemory(losses.NCALoss(softmax_scale=20), 8, 16)
    assert memory(embeddings, labels) < 1e-6  # no two rows are of one class, and yet all seems well


def test_what_can_be_used_is_all_but_what_has_a_reason_against_it():
    assert set(usable_losses()) | set(NO_LOSSES) == {n for n, v in vars(losses).items() if isinstance(v, type)}
    assert "ArcFaceLoss" in usable_losses()
    assert is_third_party(losses.ArcFaceLoss)
    assert not is_third_party(type("Mine", (losses.ArcFaceLoss,), {"__module__": "mine"}))
