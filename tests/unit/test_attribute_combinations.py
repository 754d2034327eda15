"""All combinations of protected values, in `benchmarks.attribute_combinations`."""

from __future__ import annotations

from atpatch_core import load
from atpatch_core.evaluation.record_data import read_labelled_records
from atpatch_core.subjects.record import record_schema
from benchmarks.attribute_combinations import changed, combinations


def test_every_combination_occurs_once_and_leaves_the_rest() -> None:
    subject = load("sample_models/adult-tabular-sex")
    schema = record_schema(subject)
    data = read_labelled_records(subject.folder / "eval" / "records.parquet", schema, subject.labels)
    record = data.records[0]
    made = combinations(schema, record)
    names = [attribute.name for attribute in schema.protected]
    assert made[0] == (0, record)
    assert len({tuple(version[name] for name in names) for _, version in made}) == len(made) == 10
    assert all({**version, **{name: record[name] for name in names}} == record for _, version in made)
    assert {many for many, _ in made} == {0, 1, 2}
    found = changed(subject, data.records[:200])
    for rates in found.values():
        assert rates["any_combination"]["value"] >= rates["one_attribute"]["value"]
    assert found["with_fix"]["any_combination"]["value"] < found["without_fix"]["any_combination"]["value"]
