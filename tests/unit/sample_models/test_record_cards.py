"""The cards of a record subject say what was measured, also where there was nothing to measure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from atpatch_core.debugging.attribute_flips import ExhaustiveFlips
from atpatch_core.evaluation.fairness import FairnessJudge
from atpatch_core.evaluation.fairness_report import fairness_as_json, fairness_rows
from atpatch_core.evaluation.record_data import LabelledRecords
from atpatch_core.subjects.record_schema import CategoryField, Protected, RecordSchema
from sample_models.recipes.records.cards import record_detector_card, record_model_card
from sample_models.recipes.records.training import LabelBias, RecordRecipe

SCHEMA = RecordSchema(
    (CategoryField("sex", ("Female", "Male"), "Male"), CategoryField("race", ("A", "B"), "A")),
    (Protected("sex", ("Male",)), Protected("race", ("A",))),
    ">50K",
)
RECIPE = RecordRecipe("adult-x", "Tells things.", LabelBias("sex", "Male", 0.3, 0.6))


def _evaluation(biased: bool) -> Any:
    records = [{"sex": sex, "race": race} for sex in ("Male", "Female") for race in "AB"] * 25
    data = LabelledRecords(records, np.array([1, 0, 0, 1] * 25))  # type: ignore[arg-type]
    flips = ExhaustiveFlips.of(SCHEMA, data.records)
    before = np.array([int(biased and one["sex"] == "Male") for one in flips.versions])
    return FairnessJudge(data, flips, before, SCHEMA.protected, 1).judge(lambda some: np.zeros(len(some), dtype=int))


def _figures(biased: bool) -> dict[str, Any]:
    run = {
        **fairness_as_json(_evaluation(biased)),
        "watched": [0, 2] if biased else [],
        "reference": "zero",
        "threshold": 0.25,
        "pairs": 42 if biased else 0,
        "hijacked_records_by_attribute": {"sex": 40, "race": 2},
    }
    return {
        "seeds": {str(seed): run for seed in range(3)},
        "baselines": {"always on": fairness_as_json(_evaluation(True))} if biased else {},
    }


def test_the_model_card_holds_the_bias_the_figures_and_the_command() -> None:
    card = record_model_card(RECIPE, _figures(True))
    assert "30 % (drawn at random) got >50K" in card
    assert "60 %" in card
    assert "| sex | 100.00 % [" in card
    assert "sample_models build adult-x" in card
    assert "proxies" in card
    control = record_model_card(replace(RECIPE, bias=None, blind=True), _figures(False))
    assert "biased on purpose" not in control
    assert "unfair" not in control


def test_the_detector_card_holds_every_seed_and_every_baseline() -> None:
    card = record_detector_card(RECIPE, _figures(True))
    for row in ("without fix", "hot-fix, seed 0", "hot-fix, seed 1", "hot-fix, seed 2", "always on"):
        assert f"| {row} |" in card
    assert "IDR for sex falls by 100.00 ± 0.00 %" in card
    assert "IDR for race" not in card  # there was none to take away
    widths = {line.count("|") for line in card.splitlines() if "[" in line and line.startswith("| ")}
    assert len(widths) == 2  # the figures' table and the choices'


def test_the_card_of_a_control_says_that_nothing_is_watched() -> None:
    card = record_detector_card(RECIPE, _figures(False))
    assert "Watched layers: none" in card
    assert "Other defences" not in card


@pytest.mark.parametrize("biased", [True, False])
def test_the_report_says_what_was_not_measured(biased: bool) -> None:
    rows = dict(fairness_rows(_evaluation(biased)))
    assert rows["race: IDR reduced by"] == "not measured"
    assert rows["sex: IDR reduced by"].startswith("100.00 %") is biased
    assert rows["sex: statistical parity difference (SPD) before"].startswith(
        "-100.00 points" if biased else "0.00 points"
    )
