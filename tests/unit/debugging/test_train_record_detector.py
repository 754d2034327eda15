"""From a small biased model to its detector: the whole chain on a model that is trained here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from atpatch_core.attention import capture, hotfix
from atpatch_core.column import Column
from atpatch_core.debugging.attribute_flips import attribute_flips, hijacked_by
from atpatch_core.debugging.record_examples import flip_examples
from atpatch_core.debugging.train_detector import train_detector
from atpatch_core.detector.fixed import FixedColumns
from atpatch_core.detector.storage import load_detector, save_detector
from atpatch_core.evaluation.defences.contract import DefenderData
from atpatch_core.evaluation.defences.tuning_on_flips import trained_on_flips
from atpatch_core.evaluation.fairness import FairnessJudge, hotfixed, untouched
from atpatch_core.evaluation.fairness_baselines import baselines
from atpatch_core.evaluation.record_data import LabelledRecords
from atpatch_core.inspection.what_if import count_flips, what_if
from atpatch_core.subjects.record_schema import Record
from atpatch_core.subjects.subject import Subject

from .biased import QUICK, RACE, SCHEMA, SEX, deserved, prejudiced, some_people, trained


@pytest.fixture(scope="module")
def biased() -> Subject:
    return trained(prejudiced)


@pytest.fixture(scope="module")
def repaired(biased: Subject) -> Subject:
    pairs = attribute_flips(biased, some_people(300, 1))
    return replace(biased, detector=train_detector(biased, pairs, some_people(150, 2), recipe=QUICK))


def _held_out() -> LabelledRecords:
    people = some_people(400, 3)
    return LabelledRecords(people, np.array([deserved(one) for one in people]))


def test_the_model_is_biased_by_sex_and_by_nothing_else(biased: Subject) -> None:
    hits = hijacked_by(biased, some_people(200, 3)).mean(axis=0)
    assert hits[0] > 0.25
    assert hits[1] < 0.05


def test_the_detector_takes_the_discrimination_away_and_not_the_accuracy(repaired: Subject) -> None:
    result = FairnessJudge.of(repaired, _held_out()).judge(hotfixed(repaired))
    sex = result.attributes["sex"]
    assert sex.idr_before.value > 0.25
    assert sex.idr_reduction.value >= 0.95
    assert result.accuracy_drop.value <= 0.02


def test_it_flags_the_sex_of_those_it_hijacks_and_leaves_the_others_alone(repaired: Subject) -> None:
    people = some_people(200, 4)
    hijacked = hijacked_by(repaired, people)[:, 0]
    with torch.no_grad(), hotfix(repaired) as fix:
        repaired.model(**repaired.encode(people))
    flagged = torch.stack([layer.any(1) for layer in fix.flagged if layer is not None]).any(0)  # [people, keys]
    assert flagged[hijacked, SEX].float().mean() > 0.95
    assert flagged[~hijacked, SEX].float().mean() < 0.05
    others = [key for key in range(flagged.shape[1]) if key not in (SEX, RACE)]
    assert flagged[:, others].float().mean() < 0.01


def test_a_fair_model_gets_a_detector_that_watches_nothing() -> None:
    fair = trained(deserved)
    detector = train_detector(fair, attribute_flips(fair, some_people(300, 1)), some_people(150, 2), recipe=QUICK)
    assert detector.watched == ()
    result = FairnessJudge.of(fair, _held_out()).judge(hotfixed(replace(fair, detector=detector)))
    assert result.changed.value == 0


def test_a_saved_detector_scores_as_before(repaired: Subject, tmp_path: Path) -> None:
    detector = repaired.detector
    save_detector(detector, tmp_path)  # type: ignore[arg-type]
    people = some_people(100, 5)
    answers = hotfixed(repaired)(people)
    assert (hotfixed(replace(repaired, detector=load_detector(tmp_path)))(people) == answers).all()


def test_the_same_seed_gives_the_same_detector(biased: Subject) -> None:
    pairs = attribute_flips(biased, some_people(80, 1))
    quick = replace(QUICK, epochs=1)
    first, second = (train_detector(biased, pairs, some_people(60, 2), recipe=quick) for _ in range(2))
    assert (first.threshold, first.watched, first.reference) == (second.threshold, second.watched, second.reference)


def test_examples_mark_the_attribute_in_every_head_and_show_layers_over_repaired_ones(biased: Subject) -> None:
    pairs = attribute_flips(biased, some_people(100, 1))
    examples = flip_examples(biased, pairs, [0, 1])
    count = len(pairs)
    for one in examples.values():
        assert not one.hijacked[:count].any()
        expected = torch.from_numpy(pairs.hijacking[:, 0])[:, None].expand(count, 2)
        assert torch.equal(one.hijacked[count : 2 * count, :, SEX], expected)
        assert torch.equal(one.hijacked[2 * count :, :, SEX], expected)
        others = [key for key in range(one.hijacked.shape[2]) if key not in (SEX, RACE)]
        assert not one.hijacked[:, :, others].any()
        torch.testing.assert_close(one.attention.sum(-1), torch.ones(one.attention.shape[:-1]))
    # The first layer has none below it; the second sees that the first one shut out sex, and its own map is whole.
    only_sex = [index for index, hits in enumerate(pairs.hijacking.tolist()) if hits == [True, False]]
    torch.testing.assert_close(examples[0].attention[2 * count :], examples[0].attention[count : 2 * count])
    fixed = FixedColumns(2, (0,), (SEX,))
    inputs = biased.encode([pairs.over_attending[index] for index in only_sex])
    with torch.no_grad(), hotfix(biased.model, fixed), capture(biased.model, [1]) as maps:
        biased.model(**inputs)
    torch.testing.assert_close(examples[1].attention[2 * count :][only_sex], maps.layers[0])
    assert float(maps.layers[0][..., SEX].max()) > 0


def test_baselines_do_what_their_names_say(repaired: Subject) -> None:
    detector = repaired.detector
    data = _held_out()
    judge = FairnessJudge.of(repaired, data)
    others = baselines(repaired, detector, LabelledRecords(data.records[:200], data.labels[:200]))  # type: ignore[arg-type]
    weights = {name: value.clone() for name, value in repaired.model.state_dict().items()}
    results = {name: judge.judge(answering) for name, answering in others.items()}
    assert results["no fix"].changed.value == 0
    for name in ("sex imputed by Male", "all protected imputed"):
        assert results[name].attributes["sex"].idr_after.value == 0
    assert results["oracle"].attributes["sex"].idr_reduction.value > 0.95
    assert results["random columns"].attributes["sex"].idr_reduction.value < 0.9
    # An attribute that is over-attended in most records does not stand out among them.
    assert results["z-score"].changed.value < 0.05
    assert results["not rescaled"].attributes["sex"].idr_reduction.value > 0.5
    people = some_people(50, 7)
    have = DefenderData(LabelledRecords(data.records[:200], data.labels[:200]), 0.0, seed=0)
    fine_tuned = trained_on_flips(repaired, have)
    with torch.no_grad():
        first, second = (model(**repaired.encode(people)).logits for model in (repaired.model, fine_tuned))
    assert not torch.allclose(first, second)
    after = repaired.model.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in weights.items())


def test_what_if_agrees_with_asking_for_the_flipped_person(repaired: Subject) -> None:
    person = some_people(1, 6)[0]
    answers = what_if(repaired, person)
    assert [(one.attribute, one.value) for one in answers] == [
        (name, flip[name]) for name in ("sex", "race") for flip in SCHEMA.flips(person, name)
    ]
    for one in answers:
        flipped = [{**person, one.attribute: one.value}]
        assert one.original.index == untouched(repaired)(flipped)[0]
        assert one.patched.index == hotfixed(repaired)(flipped)[0]


def test_what_if_with_columns_chosen_by_hand_needs_no_detector(biased: Subject) -> None:
    person: Record = {"merit": "some", "age": 45, "sex": "Male", "town": "A", "race": "X"}
    by_hand = [Column(layer, head, SEX) for layer in range(2) for head in range(2)]
    plain, repaired = what_if(biased, person)[0], what_if(biased, person, columns=by_hand)[0]
    assert torch.equal(plain.original.probabilities, plain.patched.probabilities)
    assert not torch.equal(repaired.original.probabilities, repaired.patched.probabilities)


def test_what_if_tells_how_far_it_is_and_counts_as_many_values(biased: Subject) -> None:
    person: Record = {"merit": "some", "age": 45, "sex": "Male", "town": "A", "race": "X"}
    steps: list[tuple[int, int]] = []
    answers = what_if(biased, person, on_step=lambda *one: steps.append(one))
    count = count_flips(biased, person)
    assert len(answers) == count
    assert steps == [(0, count), (count, count)]

    def stop(done: int, total: int) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        what_if(biased, person, on_step=stop)
