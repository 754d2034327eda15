"""No detector at all: the columns of the protected attributes are redistributed in every record, or random ones."""

from __future__ import annotations

import numpy as np

from ...attention import attention_layers
from ...detector.fixed import FixedColumns
from ...subjects.record import record_schema
from ...subjects.subject import Subject
from .answered import Answered
from .contract import DefenderData
from .record_fix import record_fix, trained_detector


def protected_keys(subject: Subject) -> tuple[int, ...]:
    """The columns of the protected attributes."""
    schema = record_schema(subject)
    return tuple(schema.key(attribute.name) for attribute in schema.protected)


def fixed_columns(subject: Subject, columns: tuple[int, ...]) -> FixedColumns:
    """A detector that flags `columns` in all layers, with the reference of the subject's own."""
    detector, layers = trained_detector(subject), len(attention_layers(subject.model))
    return FixedColumns(layers, tuple(range(layers)), columns, detector.reference, detector.benign_means)


def always_protected(subject: Subject, _have: DefenderData) -> Answered:
    """The protected attributes' columns, always."""
    return record_fix(subject, fixed_columns(subject, protected_keys(subject)))


def random_fields(subject: Subject, have: DefenderData) -> Answered:
    """The placebo: as many columns of other fields, at random."""
    keys = protected_keys(subject)
    others = [key for key in range(1, 1 + len(record_schema(subject).fields)) if key not in keys]
    chosen = np.random.default_rng(have.seed).choice(others, len(keys), replace=False)
    return record_fix(subject, fixed_columns(subject, tuple(int(key) for key in chosen)))
