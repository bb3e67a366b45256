"""new_metric_loss: every loss and every miner of both packages trains, or is refused in one line with the reason."""

import inspect

import pytest
import torch
from metric_loss_checks import CLASSES, SIZE, batch
from pytorch_metric_learning import losses as other_losses
from pytorch_metric_learning import miners as other_miners

from embedding_transfer import metric_losses
from embedding_transfer.errors import UsageError
from embedding_transfer.metric_losses import CrossBatchMemory, MetricLoss, ProxyAnchorLoss, new_metric_loss

SIZES = {"num_classes": CLASSES, "embedding_size": SIZE, "views": 2}
THEIRS = [name for name, value in vars(other_losses).items() if inspect.isclass(value)]
OURS = [name for name in metric_losses.__all__ if inspect.isclass(getattr(metric_losses, name))]
MINERS = [name for name, value in vars(other_miners).items() if inspect.isclass(value)]

ARGUMENTS = {
    "CrossBatchMemory": {"loss": "TripletMarginLoss", "memory_size": 40},
    "MinedLoss": {"loss": "CircleLoss"},
    "MultipleLosses": {"losses": ["ArcFaceLoss", "TripletMarginLoss"]},
    "RankedListLoss": {"margin": 0.4, "Tn": 5},
}
REFUSED = {
    "BaseLossWrapper",
    "BaseMetricLossFunction",
    "EmbeddingRegularizerMixin",
    "GenericPairLoss",
    "InstanceLoss",
    "ManifoldLoss",
    "MetricLoss",
    "SelfSupervisedLoss",
    "SmoothAPLoss",
    "VICRegLoss",
    "WeightRegularizerMixin",
}
REFUSED_MINERS = {"BaseMiner", "EmbeddingsAlreadyPackagedAsTriplets"}
UNMINED = {"P2SGradLoss", "PNPLoss", "RankedListLoss"}
OURS_UNMINED = {"CrossEntropyLoss", "NPairsLoss", "ProxyAnchorLoss", "ProxyNCALoss"}


def spec_of(name: str, package: str = ""):
    return {"class_path": package + name, "init_args": ARGUMENTS.get(name, {})}


def trains(loss: MetricLoss) -> None:
    """Two steps on a batch have a gradient to the embeddings, finite ones to what the loss learns, and a state."""
    torch.manual_seed(0)
    embeddings, labels = batch()
    embeddings = torch.nn.Parameter(embeddings)
    learned = [embeddings, *loss.parameters()]
    optimizer = torch.optim.SGD(learned, lr=1e-3)
    for _ in range(2):
        optimizer.zero_grad()
        value = loss(embeddings, labels)
        assert value.shape == ()
        assert value.isfinite()
        value.backward()
        assert all(parameter.grad.isfinite().all() for parameter in learned)
        assert embeddings.grad.any()
        optimizer.step()
    loss.load_state_dict(loss.state_dict())


def refusal(loss, miner=None) -> str:
    """The one line with which this is refused."""
    with pytest.raises(UsageError) as error:
        new_metric_loss(loss, miner, SIZES)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("miner", [None, "UniformHistogramMiner"])
@pytest.mark.parametrize("name", THEIRS)
def test_every_loss_of_pytorch_metric_learning_trains_or_is_refused_in_one_line(name, miner):
    spec = spec_of(name, "pytorch_metric_learning.losses.")
    if name in REFUSED:
        assert refusal(spec, miner).startswith(f"{name} of pytorch-metric-learning cannot be used here: ")
    elif name in UNMINED and miner:
        assert refusal(spec, miner) == f"{name} takes no miner: its formula weighs all rows of a batch by itself"
    else:
        trains(new_metric_loss(spec, miner, SIZES))


@pytest.mark.parametrize("miner", [None, "UniformHistogramMiner"])
@pytest.mark.parametrize("name", OURS)
def test_every_loss_of_ours_trains_or_is_refused_in_one_line(name, miner):
    if name in REFUSED:
        assert refusal(spec_of(name), miner).startswith(f"{name} is a base class; there are ContrastiveLoss, ")
    elif name in OURS_UNMINED and miner:
        assert refusal(spec_of(name), miner).startswith(f"{name} takes no miner: it ")
    else:
        loss = new_metric_loss(spec_of(name), miner, SIZES)
        assert isinstance(loss, getattr(metric_losses, name))
        trains(loss)


@pytest.mark.parametrize("name", ["TripletLoss", "ContrastiveLoss", "MultiSimilarityLoss", "ArcFaceLoss"])
@pytest.mark.parametrize("miner", MINERS)
def test_every_miner_chooses_or_is_refused_in_one_line(name, miner):
    if miner in REFUSED_MINERS:
        assert refusal(name, miner).startswith(f"{miner} of pytorch-metric-learning cannot be used here: ")
    else:
        trains(new_metric_loss(name, miner, SIZES))


@pytest.mark.filterwarnings("ignore:.* learns nothing from a batch")
@pytest.mark.parametrize("miner", [None, *sorted(set(MINERS) - REFUSED_MINERS)])
@pytest.mark.parametrize("labels", [[2], [0, 1, 2, 3, 4, 5], [1, 1, 1, 1]], ids=["one row", "one each", "one class"])
def test_batches_without_pairs_are_finite_or_refused_in_one_line(labels, miner):
    labels = torch.tensor(labels)
    for name in sorted(set(THEIRS) - REFUSED - (UNMINED if miner else set())):
        if name == "NCALoss" and len(labels) == 6:
            continue  # test_mined_loss.py
        if name == "CrossBatchMemory" and miner == "BatchEasyHardMiner":
            continue  # test_cross_batch_memory.py
        loss = new_metric_loss(spec_of(name, "pytorch_metric_learning.losses."), miner, SIZES)
        embeddings = torch.randn(len(labels), SIZE, requires_grad=True)
        value = loss(embeddings, labels)
        value.backward()
        assert value.isfinite(), name
        assert embeddings.grad.isfinite().all(), name


def test_a_bare_name_is_ours_first():
    assert isinstance(new_metric_loss("ProxyAnchorLoss", None, SIZES), ProxyAnchorLoss)
    theirs = new_metric_loss("pytorch_metric_learning.losses.ProxyAnchorLoss", "BatchHardMiner", SIZES)
    assert isinstance(theirs.loss, other_losses.ProxyAnchorLoss)
    assert isinstance(new_metric_loss("CosFaceLoss", None, SIZES).loss, other_losses.CosFaceLoss)


def test_sizes_fill_what_a_constructor_asks_for_wherever_it_says_so():
    assert new_metric_loss("SubCenterArcFaceLoss", None, SIZES).loss.W.shape == (SIZE, 3 * CLASSES)
    assert new_metric_loss("P2SGradLoss", None, SIZES).loss.weight.shape == (SIZE, CLASSES)
    assert new_metric_loss("MarginLoss", None, SIZES).loss.beta.shape == (1,)  # a documented default stays
    both = new_metric_loss(spec_of("MultipleLosses"), None, SIZES).loss
    assert both.losses[0].W.shape == (SIZE, CLASSES)


def test_parts_have_names_too():
    spec = {
        "class_path": "pytorch_metric_learning.losses.ContrastiveLoss",
        "init_args": {"pos_margin": 1, "neg_margin": 0, "distance": "CosineSimilarity", "reducer": "MeanReducer"},
    }
    memory_spec = {"class_path": "CrossBatchMemory", "init_args": {"loss": spec, "miner": "HDCMiner"}}
    memory = new_metric_loss(memory_spec, None, SIZES)
    assert isinstance(memory, CrossBatchMemory)
    assert type(memory.loss.distance).__name__ == "CosineSimilarity"
    assert type(memory.miner).__name__ == "HDCMiner"


def test_an_object_is_taken_as_it_is():
    triplet = metric_losses.TripletLoss()
    assert new_metric_loss(triplet, None, SIZES) is triplet
    theirs, miner = other_losses.CircleLoss(), other_miners.BatchHardMiner()
    mined = new_metric_loss(theirs, miner, SIZES)
    assert (mined.loss, mined.miner) == (theirs, miner)
    memory = new_metric_loss(other_losses.CrossBatchMemory(theirs, SIZE, 64, miner), None, SIZES)
    assert (memory.loss, memory.miner, memory.embedding_memory.shape) == (theirs, miner, (64, SIZE))


def test_a_user_s_own_loss():
    class Own(torch.nn.Module):
        def __init__(self, num_classes: int = 3, scale: float = 1.0) -> None:
            super().__init__()
            self.num_classes, self.scale = num_classes, scale

        def forward(self, features, targets):
            return self.scale * features[targets == 0].square().sum()

    loss = new_metric_loss({"class_path": Own, "init_args": {"scale": 2.0}}, None, SIZES)
    assert (loss.loss.num_classes, loss.loss.scale) == (CLASSES, 2.0)
    trains(loss)
    assert refusal(Own, "BatchHardMiner") == "Own takes no miner: its forward has no third parameter for mined pairs"


@pytest.mark.parametrize(
    ("loss", "miner", "line"),
    [
        (
            "torch.nn.Linear",
            None,
            "Linear is no metric loss: that is a module with forward.* ContrastiveLoss, .* ArcFace",
        ),
        ("torch.nn.CrossEntropyLoss", None, "CrossEntropyLoss is no metric loss"),
        (3, None, "int is no metric loss"),
        ("pytorch_metric_learning.miners.HDCMiner", None, "HDCMiner is no metric loss"),
        ("RKDLoss", None, "RKDLoss is a transfer loss, "),
        (
            "TripletLos",
            None,
            "no 'TripletLos' in embedding_transfer.metric_losses or pytorch_metric_learning.losses, did",
        ),
        ("nothing.Here", None, "cannot import 'nothing'"),
        ({}, None, "a class is named by"),
        ({"class_path": "TripletLoss", "init_args": {"marign": 1}}, None, "no option 'marign', did you mean margin"),
        ({"class_path": "ArcFaceLoss", "init_args": {"aplha": 1}}, None, "ArcFaceLoss has no option 'aplha'"),
        ({"class_path": "ArcFaceLoss", "init_args": {"distance": "LpDistance"}}, None, "cannot build ArcFaceLoss: Arc"),
        ("RankedListLoss", None, "cannot build RankedListLoss: .*'margin' and 'Tn'"),
        ("pytorch_metric_learning.losses.CrossBatchMemory", None, "CrossBatchMemory remembers rows for another loss: "),
        (
            {"class_path": "MultipleLosses", "init_args": {"losses": ["TripletLoss"]}},
            None,
            "TripletLoss is ours: write",
        ),
        ("TripletLoss", "torch.nn.Linear", "Linear is no miner: .*; there are AngularMiner, "),
        ("TripletLoss", "pytorch_metric_learning.losses.ArcFaceLoss", "ArcFaceLoss is no miner"),
        ("TripletLoss", "TripletMargin", "no 'TripletMargin' in pytorch_metric_learning.miners, did you mean TripletM"),
        (
            {"class_path": "MultipleLosses", "init_args": {"losses": ["PNPLoss"]}},
            "HDCMiner",
            "MultipleLosses takes no miner: it has PNPLoss, which takes none",
        ),
        (
            {"class_path": "MultipleLosses", "init_args": {"losses": ["CircleLoss"], "miners": ["HDCMiner"]}},
            "HDCMiner",
            "MultipleLosses takes no miner: it has miners of its own",
        ),
    ],
)
def test_what_is_wrong_is_one_line(loss, miner, line):
    with pytest.raises(UsageError, match=line) as error:
        new_metric_loss(loss, miner, SIZES)
    assert "\n" not in str(error.value)
