"""paired_maps: which stages meet, and at which size."""

import torch

from embedding_transfer.losses.stage_maps import paired_maps


def shapes(pairs):
    return [(tuple(t.shape[1:]), tuple(s.shape[1:])) for t, s in pairs]


def test_the_last_stages_are_paired_at_the_smaller_size():
    target = [torch.rand(2, c, *size) for c, size in [(8, (16, 16)), (16, (8, 8)), (32, (4, 4))]]
    source = [torch.rand(2, c, *size) for c, size in [(12, (7, 9)), (20, (4, 4))]]
    pairs = paired_maps("loss", target, source)
    assert shapes(pairs) == [((16, 7, 8), (12, 7, 8)), ((32, 4, 4), (20, 4, 4))]
    assert pairs[1][0] is target[2]  # equal sizes: the very maps


def test_sizes_are_matched_by_averages():
    """A map twice as large, each value four times: averaging gives the small map back."""
    small = torch.rand(2, 3, 4, 5)
    large = small.repeat_interleave(2, 2).repeat_interleave(2, 3)
    ((target, source),) = paired_maps("loss", [large], [small])
    torch.testing.assert_close(target, source)


def test_vectors_are_maps_of_one_pixel_and_the_source_has_no_graph():
    source = torch.rand(2, 5, requires_grad=True)
    ((target, without_graph),) = paired_maps("loss", [torch.rand(2, 3)], [source])
    assert target.shape == (2, 3, 1, 1)
    assert without_graph.shape == (2, 5, 1, 1)
    assert not without_graph.requires_grad
