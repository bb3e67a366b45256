"""What has no part in an output is taken out, or stops learning where it cannot be taken out."""

import torch
from torch import Tensor, nn

from embedding_transfer.networks.unused_parameters import take_out_unused


class Model(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 2))
        self.token = nn.Parameter(torch.ones(2))
        self.blocks = nn.ModuleList([nn.Linear(2, 2)])
        self.classifier = nn.Linear(2, 9)
        self.fixed = nn.Parameter(torch.ones(2), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        x = self.body[0](x) + self.fixed
        token = self.token + self.body[1](x)
        for block in self.blocks:
            token = block(token)
        return x


def test_layers_go_and_what_is_inside_others_stays_without_learning() -> None:
    model = Model()
    pictures = torch.rand(4, 3)
    before, names = model(pictures), set(model.state_dict())
    take_out_unused(model, before)
    assert torch.equal(model(pictures), before)
    assert [name for name, _ in model.named_parameters()] == ["body.0.weight", "body.0.bias"]
    assert names - set(model.state_dict()) == {
        "blocks.0.weight",
        "blocks.0.bias",
        "classifier.weight",
        "classifier.bias",
    }


def test_nothing_is_taken_out_where_everything_has_a_part() -> None:
    model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    names = [name for name, _ in model.named_parameters()]
    with torch.no_grad():  # as inside an evaluation
        with torch.enable_grad():
            output = model(torch.rand(4, 3))
        take_out_unused(model, output)
    assert [name for name, _ in model.named_parameters()] == names
