"""Everything that could be done about the biased sample, on the same records."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest

import atpatch_core as atpatch
from atpatch_core.errors import DetectorError, InputError
from atpatch_core.evaluation.comparison import Comparison, compare
from atpatch_core.evaluation.comparison_report import (
    comparison_as_csv,
    comparison_as_json,
    comparison_as_markdown,
    sentence,
)
from atpatch_core.evaluation.defences.catalogue import record_defences
from atpatch_core.evaluation.fairness_trial import FairnessTrial
from atpatch_core.evaluation.record_data import LabelledRecords, read_labelled_records
from atpatch_core.evaluation.trial import CLEAN
from atpatch_core.subjects.record import record_schema

from .conftest import MODELS


@pytest.fixture(scope="module")
def subject() -> atpatch.Subject:
    return atpatch.load(MODELS / "adult-tabular-sex")


@pytest.fixture(scope="module")
def data(subject: atpatch.Subject) -> LabelledRecords:
    file = MODELS / "adult-tabular-sex" / "eval" / "records.parquet"
    return read_labelled_records(file, record_schema(subject), subject.labels).take(np.arange(600))


@pytest.fixture(scope="module")
def stages() -> list[str]:
    return []


@pytest.fixture(scope="module")
def comparison(subject: atpatch.Subject, data: LabelledRecords, stages: list[str]) -> Comparison:
    return compare(
        subject, record_defences(subject), data, {}, on_step=lambda stage, _done, _total: stages.append(stage)
    )


def test_atpatch_stands_beside_every_other_way(comparison: Comparison, stages: list[str]) -> None:
    figures = comparison.runs[0].defences
    assert list(figures)[:2] == ["no fix", "atpatch"]
    assert {"oracle", "z-score", "not rescaled", "always on", "fine-tuned on flips"} <= set(figures)
    assert set(figures) <= set(stages)
    assert comparison.n + comparison.defender_n == 600
    before, after = (figures[name].attacks["sex"].rates["idr_after"].value for name in ("no fix", "atpatch"))
    assert after < 0.1 * before


def test_figures_are_those_of_the_people_behind_them(comparison: Comparison) -> None:
    assert isinstance(comparison.trial, FairnessTrial)
    flips = comparison.trial.judge.flips
    for name, one in comparison.runs[0].defences.items():
        answers = comparison.answers[name][CLEAN].labels
        for number, attribute in enumerate(comparison.attacks):
            treated = flips.changes(answers)[:, number]
            assert one.attacks[attribute].rates["idr_after"].value == pytest.approx(treated.mean())
            behind = comparison.outcomes(name, attribute)[f"still treated by {attribute}"]
            assert len(behind) == treated.sum()
        right = flips.originals(answers) == comparison.trial.judged.labels
        assert one.rates["accuracy_after"].value == pytest.approx(right.mean())


def test_the_verdict_and_the_table_say_the_same(comparison: Comparison) -> None:
    table = {row["defence"]: row for row in csv.DictReader(io.StringIO(comparison_as_csv(comparison)))}
    assert set(table) == set(comparison.runs[0].defences)
    idr = 100 * float(table["no fix"]["sex_idr_after"])
    assert sentence(comparison, "sex").startswith(f"{idr:.1f} % of {comparison.n:,} people")


def test_reports_of_people_are_written_like_those_of_attacks(comparison: Comparison) -> None:
    text = comparison_as_markdown(comparison)
    assert all(f"**{attribute}** (IDR before: " in text for attribute in comparison.attacks)
    assert text.count("| *oracle* (bound) |") == len(comparison.attacks)
    plain = comparison_as_json(comparison)
    json.dumps(plain, allow_nan=False)
    figures = comparison.runs[0].defences["atpatch"]
    entry = next(row for row in plain["table"] if (row["defence"], row["attack"]) == ("atpatch", "sex"))
    assert entry["idr_after"]["value"] == figures.attacks["sex"].rates["idr_after"].value
    assert entry["accuracy_drop"]["value"] == figures.rates["accuracy_drop"].value


def test_a_cancelled_comparison_stops_at_the_next_step(subject: atpatch.Subject, data: LabelledRecords) -> None:
    def cancel(stage: str, _done: int, _total: int) -> None:
        if stage == "fine-tuned on flips":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compare(subject, record_defences(subject), data, {}, on_step=cancel)


def test_too_few_records_or_no_detector_are_refused(subject: atpatch.Subject, data: LabelledRecords) -> None:
    with pytest.raises(InputError, match="use at least 200"):
        compare(subject, record_defences(subject), data.take(np.arange(50)), {})
    with pytest.raises(DetectorError, match="has no trained detector"):
        compare(subject, record_defences(replace(subject, detector=None)), data, {})
