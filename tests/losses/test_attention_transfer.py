"""AttentionTransferLoss: the golden numbers, what does not matter to an attention map, and its edges."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import golden
from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.losses import AttentionTransferLoss
from embedding_transfer.losses.attention_transfer import attention

CASES = golden.loss_cases("AT")


def maps(n: int = 3, dtype: torch.dtype = torch.float64) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """Two stages each, of different channels."""
    torch.manual_seed(0)
    target = [torch.rand(n, 4, 6, 5, dtype=dtype), torch.rand(n, 6, 3, 2, dtype=dtype)]
    source = [torch.rand(n, 7, 6, 5, dtype=dtype), torch.rand(n, 5, 3, 2, dtype=dtype)]
    return target, source


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_agrees_with_the_published_code(case):
    assert case["loss_comparable_at_recommended_tol"]
    assert case["grad_comparable_at_recommended_tol"]
    tolerance, floor = {"f64": (1e-10, 1e-14), "f32": (1e-5, 1e-8)}[case["dtype"]]
    target = golden.tensor("losses", case["inputs"]["t_feat"]).requires_grad_()
    source = golden.tensor("losses", case["inputs"]["s_feat"]).requires_grad_()
    loss = AttentionTransferLoss()([target], [source])
    loss.backward()
    expected = {key: golden.tensor("losses", name) for key, name in case["outputs"].items()}
    torch.testing.assert_close(loss.detach(), expected["loss"].reshape(()), rtol=tolerance, atol=floor)
    torch.testing.assert_close(target.grad, expected["grad_t"], rtol=0, atol=tolerance * case["grad_scale"])
    assert source.grad is None


def test_stages_add_up_and_weight_multiplies():
    target, source = maps()
    parts = [AttentionTransferLoss()([t], [s]) for t, s in zip(target, source, strict=True)]
    torch.testing.assert_close(AttentionTransferLoss()(target, source), sum(parts))
    torch.testing.assert_close(AttentionTransferLoss(weight=1000)(target, source), 1000 * sum(parts))


def test_attention_is_the_unit_map_of_mean_squares():
    features = torch.tensor([[[[3.0, 0.0]], [[0.0, 4.0]]]])  # (1, 2, 1, 2): energies 4.5 and 8
    torch.testing.assert_close(attention(features), torch.tensor([[4.5, 8.0]]) / (4.5**2 + 8**2) ** 0.5)


@given(scale=st.floats(1e-3, 1e3), seed=st.integers(0, 10**6))
def test_only_where_a_stage_responds_matters(scale, seed):
    """Not how strongly, nor in which channel, nor with which sign, nor in which order the images come."""
    target, source = maps()
    shuffle = torch.Generator().manual_seed(seed)
    images = torch.randperm(3, generator=shuffle)
    signs = torch.randint(2, (4, 1, 1), generator=shuffle) * 2 - 1
    other = scale * signs * target[0][images][:, torch.randperm(4, generator=shuffle)]
    loss = AttentionTransferLoss()
    torch.testing.assert_close(loss([other], [source[0][images]]), loss([target[0]], [source[0]]))


def test_zero_for_equal_attention_and_positive_otherwise():
    target, source = maps()
    loss = AttentionTransferLoss()
    assert loss(target, [2 * t.repeat(1, 3, 1, 1) for t in target]).item() == pytest.approx(0, abs=1e-30)
    assert loss(target, source) > 0


def test_gradient_in_float64():
    target, source = maps(n=2)
    target = [t.requires_grad_() for t in target]
    assert torch.autograd.gradcheck(lambda *t: AttentionTransferLoss()(list(t), source), target)


def test_any_two_backbones_fit():
    """More stages, other channels, other sizes: here a target of 4 stages at 64 px and a source of 3 at 112 px."""
    target = [torch.rand(2, c, s, s, requires_grad=True) for c, s in [(8, 16), (16, 8), (32, 4), (64, 2)]]
    source = [torch.rand(2, c, s, s) for c, s in [(12, 14), (20, 7), (30, 3)]]
    AttentionTransferLoss()(target, source).backward()
    assert [t.grad is not None and bool(t.grad.abs().sum() > 0) for t in target] == [False, True, True, True]


def test_zero_maps_and_single_images_are_finite():
    target, source = maps(n=1)
    dead = [torch.zeros_like(t).requires_grad_() for t in target]
    loss = AttentionTransferLoss()(dead, source)
    loss.backward()
    assert loss.isfinite()
    assert all(t.grad.isfinite().all() for t in dead)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("autocast", [False, True])
def test_half_precision_does_not_overflow(dtype, autocast):
    target, source = maps(dtype=torch.float32)
    target = [(600 * t).to(dtype).requires_grad_() for t in target]  # the squares are beyond float16
    source = [s.to(dtype) for s in source]
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
        loss = AttentionTransferLoss()(target, source)
    loss.backward()
    exact = AttentionTransferLoss()([t.detach().float() for t in target], [s.float() for s in source])
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss.detach(), exact)
    assert all(t.grad.isfinite().all() and t.grad.abs().sum() > 0 for t in target)


def test_memory_layout_does_not_matter():
    target, source = maps()
    layouts = [t.to(memory_format=torch.channels_last) for t in target]
    strided = [s.repeat_interleave(2, 3)[..., ::2] for s in source]
    torch.testing.assert_close(AttentionTransferLoss()(layouts, strided), AttentionTransferLoss()(target, source))


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_a_bad_map_is_never_a_fine_loss(bad):
    target, source = maps()
    target[1][0, 0, 0, 0] = bad
    assert AttentionTransferLoss()(target, source).isnan()


def test_wrong_input_is_named():
    target, source = maps()
    with pytest.raises(InputError, match="2 of the target, 0 of the source: stored embeddings have none"):
        AttentionTransferLoss()(target, [])
    with pytest.raises(InputError, match=r"same n views; got target .*\(3, 4, 6, 5\), source .*\(2, 7, 6, 5\)"):
        AttentionTransferLoss()(target, [s[:2] for s in source])
    with pytest.raises(InputError, match="floating point"):
        AttentionTransferLoss()(target, [s.long() for s in source])
    with pytest.raises(UsageError, match="weight must be above 0"):
        AttentionTransferLoss(weight=0)
