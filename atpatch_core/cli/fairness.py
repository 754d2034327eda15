"""What `atpatch evaluate` shows for a subject that takes records."""

from __future__ import annotations

from pathlib import Path

from ..evaluation.fairness import evaluate_fairness
from ..evaluation.fairness_report import fairness_as_json, fairness_rows
from ..evaluation.record_data import read_labelled_records
from ..subjects.record import record_schema
from ..subjects.subject import Subject
from .output import print_json, print_table, tell_left_out


def show_fairness(subject: Subject, data: Path, threshold: float | None, as_json: bool) -> None:
    """Judge a subject and its hot-fix on labelled records, and print the result.

    Args:
        subject: a model for records.
        data: a file of records with a column `label`.
        threshold: the score from which on a column is flagged; by default the detector's calibrated threshold.
        as_json: whether to print JSON instead of a table.

    Raises:
        InputError: the records can't be read.
    """
    records = read_labelled_records(data, record_schema(subject), subject.labels)
    tell_left_out(records.left_out, len(records))
    result = evaluate_fairness(subject, records, threshold)
    if as_json:
        print_json({"subject": subject.name, **fairness_as_json(result)})
    else:
        print_table(subject.name, fairness_rows(result))
