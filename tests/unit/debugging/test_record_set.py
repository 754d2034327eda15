"""Debugging sets of records: people whom a protected attribute hijacks, beside those whom none does, and read back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from atpatch_core.debugging.attribute_flips import hijacked, hijacked_by
from atpatch_core.debugging.record_set import RecordDebuggingData, build_record_set, load_record_set
from atpatch_core.debugging.train_detector import train_detector
from atpatch_core.errors import InputError
from atpatch_core.subjects.record import RecordAdapter
from atpatch_core.subjects.record_schema import Record
from atpatch_core.subjects.subject import Subject

from .biased import QUICK, SCHEMA, deserved, prejudiced, some_people, trained


@pytest.fixture(scope="module")
def biased() -> Subject:
    return trained(prejudiced)


@pytest.fixture
def made(biased: Subject, tmp_path: Path) -> RecordDebuggingData:
    return build_record_set(biased, some_people(300, 1), tmp_path / "set", seed=3)


def _key(record: Record) -> tuple[object, ...]:
    return tuple(record.values())


def test_a_set_is_read_back_as_it_was_made(made: RecordDebuggingData, tmp_path: Path) -> None:
    read = load_record_set(tmp_path / "set")
    assert read.provenance == made.provenance
    assert read.tuning == made.tuning
    assert (read.pairs.over_attending, read.pairs.clean) == (made.pairs.over_attending, made.pairs.clean)
    assert np.array_equal(read.pairs.hijacking, made.pairs.hijacking)
    assert np.array_equal(read.pairs.distance, made.pairs.distance)
    assert read.pairs.origin == made.pairs.origin


def test_pairs_and_people_to_tune_on_are_two_parts_of_those_given(made: RecordDebuggingData, biased: Subject) -> None:
    people = some_people(300, 1)
    assert len(made.tuning) == 100
    assert all(one in people for one in made.tuning)
    assert len(made.pairs) > 50
    assert hijacked(biased, made.pairs.over_attending).all()
    assert not hijacked(biased, made.pairs.clean).any()
    # A counterpart that differs in nothing would be the same person on both sides.
    assert (made.pairs.distance > 0).all()
    found = {one["attribute"]: one["hijacks"] for one in made.provenance["attributes"]}
    expected = hijacked_by(biased, made.pairs.over_attending).sum(axis=0).tolist()
    assert found == dict(zip(("sex", "race"), expected, strict=True))
    assert found["sex"] > 10 * found["race"]


def test_the_same_seed_gives_the_same_set_and_another_one_another(
    made: RecordDebuggingData, biased: Subject, tmp_path: Path
) -> None:
    same, other = (build_record_set(biased, some_people(300, 1), tmp_path / str(seed), seed) for seed in (3, 4))
    assert same.pairs.over_attending == made.pairs.over_attending
    assert same.tuning == made.tuning
    assert other.tuning != made.tuning


def test_a_detector_learns_from_it(made: RecordDebuggingData, biased: Subject) -> None:
    detector = train_detector(biased, made.pairs, made.tuning, recipe=QUICK)
    assert detector.watched
    assert max(choice["cured"] for choice in detector.history["tried"]) > 0.9


def test_a_fair_model_gives_a_set_from_which_a_detector_learns_to_watch_nothing(tmp_path: Path) -> None:
    fair = trained(deserved)
    build_record_set(fair, some_people(300, 1), tmp_path)
    read = load_record_set(tmp_path)
    assert len(read.pairs) < 20
    assert read.pairs.hijacking.shape == (len(read.pairs), 2)
    assert train_detector(fair, read.pairs, read.tuning, recipe=QUICK).watched == ()


def test_what_makes_no_set_is_refused(biased: Subject, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="299 records are too few"):
        build_record_set(biased, some_people(299, 1), tmp_path)
    unprotected = replace(biased, adapter=RecordAdapter(replace(SCHEMA, protected=())))
    with pytest.raises(InputError, match="names no protected attribute"):
        build_record_set(unprotected, some_people(300, 1), tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="can't be written"):
        build_record_set(biased, some_people(300, 1), tmp_path / "file")


def test_an_unfinished_set_is_refused(made: RecordDebuggingData, tmp_path: Path) -> None:
    (tmp_path / "set" / "provenance.json").unlink()
    with pytest.raises(InputError, match="no finished debugging set"):
        load_record_set(tmp_path / "set")


def _cut(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:200])


def _change(name: str, column: str, value: object) -> Callable[[Path], object]:
    """Put `value` into the first row of a column."""

    def change(folder: Path) -> None:
        rows = pq.read_table(folder / name).to_pylist()
        rows[0][column] = value
        pq.write_table(pa.Table.from_pylist(rows), folder / name)

    return change


_PERSON = some_people(1, 9)[0]


@pytest.mark.parametrize(
    "damage",
    [
        _cut("pairs.parquet"),
        _cut("tuning.parquet"),
        _cut("records.json"),
        lambda folder: (folder / "records.json").unlink(),
        lambda folder: (folder / "provenance.json").write_text("[1]"),
        lambda folder: (folder / "provenance.json").write_text(json.dumps({"model": "x"})),
        _change("tuning.parquet", "record", {**_PERSON, "sex": "Other"}),
        _change("pairs.parquet", "clean", {**_PERSON, "age": 7_000}),
        _change("pairs.parquet", "clean", None),
        _change("pairs.parquet", "hijacking", ["town"]),
        _change("pairs.parquet", "distance", None),
    ],
)
def test_a_damaged_set_is_refused(made: RecordDebuggingData, tmp_path: Path, damage: Callable[[Path], object]) -> None:
    damage(tmp_path / "set")
    with pytest.raises(InputError, match="no sound one of records"):
        load_record_set(tmp_path / "set")
