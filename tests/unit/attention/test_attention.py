"""Capture and hot-fix on tiny random models of seven families: what is promised in `atpatch_core.attention`."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from transformers import AlbertConfig, AlbertForSequenceClassification, T5Config, T5EncoderModel, ViTConfig, ViTModel

from atpatch_core.attention import FLAG_NOTHING, attention_layers, capture, hotfix
from atpatch_core.column import Column
from atpatch_core.detector.growth import Growth
from atpatch_core.detector.joint import Jointly
from atpatch_core.detector.reach import Reach, log_odds
from atpatch_core.errors import DetectorError, HotfixError, InputError
from atpatch_core.redistribution import redistribute
from tests.support.tiny_models import MODELS, TEXT_MODELS, RuleDetector, build, column, inputs, nothing


def logits(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    with torch.no_grad():
        return model(**batch).logits


def detector_for(model: nn.Module, rule: object = nothing, watched: tuple[int, ...] | None = None) -> RuleDetector:
    count = len(attention_layers(model))
    return RuleDetector(count, tuple(range(count)) if watched is None else watched, rule)  # type: ignore[arg-type]


# --- nothing flagged, nothing touched ---------------------------------------------------------------------------


def test_with_every_layer_eager_logits_are_bit_identical_to_the_stock_eager_model(family: str) -> None:
    stock, model = build(family, "eager"), build(family, "sdpa")
    batch = inputs(family)
    with capture(model), hotfix(model, detector_for(model)) as fix:
        patched = logits(model, batch)
    assert torch.equal(patched, logits(stock, batch))
    assert not any(flagged.any() for flagged in fix.flagged if flagged is not None)


def test_unwatched_layers_keep_sdpa(family: str) -> None:
    model = build(family)
    batch = inputs(family)
    with hotfix(model, detector_for(model, watched=(0,))):
        patched = logits(model, batch)
    with capture(model, layers=[0]):
        same_mix = logits(model, batch)
    assert torch.equal(patched, same_mix)
    torch.testing.assert_close(patched, logits(model, batch), atol=1e-5, rtol=1e-5)


def test_captured_maps_are_the_ones_the_stock_model_reports(family: str) -> None:
    stock, model = build(family, "eager"), build(family, "sdpa")
    batch = inputs(family)
    with capture(model) as maps:
        logits(model, batch)
    with torch.no_grad():
        reported = stock(**batch, output_attentions=True).attentions
    if family == "swin":  # Swin reports one map a stage: that of its last block
        assert len(maps.layers) == 4
        return
    assert len(maps.layers) == len(reported)
    for mine, theirs in zip(maps.layers, reported, strict=True):
        assert torch.equal(mine, theirs)


# --- something flagged ------------------------------------------------------------------------------------------


def test_a_flagged_column_is_redistributed_and_the_model_goes_on_with_it(family: str) -> None:
    model = build(family)
    batch = inputs(family)
    with capture(model) as before:
        untouched = logits(model, batch)
    with capture(model) as after, hotfix(model, detector_for(model, column(key=1, head=1), watched=(0,))):
        patched = logits(model, batch)
    first = before.layers[0]
    flagged = torch.zeros(first.shape[0], first.shape[1], first.shape[3], dtype=torch.bool)
    flagged[:, 1, 1] = True
    allowed = first > 0
    torch.testing.assert_close(after.layers[0], redistribute(first, flagged, torch.tensor(0.02), allowed))
    assert not torch.allclose(patched, untouched)


def test_by_hand_needs_no_detector(family: str) -> None:
    model = build(family)
    batch = inputs(family)
    with capture(model) as maps, hotfix(model, columns=[Column(layer=0, head=1, key=1)]) as fix:
        logits(model, batch)
    flagged = fix.flagged[0]
    assert flagged is not None
    assert flagged[:, 1, 1].all()
    assert flagged.sum() == len(flagged)
    assert fix.flagged[1] is None
    assert (maps.layers[0][:, 1, :, 1] <= 0.26).all()  # uniform over the shortest sequence, 4 tokens


def test_a_clean_input_beside_a_triggered_one_keeps_its_bits() -> None:
    model = build("vit")
    batch = inputs("vit")

    def only_the_second(layer: int, attention: Tensor) -> Tensor:
        scores = nothing(layer, attention)
        scores[1, :, 3] = 1.0
        return scores

    with capture(model) as plain:
        before = logits(model, batch)
    with capture(model) as patched, hotfix(model, detector_for(model, only_the_second)):
        after = logits(model, batch)
    for mine, theirs in zip(patched.layers, plain.layers, strict=True):
        assert torch.equal(mine[[0, 2]], theirs[[0, 2]])
    assert torch.equal(after[[0, 2]], before[[0, 2]])
    assert not torch.equal(after[1], before[1])


@pytest.mark.parametrize("family", TEXT_MODELS)
def test_padding_stays_exactly_zero_and_changes_nothing(family: str) -> None:
    model = build(family)
    batch = inputs(family)
    rule = column(key=1)
    with capture(model) as maps, hotfix(model, detector_for(model, rule)):
        padded = logits(model, batch)
    for layer in maps.layers:
        for index, mask in enumerate(batch["attention_mask"]):
            assert (layer[index, :, mask.bool()][..., ~mask.bool()] == 0).all()
    for index, mask in enumerate(batch["attention_mask"]):
        length = int(mask.sum())
        alone = {key: value[index : index + 1, :length] for key, value in batch.items()}
        with hotfix(model, detector_for(model, rule)):
            torch.testing.assert_close(logits(model, alone)[0], padded[index], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("family", ["bert", "distilbert"])
def test_left_padding_is_padding_too(family: str) -> None:
    model = build(family)
    mask = torch.tensor([[0, 0, 1, 1, 1, 1]])
    batch = {"input_ids": torch.tensor([[0, 0, 5, 6, 7, 8]]), "attention_mask": mask}
    with capture(model) as maps, hotfix(model, detector_for(model, column(key=0))) as fix:
        logits(model, batch)
    assert all(not flagged.any() for flagged in fix.flagged if flagged is not None)  # column 0 is padding
    assert all((layer[..., :2] == 0).all() for layer in maps.layers)


@pytest.mark.parametrize("family", ["gpt2", "llama"])
def test_the_causal_future_stays_exactly_zero(family: str) -> None:
    model = build(family)
    with capture(model) as maps, hotfix(model, detector_for(model, column(key=4))):
        logits(model, inputs(family))
    future = torch.ones(10, 10, dtype=torch.bool).triu(1)
    assert all((layer[..., future] == 0).all() for layer in maps.layers)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_models(dtype: torch.dtype) -> None:
    model = build("bert").to(dtype)
    with capture(model) as maps, hotfix(model, detector_for(model, column(key=1))):
        assert torch.isfinite(logits(model, inputs("bert"))).all()
    assert maps.layers[0].dtype == dtype


def test_gradients_flow_through_a_repaired_map() -> None:
    model = build("vit")
    pixels = inputs("vit")["pixel_values"].requires_grad_()
    with hotfix(model, detector_for(model, column(key=1))):
        model(pixel_values=pixels).logits.sum().backward()
    assert pixels.grad is not None
    assert torch.isfinite(pixels.grad).all()


# --- attach and detach ------------------------------------------------------------------------------------------


def state_of(model: nn.Module) -> tuple[object, ...]:
    hooks = [(len(m._forward_hooks), len(m._forward_pre_hooks)) for m in model.modules()]
    implementations = [
        m.config.__dict__.get("_attn_implementation_internal") for m in model.modules() if hasattr(m, "config")
    ]
    return hooks, implementations, model.training, torch.get_rng_state().tolist()


@pytest.mark.parametrize("implementation", ["sdpa", "eager"])
def test_leaving_restores_everything(family: str, implementation: str) -> None:
    model = build(family, implementation)
    batch = inputs(family)
    before, weights = logits(model, batch), {k: v.clone() for k, v in model.state_dict().items()}
    state = state_of(model)
    with capture(model), hotfix(model, detector_for(model, column(key=1))):
        logits(model, batch)
    assert state_of(model) == state
    assert torch.equal(logits(model, batch), before)
    assert all(torch.equal(value, weights[key]) for key, value in model.state_dict().items())


def test_an_exception_inside_still_detaches() -> None:
    model = build("vit")
    state = state_of(model)
    with pytest.raises(ZeroDivisionError), hotfix(model, detector_for(model)):
        _ = 1 / 0
    with pytest.raises(ValueError, match="size"), hotfix(model, detector_for(model)):
        model(pixel_values=torch.zeros(1, 1, 99, 99))
    assert state_of(model) == state


def test_a_failed_forward_inside_the_block_does_not_disturb_the_next() -> None:
    model = build("vit")
    batch = inputs("vit")
    with capture(model) as maps:
        with pytest.raises(ValueError, match="size"):
            model(pixel_values=torch.zeros(1, 1, 99, 99))
        logits(model, batch)
        assert len(maps.layers) == 3


def test_nested_fixes_the_innermost_decides_alone() -> None:
    model = build("vit")
    batch = inputs("vit")
    inner, outer = detector_for(model, column(key=2)), detector_for(model, column(key=5), watched=(0, 1))
    with hotfix(model, inner):
        expected = logits(model, batch)
    with hotfix(model, outer) as outer_fix:
        with hotfix(model, inner), capture(model):
            nested = logits(model, batch)
        torch.testing.assert_close(nested, expected, atol=1e-5, rtol=1e-5)
        logits(model, batch)
        assert outer_fix.flagged[0] is not None
        assert outer_fix.flagged[0][:, 0, 5].all()


def test_two_models_that_share_a_config_do_not_disturb_each_other() -> None:
    config = build("vit").config
    first, second = type(build("vit"))(config).eval(), type(build("vit"))(config).eval()
    batch = inputs("vit")
    before = logits(second, batch)
    with hotfix(first, detector_for(first, column(key=1))):
        assert torch.equal(logits(second, batch), before)


def test_threads_with_different_settings_never_meet() -> None:
    """8 threads on one model, each with an input and a fix of its own, some without any: all as if alone."""
    model = build("bert")
    jobs = [
        (inputs("bert", seed=seed), None if seed % 4 == 3 else column(key=seed, head=seed % 4)) for seed in range(8)
    ]

    def run(job: tuple[dict[str, Tensor], object], forwards: int) -> list[Tensor]:
        batch, rule = job
        if rule is None:
            return [logits(model, batch) for _ in range(forwards)]
        results = []
        for _ in range(forwards):
            with hotfix(model, detector_for(model, rule)):
                results.append(logits(model, batch))
        return results

    alone = [run(job, 1)[0] for job in jobs]
    barrier = threading.Barrier(len(jobs))

    def together(job: tuple[dict[str, Tensor], object]) -> list[Tensor]:
        barrier.wait()
        return run(job, 30)

    with ThreadPoolExecutor(len(jobs)) as pool:
        for expected, results in zip(alone, pool.map(together, jobs), strict=True):
            assert all(torch.equal(result, expected) for result in results)
    assert model.config._attn_implementation == "sdpa"


# --- what is refused --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", MODELS)
def test_every_layer_is_found(family: str) -> None:
    assert len(attention_layers(build(family))) == (4 if family == "swin" else 3)


def test_a_model_outside_the_attention_interface_is_refused() -> None:
    with pytest.raises(HotfixError, match="attention interface"), capture(nn.TransformerEncoderLayer(8, 2)):
        pass
    t5 = T5EncoderModel(T5Config(vocab_size=9, d_model=8, d_kv=4, d_ff=8, num_layers=1, num_heads=2))
    try:
        with capture(t5) as maps:
            t5(input_ids=torch.tensor([[1, 2]]))
        assert len(maps.layers) == 1
    except HotfixError as refusal:
        assert str(refusal).endswith(".")  # noqa: PT017 - either is right, silence is not


def test_a_model_that_runs_one_layer_many_times_is_refused() -> None:
    config = AlbertConfig(
        vocab_size=20, embedding_size=8, hidden_size=8, num_hidden_layers=3, num_attention_heads=2, intermediate_size=8
    )
    model = AlbertForSequenceClassification(config).eval()
    with pytest.raises(HotfixError, match="3 times"), capture(model):
        model(input_ids=torch.tensor([[1, 2, 3]]))


def test_a_part_of_the_model_called_on_its_own_is_refused() -> None:
    model = build("vit")
    with pytest.raises(HotfixError, match="whole model"), capture(model):
        model.vit(**inputs("vit"))


def test_attention_dropout_is_refused() -> None:
    model = ViTModel(
        ViTConfig(
            image_size=8,
            patch_size=2,
            num_channels=1,
            hidden_size=8,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=8,
            attention_probs_dropout_prob=0.5,
        )
    ).train()
    with pytest.raises(HotfixError, match="eval"), capture(model):
        model(pixel_values=torch.zeros(1, 1, 8, 8))


def test_cache_steps_are_refused() -> None:
    model = build("gpt2")
    with torch.no_grad():
        cache = model.transformer(input_ids=torch.tensor([[5, 6]]), use_cache=True).past_key_values
    with pytest.raises(HotfixError, match="use_cache=False"), capture(model):
        model(input_ids=torch.tensor([[7]]), past_key_values=cache)


def test_other_implementations_are_refused() -> None:
    model = build("vit")
    model.config._attn_implementation_internal = "flash_attention_2"
    with pytest.raises(HotfixError, match="flash_attention_2"), capture(model):
        pass


def test_a_detector_for_another_depth_is_refused() -> None:
    model = build("vit")
    with pytest.raises(DetectorError, match="12 attention layers"), hotfix(model, RuleDetector(12, (0,), nothing)):
        pass


def test_neither_detector_nor_columns_is_refused() -> None:
    with pytest.raises(DetectorError, match="no detector"), hotfix(build("vit")):
        pass


@pytest.mark.parametrize("wrong", [Column(9, 0, 0), Column(0, 9, 0), Column(0, 0, 999)])
def test_a_column_that_does_not_exist_is_refused(wrong: Column) -> None:
    model = build("vit")
    with pytest.raises(HotfixError, match=r"There is no layer|there is no column"), hotfix(model, columns=[wrong]):
        logits(model, inputs("vit"))


def test_a_score_that_is_not_a_number_raises() -> None:
    model = build("vit")
    detector = detector_for(model, lambda layer, attention: nothing(layer, attention) * float("nan"))
    with pytest.raises(DetectorError, match="not a number"), hotfix(model, detector):
        logits(model, inputs("vit"))


@dataclass(frozen=True)
class _Following(RuleDetector):
    """A detector whose flags are followed."""

    as_sure: float = 0.0
    longest: int = 3

    @property
    def reach(self) -> Reach:
        return Reach((0, 1, 2), longest=self.longest, as_sure=self.as_sure, margin=0)


def test_nothing_flagged_runs_once_and_changes_nothing() -> None:
    model, batch = build("bert", "eager"), inputs("bert")
    ran = []
    handle = model.register_forward_pre_hook(lambda *_: ran.append(1))
    with torch.no_grad():
        before = model(**batch).logits
        with hotfix(model, _Following(3, (2,), nothing)):
            after = model(**batch).logits
    handle.remove()
    assert len(ran) == 2
    assert torch.equal(before, after)


def test_a_followed_flag_is_repaired_in_all_layers_in_reach_and_leaves_other_inputs_alone() -> None:
    model, batch = build("bert", "eager"), inputs("bert")

    def rule(_layer: int, attention: torch.Tensor) -> torch.Tensor:
        scores = nothing(_layer, attention)
        scores[1, 2, 3] = 1.0
        return scores

    with torch.no_grad(), capture(model) as plain:
        before = model(**batch).logits
    with torch.no_grad(), capture(model) as maps, hotfix(model, _Following(3, (2,), rule)) as fix:
        after = model(**batch).logits
    assert not torch.equal(after[1], before[1])
    assert torch.equal(after[[0, 2]], before[[0, 2]])
    for layer in range(3):
        flagged = fix.flagged[layer]
        assert flagged is not None
        assert flagged[1, :, 3].all(), "in every head"
        assert not flagged[[0, 2]].any()
        assert torch.equal(maps.layers[layer][[0, 2]], plain.layers[layer][[0, 2]])
        columns = flagged[1, 0]
        shut = maps.layers[layer][1][:, :, columns]
        assert float(shut.amax()) <= 0.02 + 1e-6, "what is looked at are the maps that the answer came from"
    assert [score is not None for score in fix.scores] == [False, False, True]
    with torch.no_grad():
        assert torch.equal(model(**batch).logits, before), "nothing stays behind"


@dataclass(frozen=True)
class _Adding(RuleDetector):
    """A detector that judges the copies of a token as one column."""

    @property
    def adds_repeats(self) -> bool:
        return True


@pytest.mark.parametrize("by_name", [True, False])
def test_copies_of_a_token_are_judged_by_what_they_draw_together(by_name: bool) -> None:
    model, batch = build("bert", "eager"), inputs("bert")
    tokens = batch["input_ids"].clone()
    tokens[0] = torch.arange(tokens.shape[1])
    tokens[0, 4] = 2

    def drawn(_layer: int, attention: torch.Tensor) -> torch.Tensor:
        return attention.mean(-2)

    scores = []
    for detector in (RuleDetector(3, (0,), drawn), _Adding(3, (0,), drawn)):
        with torch.no_grad(), hotfix(model, detector, threshold=1.0) as fix:
            model(**{**batch, "input_ids": tokens}) if by_name else model(tokens, batch["attention_mask"])
        assert fix.scores[0] is not None
        scores.append(fix.scores[0][0])
    apart, together = scores
    for copy in (2, 4):
        assert torch.allclose(together[:, copy], apart[:, 2] + apart[:, 4], atol=1e-6)
    others = [key for key in range(apart.shape[1]) if key not in (2, 4)]
    assert torch.equal(together[:, others], apart[:, others])


def test_what_shows_only_once_something_else_is_repaired_is_repaired_too() -> None:
    model, batch = build("bert", "eager"), inputs("bert")

    def rule(_layer: int, attention: torch.Tensor) -> torch.Tensor:
        scores = nothing(_layer, attention)
        scores[1, 2, 3] = 1.0
        scores[1, 2, 5] = (attention[1, :, :, 3].amax() <= 0.02 + 1e-6).float()
        return scores

    with torch.no_grad(), hotfix(model, _Following(3, (2,), rule)) as fix:
        model(**batch)
    for flagged in fix.flagged:
        assert flagged is not None
        assert flagged[1, :, [3, 5]].all()
        assert not flagged[[0, 2]].any()
    assert fix.scores[2] is not None
    assert fix.scores[2][1, 2, 5] == 0, "the scores are those of the untouched maps"


def test_a_model_is_looked_at_only_so_often() -> None:
    model, batch = build("bert", "eager"), inputs("bert")
    looked = []

    def rule(_layer: int, attention: torch.Tensor) -> torch.Tensor:
        scores = nothing(_layer, attention)
        scores[0, 0, 1 + len(looked)] = 1.0
        looked.append(1)
        return scores

    detector = _Following(3, (2,), rule)
    with torch.no_grad(), hotfix(model, detector):
        model(**batch)
    assert len(looked) == 1 + detector.reach.looks


def test_columns_chosen_by_hand_are_repaired_beside_followed_ones() -> None:
    model, batch = build("bert", "eager"), inputs("bert")
    by_hand = Column(1, 2, 1)
    with torch.no_grad(), hotfix(model, _Following(3, (2,), column(6)), columns=[by_hand]) as fix:
        model(**batch)
    assert fix.flagged[1] is not None
    assert fix.flagged[1][0, 2, 1]
    assert not fix.flagged[1][0, 0, 1]
    assert fix.flagged[1][0, :, 6].all()


def _flags_column_3_of_two_inputs(layer: int, attention: torch.Tensor) -> torch.Tensor:
    scores = nothing(layer, attention)
    scores[:2, 0, 3] = 1.0
    return scores


def test_what_the_answer_does_not_hang_on_is_cleared_and_left_as_it_is() -> None:
    model, batch = build("bert", "eager"), inputs("bert")
    with capture(model) as plain:
        before = logits(model, batch)
    detector = _Following(3, (2,), _flags_column_3_of_two_inputs, as_sure=100.0)
    with hotfix(model, detector) as fix, capture(model) as maps:
        assert torch.equal(logits(model, batch), before)
    assert all(map(torch.equal, maps.layers, plain.layers))
    assert all(flagged is None or not flagged.any() for flagged in fix.flagged)
    assert fix.scores[2] is not None
    assert fix.scores[2][0, 0, 3] == 1, "the scores stay to be seen"
    assert [None if one is None else one.cleared for one in fix.following] == [(3,), (3,), None]


def test_each_input_of_a_batch_is_cleared_by_its_own_answer() -> None:
    model, batch = build("bert", "eager"), inputs("bert")
    before = logits(model, batch)
    with hotfix(model, _Following(3, (2,), _flags_column_3_of_two_inputs, as_sure=-100.0, longest=1)):
        repaired = logits(model, batch)
    answer = before.argmax(-1)
    lost = (log_odds(before, answer) - log_odds(repaired, answer))[:2]
    detector = _Following(3, (2,), _flags_column_3_of_two_inputs, as_sure=float(lost.mean()), longest=1)
    with hotfix(model, detector) as fix:
        after = logits(model, batch)
    hangs = int(lost.argmax())
    assert torch.equal(after[hangs], repaired[hangs])
    assert torch.equal(after[[1 - hangs, 2]], before[[1 - hangs, 2]])
    assert [bool(one.cleared) for one in fix.following if one is not None] == [number != hangs for number in (0, 1)]
    assert fix.flagged[0] is not None
    assert fix.flagged[0].any(-1).any(-1).tolist() == [number == hangs for number in range(3)]


def test_a_flag_can_only_be_followed_in_a_classifier() -> None:
    model, batch = build("bert", "eager"), inputs("bert")
    encoder = model.bert
    detector = _Following(3, (2,), column(3))
    with pytest.raises(HotfixError, match="call a model for classification"), hotfix(encoder, detector):
        encoder(**batch)
    with torch.no_grad():
        assert torch.isfinite(model(**batch).logits).all()


@dataclass(frozen=True)
class _Joint(RuleDetector):
    """A detector whose two layers judge together, and which repairs all three."""

    @property
    def reach(self) -> Jointly:
        return Jointly((0, 1, 2))


def _weak_evidence(layer: int, attention: torch.Tensor) -> torch.Tensor:
    """Column 4 of the second input seems a little suspicious to both layers, column 6 very much so to one of them."""
    scores = nothing(layer, attention) + 0.1
    scores[1, 1, 4] = 0.7
    scores[1, 0, 6] = 0.85 if layer == 0 else 0.1
    return scores


@pytest.mark.parametrize("name", ["vit", "bert"])
def test_layers_that_judge_jointly_flag_what_all_of_them_suspect(name: str) -> None:
    model, batch = build(name, "eager"), inputs(name)
    detector = _Joint(3, (0, 2), _weak_evidence)
    with torch.no_grad(), capture(model) as maps:
        before = model(**batch).logits
        plain = maps.layers
        with hotfix(model, detector) as fix:
            after = model(**batch).logits
    assert not torch.equal(after[1], before[1])
    assert torch.equal(after[[0, 2]], before[[0, 2]])
    for layer in range(3):
        flagged = fix.flagged[layer]
        assert flagged is not None
        assert flagged[1].nonzero()[:, 1].unique().tolist() == [4]
        assert flagged[1, :, 4].all(), "in every head"
        assert not flagged[[0, 2]].any()
        assert torch.equal(maps.layers[layer][[0, 2]], plain[layer][[0, 2]])
        assert float(maps.layers[layer][1, :, :, 4].amax()) <= 0.02 + 1e-6
    assert fix.scores[1] is None
    assert fix.scores[0] is not None
    assert fix.scores[2] is not None
    assert torch.equal(fix.scores[0], fix.scores[2])
    assert fix.scores[0][1, :, 4].tolist() == pytest.approx([0.7] * 4)


def test_jointly_too_nothing_flagged_runs_once_and_a_threshold_decides() -> None:
    model, batch = build("vit", "eager"), inputs("vit")
    detector = _Joint(3, (0, 2), _weak_evidence)
    ran = []
    handle = model.register_forward_pre_hook(lambda *_: ran.append(1))
    with torch.no_grad():
        before = model(**batch).logits
        with hotfix(model, detector, threshold=0.71) as fix:
            untouched = model(**batch).logits
        once = len(ran)
        with hotfix(model, detector, threshold=0.69):
            repaired = model(**batch).logits
    handle.remove()
    assert (once, len(ran)) == (2, 4)
    assert torch.equal(untouched, before)
    assert not torch.equal(repaired, before)
    assert fix.scores[0] is not None
    assert float(fix.scores[0].amax()) == pytest.approx(0.7)


def test_joint_judgement_needs_no_classifier() -> None:
    model, batch = build("bert", "eager"), inputs("bert")
    with torch.no_grad():
        before = model.bert(**batch).last_hidden_state
        with hotfix(model.bert, _Joint(3, (0, 2), _weak_evidence)):
            after = model.bert(**batch).last_hidden_state
    assert not torch.equal(after[1], before[1])
    assert torch.equal(after[0], before[0])


@dataclass(frozen=True)
class _Alongside(RuleDetector):
    """Where one column is flagged, others are from 0.2 on."""

    alongside: float | None = 0.2


def _copies(layer: int, attention: torch.Tensor) -> torch.Tensor:
    """Three suspicious columns in the first two inputs, one of which stands out in the second; padding scores, too."""
    scores = nothing(layer, attention) + 0.1
    scores[:2, 1, 2:4] = 0.3
    scores[1, 0, 3] = 0.9
    return scores


def test_beside_a_flagged_column_others_are_flagged_from_a_lower_score_on_and_nowhere_else() -> None:
    model, batch = build("bert", "eager"), inputs("bert")
    with torch.no_grad():
        before = model(**batch).logits
        with hotfix(model, _Alongside(3, (1,), _copies)) as fix:
            after = model(**batch).logits
    assert fix.flagged[1] is not None
    assert fix.flagged[1].nonzero().tolist() == [[1, 0, 3], [1, 1, 2], [1, 1, 3]]
    assert torch.equal(after[[0, 2]], before[[0, 2]])
    assert not torch.equal(after[1], before[1])


@pytest.mark.parametrize(("threshold", "flagged"), [(0.15, 5), (0.95, 0), (FLAG_NOTHING, 0)])
def test_a_threshold_below_the_lower_score_counts_and_one_above_all_scores_flags_nothing(
    threshold: float, flagged: int
) -> None:
    model, batch = build("bert", "eager"), inputs("bert")
    with torch.no_grad(), hotfix(model, _Alongside(3, (1,), _copies), threshold=threshold) as fix:
        model(**batch)
    assert fix.flagged[1] is not None
    assert int(fix.flagged[1].sum()) == flagged


@dataclass(frozen=True)
class _Growing(RuleDetector):
    """Flags are the entry to a span, which is grown by one column at a time."""

    growth: Growth | None = None


def _only_second(layer: int, attention: torch.Tensor) -> torch.Tensor:
    """Column 3 of the second of three inputs."""
    scores = nothing(layer, attention)
    if len(scores) == 3:
        scores[1, 0, 3] = 1.0
    return scores


@pytest.mark.parametrize("name", ["vit", "bert"])
def test_a_span_is_grown_from_a_flag_within_the_trials_allowed_and_what_is_unflagged_costs_nothing(name: str) -> None:
    model, batch = build(name, "eager"), inputs(name)
    growth = Growth((0, 1, 2), None, fall=1e-6, fall_of_group=1e-6, believed=1e-9, as_sure=0.0, rows=10)
    rows = []
    handle = model.register_forward_pre_hook(
        lambda _model, _args, named: rows.append(len(next(iter(named.values())))), with_kwargs=True
    )
    with torch.no_grad():
        before = model(**batch).logits
        rows.clear()
        with hotfix(model, _Growing(3, (1,), _only_second, growth=growth)) as fix:
            after = model(**batch).logits
    handle.remove()
    following = fix.following[1]
    assert following is not None
    assert following.entry == (3,)
    assert following.forwards <= following.most == 12
    assert torch.equal(after[[0, 2]], before[[0, 2]])
    assert fix.following[0] is fix.following[2] is None
    trials = sum(len(found.tried) for found in following.rounds)
    assert 0 < trials <= 10
    assert sum(rows) == 3 * (1 + following.forwards - trials) + trials
    for layer in fix.flagged:
        assert layer is not None
        assert layer[1, :, 3].all()
        assert not layer[[0, 2]].any()


def test_without_trials_a_column_is_repaired_where_it_is_flagged() -> None:
    model, batch = build("vit", "eager"), inputs("vit")
    with torch.no_grad():
        with hotfix(model, RuleDetector(3, (1,), _only_second)) as plain:
            expected = model(**batch).logits
        with hotfix(model, _Growing(3, (1,), _only_second, growth=Growth((0, 1, 2))), follow_rows=0) as fix:
            assert torch.equal(model(**batch).logits, expected)
    assert fix.following == ()
    assert fix.flagged[1] is not None
    assert plain.flagged[1] is not None
    assert torch.equal(fix.flagged[1], plain.flagged[1])


def test_an_answer_that_depends_on_nothing_flagged_is_left_as_it_is() -> None:
    model, batch = build("vit", "eager"), inputs("vit")
    growth = Growth((0, 1, 2), None, fall=1e9, fall_of_group=1e9, as_sure=1e9)
    with torch.no_grad():
        before = model(**batch).logits
        with hotfix(model, _Growing(3, (1,), _only_second, growth=growth)) as fix:
            assert torch.equal(model(**batch).logits, before)
    following = fix.following[1]
    assert following is not None
    assert following.cleared == following.entry == (3,)
    assert not any(bool(layer.any()) for layer in fix.flagged if layer is not None)


def test_a_flag_that_changes_the_answer_is_never_cleared_however_small_the_change() -> None:
    model, batch = build("vit", "eager"), inputs("vit")
    with torch.no_grad():
        before = model(**batch).logits
        with hotfix(model, RuleDetector(3, (1,), _only_second)):
            after = model(**batch).logits
        # A constant added to two classes puts the model between them, so that the repair tips its answer over.
        first = int((before[1] - after[1]).argmax())
        second = int((after[1] - before[1]).argmax())
        model.classifier.bias[second] += ((before[1] + after[1]) / 2)[first] - ((before[1] + after[1]) / 2)[second]
        model.classifier.bias[[first, second]] += 100.0
        torn = model(**batch).logits
        with hotfix(model, _Growing(3, (1,), _only_second, growth=Growth((0, 1, 2), None, as_sure=1e9))) as fix:
            tipped = model(**batch).logits
    assert (int(torn[1].argmax()), int(tipped[1].argmax())) == (first, second)
    assert fix.following[1] is not None
    assert fix.following[1].cleared == ()


def test_what_gives_no_answer_is_repaired_where_it_is_flagged() -> None:
    model, batch = build("bert", "eager"), inputs("bert")
    with torch.no_grad():
        before = model.bert(**batch).last_hidden_state
        with hotfix(model.bert, _Growing(3, (1,), _only_second, growth=Growth((0, 1, 2)))):
            after = model.bert(**batch).last_hidden_state
    assert not torch.equal(after[1], before[1])
    assert torch.equal(after[[0, 2]], before[[0, 2]])


@pytest.mark.parametrize("rows", [-1, 1.5, "3", True])
def test_what_is_no_number_of_trials_is_refused(rows: Any) -> None:
    with pytest.raises(InputError, match="follow_rows is a whole number from 0 up"):
        hotfix(build("vit", "eager"), RuleDetector(3, (1,), nothing), follow_rows=rows)
