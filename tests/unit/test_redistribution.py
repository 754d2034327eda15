"""The formula, by hand and by property. Shapes are [batch, heads, queries, keys]."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from atpatch_core.redistribution import redistribute, shut_out


def one_map(rows: list[list[float]], dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.tensor(rows, dtype=dtype)[None, None]


def flags(*columns: bool) -> Tensor:
    return torch.tensor(columns)[None, None]


@st.composite
def cases(draw: st.DrawFn) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Random maps with saturated rows and masked keys, random flags, random benign values."""
    batch, heads, size = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.integers(1, 9))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    sharpness = draw(st.sampled_from([0.1, 1.0, 30.0, 300.0]))
    scores = torch.randn(batch, heads, size, size, generator=generator) * sharpness
    allowed = torch.rand(batch, 1, 1, size, generator=generator) < draw(st.sampled_from([0.4, 0.8, 1.0]))
    if draw(st.booleans()):
        allowed = allowed & torch.ones(size, size, dtype=torch.bool).tril()
    allowed = allowed.expand(batch, 1, size, size)
    weights = scores.masked_fill(~allowed, float("-inf")).softmax(-1).nan_to_num(0.0)
    flagged = torch.rand(batch, heads, size, generator=generator) < draw(st.sampled_from([0.0, 0.3, 0.9, 1.0]))
    benign = torch.rand(batch, heads, size, size, generator=generator) * draw(st.sampled_from([0.0, 0.02, 0.5, 1.0]))
    return weights, flagged, benign, allowed


@settings(max_examples=300, deadline=None)
@given(cases())
def test_rows_stay_distributions_and_masked_keys_stay_exactly_zero(case: tuple[Tensor, ...]) -> None:
    attention, flagged, benign, allowed = case
    after = redistribute(attention, flagged, benign, allowed)
    assert torch.isfinite(after).all()
    assert ((after >= 0) & (after <= 1)).all()
    assert (after[~allowed.expand_as(after)] == 0).all()
    torch.testing.assert_close(after.sum(-1), attention.sum(-1), atol=2e-6, rtol=0)


@settings(max_examples=300, deadline=None)
@given(cases())
def test_flagged_columns_never_rise_and_fall_to_benign(case: tuple[Tensor, ...]) -> None:
    attention, flagged, benign, allowed = case
    after = redistribute(attention, flagged, benign, allowed)
    columns = flagged[:, :, None, :] & allowed
    room = (~flagged[:, :, None, :] & allowed).any(-1, keepdim=True)
    assert (after <= attention + 1e-7)[columns].all()
    assert (after <= benign + 1e-7)[columns & room].all()


@settings(max_examples=300, deadline=None)
@given(cases())
def test_ratios_within_the_unflagged_part_of_a_row_are_kept(case: tuple[Tensor, ...]) -> None:
    attention, flagged, benign, allowed = case
    after = redistribute(attention, flagged, benign, allowed)
    rest = (~flagged[:, :, None, :] & allowed).expand_as(attention)
    before_rest = torch.where(rest, attention, 0).double()
    after_rest = torch.where(rest, after, 0).double()
    mass = before_rest.sum(-1, keepdim=True)
    proportional = before_rest / mass * after_rest.sum(-1, keepdim=True)
    normal = (mass > 1e-30).expand_as(attention) & rest
    torch.testing.assert_close(after_rest[normal], proportional[normal], atol=1e-6, rtol=1e-5)


@settings(max_examples=100, deadline=None)
@given(cases())
def test_the_input_is_never_written_to_and_clean_neighbours_keep_their_bits(case: tuple[Tensor, ...]) -> None:
    attention, flagged, benign, allowed = case
    copy = attention.clone()
    after = redistribute(attention, flagged, benign, allowed)
    assert torch.equal(attention, copy)
    untouched = ~flagged.any(-1)
    assert torch.equal(after[untouched], attention[untouched])


@settings(max_examples=100, deadline=None)
@given(cases(), st.randoms())
def test_permuting_the_batch_permutes_the_result(case: tuple[Tensor, ...], random: object) -> None:
    attention, flagged, benign, allowed = case
    order = list(range(len(attention)))
    random.shuffle(order)  # type: ignore[attr-defined]
    together = redistribute(attention, flagged, benign, allowed)
    shuffled = redistribute(attention[order], flagged[order], benign[order], allowed[order])
    assert torch.equal(together[order], shuffled)


def test_a_three_by_three_map_by_hand() -> None:
    attention = one_map([[0.8, 0.1, 0.1], [0.5, 0.3, 0.2], [0.05, 0.9, 0.05]])
    after = redistribute(attention, flags(True, False, False), torch.tensor(0.2))
    # Row 0: 0.8 falls to 0.2, the others grow by (1 - 0.2) / 0.2 = 4. Row 1: by 0.8 / 0.5 = 1.6.
    # Row 2: 0.05 is below the benign 0.2 already and is not raised, so nothing moves.
    expected = one_map([[0.2, 0.4, 0.4], [0.2, 0.48, 0.32], [0.05, 0.9, 0.05]])
    torch.testing.assert_close(after, expected)


def test_nothing_flagged_returns_the_same_object() -> None:
    attention = one_map([[0.5, 0.5], [0.5, 0.5]])
    assert redistribute(attention, flags(False, False), torch.tensor(0.1)) is attention


def test_all_but_one_column_flagged_gives_the_rest_to_that_one() -> None:
    attention = one_map([[0.6, 0.3, 0.1]] * 3)
    after = redistribute(attention, flags(True, True, False), torch.tensor(0.1))
    torch.testing.assert_close(after, one_map([[0.1, 0.1, 0.8]] * 3))


@pytest.mark.parametrize("size", [1, 3])
def test_all_columns_flagged_leaves_the_map_as_it_was(size: int) -> None:
    attention = torch.full((1, 1, size, size), 1 / size)
    assert torch.equal(redistribute(attention, flags(*[True] * size), torch.tensor(0.0)), attention)


def test_a_saturated_row_hands_its_surplus_out_evenly() -> None:
    attention = one_map([[1.0, 0.0, 0.0, 0.0]])
    after = redistribute(attention, flags(True, False, False, False), torch.tensor(0.1))
    torch.testing.assert_close(after, one_map([[0.1, 0.3, 0.3, 0.3]]))


def test_a_saturated_row_gives_nothing_to_masked_keys() -> None:
    attention = one_map([[1.0, 0.0, 0.0, 0.0]])
    allowed = torch.tensor([[[[True, True, True, False]]]])
    after = redistribute(attention, flags(True, False, False, False), torch.tensor(0.0), allowed)
    torch.testing.assert_close(after, one_map([[0.0, 0.5, 0.5, 0.0]]))


@pytest.mark.parametrize(("benign", "expected"), [(0.0, [0.0, 0.5, 0.5]), (1.0, [0.8, 0.1, 0.1])])
def test_benign_zero_removes_and_benign_one_keeps(benign: float, expected: list[float]) -> None:
    attention = one_map([[0.8, 0.1, 0.1]])
    torch.testing.assert_close(
        redistribute(attention, flags(True, False, False), torch.tensor(benign)), one_map([expected])
    )


def test_benign_values_that_sum_to_more_than_one_are_scaled_down() -> None:
    attention = one_map([[0.6, 0.4, 0.0]])
    after = redistribute(attention, flags(True, True, False), torch.tensor([0.9, 0.9, 0.0]))
    torch.testing.assert_close(after, one_map([[0.5, 0.4, 0.1]]))


def test_a_tiny_unflagged_mass_does_not_cancel() -> None:
    """1 - flagged would be 0 here in float32; the sum of the others is not."""
    attention = one_map([[1.0, 1e-20, 3e-20]])
    after = redistribute(attention, flags(True, False, False), torch.tensor(0.2))
    torch.testing.assert_close(after, one_map([[0.2, 0.2, 0.6]]))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions_keep_their_dtype(dtype: torch.dtype) -> None:
    attention = torch.randn(2, 3, 50, 50).mul(3).double().softmax(-1).to(dtype)
    flagged = torch.zeros(2, 3, 50, dtype=torch.bool)
    flagged[:, 1, 7] = True
    after = redistribute(attention, flagged, torch.tensor(0.02))
    assert after.dtype == dtype
    tolerance = {torch.float16: 3e-3, torch.bfloat16: 2e-2, torch.float64: 1e-12}[dtype]
    torch.testing.assert_close(after.double().sum(-1), attention.double().sum(-1), atol=tolerance, rtol=0)


def test_non_contiguous_and_expanded_inputs() -> None:
    attention = torch.randn(2, 4, 6, 6).softmax(-1)
    flagged = torch.tensor([True, False, False, False, True, False]).expand(2, 4, 6)
    swapped = attention.transpose(0, 1).contiguous().transpose(0, 1)
    benign = torch.tensor(0.05).expand(2, 4, 6, 6)
    assert torch.equal(redistribute(swapped, flagged, benign), redistribute(attention, flagged, torch.tensor(0.05)))


def test_gradients_stay_finite_in_saturated_rows() -> None:
    scores = torch.tensor([[[[200.0, 0.0, -200.0], [0.0, 0.0, 0.0], [1.0, 2.0, 3.0]]]], requires_grad=True)
    after = redistribute(scores.softmax(-1), flags(True, False, False), torch.tensor(0.1))
    after.square().sum().backward()
    assert scores.grad is not None
    assert torch.isfinite(scores.grad).all()


@pytest.mark.parametrize("value", [-0.1, 1.5, float("nan")])
def test_an_impossible_benign_value_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        redistribute(one_map([[0.5, 0.5]]), flags(True, False), torch.tensor(value))


def test_wrong_types_are_refused() -> None:
    with pytest.raises(TypeError, match="floating point"):
        redistribute(torch.ones(1, 1, 2, 2, dtype=torch.int64), flags(True, False), torch.tensor(0.1))
    with pytest.raises(TypeError, match="boolean"):
        redistribute(one_map([[0.5, 0.5]]), torch.ones(1, 1, 2), torch.tensor(0.1))
    with pytest.raises(ValueError, match="dimensions"):
        redistribute(torch.ones(2, 2) / 2, flags(True, False), torch.tensor(0.1))


@settings(max_examples=300, deadline=None)
@given(cases())
def test_shutting_out_is_redistributing_down_to_nothing(case: tuple[Tensor, ...]) -> None:
    attention, flagged, _, allowed = case
    before = attention.clone()
    expected = redistribute(attention, flagged, torch.zeros(()), allowed)
    torch.testing.assert_close(shut_out(attention, flagged, torch.zeros(()), allowed), expected, atol=2e-6, rtol=1e-5)
    assert torch.equal(attention, before), "the map that was given is left as it is"
