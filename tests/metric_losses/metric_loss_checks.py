"""What every metric loss promises, as tests to inherit."""

import inspect

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor

from embedding_transfer.errors import InputError
from embedding_transfer.metric_losses import MetricLoss

CLASSES, SIZE = 6, 5
INHERITED = [HealthCheck.differing_executors]
"""A test of the contract runs once in each class that inherits it, as it should."""


def batch(n: int = 12, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
    """Two views of six images, two images of each of three classes."""
    torch.manual_seed(2)
    return torch.randn(n, SIZE, dtype=dtype), (torch.arange(n) % 6) // 2


def value_and_gradient(loss: MetricLoss, embeddings: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    embeddings = embeddings.detach().requires_grad_()
    value = loss(embeddings, labels)
    (gradient,) = torch.autograd.grad(value, embeddings)
    return value.detach(), gradient


def edges() -> dict[str, tuple[Tensor, Tensor]]:
    """Batches at the edge of what a loss can be given."""
    torch.manual_seed(3)
    return {
        "one row": (torch.randn(1, SIZE), torch.tensor([2])),
        "two rows of one class": (torch.randn(2, SIZE), torch.tensor([1, 1])),
        "two rows of two classes": (torch.randn(2, SIZE), torch.tensor([1, 0])),
        "one image of each class": (torch.randn(CLASSES, SIZE), torch.arange(CLASSES)),
        "one class only": (torch.randn(4, SIZE), torch.tensor([1, 1, 1, 1])),
        "a zero row": (torch.randn(4, SIZE) * torch.tensor([[1.0], [0], [1], [1]]), torch.tensor([0, 0, 1, 1])),
        "all rows equal": (torch.ones(4, SIZE), torch.tensor([0, 0, 1, 1])),
        "duplicates": (torch.randn(2, SIZE).repeat(2, 1), torch.tensor([0, 1, 0, 1])),
        "short rows": (1e-3 * torch.randn(4, SIZE), torch.tensor([0, 0, 1, 1])),
        "long rows": (1e3 * torch.randn(4, SIZE), torch.tensor([0, 0, 1, 1])),
        "not contiguous": (torch.randn(SIZE, 8).T[::2], torch.tensor([0, 9, 0, 9, 1, 9, 1, 9])[::2]),
    }


class MetricLossContract:
    """Tests of a metric loss; a subclass says how it is made, and adds the promises below that are its own."""

    def make(self) -> MetricLoss:
        raise NotImplementedError

    def made(self, dtype: torch.dtype = torch.float32) -> MetricLoss:
        torch.manual_seed(1)
        return self.make().to(dtype)

    @pytest.mark.filterwarnings("ignore:.* learns nothing from a batch")
    @pytest.mark.parametrize("edge", edges())
    def test_edges_are_finite(self, edge):
        value, gradient = value_and_gradient(self.made(), *edges()[edge])
        assert value.ndim == 0
        assert value.isfinite()
        assert gradient.isfinite().all()

    @pytest.mark.parametrize("bad", [torch.nan, torch.inf])
    def test_a_bad_embedding_is_never_a_fine_loss(self, bad):
        embeddings, labels = batch()
        embeddings[3, 1] = bad
        assert not self.made()(embeddings, labels).isfinite()

    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
    @pytest.mark.parametrize("autocast", [False, True])
    def test_half_precision_is_computed_in_float32(self, dtype, autocast):
        embeddings, labels = batch()
        embeddings = embeddings.to(dtype)
        loss = self.made()
        kept = {key: parameter.dtype for key, parameter in loss.named_parameters()}
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
            value, gradient = value_and_gradient(loss, embeddings, labels)
        assert value.dtype == torch.float32
        assert gradient.dtype == dtype
        torch.testing.assert_close(value, self.made()(embeddings.float(), labels).detach())
        assert {key: parameter.dtype for key, parameter in loss.named_parameters()} == kept

    @pytest.mark.parametrize(
        ("embeddings", "labels"),
        [
            (torch.ones(4, SIZE), torch.tensor([0, 1])),
            (torch.ones(4, SIZE, 1), torch.tensor([0, 1, 2, 3])),
            (torch.ones(0, SIZE), torch.zeros(0, dtype=torch.long)),
        ],
    )
    def test_shapes_that_do_not_fit_are_named(self, embeddings, labels):
        loss = self.made()
        with pytest.raises(InputError, match=r"embeddings \(n, d\) and labels \(n,\); got") as error:
            loss(embeddings, labels)
        assert str(error.value).startswith(loss.name)

    def test_its_constructor_asks_only_for_what_the_training_knows(self):
        parameters = inspect.signature(type(self.made())).parameters
        required = {name for name, p in parameters.items() if p.default is p.empty}
        assert required in (set(), {"num_classes", "embedding_size"}, {"loss"}, {"loss", "embedding_size"})


class Smooth(MetricLossContract):
    """A loss that is differentiable everywhere, also in what it learns itself."""

    def test_gradients_in_float64(self):
        loss = self.made(torch.float64)
        embeddings, labels = batch(dtype=torch.float64)
        inputs = (embeddings.requires_grad_(), *loss.parameters())
        assert torch.autograd.gradcheck(lambda x, *_: loss(x, labels), inputs)


class OfRowsInAnyOrder(MetricLossContract):
    @settings(max_examples=20, suppress_health_check=INHERITED)
    @given(seed=st.integers(0, 10**6))
    def test_the_order_of_the_batch_does_not_matter(self, seed):
        embeddings, labels = batch(dtype=torch.float64)
        order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
        value = self.made(torch.float64)(embeddings, labels)
        torch.testing.assert_close(self.made(torch.float64)(embeddings[order], labels[order]), value)


class OfDirections(MetricLossContract):
    @settings(max_examples=20, suppress_health_check=INHERITED)
    @given(scale=st.floats(1e-3, 1e3))
    def test_lengths_do_not_matter(self, scale):
        embeddings, labels = batch(dtype=torch.float64)
        value = self.made(torch.float64)(embeddings, labels)
        scaled = self.made(torch.float64)(scale * embeddings, labels)
        torch.testing.assert_close(scaled, value, rtol=1e-5, atol=1e-8)


class OfClasses(Smooth, OfRowsInAnyOrder):
    """A loss that learns a part for each class."""

    def test_what_it_learns_gets_better(self):
        loss = self.made()
        embeddings, labels = batch()
        before = loss(embeddings, labels)
        before.backward()
        torch.optim.SGD(loss.parameters(), lr=1e-2).step()
        assert loss(embeddings, labels) < before

    @pytest.mark.parametrize("label", [-1, CLASSES])
    def test_a_class_that_the_loss_does_not_have_is_an_error(self, label):
        with pytest.raises(InputError, match=f"has {CLASSES} classes"):
            self.made()(torch.randn(2, SIZE), torch.tensor([0, label]))
