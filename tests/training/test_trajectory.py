"""Six optimizer steps of a tiny network: the golden losses and weights of the published computation."""

from typing import Any

import pytest
import torch
from torch import nn

from embedding_transfer.losses import PKTLoss, RelaxedContrastiveLoss
from embedding_transfer.training.optimization import new_optimizer, new_schedule
from embedding_transfer.training.options import TrainingOptions
from golden import arrays, tensor

LOSSES: dict[str, Any] = {"RC": RelaxedContrastiveLoss, "PKT": PKTLoss}  # the golden one of RKD is kept aside


class TinyObjective(nn.Module):
    """The golden network where a training has its objective."""

    def __init__(self, dtype: str) -> None:
        super().__init__()
        self.network = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 8))
        for name, parameter in zip(("W1", "b1", "W2", "b2"), self.network.parameters(), strict=True):
            parameter.data = tensor("trajectory", f"init/{dtype}/{name}")

    def label_parameters(self) -> list[nn.Parameter]:
        return []


@pytest.mark.parametrize(("dtype", "tolerance"), [("f64", 1e-9), ("f32", 1e-5)])
@pytest.mark.parametrize("loss", LOSSES)
def test_six_steps_follow_the_golden_trajectory(loss: str, dtype: str, tolerance: float) -> None:
    golden = arrays("trajectory")
    objective, criterion = TinyObjective(dtype), LOSSES[loss]()
    options = TrainingOptions(output="unused", lr=1e-2, weight_decay=1e-4)  # type: ignore[arg-type]
    optimizer = new_optimizer(objective, options)  # type: ignore[arg-type]
    x, source = (tensor("trajectory", f"init/{dtype}/{name}") for name in ("x", "source"))
    seen = []
    for _ in range(6):
        value = criterion(objective.network(x), source)
        seen.append(value.item())
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
    prefix = f"{loss}/{dtype}"
    assert seen == pytest.approx(golden[f"{prefix}/losses"].tolist(), rel=tolerance)
    assert criterion(objective.network(x), source).item() == pytest.approx(
        float(golden[f"{prefix}/loss_after"]), rel=tolerance
    )
    for name, parameter in zip(("W1", "b1", "W2"), objective.network.parameters(), strict=False):
        expected = tensor("trajectory", f"{prefix}/final_{name}")
        torch.testing.assert_close(parameter.detach(), expected, rtol=0, atol=tolerance)


def test_the_cosine_schedule_is_the_golden_one() -> None:
    key = next(key for key in arrays("trajectory") if key.startswith("lr_schedule"))
    expected = arrays("trajectory")[key].tolist()
    options = TrainingOptions(output="unused", epochs=90)  # type: ignore[arg-type]
    optimizer = new_optimizer(TinyObjective("f32"), options)  # type: ignore[arg-type]
    schedule = new_schedule(optimizer, options)
    rates = []
    for _ in range(len(expected)):
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    assert rates == pytest.approx(expected, abs=1e-12)
