"""Protected attributes that act together: whose answer changes when several of them change at once.

    python -m benchmarks.attribute_combinations          # adult-tabular-sex; or name another subject for records

The figures of a record subject flip one attribute at a time (IDR). Here every combination of all protected values is
tried on each held-out person, without and with the hot-fix: a detector that flagged one of two attributes only would
leave what the other one does. Prints JSON.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch

from atpatch_core import Subject, hotfix, load
from atpatch_core.cli.output import print_json
from atpatch_core.debugging.attribute_flips import predictions
from atpatch_core.evaluation.rates import proportion
from atpatch_core.evaluation.record_data import read_labelled_records
from atpatch_core.subjects.record import record_schema
from atpatch_core.subjects.record_schema import Record, RecordSchema

ROOT = Path(__file__).resolve().parents[1]


def combinations(schema: RecordSchema, record: Record) -> list[tuple[int, Record]]:
    """The record with every combination of protected values, and how many of them differ; as it is comes first."""
    names = [attribute.name for attribute in schema.protected]
    values = [[record[name], *(flip[name] for flip in schema.flips(record, name))] for name in names]
    return [
        (
            sum(value != record[name] for name, value in zip(names, chosen, strict=True)),
            {**record, **dict(zip(names, chosen, strict=True))},
        )
        for chosen in product(*values)
    ]


def changed(subject: Subject, records: Sequence[Record]) -> dict[str, Any]:
    """The share of people whose answer changes with one attribute, and with any combination, without and with the fix.

    Args:
        subject: a model for records, with a detector.
        records: people.
    """
    schema = record_schema(subject)
    versions = [combinations(schema, record) for record in records]
    differing = np.array([[many for many, _ in own] for own in versions])
    encoded = subject.encode([version for own in versions for _, version in own])
    found = {}
    for name, fix in (("without_fix", nullcontext()), ("with_fix", hotfix(subject))):
        with fix:
            answers = predictions(subject, encoded).reshape(differing.shape)
        other = answers != answers[:, :1]
        found[name] = {
            "one_attribute": asdict(proportion((other & (differing == 1)).any(1))),
            "any_combination": asdict(proportion(other.any(1))),
        }
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("subject", nargs="?", default="adult-tabular-sex")
    parser.add_argument("--models", type=Path, default=ROOT / "sample_models")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    subject = load(asked.models / asked.subject)
    data = read_labelled_records(subject.folder / "eval" / "records.parquet", record_schema(subject), subject.labels)
    print_json({"subject": subject.name, "people": len(data), **changed(subject, data.records)})


if __name__ == "__main__":
    main()
