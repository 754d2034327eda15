"""The rates of an evaluation, on a model whose every answer is known: its class is the top left pixel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from atpatch_core.errors import InputError
from atpatch_core.evaluation.datasets import LabelledImages
from atpatch_core.evaluation.evaluate import Triggered, apply_trigger, evaluate
from atpatch_core.evaluation.report import as_json, table_rows
from atpatch_core.triggers.patch import PatchTrigger

from .first_pixel import SUBJECT


def _images(answers: Sequence[int], labels: Sequence[int]) -> LabelledImages:
    """Images that the model calls `answers` and that really are `labels`."""
    return LabelledImages(
        [Image.fromarray(np.full((6, 6), answer, dtype=np.uint8)) for answer in answers], np.array(labels)
    )


def test_attack_success_leaves_out_what_is_of_the_target_class_already() -> None:
    clean = _images(answers=[0, 1, 2, 3, 3, 0], labels=[0, 1, 2, 2, 3, 3])
    bad = _images(answers=[3, 3, 3, 2, 3, 3], labels=[0, 1, 2, 2, 3, 3])
    result = evaluate(SUBJECT, clean, {"attack": Triggered(bad, target=3, clean=clean)})
    assert result.n == 6
    assert result.clean_accuracy_before.value == pytest.approx(4 / 6)
    attack = result.attacks["attack"]
    assert attack.n == 4
    assert attack.asr_before.value == attack.asr_after.value == pytest.approx(3 / 4)
    assert attack.clean_base_rate.value == pytest.approx(1 / 4)
    assert attack.excess_asr_after.value == pytest.approx(2 / 4)
    assert attack.recovery.value == pytest.approx(1 / 4)


def test_the_base_rate_of_other_inputs_comes_from_the_clean_data() -> None:
    clean = _images(answers=[3, 1, 1, 1, 3], labels=[1, 1, 1, 1, 3])
    bad = _images(answers=[3, 3], labels=[0, 2])
    attack = evaluate(SUBJECT, clean, {"attack": Triggered(bad, target=3)}).attacks["attack"]
    assert attack.clean_base_rate.value == pytest.approx(1 / 4)
    assert attack.excess_asr_after.value == pytest.approx(3 / 4)
    assert attack.excess_asr_after.low < 3 / 4 < attack.excess_asr_after.high


def test_without_a_detector_nothing_changes_and_none_is_judged() -> None:
    result = evaluate(SUBJECT, _images([0, 1], [0, 0]), {})
    assert result.changed.value == 0
    assert result.clean_accuracy_drop.value == 0
    assert result.detector is None
    assert as_json(result)["detector"] is None


def test_only_inputs_of_the_target_class_leave_nothing_to_measure_and_valid_json() -> None:
    result = evaluate(SUBJECT, _images([3], [3]), {"attack": Triggered(_images([3], [3]), target=3)})
    assert as_json(result)["attacks"]["attack"]["asr_after"] == {"value": None, "low": None, "high": None, "n": 0}
    assert dict(table_rows(result))["attack: ASR after"] == "not measured"


def test_a_trigger_is_put_on_every_image_and_keeps_the_labels() -> None:
    clean = _images([1, 2], [1, 2])
    triggered = apply_trigger(PatchTrigger(target=3, size=2, pattern="white", row=0, column=0), clean)
    assert triggered.clean is clean
    assert triggered.inputs.labels.tolist() == [1, 2]
    assert all(np.asarray(image)[0, 0] == 255 for image in triggered.inputs.images)
    result = evaluate(SUBJECT, clean, {"white": triggered})
    assert result.attacks["white"].asr_before.value == 1


@pytest.mark.parametrize("sizes", [((6, 6), (7, 7)), ((3, 3), (3, 3))], ids=["different", "small"])
def test_a_trigger_that_does_not_fit_is_refused(sizes: tuple[tuple[int, int], ...]) -> None:
    images = LabelledImages([Image.new("L", size) for size in sizes], np.array([0, 1]))
    with pytest.raises(InputError, match="images of one size"):
        apply_trigger(PatchTrigger(target=0, size=4, row=0, column=0), images)
