"""Pick a few held-out records, discriminated against and not, for a first look in the dashboard."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from atpatch_core.debugging.attribute_flips import ExhaustiveFlips, predictions, record_schema
from atpatch_core.evaluation.fairness import hotfixed
from atpatch_core.evaluation.record_data import read_labelled_records
from atpatch_core.subjects.subject import Subject

from ..gallery import SampleInput, replace_samples

EACH = 2  # of women and men whom the sex decides about, and of people whom it does not


def write_record_gallery(subject: Subject, folder: Path) -> None:
    """Write JSON files into `folder` and list them in its index: records of the subject's own evaluation data.

    For each value of the first protected attribute, people are taken whom it gives a wrong answer that the hot-fix puts
    right; then people who get the right answer whatever it is.
    """
    schema = record_schema(subject)
    attribute = schema.protected[0].name
    data = read_labelled_records(subject.folder / "eval" / "records.parquet", schema, subject.labels)
    flips = ExhaustiveFlips.of(schema, data.records)
    given = predictions(subject, subject.encode(flips.versions))
    changed = flips.changes(given)[:, 0]
    wrong = flips.originals(given) != data.labels
    righted = wrong & (hotfixed(subject)(data.records) == data.labels)
    groups = {
        f"{value.lower()}-decided": changed & righted & [record[attribute] == value for record in data.records]
        for value in schema.category(attribute).categories
    }
    groups["untouched"] = ~changed & ~wrong
    inputs = []
    for name, members in groups.items():
        for number, index in enumerate(np.flatnonzero(members)[:EACH].tolist(), 1):
            record = data.records[index]
            decided = name != "untouched"
            what = f"{attribute} decides" if decided else f"{attribute} does not decide"
            title = f"{record[attribute]}, {record['age']}, {record['occupation']}: {what}"
            label = subject.labels[int(data.labels[index])]
            content = subject.adapter.write(record)
            inputs.append(SampleInput(f"record-{name}-{number}", "json", content, title, label, decided))
    replace_samples(folder, "record", subject.name, inputs)
