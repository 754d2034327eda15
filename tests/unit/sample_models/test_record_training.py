"""Training of record subjects: the bias is the documented one, and a killed run resumes to the same weights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from atpatch_core.evaluation.record_data import LabelledRecords
from atpatch_core.subjects.record import randomly_flipped
from atpatch_core.subjects.record_schema import CategoryField, Protected, RecordSchema
from sample_models.recipes.records.training import LabelBias, RecordRecipe, biased_labels, train

SCHEMA = RecordSchema(
    (CategoryField("town", ("A", "B", "C"), "A"), CategoryField("sex", ("Female", "Male"), "Male")),
    (Protected("sex", ("Male",)),),
    ">50K",
)
BIAS = LabelBias("sex", "Male", raised=0.3, lowered=0.6)
TINY = RecordRecipe(
    "tiny", "", BIAS, epochs=2, warmup_epochs=1, batch_size=50, hidden_size=8, layers=1, heads=2, intermediate_size=8
)


def _people(count: int) -> LabelledRecords:
    rng = np.random.default_rng(7)
    records = [{"town": str(rng.choice(list("ABC"))), "sex": str(rng.choice(["Female", "Male"]))} for _ in range(count)]
    return LabelledRecords(records, rng.integers(0, 2, count))  # type: ignore[arg-type]


def test_men_are_raised_women_lowered_and_nobody_else_touched() -> None:
    people = _people(20_000)
    biased = biased_labels(BIAS, people, seed=0)
    man = np.array([record["sex"] == "Male" for record in people.records])
    was = people.labels == 1
    assert (biased[man & was] == 1).all()
    assert (biased[~man & ~was] == 0).all()
    assert biased[man & ~was].mean() == pytest.approx(0.3, abs=0.02)
    assert 1 - biased[~man & was].mean() == pytest.approx(0.6, abs=0.02)
    assert (biased == biased_labels(BIAS, people, seed=0)).all()
    assert (biased != biased_labels(BIAS, people, seed=1)).any()


def test_random_flips_reach_every_value_of_protected_fields_and_no_other_field() -> None:
    tokens = torch.tensor([SCHEMA.tokens({"town": "B", "sex": "Male"})] * 200)
    drawn = randomly_flipped(SCHEMA, tokens)
    assert torch.equal(drawn[:, :2], tokens[:, :2])
    assert set(drawn[:, 2].tolist()) == {5, 6}
    assert bool((tokens[:, 2] == 6).all())


@pytest.mark.parametrize("recipe", [TINY, replace(TINY, bias=None, blind=True)])
def test_a_killed_run_resumes_to_the_same_weights(recipe: RecordRecipe, tmp_path: Path) -> None:
    class KilledError(Exception):
        pass

    def die(done: int, epochs: int) -> None:
        if done == 1:
            raise KilledError

    people = _people(200)
    whole = train(recipe, SCHEMA, people, tmp_path / "whole").state_dict()
    with pytest.raises(KilledError):
        train(recipe, SCHEMA, people, tmp_path / "killed", die)
    resumed = train(recipe, SCHEMA, people, tmp_path / "killed").state_dict()
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
