"""The causal check in words: what redistributing each column alone does to the answer, and all of them together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..inspection.inspect import CausalEffect
from ..inspection.results import Inspection
from ..wording.phrases import percent
from ..wording.verdict import answer, column_name

MOST_CHECKED = 12  # columns, those with the highest scores: each takes a forward of its own


@dataclass(frozen=True)
class CausalRow:
    """What is redistributed, the answer before and after, and whether it is another one."""

    column: str
    before: str
    after: str
    changes: bool


@dataclass(frozen=True)
class CausalTable:
    """A row for each column that was checked; `together` is what all columns of the inspection do."""

    alone: tuple[CausalRow, ...]
    together: CausalRow
    notes: tuple[str, ...]


def causal_table(inspection: Inspection, effects: Sequence[CausalEffect]) -> CausalTable:
    """The table for the columns with the highest scores, of which there is at least one."""
    before, after = inspection.original.prediction, inspection.patched.prediction
    columns = len(inspection.flags.columns)
    alone = tuple(
        CausalRow(
            column_name(one.column, inspection.layout),
            f"{one.label_before} {percent(one.probability_before)}",
            f"{one.label_after} {percent(one.probability_after)}",
            one.label_after != one.label_before,
        )
        for one in effects
    )
    together = CausalRow(f"all {columns} together", answer(before), answer(after), inspection.changes_answer)
    notes = []
    if together.changes and not any(one.changes for one in alone):
        notes.append("No single one of these changes the answer, but all together do: they back each other up.")
    if columns > len(effects):
        notes.append(f"Of {columns} columns, the {len(effects)} with the highest scores are checked one by one.")
    return CausalTable(alone, together, tuple(notes))
