"""CRDLoss: two golden steps with memories and constants, its draws of negatives, and its edges."""

import copy

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

import golden
from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.losses import CRDLoss

N_IMAGES, TARGET_DIM, SOURCE_DIM = 40, 6, 10
LABELS = torch.arange(N_IMAGES) // 8  # five classes of eight images


def loss_of(dtype: torch.dtype = torch.float64, **options) -> CRDLoss:
    torch.manual_seed(0)
    options = {"feat_dim": 8, "nce_k": 16, "image_labels": LABELS, **options}
    return CRDLoss(TARGET_DIM, SOURCE_DIM, N_IMAGES, **options).to(dtype)


def batch(n: int = 6, dtype: torch.dtype = torch.float64) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    return (
        torch.randn(n, TARGET_DIM, dtype=dtype),
        torch.randn(n, SOURCE_DIM, dtype=dtype),
        torch.randperm(N_IMAGES)[:n],
    )


def terms(loss: CRDLoss, target, source, index):
    """-log(x_i / (x_i + q)) of each row and -log(q / (x_j + q)) of each row and image j, both sides, by the formula."""
    q = loss.nce_k / loss.n_images
    own, others = 0.0, 0.0
    sides = [(loss.target_head(target), loss.source_memory), (loss.source_head(source), loss.target_memory)]
    for (embeddings, memory), z in zip(sides, loss.log_constants.exp(), strict=True):
        x = torch.exp(F.normalize(embeddings) @ memory.T / loss.nce_t) / z  # (n, n_images)
        own = own - torch.log(x / (x + q + 1e-7))[torch.arange(len(index)), index]
        others = others - torch.log(q / (x + q + 1e-7))
    return own, others


def with_known_constants(**options) -> CRDLoss:
    """A loss after one step, in evaluation mode: it no longer changes."""
    loss = loss_of(**options)
    loss(*batch())
    return loss.eval()


@pytest.mark.parametrize("case", golden.loss_cases("CRD"), ids=lambda case: case["id"])
def test_two_steps_agree_with_the_published_code(case):
    assert case["loss_comparable_at_recommended_tol"]
    assert case["grad_comparable_at_recommended_tol"]
    tolerance = {"f64": 1e-10, "f32": 1e-5}[case["dtype"]]
    given_, expected = (
        {key: golden.tensor("losses", name) for key, name in case[side].items()} for side in ("inputs", "outputs")
    )
    options = {key: case["params"][key] for key in ("feat_dim",)}
    loss = CRDLoss(case["params"]["t_dim"], case["params"]["s_dim"], case["params"]["n_data"], nce_k=16, **options)
    loss = loss.to(given_["ft1"].dtype)
    learned = {"Wt": loss.target_head.weight, "bt": loss.target_head.bias}
    learned |= {"Ws": loss.source_head.weight, "bs": loss.source_head.bias}
    remembered = {"mem1": loss.target_memory, "mem2": loss.source_memory}
    for key, tensor in (learned | remembered).items():
        tensor.data.copy_(given_[key])

    def agrees(actual, name):
        scale = expected[name].abs().max().item()
        torch.testing.assert_close(actual, expected[name], rtol=0, atol=tolerance * scale, msg=lambda m: f"{name}: {m}")

    for step in "12":
        loss.zero_grad()
        target = given_["ft" + step].requires_grad_()
        source = given_["fs" + step].requires_grad_()
        value = loss(target, source, given_["idx" + step], negatives=given_["cidx" + step][:, 1:])
        value.backward()
        assert value.ndim == 0
        agrees(value.detach().reshape(1), "loss" + step)
        agrees(target.grad, "grad_ft" + step)
        assert source.grad is None
        for key, tensor in learned.items():
            agrees(tensor.grad, f"grad_{key}{step}")
        for key, tensor in remembered.items():
            agrees(tensor, f"{key}_{step}")
        for constant, z in zip(loss.log_constants.exp(), expected["params" + step][2:4], strict=True):
            torch.testing.assert_close(constant, z, rtol=tolerance, atol=0)


def test_one_draw_for_all_rows_has_the_expectation_of_draws_per_row():
    """Both are K times the mean over images of other classes; 300 seeded draws of each come within 4 errors of it."""
    shared = with_known_constants()
    per_row = copy.deepcopy(shared)
    per_row.shared_negatives = False
    target, source, index = batch()
    own, others = terms(shared, target, source, index)
    of_other_class = LABELS[index][:, None] != LABELS
    expected = (own + shared.nce_k * (others * of_other_class).sum(1) / of_other_class.sum(1)).mean()
    for loss in (shared, per_row):
        with torch.no_grad():
            draws = torch.stack([loss(target, source, index) for _ in range(300)])
        error = draws.std() / 300**0.5
        assert 0 < error < 0.05 * expected
        assert abs(draws.mean() - expected) < 4 * error


def test_with_few_images_all_of_them_are_the_negatives():
    loss = with_known_constants(nce_k=64)
    target, source, index = batch()
    own, others = terms(loss, target, source, index)
    of_other_class = LABELS[index][:, None] != LABELS
    expected = (own + 64 * (others * of_other_class).sum(1) / of_other_class.sum(1)).mean()
    torch.testing.assert_close(loss(target, source, index), expected, rtol=1e-10, atol=0)


def test_first_constants_are_the_mean_score_times_the_images():
    loss = loss_of(nce_k=64, image_labels=None)
    before = copy.deepcopy(loss)
    target, source, index = batch()
    loss(target, source, index)
    for side, (embeddings, memory) in enumerate(
        [(before.target_head(target), before.source_memory), (before.source_head(source), before.target_memory)]
    ):
        scores = torch.exp(F.normalize(embeddings) @ memory.T / 0.07)  # (n, n_images)
        own = scores[torch.arange(6), index]
        others = (scores.sum(1) - own) / (N_IMAGES - 1)
        expected = N_IMAGES * ((own + 64 * others) / 65).mean()
        torch.testing.assert_close(loss.log_constants[side].exp(), expected.detach(), rtol=1e-10, atol=0)


def test_no_negative_is_of_the_own_class():
    _, _, index = batch()
    per_row = loss_of(shared_negatives=False, nce_k=500)
    images, left_out, k = per_row.draw_negatives(index)
    assert (images.shape, left_out, k) == ((6, 500), None, 500)
    assert (LABELS[images] != LABELS[index][:, None]).all()
    assert images.unique().numel() == N_IMAGES
    shared = loss_of(nce_k=30)
    images, left_out, k = shared.draw_negatives(index)
    assert (images.shape, k) == ((30,), 30)
    assert torch.equal(left_out, LABELS[images] == LABELS[index][:, None])
    assert left_out.any()


def test_without_labels_only_the_image_itself_is_no_negative():
    _, _, index = batch()
    images, _, _ = loss_of(shared_negatives=False, nce_k=500, image_labels=None).draw_negatives(index)
    assert (images != index[:, None]).all()
    assert (images // 8 == index[:, None] // 8).any()


def test_a_seeded_step_replays():
    values = []
    for _ in range(2):
        loss = loss_of()
        torch.manual_seed(5)
        values.append(loss(*batch()))
    assert torch.equal(*values)


def test_resuming_from_a_state_dict_is_exact():
    target, source, index = batch()
    straight = loss_of()
    straight(target, source, index)
    resumed = CRDLoss(TARGET_DIM, SOURCE_DIM, N_IMAGES, feat_dim=8, nce_k=16, image_labels=LABELS).double()
    resumed.load_state_dict(straight.state_dict())
    for loss in (straight, resumed, copy.deepcopy(straight)):
        torch.manual_seed(7)
        loss.last_value = loss(target, source, index)
    assert torch.equal(straight.last_value, resumed.last_value)
    assert torch.equal(straight.target_memory, resumed.target_memory)
    assert not any(buffer.requires_grad for buffer in straight.buffers())


def test_memory_moves_towards_the_last_view_and_only_in_training():
    target, source, index = batch(6)
    index = index[:3].repeat(2)  # two views of three images
    loss = loss_of()
    before = loss.target_memory.clone()
    loss.eval()(target, source, index)
    assert torch.equal(loss.target_memory, before)
    assert loss.log_constants.isnan().all()
    loss.train()(target, source, index)
    units = F.normalize(loss.target_head(target))[3:].detach()
    torch.testing.assert_close(loss.target_memory[index[:3]], F.normalize(0.5 * before[index[:3]] + 0.5 * units))
    untouched = torch.ones(N_IMAGES, dtype=torch.bool)
    untouched[index] = False
    assert torch.equal(loss.target_memory[untouched], before[untouched])


def test_memory_rows_start_at_length_one_on_average():
    memory = CRDLoss(4, 4, n_images=2000).source_memory
    assert memory.norm(dim=1).mean().item() == pytest.approx(1, abs=0.01)
    assert memory.shape == (2000, 128)


@given(seed=st.integers(0, 10**6))
def test_the_order_of_the_batch_does_not_matter(seed):
    target, source, index = batch()
    order = torch.randperm(6, generator=torch.Generator().manual_seed(seed))
    losses = [loss_of(), loss_of()]
    values = []
    for loss, rows in zip(losses, (torch.arange(6), order), strict=True):
        torch.manual_seed(3)
        values.append(loss(target[rows], source[rows], index[rows]))
    torch.testing.assert_close(*values)
    torch.testing.assert_close(losses[0].target_memory, losses[1].target_memory)


@given(scale=st.floats(1e-3, 1e3))
def test_lengths_do_not_matter_when_heads_have_no_bias(scale):
    loss = with_known_constants(nce_k=64)
    for head in (loss.target_head, loss.source_head):
        torch.nn.init.zeros_(head.bias)
    target, source, index = batch()
    torch.testing.assert_close(loss(scale * target, source / scale, index), loss(target, source, index))


@pytest.mark.parametrize("negatives", ["shared", "all images", "per row"])
def test_gradients_in_float64(negatives):
    loss = with_known_constants(nce_k=64 if negatives == "all images" else 16)
    target, source, index = batch()
    chosen = torch.randint(N_IMAGES, (6, 16)) if negatives == "per row" else None

    def value(target, *_):
        torch.manual_seed(4)
        return loss(target, source, index, chosen)

    assert torch.autograd.gradcheck(value, (target.requires_grad_(), *loss.parameters()))


def test_images_per_row_beyond_one_tile_of_products(monkeypatch):
    loss = with_known_constants()
    target, source, index = batch()
    negatives = torch.randint(N_IMAGES, (6, 16))
    whole = loss(target, source, index, negatives)
    monkeypatch.setattr("embedding_transfer.losses.noise_contrast.PRODUCTS_AT_ONCE", 2 * N_IMAGES)
    torch.testing.assert_close(loss(target, source, index, negatives), whole)
    own, others = terms(loss, target, source, index)
    torch.testing.assert_close(whole, (own + others.gather(1, negatives).sum(1)).mean(), rtol=1e-10, atol=0)


def edge_batches():
    target, source, index = batch(dtype=torch.float32)
    zero, equal, duplicate = target.clone(), target[:1].repeat(6, 1), target.clone()
    zero[2] = 0
    duplicate[4] = duplicate[1]
    return {
        "one row": (target[:1], source[:1], index[:1]),
        "two rows of one image": (target[:2], source[:2], index[:1].repeat(2)),
        "a zero row": (zero, zero @ torch.randn(TARGET_DIM, SOURCE_DIM), index),
        "all rows equal": (equal, source[:1].repeat(6, 1), index),
        "duplicates": (duplicate, source, index),
        "short rows": (1e-3 * target, 1e-3 * source, index),
        "long rows": (1e3 * target, 1e3 * source, index),
        "not contiguous": (target.T.contiguous().T, source.T.contiguous().T, index.repeat_interleave(2)[::2]),
    }


@pytest.mark.parametrize("edge", edge_batches())
@pytest.mark.parametrize("temperature", [0.07, 0.01])
def test_edges_are_finite(edge, temperature):
    target, source, index = edge_batches()[edge]
    loss = loss_of(torch.float32, nce_t=temperature)
    for _ in range(3):
        value = loss(target.requires_grad_(), source, index)
        value.backward()
    assert value.isfinite()
    assert target.grad.isfinite().all()
    assert all(p.grad.isfinite().all() for p in loss.parameters())
    assert all(buffer.isfinite().all() for buffer in loss.buffers())


def test_a_batch_of_one_class_with_all_draws_of_it_keeps_its_pull():
    """Every shared negative may be of the own class: nothing to push away then, and no division by zero."""
    loss = loss_of(nce_k=1, image_labels=(torch.arange(N_IMAGES) == 0).long())
    target, source, _ = batch(2)
    value = loss(target.requires_grad_(), source, torch.tensor([3, 4]))
    value.backward()
    assert value.isfinite()
    assert target.grad.isfinite().all()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("autocast", [False, True])
def test_half_precision_is_computed_in_float32(dtype, autocast):
    target, source, index = batch(dtype=torch.float32)
    target, source = target.to(dtype).requires_grad_(), source.to(dtype)
    loss = loss_of(torch.float32, nce_k=64)
    exact = copy.deepcopy(loss)(target.detach().float(), source.float(), index)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
        value = loss(target, source, index)
    value.backward()
    assert value.dtype == torch.float32
    torch.testing.assert_close(value, exact)
    assert target.grad.isfinite().all()


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_a_bad_embedding_is_never_a_fine_loss(bad):
    target, source, index = batch()
    target[3, 1] = bad
    assert loss_of()(target, source, index).isnan()


def test_wrong_input_is_named():
    target, source, index = batch()
    loss = loss_of()
    with pytest.raises(InputError, match="one view missing"):
        loss(target, source[:3], index)
    with pytest.raises(InputError, match=r"index \(6,\) of integers; got torch.int64 \(3,\)"):
        loss(target, source, index[:3])
    with pytest.raises(InputError, match=r"negatives \(6, 16\) of integers; got torch.int64 \(16,\)"):
        loss(target, source, index, torch.randint(N_IMAGES, (16,)))
    with pytest.raises(InputError, match="40 images, 0 to 39; got index from 40 to 45"):
        loss(target, source, torch.arange(6) + 40)
    with pytest.raises(InputError, match="all 40 images are of one class"):
        loss_of(image_labels=torch.zeros(N_IMAGES))
    with pytest.raises(InputError, match=r"one label per image, \(40,\); got \(39,\)"):
        loss_of(image_labels=LABELS[1:])
    with pytest.raises(UsageError, match="nce_m must be below 1; got 1"):
        loss_of(nce_m=1.0)
    with pytest.raises(UsageError, match="nce_t must be above 0"):
        loss_of(nce_t=0)
