"""A comparison's figures, on a model and defences whose every answer is known: the class is the top left pixel."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
from PIL import Image

from atpatch_core.errors import DetectorError, InputError
from atpatch_core.evaluation.choosing import chosen
from atpatch_core.evaluation.comparison import Comparison, compare, cost
from atpatch_core.evaluation.comparison_report import (
    averaged,
    comparison_as_csv,
    comparison_as_json,
    comparison_as_markdown,
    rows,
    sentence,
    spread,
)
from atpatch_core.evaluation.datasets import LabelledImages
from atpatch_core.evaluation.defences.catalogue import IMAGE_DEFENCES, Family, Method
from atpatch_core.evaluation.defences.contract import REFUSED, Answers, DefenderData, Suspects
from atpatch_core.evaluation.defences.untouched import Untouched
from atpatch_core.evaluation.evaluate import Triggered
from atpatch_core.evaluation.modalities import MODALITIES
from atpatch_core.evaluation.rates import Rate
from atpatch_core.subjects.subject import Subject

from .first_pixel import SUBJECT

TARGET = 3


@dataclass(frozen=True)
class FixedAnswer:
    """Flags what has a `mark` in its second pixel, and answers `instead`; the rest is left to the model."""

    mark: int
    instead: int

    def predict(self, subject: Subject, suspects: Suspects) -> Answers:
        labels = Untouched().predict(subject, suspects).labels
        flagged = np.array([np.asarray(image)[0, 1] == self.mark for image in suspects.inputs])
        return Answers(np.where(flagged, self.instead, labels), flagged, flagged.astype(float))


def _method(name: str, defence: FixedAnswer, family: Family = "peer") -> Method:
    return Method(name, "", family, lambda _subject, _have: defence)


def _unusable(_subject: Subject, _have: DefenderData) -> FixedAnswer:
    raise DetectorError("There is nothing to use.")


def _images(answers: Sequence[int], labels: Sequence[int], mark: int = 0) -> LabelledImages:
    images = []
    for answer in answers:
        pixels = np.full((4, 4), answer, dtype=np.uint8)
        pixels[0, 1] = mark
        images.append(Image.fromarray(pixels))
    return LabelledImages(images, np.array(labels, dtype=np.int64))


CLEAN = _images(answers=[0, 1, 2, 3, 3, 0], labels=[0, 1, 2, 2, 3, 3])
DEFENDER = _images([0] * 100, [0] * 100)


def marked(judged: LabelledImages, seed: int) -> Triggered:
    return Triggered(_images([TARGET] * 6, judged.labels.tolist(), mark=9), TARGET, judged)


MARKED = {"marked": marked}


def _compared(**methods: Method) -> Comparison:
    return compare(SUBJECT, methods, CLEAN, MARKED, DEFENDER, 0.01)


def test_no_fix_is_always_there_and_changes_nothing() -> None:
    figures = _compared().runs[0].defences["no-fix"]
    assert figures.rates["clean_accuracy_before"] == figures.rates["clean_accuracy_after"]
    assert figures.rates["clean_accuracy_before"].value == pytest.approx(4 / 6)
    assert figures.rates["changed"].value == 0
    assert np.isnan(figures.rates["fpr_per_input"].value)  # it detects nothing, so it can't raise false alarms
    assert figures.rates["cost"] == Rate(1.0, 1.0, 1.0, 7)
    attack = figures.attacks["marked"]
    assert attack.n == 4
    assert attack.rates["asr_before"].value == attack.rates["asr_after"].value == 1
    assert attack.rates["clean_base_rate"].value == pytest.approx(1 / 4)
    assert attack.rates["excess_asr"].value == attack.rates["harm"].value == pytest.approx(3 / 4)
    assert np.isnan(attack.rates["auroc"].value)


def test_a_defence_that_knows_the_mark_flags_every_triggered_input_and_no_other() -> None:
    figures = _compared(fixer=_method("fixer", FixedAnswer(mark=9, instead=2))).runs[0].defences["fixer"]
    attack = figures.attacks["marked"]
    assert (attack.rates["tpr_per_input"].value, figures.rates["fpr_per_input"].value, attack.rates["auroc"].value) == (
        1,
        0,
        1,
    )
    assert attack.rates["asr_after"].value == 0
    assert attack.rates["excess_asr"].value == pytest.approx(-1 / 4)
    assert attack.rates["recovery"].value == pytest.approx(2 / 4)
    assert attack.rates["harm"].value == 0  # less than none of an attack is no merit


def test_refusing_stops_an_attack_but_is_never_right() -> None:
    figures = _compared(refuser=_method("refuser", FixedAnswer(mark=0, instead=REFUSED))).runs[0].defences["refuser"]
    assert figures.rates["refused"].value == figures.rates["fpr_per_input"].value == figures.rates["changed"].value == 1
    assert figures.rates["clean_accuracy_after"].value == 0
    assert figures.rates["clean_accuracy_drop"].value == pytest.approx(4 / 6)
    attack = figures.attacks["marked"]
    assert attack.rates["asr_after"].value == 1
    assert attack.rates["harm"].value == pytest.approx(3 / 4 + 4 / 6)


def test_a_bound_has_no_cost_and_is_never_the_best() -> None:
    compared = _compared(
        oracle=_method("oracle", FixedAnswer(9, 2), "bound"), strip=_method("strip", FixedAnswer(mark=5, instead=2))
    )
    assert "cost" not in compared.runs[0].defences["oracle"].rates
    assert "**75.00" in comparison_as_markdown(compared)
    assert "*oracle* (bound)" in comparison_as_markdown(compared)


def test_a_method_that_cant_be_used_is_left_out_with_its_reason() -> None:
    compared = _compared(broken=Method("broken", "", "peer", _unusable))
    assert set(compared.runs[0].defences) == {"no-fix"}
    assert compared.unavailable == {"broken": "There is nothing to use."}
    assert "broken could not be used: There is nothing to use." in comparison_as_markdown(compared)


def test_the_base_rate_of_an_attack_without_twins_comes_from_the_clean_inputs() -> None:
    def attack(clean: LabelledImages, seed: int) -> Triggered:
        return Triggered(_images([TARGET, TARGET], [0, 1], mark=9), TARGET)

    figures = (
        compare(SUBJECT, {}, CLEAN, {"brought": attack}, DEFENDER, 0.01).runs[0].defences["no-fix"].attacks["brought"]
    )
    assert figures.rates["clean_base_rate"].value == pytest.approx(1 / 4)
    assert figures.rates["excess_asr"].value == pytest.approx(3 / 4)


def test_every_seed_is_a_run_and_the_table_averages_them() -> None:
    def attack(clean: LabelledImages, seed: int) -> Triggered:
        answers = [TARGET if number > seed else 0 for number in range(6)]
        return Triggered(_images(answers, clean.labels.tolist(), mark=9), TARGET, clean)

    compared = compare(SUBJECT, {}, CLEAN, {"marked": attack}, DEFENDER, 0.01, seeds=(0, 2))
    values = [run.defences["no-fix"].attacks["marked"].rates["asr_before"].value for run in compared.runs]
    assert [run.seed for run in compared.runs] == [0, 2]
    (row,) = rows(compared)
    rate = row.rates["asr_before"]
    assert rate is not None
    assert rate.value == pytest.approx(np.mean(values))
    assert row.spread["asr_before"] == pytest.approx(np.std(values, ddof=1))
    assert spread([rate]) is None
    assert averaged([Rate(0.0, 0.0, 0.2, 5), Rate(0.2, 0.1, 0.4, 5)]) == Rate(0.1, 0.05, pytest.approx(0.3), 5)


def test_progress_counts_up_for_every_defence_and_can_stop_the_run() -> None:
    steps: list[tuple[str, int, int]] = []
    method = _method("fixer", FixedAnswer(9, 2))
    compare(SUBJECT, {"fixer": method}, CLEAN, MARKED, DEFENDER, 0.01, on_step=lambda *step: steps.append(step))
    assert [stage for stage, done, total in steps if done == total] == ["no-fix", "fixer"]
    assert all(0 <= done <= total for _, done, total in steps)

    class _StopError(Exception):
        pass

    def stop(stage: str, _done: int, _total: int) -> None:
        if stage == "fixer":
            raise _StopError

    with pytest.raises(_StopError):
        compare(SUBJECT, {"fixer": method}, CLEAN, MARKED, DEFENDER, 0.01, on_step=stop)


def test_reports_hold_the_same_figures() -> None:
    compared = _compared(fixer=_method("fixer", FixedAnswer(9, 2)))
    plain = comparison_as_json(compared)
    json.dumps(plain, allow_nan=False)
    entry = next(one for one in plain["table"] if one["defence"] == "fixer")
    assert entry["recovery"]["value"] == pytest.approx(0.5)
    assert entry["recovery"]["spread"] is None
    assert plain["n"] == 6
    assert plain["defender_n"] == 100
    lines = list(csv.DictReader(io.StringIO(comparison_as_csv(compared))))
    assert [(line["defence"], line["attack"]) for line in lines] == [("no-fix", "marked"), ("fixer", "marked")]
    assert float(lines[1]["recovery"]) == pytest.approx(0.5)
    assert lines[0]["auroc"] == ""
    assert "| fixer | -25.00 [" in comparison_as_markdown(compared)


def test_the_sentence_says_what_is_left_and_names_the_best_rival() -> None:
    compared = _compared(
        atpatch=_method("atpatch", FixedAnswer(9, 2), "atpatch"), strip=_method("strip", FixedAnswer(5, 2))
    )
    verdict = sentence(compared, "marked")
    assert verdict.startswith("marked turns 100.0 % of the images into the attacker's class.")
    assert "% still get it, no more than without a trigger, clean accuracy does not fall" in verdict
    assert "50.0 % of the attacked images get their true class" in verdict
    assert "The best other defence, strip: 100.0 % still get it, 75.00 points more than without a trigger" in verdict


def test_an_attack_that_does_not_work_needs_no_repair() -> None:
    def attack(clean: LabelledImages, seed: int) -> Triggered:
        return Triggered(clean, TARGET, clean)

    verdict = sentence(compare(SUBJECT, {}, CLEAN, {"nothing": attack}, DEFENDER, 0.01), "nothing")
    assert verdict.endswith("there is nothing to repair.")


def test_the_defender_gets_other_images_than_those_that_are_judged_on() -> None:
    data = LabelledImages([Image.new("L", (2, 2), number) for number in range(250)], np.arange(250))
    images = MODALITIES["image"]
    judged, defender = images.split(data, seed=1)
    assert len(judged) == len(defender) == 125
    assert not set(judged.labels.tolist()) & set(defender.labels.tolist())
    assert judged.labels.tolist() == images.split(data, seed=1)[0].labels.tolist()
    with pytest.raises(InputError, match="at least 200"):
        images.split(LabelledImages(data.images[:150], data.labels[:150]))
    with pytest.raises(InputError, match="at least 100"):
        compare(SUBJECT, {}, CLEAN, MARKED, CLEAN, 0.01)


def test_the_cost_of_doing_the_same_is_about_one() -> None:
    took = cost(SUBJECT, Untouched(), CLEAN.images * 10, rounds=9)
    assert took.low <= took.value <= took.high
    assert 0.2 < took.value < 5
    assert took.n == 9


def test_defences_are_chosen_by_name() -> None:
    assert list(chosen("all", IMAGE_DEFENCES, "defence")) == list(IMAGE_DEFENCES)
    assert list(chosen("strip, atpatch", IMAGE_DEFENCES, "defence")) == ["atpatch", "strip"]
    with pytest.raises(InputError, match="no defence magic"):
        chosen("atpatch,magic", IMAGE_DEFENCES, "defence")
    with pytest.raises(InputError, match="no defence named"):
        chosen("", IMAGE_DEFENCES, "defence")
    assert replace(IMAGE_DEFENCES["strip"], name="other").family == "peer"
