"""Attributions of tiny random models: they add up, follow the repair, and leave the shared model alone."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from atpatch_core.attention import attention_layers
from atpatch_core.column import Column
from atpatch_core.errors import HotfixError, InputError
from atpatch_core.inspection.attribution import Attribution, agreement, answer_rollout, attention_rollout, attribute
from atpatch_core.inspection.results import AttentionTrace, Flags
from atpatch_core.layout import Layout
from atpatch_core.subjects.subject import Subject
from tests.support.tiny_models import RuleDetector, build, column, nothing

FAMILIES = ("vit", "bert")
_COLUMNS = (Column(0, 1, 3), Column(2, 0, 5))


class _Images:
    """Takes grey images; [CLS] comes before their patches."""

    kind = "image"

    def read(self, content: bytes) -> Any:
        raise NotImplementedError

    def write(self, one: Any) -> bytes:
        raise NotImplementedError

    def encode(self, images: list[Image.Image]) -> dict[str, Tensor]:
        values = torch.stack([torch.tensor(list(one.tobytes())).view(1, one.height, one.width) for one in images])
        return {"pixel_values": values / 127.5 - 1}

    def layout(self, one: Any, keys: int) -> Layout:
        return Layout(tuple(map(str, range(keys))), (True,) + (False,) * (keys - 1), (4, 4))


class _Words:
    """Takes lists of token numbers, and puts a special token at both ends."""

    kind = "text"

    def read(self, content: bytes) -> Any:
        raise NotImplementedError

    def write(self, one: Any) -> bytes:
        raise NotImplementedError

    def encode(self, texts: list[tuple[int, ...]]) -> dict[str, Tensor]:
        ids = torch.tensor([[1, *text, 2] for text in texts])
        return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}

    def layout(self, one: Any, keys: int) -> Layout:
        return Layout(tuple(map(str, range(keys))), (True,) + (False,) * (keys - 2) + (True,))


def _subject(family: str, rule: Any = None) -> Subject:
    model = build(family)
    detector = None if rule is None else RuleDetector(len(attention_layers(model)), (0, 1), rule)
    adapter = _Images() if family == "vit" else _Words()
    return Subject("tiny", Path(), model, adapter, ("a", "b", "c"), detector, "")


def _input(family: str) -> Any:
    if family == "vit":
        pixels = torch.randint(1, 256, (64,), generator=torch.Generator().manual_seed(0))
        return Image.frombytes("L", (8, 8), bytes(pixels.tolist()))
    return (5, 17, 33, 8, 21, 40)


def _hooks(model: nn.Module) -> int:
    return sum(
        len(module._forward_hooks) + len(module._forward_pre_hooks) + len(module._backward_hooks)
        for module in model.modules()
    )


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("columns", [(), _COLUMNS], ids=["untouched", "repaired"])
def test_one_finite_number_per_key_and_together_they_are_the_change_of_the_log_odds(
    family: str, columns: tuple[Column, ...]
) -> None:
    subject, x = _subject(family), _input(family)
    found = attribute(subject, x, columns=columns, steps=128)
    layout = subject.layout(x, len(found.values))
    assert len(found.values) == {"vit": 17, "bert": 8}[family]
    assert found.values.isfinite().all()
    assert found.values[~torch.tensor(layout.special)].abs().min() > 0
    assert (found.values[torch.tensor(layout.special)] == 0).all()
    change = found.log_odds - found.baseline_log_odds
    assert float(found.values.sum()) - change == pytest.approx(found.convergence_delta, abs=1e-4)
    assert abs(found.convergence_delta) < 0.05 * float(found.values.abs().sum())


def test_the_default_target_is_the_answer_and_the_score_its_log_odds(family: str) -> None:
    subject, x = _subject(family), _input(family)
    with torch.no_grad():
        probabilities = subject.model(**subject.encode(x)).logits[0].softmax(-1)
    found = attribute(subject, x)
    assert found.target == int(probabilities.argmax())
    highest = probabilities.max()
    assert found.log_odds == pytest.approx(float((highest / (1 - highest)).log()), abs=1e-3)
    other = attribute(subject, x, target=(found.target + 1) % 3)
    assert other.log_odds < found.log_odds
    assert not torch.allclose(other.values, found.values)


def test_redistributed_columns_change_the_attribution_whatever_the_detector_says(family: str) -> None:
    x = _input(family)
    plain, by_hand = _subject(family), _subject(family, nothing)
    before, after = attribute(by_hand, x), attribute(by_hand, x, columns=_COLUMNS)
    assert not torch.allclose(before.values, after.values)
    # A detector that flags something else at some step would make the answer jump on the way from the baseline.
    jumpy = attribute(_subject(family, column(key=2, head=2)), x, columns=_COLUMNS)
    assert torch.equal(jumpy.values, after.values)
    assert torch.equal(attribute(plain, x).values, before.values)


def test_a_key_the_model_does_not_look_at_gets_nothing() -> None:
    subject = _subject("bert")
    inner = subject.model.bert
    with torch.no_grad():  # word 17 is to the model what padding is
        inner.embeddings.word_embeddings.weight[17] = inner.embeddings.word_embeddings.weight[0]
    found = attribute(subject, _input("bert"))
    assert found.values[2] == 0
    assert (found.values[[1, 3, 4, 5, 6]] != 0).all()


def test_nothing_is_left_on_the_shared_model(family: str) -> None:
    subject, x = _subject(family), _input(family)
    subject.model.requires_grad_(True)
    before = {name: value.clone() for name, value in subject.model.state_dict().items()}
    implementation = subject.model.config._attn_implementation
    attribute(subject, x, columns=_COLUMNS)
    assert all(parameter.grad is None and parameter.requires_grad for parameter in subject.model.parameters())
    assert _hooks(subject.model) == 0
    assert subject.model.config._attn_implementation == implementation
    assert {name: value.shape for name, value in subject.model.state_dict().items()} == {
        name: value.shape for name, value in before.items()
    }
    assert all(torch.equal(value, before[name]) for name, value in subject.model.state_dict().items())


@pytest.mark.parametrize("after", [0, 3])
def test_nothing_is_left_when_the_forward_raises(family: str, after: int) -> None:
    subject, x = _subject(family), _input(family)
    calls = []

    def fail(*_args: Any) -> None:
        calls.append(None)
        if len(calls) > after:
            raise RuntimeError("no")

    trap = attention_layers(subject.model)[1].register_forward_hook(fail)
    implementation = subject.model.config._attn_implementation
    with pytest.raises(RuntimeError, match="no"):
        attribute(subject, x, columns=_COLUMNS)
    assert len(calls) == after + 1
    trap.remove()
    assert _hooks(subject.model) == 0
    assert subject.model.config._attn_implementation == implementation
    assert all(parameter.grad is None for parameter in subject.model.parameters())


def test_another_thread_on_the_same_model_notices_nothing(family: str) -> None:
    subject, x = _subject(family), _input(family)
    batch = subject.encode(x)
    with torch.no_grad():
        expected = subject.model(**batch).logits
    mine, seen = threading.current_thread(), []

    def look() -> None:
        with torch.no_grad():
            seen.append(subject.model(**batch).logits)

    def meanwhile(*_args: Any) -> None:
        if threading.current_thread() is mine:
            other = threading.Thread(target=look)
            other.start()
            other.join(20)

    trap = attention_layers(subject.model)[1].register_forward_hook(meanwhile)
    attribute(subject, x)
    trap.remove()
    assert len(seen) > 4  # the first forwards are before Captum replaces any embedding
    assert all(torch.equal(logits, expected) for logits in seen)


def test_what_does_not_exist_is_refused(family: str) -> None:
    subject, x = _subject(family), _input(family)
    with pytest.raises(InputError, match="no class 3"):
        attribute(subject, x, target=3)
    with pytest.raises(HotfixError, match="no layer 7"):
        attribute(subject, x, columns=[Column(7, 0, 0)])
    assert _hooks(subject.model) == 0


def test_a_model_that_attends_in_windows_is_refused() -> None:
    subject = Subject("windows", Path(), build("swin"), _Images(), ("a", "b", "c"), None, "")
    with pytest.raises(InputError, match="windows"):
        attribute(subject, Image.new("L", (16, 16), 128))


# --- rollout ----------------------------------------------------------------------------------------------------


def test_the_rollout_of_two_layers_by_hand() -> None:
    first = torch.tensor([[[1.0, 0.0], [1.0, 0.0]], [[0.0, 1.0], [0.0, 1.0]]])  # mean over heads: one half everywhere
    second = torch.tensor([[[0.0, 1.0], [0.0, 1.0]]])
    # [[.75 .25] [.25 .75]], then [[.5 .5] [0 1]] times that.
    rollout = attention_rollout(AttentionTrace((first, second)))
    torch.testing.assert_close(rollout, torch.tensor([[0.5, 0.5], [0.25, 0.75]]))


def test_rows_of_the_rollout_sum_to_one_and_attention_to_oneself_stays_there() -> None:
    maps = torch.rand(3, 4, 9, 9, generator=torch.Generator().manual_seed(0)).softmax(-1)
    torch.testing.assert_close(attention_rollout(AttentionTrace(tuple(maps))).sum(-1), torch.ones(9))
    assert torch.equal(attention_rollout(AttentionTrace((torch.eye(3)[None],) * 2)), torch.eye(3))


def test_the_answer_is_read_from_the_first_key_or_from_the_last_of_a_causal_model() -> None:
    full = torch.full((1, 3, 3), 1 / 3)
    trace = AttentionTrace((full, full))
    assert torch.equal(answer_rollout(trace), attention_rollout(trace)[0])
    causal = torch.ones(3, 3).tril()[None] / torch.tensor([1.0, 2.0, 3.0])[:, None]
    trace = AttentionTrace((causal, causal))
    assert torch.equal(answer_rollout(trace), attention_rollout(trace)[2])


def test_layers_of_different_sizes_have_no_rollout() -> None:
    with pytest.raises(InputError, match="multiplied up"):
        attention_rollout(AttentionTrace((torch.rand(1, 4, 4), torch.rand(1, 2, 2))))


# --- agreement --------------------------------------------------------------------------------------------------

_LAYOUT = Layout(("[CLS]", "a", "b", "c", "d"), (True, False, False, False, False))


def _flags(*keys: int) -> Flags:
    layers = [torch.zeros(2, 5, dtype=torch.bool) for _ in range(2)]
    for number, key in enumerate(keys):
        layers[number % 2][number % 2, key] = True
    return Flags((None, None), tuple(layers), 0.5)


@pytest.mark.parametrize(
    ("flagged", "expected"),
    [((2,), 1.0), ((1,), 2 / 3), ((3,), 0.0), ((1, 2), 1.0), ((), None), ((1, 2, 3, 4), None), ((0,), None)],
)
def test_agreement_is_the_share_of_pairs_in_which_the_flagged_key_got_more(
    flagged: tuple[int, ...], expected: float | None
) -> None:
    attribution = Attribution(torch.tensor([0.0, 0.5, -2.0, 0.0, 0.1]), 0, 1.0, 0.0, 0.0)
    found = agreement(attribution, _flags(*flagged), _LAYOUT)
    assert found == (None if expected is None else pytest.approx(expected))


def test_keys_the_model_added_do_not_count_in_the_agreement() -> None:
    attribution = Attribution(torch.tensor([9.0, 0.5, -2.0, 0.0, 0.1]), 0, 1.0, 0.0, 0.0)
    assert agreement(attribution, _flags(2), _LAYOUT) == 1.0


def test_attributions_that_are_no_numbers_agree_with_nothing() -> None:
    broken = Attribution(torch.tensor([0.0, float("nan"), 1.0, 0.0, 0.1]), 0, 1.0, 0.0, 0.0)
    assert agreement(broken, _flags(2), _LAYOUT) is None


def test_steps_are_told_before_each_batch_and_after_the_last(family: str) -> None:
    steps: list[tuple[int, int]] = []
    batches = attribute(_subject(family), _input(family), 0, steps=6, on_step=lambda *one: steps.append(one), at_once=4)
    assert steps == [(0, 6), (4, 6), (6, 6)]
    whole = attribute(_subject(family), _input(family), 0, steps=6)
    assert torch.allclose(batches.values, whole.values, atol=1e-5)
    assert batches.convergence_delta == pytest.approx(whole.convergence_delta, abs=1e-5)


def test_what_the_hook_raises_ends_the_work_and_nothing_is_left(family: str) -> None:
    subject = _subject(family)
    before = _hooks(subject.model)

    def stop(done: int, steps: int) -> None:
        if done:
            raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        attribute(subject, _input(family), 0, _COLUMNS, steps=6, on_step=stop, at_once=2)
    assert _hooks(subject.model) == before
    assert attribute(subject, _input(family), 0, _COLUMNS, steps=2).values.isfinite().all()
