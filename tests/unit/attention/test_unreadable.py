"""An input of a batch that holds no numbers: it is named, and the others are answered."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from atpatch_core.attention import hotfix
from atpatch_core.errors import DetectorError, InputError
from tests.support.tiny_models import RuleDetector, build, inputs

from .test_attention import _Following


def _scores_by_attention(_layer: int, attention: Tensor) -> Tensor:
    """Column 1 stands out; like any real score it is no number where the attention is none."""
    scores = attention.mean(-2) * 0.0
    scores[:, 0, 1] += 1.0
    return scores


def _answer(model: nn.Module, **batch: Tensor) -> Tensor:
    with torch.no_grad():
        logits: Tensor = model(**batch).logits
    return logits


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_one_input_without_numbers_is_named_and_the_others_are_repaired(bad: float) -> None:
    model, pixels = build("vit"), inputs("vit")["pixel_values"]
    detector = RuleDetector(3, (0, 1, 2), _scores_by_attention)
    with hotfix(model, detector):
        expected = _answer(model, pixel_values=pixels)
    broken = pixels.clone()
    broken[1, 0, 3, 3] = bad
    with hotfix(model, detector) as fix, pytest.warns(RuntimeWarning, match="Of 3 inputs number 2 gives attention"):
        answers = _answer(model, pixel_values=broken)
    torch.testing.assert_close(answers[[0, 2]], expected[[0, 2]])
    assert fix.unreadable == (1,)
    for flagged in fix.flagged:
        assert flagged is not None
        assert not flagged[1].any()
        assert flagged[[0, 2], 0, 1].all()


def test_flags_are_followed_beside_an_input_without_numbers() -> None:
    model, batch = build("bert", "eager"), inputs("bert")
    vectors = model.get_input_embeddings()(batch["input_ids"]).detach()
    arguments = {"inputs_embeds": vectors, "attention_mask": batch["attention_mask"]}
    detector = _Following(3, (2,), _scores_by_attention)
    with hotfix(model, detector):
        expected = _answer(model, **arguments)
    vectors = vectors.clone()
    vectors[1, 2] = torch.nan
    with hotfix(model, detector) as fix, pytest.warns(RuntimeWarning, match="number 2"):
        answers = _answer(model, inputs_embeds=vectors, attention_mask=batch["attention_mask"])
    torch.testing.assert_close(answers[[0, 2]], expected[[0, 2]])
    assert fix.following[1] is None
    assert fix.following[0] is not None


def test_an_input_alone_without_numbers_is_refused() -> None:
    model, pixels = build("vit"), inputs("vit", batch=1)["pixel_values"]
    detector = RuleDetector(3, (0,), _scores_by_attention)
    with pytest.raises(InputError, match="look for NaN or infinity in it"), hotfix(model, detector):
        _answer(model, pixel_values=pixels * torch.nan)


def test_a_detector_that_scores_sound_maps_with_no_number_is_broken() -> None:
    model, pixels = build("vit"), inputs("vit")["pixel_values"].clone()
    detector = RuleDetector(3, (0,), lambda _layer, attention: attention.mean(-2) * torch.nan)
    pixels[1] = torch.nan
    with pytest.raises(DetectorError, match="train it again"), hotfix(model, detector):
        _answer(model, pixel_values=pixels)
