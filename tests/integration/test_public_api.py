"""The library as the README shows it, on the shipped subjects."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from transformers import ViTForImageClassification

import atpatch_core as atpatch
from atpatch_core.attention import attention_layers
from atpatch_core.evaluation.datasets import LabelledImages
from atpatch_core.evaluation.evaluate import Triggered, evaluate

from .conftest import BADNETS, CONTROL, SAMPLES

_INDEX = json.loads((SAMPLES / "index.json").read_text(encoding="utf-8"))
_IMAGES = [entry for entry in _INDEX if entry.get("kind", "image") == "image"]
_TRIGGERED = [entry["id"] for entry in _IMAGES if entry["triggered"] and entry.get("subject") in (None, BADNETS.name)]
_CLEAN = [entry["id"] for entry in _IMAGES if not entry["triggered"]]
_TRIGGERED_PATCH = "row 6, column 6"


def _logits(subject: atpatch.Subject, x: Any) -> Tensor:
    with torch.no_grad():
        logits: Tensor = subject.model(**subject.encode(x)).logits
    return logits


def _true_label(name: str) -> str:
    return next(entry["label"] for entry in _IMAGES if entry["id"] == name)


@pytest.mark.parametrize("name", _TRIGGERED)
def test_a_triggered_sample_is_flagged_at_its_patch_and_repaired(
    badnets: atpatch.Subject, image: Callable[[str], Any], name: str
) -> None:
    result = atpatch.inspect(badnets, image(name))
    assert result.original.prediction.label == "T-shirt/top"
    assert result.patched.prediction.label == _true_label(name)
    assert {result.layout.key_names[column.key] for column in result.flags.columns} == {_TRIGGERED_PATCH}
    for column in result.flags.columns:
        before = result.original.trace.maps[column.layer][column.head, :, column.key]
        after = result.patched.trace.maps[column.layer][column.head, :, column.key]
        assert after.max() < 0.05 < before.max()


@pytest.mark.parametrize("name", _CLEAN)
def test_a_clean_sample_is_left_untouched_bit_for_bit(
    badnets: atpatch.Subject, image: Callable[[str], Any], name: str
) -> None:
    result = atpatch.inspect(badnets, image(name))
    assert not result.flags.any
    assert result.original.prediction.label == _true_label(name)
    assert torch.equal(result.original.prediction.probabilities, result.patched.prediction.probabilities)
    assert all(map(torch.equal, result.original.trace.maps, result.patched.trace.maps))


@pytest.mark.parametrize("name", _TRIGGERED + _CLEAN)
def test_the_control_answers_right_with_and_without_the_fix(
    control: atpatch.Subject, image: Callable[[str], Any], name: str
) -> None:
    result = atpatch.inspect(control, image(name))
    assert result.original.prediction.label == result.patched.prediction.label == _true_label(name)


def test_the_context_manager_and_inspect_agree(badnets: atpatch.Subject, image: Callable[[str], Any]) -> None:
    x = image("bag-triggered")
    before = _logits(badnets, x)
    with atpatch.hotfix(badnets) as fix:
        after = _logits(badnets, x)
    result = atpatch.inspect(badnets, x)
    torch.testing.assert_close(before.softmax(-1)[0], result.original.prediction.probabilities, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(after.softmax(-1)[0], result.patched.prediction.probabilities, atol=1e-5, rtol=1e-5)
    watched = badnets.detector.watched if badnets.detector is not None else ()
    assert [layer for layer, flagged in enumerate(fix.flagged) if flagged is not None] == list(watched)
    assert torch.equal(_logits(badnets, x), before)


def test_a_bare_model_takes_the_detector_by_hand(badnets: atpatch.Subject, image: Callable[[str], Any]) -> None:
    model = ViTForImageClassification.from_pretrained(BADNETS, dtype=torch.float32).eval()
    inputs = badnets.encode(image("bag-triggered"))
    with torch.no_grad(), atpatch.hotfix(model, badnets.detector):
        label = badnets.labels[int(model(**inputs).logits.argmax())]
    assert label == "Bag"


def test_a_detector_of_another_model_is_not_taken_for_its_own(control: atpatch.Subject) -> None:
    from atpatch_core.detector.storage import load_detector
    from atpatch_core.subjects.loading import check_made_for

    with pytest.raises(atpatch.DetectorError, match="other weights"):
        check_made_for(load_detector(BADNETS / "atpatch"), control.model)


def test_the_threshold_decides(badnets: atpatch.Subject, image: Callable[[str], Any]) -> None:
    x = image("bag-triggered")
    assert not atpatch.inspect(badnets, x, threshold=1.0).flags.any
    everything = atpatch.inspect(badnets, x, threshold=0.0).flags
    assert badnets.detector is not None
    assert all(everything.flagged[layer].all() for layer in badnets.detector.watched)


def test_the_causal_check_blames_the_hijacked_heads(badnets: atpatch.Subject, image: Callable[[str], Any]) -> None:
    x = image("dress-triggered")
    flags = atpatch.inspect(badnets, x).flags
    harmless = atpatch.Column(3, 0, 10)
    effects = atpatch.causal_check(badnets, x, [*flags.columns, harmless])
    assert {effect.label_before for effect in effects} == {"T-shirt/top"}
    assert any(effect.label_after == "Dress" for effect in effects[:-1])
    assert effects[-1].label_after == "T-shirt/top"


def test_nothing_flagged_changes_no_bit_on_the_real_subject(badnets: atpatch.Subject, clean: LabelledImages) -> None:
    """All layers watched by `capture`, so all run eager: identical to the stock eager model; with unwatched layers on
    SDPA identical to that mix without a detector, and close to stock SDPA."""
    assert badnets.detector is not None
    batch = badnets.encode(clean.images[:64])
    eager = ViTForImageClassification.from_pretrained(BADNETS, dtype=torch.float32, attn_implementation="eager").eval()
    nothing = {"threshold": 2.0}
    with torch.no_grad():
        stock_eager, stock = eager(**batch).logits, badnets.model(**batch).logits
        with atpatch.capture(badnets.model) as maps, atpatch.hotfix(badnets, **nothing):  # type: ignore[arg-type]
            all_eager = badnets.model(**batch).logits
        with atpatch.hotfix(badnets, **nothing) as fix:  # type: ignore[arg-type]
            mixed = badnets.model(**batch).logits
        with atpatch.capture(badnets.model, badnets.detector.watched):
            same_mix = badnets.model(**batch).logits
        reported = eager(**batch, output_attentions=True).attentions
    assert not any(bool(flagged.any()) for flagged in fix.flagged if flagged is not None)
    assert torch.equal(all_eager, stock_eager)
    assert all(map(torch.equal, maps.layers, reported))
    assert torch.equal(mixed, same_mix)
    torch.testing.assert_close(mixed, stock, atol=1e-5, rtol=0)
    assert len(attention_layers(badnets.model)) == 4


def test_the_promised_figures_hold_on_the_shipped_data(
    badnets: atpatch.Subject, clean: LabelledImages, triggered: Triggered
) -> None:
    """On 500 images, so only what must hold with room to spare; the cards have the figures on all 10,000."""
    result = evaluate(badnets, clean, {"badnets": triggered})
    attack = result.attacks["badnets"]
    assert result.clean_accuracy_before.value >= 0.85
    assert attack.asr_before.value >= 0.99
    assert attack.excess_asr_after.value <= 0.005
    assert attack.recovery.value >= result.clean_accuracy_after.value - 0.025
    assert result.changed.value <= 0.002
    assert result.detector is not None
    assert result.detector.auroc.value >= 0.999
    assert result.detector.tpr_per_input.value >= 0.99
    assert result.detector.fpr_per_input.value <= 0.01


def test_the_fix_leaves_the_control_alone(
    control: atpatch.Subject, clean: LabelledImages, triggered: Triggered
) -> None:
    result = evaluate(control, clean, {"badnets": triggered})
    assert result.changed.value <= 0.002
    assert result.attacks["badnets"].excess_asr_after.value <= 0.005


def test_the_paper_variant_is_shipped_beside_the_default(badnets: atpatch.Subject, image: Callable[[str], Any]) -> None:
    from atpatch_core.detector.storage import load_detector

    paper = load_detector(BADNETS / "atpatch" / "paper")
    assert paper.variant == "paper"
    with torch.no_grad(), atpatch.hotfix(badnets, paper) as fix:
        badnets.model(**badnets.encode(image("bag-triggered")))
    flagged = fix.flagged[paper.watched[0]]
    assert flagged is not None
    assert (flagged == flagged[:, :1]).all()  # it can't tell heads apart


def test_model_cards_tell_the_figures_and_the_command(badnets: atpatch.Subject) -> None:
    for folder in (BADNETS, CONTROL):
        card = (folder / "atpatch" / "README.md").read_text(encoding="utf-8")
        assert f"sample_models build {folder.name}" in card
        assert "excess ASR" in card
    assert badnets.summary.startswith("Tells 10 kinds of clothes apart")


@pytest.mark.parametrize("wrong", [b"bytes", None, "a sentence"], ids=lambda one: type(one).__name__)
def test_what_is_no_image_is_refused_in_a_sentence(badnets: atpatch.Subject, wrong: Any) -> None:
    with pytest.raises(atpatch.InputError, match="takes images"):
        atpatch.inspect(badnets, wrong)


def test_one_column_instead_of_a_list_is_refused(badnets: atpatch.Subject, image: Callable[[str], Any]) -> None:
    with pytest.raises(atpatch.InputError, match="a list of columns"):
        atpatch.causal_check(badnets, image("bag-triggered"), atpatch.Column(0, 0, 49))  # type: ignore[arg-type]


@pytest.mark.parametrize("threshold", [float("nan"), float("inf"), -1.0, "high"])
def test_an_impossible_threshold_is_refused(
    badnets: atpatch.Subject, image: Callable[[str], Any], threshold: Any
) -> None:
    with pytest.raises(atpatch.DetectorError, match="from 0 up"):
        atpatch.inspect(badnets, image("bag-triggered"), threshold=threshold)


def test_a_number_of_numpy_is_a_threshold(badnets: atpatch.Subject, image: Callable[[str], Any]) -> None:
    result = atpatch.inspect(badnets, image("bag-triggered"), threshold=np.float32(0.5))  # type: ignore[arg-type]
    assert result.patched.prediction.label == "Bag"
