"""The causal check in words: what redistributing each column alone does to the answer, and all of them together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..inspection.inspect import CausalEffect
from ..inspection.results import Inspection
from ..wording.phrases import percent
from ..wording.verdict import answer, column_name

# Columns, those with the highest scores. Each takes a forward pass of its own: more take longer, fewer leave more open.
MOST_CHECKED = 12


@dataclass(frozen=True)
class CausalRow:
    """One row of the causal check.

    Attributes:
        column: what is redistributed, in words.
        before: the answer of the untouched model and its probability.
        after: the answer with this redistributed and its probability.
        changes: whether these are different classes.
    """

    column: str
    before: str
    after: str
    changes: bool


@dataclass(frozen=True)
class CausalTable:
    """The causal check of one input.

    Attributes:
        alone: a row for each column that was checked on its own.
        together: what redistributing all columns of the inspection does.
        notes: sentences about how to read the table.
    """

    alone: tuple[CausalRow, ...]
    together: CausalRow
    notes: tuple[str, ...]


def causal_table(inspection: Inspection, effects: Sequence[CausalEffect]) -> CausalTable:
    """Put a causal check into a table.

    Args:
        inspection: what was found in an input.
        effects: what `causal_check` returned for the columns with the highest scores; at least one.
    """
    before, after = inspection.original.prediction, inspection.patched.prediction
    columns = len(inspection.flags.columns)
    alone = tuple(
        CausalRow(
            column_name(effect.column, inspection.layout),
            f"{effect.label_before} {percent(effect.probability_before)}",
            f"{effect.label_after} {percent(effect.probability_after)}",
            effect.label_after != effect.label_before,
        )
        for effect in effects
    )
    together = CausalRow(f"all {columns} together", answer(before), answer(after), inspection.changes_answer)
    notes = []
    if together.changes and not any(row.changes for row in alone):
        notes.append("No single one of these changes the answer, but all together do: they back each other up.")
    if columns > len(effects):
        notes.append(f"Of {columns} columns, the {len(effects)} with the highest scores are checked one by one.")
    return CausalTable(alone, together, tuple(notes))
