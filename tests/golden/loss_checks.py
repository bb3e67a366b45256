"""Compares a loss with the golden numbers; the rule and the tolerances are those of tests/golden/README.md."""

from typing import Any

import torch
from torch import Tensor

from embedding_transfer.losses import TransferLoss
from golden import arrays, tensor

RELATIVE = {"f64": 1e-10, "f32": 1e-5}
FLOOR = {"f64": 1e-14, "f32": 1e-8}


def value_and_gradient(loss: TransferLoss, target: Tensor, *others: Tensor) -> tuple[Tensor, Tensor]:
    """The loss and its gradient with respect to the target."""
    target = target.clone().requires_grad_()
    value = loss(target, *others)
    (gradient,) = torch.autograd.grad(value, target)
    return value.detach(), gradient


def assert_agrees(loss: TransferLoss, case: dict[str, Any], *others: Tensor) -> None:
    """Value and target gradient of LOSS agree with CASE of losses.json, as far as the case is comparable."""
    target, source = (tensor("losses", case["inputs"][side]) for side in "ts")
    value, gradient = value_and_gradient(loss, target, source, *others)
    tolerance, floor = RELATIVE[case["dtype"]], FLOOR[case["dtype"]]
    golden = {kind: arrays("losses")[key] for kind, key in case["outputs"].items()}
    if case["loss_comparable_at_recommended_tol"]:
        assert abs(value.item() - golden["loss"].item()) <= tolerance * abs(golden["loss"].item()) + floor
    if case["grad_comparable_at_recommended_tol"]:
        error = (gradient - torch.from_numpy(golden["grad_t"])).abs().max().item()
        assert error <= tolerance * case.get("grad_scale", 0)
    assert value.isfinite()
    assert gradient.isfinite().all()
