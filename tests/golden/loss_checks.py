"""What every loss on embeddings promises, as tests to inherit, and the comparison with golden numbers."""

from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor

from embedding_transfer.errors import InputError
from embedding_transfer.losses import TransferLoss
from golden import arrays, tensor

RELATIVE = {"f64": 1e-10, "f32": 1e-5}
FLOOR = {"f64": 1e-14, "f32": 1e-8}
INHERITED = [HealthCheck.differing_executors]
"""A test of the contract runs once in each class that inherits it, as it should."""


def value_and_gradient(loss: TransferLoss, target: Tensor, *others: Tensor) -> tuple[Tensor, Tensor]:
    """The loss and its gradient with respect to the target."""
    target = target.detach().clone().requires_grad_()
    value = loss(target, *others)
    (gradient,) = torch.autograd.grad(value, target)
    return value.detach(), gradient


def assert_agrees(loss: TransferLoss, case: dict[str, Any], *others: Tensor) -> None:
    """Value and target gradient of LOSS agree with CASE of losses.json, as far as the case is comparable."""
    target, source = (tensor("losses", case["inputs"][side]) for side in "ts")
    value, gradient = value_and_gradient(loss, target, source, *others)
    assert value.isfinite()
    assert gradient.isfinite().all()
    tolerance, floor = RELATIVE[case["dtype"]], FLOOR[case["dtype"]]
    golden = {kind: arrays("losses")[key] for kind, key in case.get("outputs", {}).items()}
    if case.get("loss_comparable_at_recommended_tol"):
        assert abs(value.item() - golden["loss"].item()) <= tolerance * abs(golden["loss"].item()) + floor
    if case.get("grad_comparable_at_recommended_tol"):
        error = (gradient - torch.from_numpy(golden["grad_t"])).abs().max().item()
        assert error <= tolerance * case.get("grad_scale", 0) + floor


NEWER_FLOOR = {"loss": 1e-3, "grad": 1e-4}
"""Errors are relative to the largest number of an output, but at least to this; of matrices as of losses."""


def assert_newer(case: dict[str, Any], **found: Tensor) -> None:
    """Outputs agree with CASE of newer_losses.json, as far as they are comparable; all of them have to be given."""
    assert set(case["outputs"]) <= set(found), case["outputs"]
    for name, key in case["outputs"].items():
        assert found[name].isfinite().all(), name
        if case["rtol"][name] is None:
            continue
        expected = tensor("newer_losses", case["formula"].get(name, key)).double()
        error = (found[name].detach().double() - expected).abs().max().item()
        floor = NEWER_FLOOR["grad" if name.startswith("grad") else "loss"]
        assert error <= RELATIVE[case["dtype"]] * max(expected.abs().max().item(), floor), (name, error)


def assert_agrees_with_newer(loss: TransferLoss, case: dict[str, Any], *others: Tensor, factor: float = 1.0) -> None:
    """FACTOR times a loss of two tensors, and its gradient, agree with CASE of newer_losses.json."""
    target, source = (tensor("newer_losses", case["inputs"][side]) for side in "ts")
    value, gradient = value_and_gradient(loss, target, source, *others)
    outputs = {name: case["outputs"][name] for name in ("loss", "grad_t")}  # labels have a test of their own
    assert_newer({**case, "outputs": outputs}, loss=factor * value, grad_t=factor * gradient)


def batch(n: int = 8, target_dim: int = 5, source_dim: int = 7, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Random embeddings of n views, float64."""
    generator = torch.Generator().manual_seed(seed)
    shapes = (n, target_dim), (n, source_dim)
    target, source = (torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes)
    return target, source


def rotation(d_in: int, d_out: int) -> Tensor:
    """An isometry from d_in to d_out >= d_in dimensions, (d_in, d_out) float64."""
    generator = torch.Generator().manual_seed(d_in)
    return torch.linalg.qr(torch.randn(d_out, d_out, generator=generator, dtype=torch.float64)).Q[:d_in]


def near_duplicates(apart: float) -> tuple[Tensor, Tensor]:
    """A batch of 48 whose rows 1 and 5 have targets that differ by this much."""
    target, source = batch(48, 32, 32)
    direction = batch(1, 32, seed=1)[0][0]
    target[5] = target[1] + apart * direction / direction.norm()
    return target, source


def edges(source_dim: int = 7) -> dict[str, tuple[Tensor, Tensor]]:
    """Batches at the edge of what a loss can be given, float64."""

    def rows(side: Tensor, change: dict[int, Any]) -> Tensor:
        side = side.clone()
        for i, value in change.items():
            side[i] = value
        return side

    target, source = batch(source_dim=source_dim)
    return {
        "a batch of two": batch(2, source_dim=source_dim),
        "target duplicates": (rows(target, {5: target[1]}), source),
        "duplicates in both": (rows(target, {5: target[1]}), rows(source, {5: source[1]})),
        "source duplicates": (target, rows(source, {5: source[1]})),
        "near-duplicates": near_duplicates(1e-4),
        "nearer duplicates": near_duplicates(1e-5),
        "all targets equal": (target[:1].repeat(8, 1), source),
        "all sources equal": (target, source[:1].repeat(8, 1)),
        "a zero target": (rows(target, {2: 0}), source),
        "a zero source": (target, rows(source, {2: 0})),
        "two zero sources": (target, rows(source, {2: 0, 3: 0})),
        "small targets": (1e-3 * target, source),
        "large targets": (1e3 * target, source),
        "small sources": (target, 1e-3 * source),
        "large sources": (target, 1e3 * source),
        "one far target": (rows(target, {0: 1e3}), source),
        "targets far from the origin": (target + 100, source),
    }


class EmbeddingLossContract:
    """Tests of a loss on (target, source); a subclass names the loss and gives its formula by direct differences."""

    loss: TransferLoss
    not_by_formula: tuple[str, ...] = ()
    """Edges where the loss differs from its formula on purpose."""
    aligned = False
    """Whether the loss compares coordinates: lengths are equal here then, and both sides have to be rotated alike."""

    def batch(self, n: int = 8, target_dim: int = 5, source_dim: int = 7, seed: int = 0) -> tuple[Tensor, Tensor]:
        return batch(n, target_dim, target_dim if self.aligned else source_dim, seed)

    def reference(self, target: Tensor, source: Tensor) -> Tensor:
        """The formula, as plainly as it can be written."""
        raise NotImplementedError

    def others(self, n: int) -> list[Tensor]:
        """What the loss takes beside the embeddings."""
        return []

    def evaluate(self, target: Tensor, source: Tensor) -> tuple[Tensor, Tensor]:
        return value_and_gradient(self.loss, target, source, *self.others(len(target)))

    @settings(max_examples=20, suppress_health_check=INHERITED)
    @given(st.integers(2, 12), st.integers(2, 9), st.integers(2, 9), st.integers(0, 10**6))
    def test_is_its_formula(self, n, target_dim, source_dim, seed):
        target, source = self.batch(n, target_dim, source_dim, seed)
        value, gradient = self.evaluate(target, source)
        expected, expected_gradient = value_and_gradient(self.reference, target, source)
        torch.testing.assert_close(value, expected, rtol=1e-9, atol=1e-12)
        scale = expected_gradient.abs().max().item()
        torch.testing.assert_close(gradient, expected_gradient, rtol=0, atol=1e-8 * scale + 1e-12)

    @pytest.mark.parametrize("edge", edges())
    def test_edges_in_float32_are_those_of_the_formula_in_float64(self, edge):
        target, source = (side.float() for side in edges(5 if self.aligned else 7)[edge])
        value, gradient = self.evaluate(target, source)
        assert value.isfinite()
        assert gradient.isfinite().all()
        if edge not in self.not_by_formula:
            expected, expected_gradient = value_and_gradient(self.reference, target.double(), source.double())
            torch.testing.assert_close(value.double(), expected, rtol=1e-4, atol=1e-6)
            scale = expected_gradient.abs().max().item()
            torch.testing.assert_close(gradient.double(), expected_gradient, rtol=0, atol=1e-3 * scale + 1e-7)

    @settings(max_examples=20, suppress_health_check=INHERITED)
    @given(st.permutations(range(8)))
    def test_the_order_of_rows_does_not_matter(self, order):
        target, source = self.batch()
        value, gradient = self.evaluate(target, source)
        others = [other[order] for other in self.others(8)]
        permuted, permuted_gradient = value_and_gradient(self.loss, target[order], source[order], *others)
        torch.testing.assert_close(permuted, value)
        torch.testing.assert_close(permuted_gradient, gradient[order])

    def test_depends_on_the_source_by_relations_only(self):
        target, source = self.batch()
        value, _ = self.evaluate(target, source)
        if self.aligned:  # coordinates count: both sides move together
            moved = self.evaluate(target @ rotation(5, 20), source @ rotation(5, 20))
        else:
            moved = self.evaluate(target, source @ rotation(7, 20))  # the same relations in other, and more, dimensions
        torch.testing.assert_close(moved[0], value)

    def test_rotating_the_target_rotates_the_gradient(self):
        target, source = self.batch()
        value, gradient = self.evaluate(target, source)
        turned = source @ rotation(5, 5) if self.aligned else source
        rotated, rotated_gradient = self.evaluate(target @ rotation(5, 5), turned)
        torch.testing.assert_close(rotated, value)
        torch.testing.assert_close(rotated_gradient, gradient @ rotation(5, 5))

    def test_gradcheck(self):
        target, source = self.batch(6)
        others = self.others(6)
        assert torch.autograd.gradcheck(lambda x: 3 * self.loss(x, source, *others), target.requires_grad_())

    def test_the_source_gets_no_gradient(self):
        target, source = (side.requires_grad_() for side in self.batch())
        self.loss(target, source, *self.others(8)).backward()
        assert source.grad is None
        assert target.grad is not None

    def test_without_gradient(self):
        target, source = self.batch()
        with torch.no_grad():
            assert not self.loss(target.requires_grad_(), source, *self.others(8)).requires_grad
        torch.testing.assert_close(
            self.loss(target.detach(), source, *self.others(8)), self.evaluate(target, source)[0]
        )

    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
    def test_half_precision_embeddings_are_compared_in_float32(self, dtype):
        target, source = (side.to(dtype) for side in self.batch())
        value, gradient = self.evaluate(target, source)
        expected, expected_gradient = self.evaluate(target.float(), source.float())
        assert value.dtype == torch.float32
        torch.testing.assert_close(value, expected)
        torch.testing.assert_close(gradient, expected_gradient.to(dtype))

    def test_autocast_changes_nothing(self):
        target, source = (side.float() for side in self.batch())
        expected = self.evaluate(target, source)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            value = self.loss(target.requires_grad_(), source, *self.others(8))
        value.backward()
        torch.testing.assert_close((value.detach(), target.grad), expected, rtol=0, atol=0)

    def test_tensors_need_not_be_contiguous(self):
        target, source = self.batch()
        strided = target.T.contiguous().T, source.repeat_interleave(2, dim=1)[:, ::2]
        assert not any(side.is_contiguous() for side in strided)
        torch.testing.assert_close(self.evaluate(*strided), self.evaluate(target, source))

    @pytest.mark.parametrize("n", [1, 2, 8])
    @pytest.mark.parametrize("side", [0, 1])
    @pytest.mark.parametrize("bad", [torch.nan, torch.inf, -torch.inf])
    def test_an_embedding_that_is_not_finite_makes_the_loss_nan(self, n, side, bad):
        both = self.batch(n)
        both[side][n // 2, 1] = bad
        assert self.loss(*both, *self.others(n)).isnan()

    def test_a_single_embedding_relates_to_nothing(self):
        if self.aligned:
            pytest.skip("but it has coordinates")
        value, gradient = self.evaluate(*self.batch(1))
        assert value == 0
        assert not gradient.any()

    @pytest.mark.parametrize(
        ("target", "source", "message"),
        [
            (torch.ones(90, 5), torch.ones(45, 5), r"got target \(90, 5\), source \(45, 5\): one view missing"),
            (torch.ones(5), torch.ones(5), r"shape \(n, d\); got target \(5,\)"),
            (torch.ones(0, 5), torch.ones(0, 5), "at least one embedding"),
            (torch.ones(4, 5), torch.ones(4, 5, dtype=torch.int64), "floating point"),
            (torch.ones(4, 5), torch.ones(4, 5, device="meta"), "one device"),
        ],
    )
    def test_tensors_that_do_not_fit_are_refused(self, target, source, message):
        with pytest.raises(InputError, match=message) as error:
            self.loss(target, source, *self.others(len(target)))
        assert str(error.value).startswith(type(self.loss).__name__)


def direct_distances(x: Tensor) -> Tensor:
    """Distances by direct differences, (n, n): at least 1e-6 and without gradient there, 0 on the diagonal."""
    squared = (x[:, None] - x).square().sum(dim=2).clamp(min=1e-12)
    return squared.sqrt() * (1 - torch.eye(len(x), dtype=x.dtype))
