"""Repair the record instead of the attention: the model never learns the true value of some attributes."""

from __future__ import annotations

from collections.abc import Mapping

from ...subjects.record_schema import Value
from ...subjects.subject import Subject
from ..fairness import untouched
from .answered import Answered
from .contract import DefenderData


def imputed(values: Mapping[str, Value], subject: Subject, _have: DefenderData) -> Answered:
    """The untouched model, asked with other values in place of those of each record.

    Args:
        values: by the names of their fields; none for the records as they are.
        subject: a model for records.
        _have: not used.
    """
    answer = untouched(subject)
    return Answered(lambda records: answer([{**record, **values} for record in records]))
