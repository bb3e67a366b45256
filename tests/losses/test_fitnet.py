"""FitNetLoss: the golden numbers with the regressor's gradient, what it can reach, and its edges."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import golden
from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.losses import FitNetLoss

CASES = golden.loss_cases("FitNet")


def maps(n: int = 3, dtype: torch.dtype = torch.float64) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    torch.manual_seed(0)
    target = [torch.rand(n, 4, 6, 5, dtype=dtype), torch.rand(n, 6, 3, 2, dtype=dtype)]
    source = [torch.rand(n, 7, 6, 5, dtype=dtype), torch.rand(n, 5, 3, 2, dtype=dtype)]
    return target, source


def loss_of_maps(dtype: torch.dtype = torch.float64, **options: float) -> FitNetLoss:
    torch.manual_seed(1)
    return FitNetLoss([4, 6], [7, 5], **options).to(dtype)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_agrees_with_the_published_code(case):
    assert case["loss_comparable_at_recommended_tol"]
    assert case["grad_comparable_at_recommended_tol"]
    tolerance, floor = {"f64": (1e-10, 1e-14), "f32": (1e-5, 1e-8)}[case["dtype"]]
    target = golden.tensor("losses", case["inputs"]["t_feat"]).requires_grad_()
    source = golden.tensor("losses", case["inputs"]["s_feat"]).requires_grad_()
    weight = golden.tensor("losses", case["inputs"]["transform_weight"])
    loss = FitNetLoss([target.shape[1]], [source.shape[1]]).to(target.dtype)
    (regressor,) = loss.regressors
    regressor.weight.data.copy_(weight.reshape(regressor.weight.shape))
    value = loss([target], [source])
    value.backward()
    expected = {key: golden.tensor("losses", name) for key, name in case["outputs"].items()}
    torch.testing.assert_close(value.detach(), expected["loss"].reshape(()), rtol=tolerance, atol=floor)
    torch.testing.assert_close(target.grad, expected["grad_t"], rtol=0, atol=tolerance * case["grad_scale"])
    grad_weight = expected["grad_transform_weight"].reshape(regressor.weight.shape)
    scale = grad_weight.abs().max().item()
    torch.testing.assert_close(regressor.weight.grad, grad_weight, rtol=0, atol=tolerance * scale)
    assert source.grad is None


def test_regressors_start_as_released():
    loss = FitNetLoss([64, 128], [256, 512])
    assert [(r.in_channels, r.out_channels, r.bias) for r in loss.regressors] == [(64, 256, None), (128, 512, None)]
    for regressor in loss.regressors:
        assert regressor.weight.abs().max() <= 0.005
        assert regressor.weight.std().item() == pytest.approx(0.005 / 3**0.5, rel=0.05)


def test_stages_add_up_and_weight_multiplies():
    target, source = maps()
    loss = loss_of_maps()
    predicted = [r(t) for r, t in zip(loss.regressors, target, strict=True)]
    expected = sum((p - s).square().mean() for p, s in zip(predicted, source, strict=True))
    torch.testing.assert_close(loss(target, source), expected)
    torch.testing.assert_close(loss_of_maps(weight=100)(target, source), 100 * expected)


def test_zero_when_the_source_is_a_linear_image_of_the_target():
    target, _ = maps()
    loss = loss_of_maps()
    reachable = [r(t) for r, t in zip(loss.regressors, target, strict=True)]
    assert loss(target, reachable).item() == 0


@given(seed=st.integers(0, 10**6))
def test_the_order_of_images_and_pixels_does_not_matter(seed):
    target, source = maps()
    shuffle = torch.Generator().manual_seed(seed)
    images, rows = torch.randperm(3, generator=shuffle), torch.randperm(6, generator=shuffle)
    torch.manual_seed(1)
    loss = FitNetLoss([4], [7]).double()
    torch.testing.assert_close(
        loss([target[0][images][:, :, rows]], [source[0][images][:, :, rows]]), loss([target[0]], [source[0]])
    )


def test_gradients_in_float64():
    target, source = maps(n=2)
    loss = loss_of_maps()
    inputs = [t.requires_grad_() for t in target]
    assert torch.autograd.gradcheck(lambda *t: loss(list(t[:2]), source), (*inputs, *loss.parameters()))


def test_any_two_backbones_fit():
    target_shapes, source_shapes = [(8, 16), (16, 8), (32, 4), (64, 2)], [(12, 14), (20, 7), (30, 3)]
    loss = FitNetLoss([c for c, _ in target_shapes], [c for c, _ in source_shapes])
    assert [(r.in_channels, r.out_channels) for r in loss.regressors] == [(16, 12), (32, 20), (64, 30)]
    target = [torch.rand(2, c, s, s, requires_grad=True) for c, s in target_shapes]
    loss(target, [torch.rand(2, c, s, s) for c, s in source_shapes]).backward()
    assert [t.grad is not None and bool(t.grad.abs().sum() > 0) for t in target] == [False, True, True, True]
    assert all(r.weight.grad.abs().sum() > 0 for r in loss.regressors)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("autocast", [False, True])
def test_half_precision_is_computed_in_float32(dtype, autocast):
    target, source = maps(n=1, dtype=torch.float32)
    target, source = [t.to(dtype).requires_grad_() for t in target], [s.to(dtype) for s in source]
    loss = loss_of_maps(torch.float32)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
        value = loss(target, source)
    value.backward()
    exact = loss([t.detach().float() for t in target], [s.float() for s in source])
    assert value.dtype == torch.float32
    torch.testing.assert_close(value, exact)
    assert all(t.grad.isfinite().all() for t in target)


def test_memory_layout_does_not_matter():
    target, source = maps()
    layouts = [t.to(memory_format=torch.channels_last) for t in target]
    strided = [s.repeat_interleave(2, 3)[..., ::2] for s in source]
    torch.testing.assert_close(loss_of_maps()(layouts, strided), loss_of_maps()(target, source))


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_a_bad_map_is_never_a_fine_loss(bad):
    target, source = maps()
    target[1][0, 0, 0, 0] = bad
    assert not loss_of_maps()(target, source).isfinite()


def test_wrong_input_is_named():
    target, source = maps()
    with pytest.raises(InputError, match=r"channels \[\(4, 7\), \(6, 5\)\]; got \[\(6, 7\), \(4, 5\)\]"):
        loss_of_maps()(target[::-1], source)
    with pytest.raises(InputError, match="at least one stage"):
        FitNetLoss([], [5])
    with pytest.raises(UsageError, match="weight must be above 0"):
        FitNetLoss([4], [5], weight=-1)
