"""A record as rows of a table, and what its protected attributes do to the answer, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..inspection.results import Inspection
from ..inspection.what_if import WhatIf
from ..subjects.record_schema import Record, RecordSchema
from ..wording.phrases import counted, listed, percent
from ..wording.verdict import answer

_MOST_VALUES = 3  # of an attribute that are spelt out in a sentence


@dataclass(frozen=True)
class FieldRow:
    """One field of a record: what it holds, how much attention it draws in one map, and where it is redistributed.

    Attributes:
        name: of the field.
        value: what it holds, as text.
        protected: whether it is a protected attribute.
        before: mean of its column over all queries without the hot-fix, 0 to 1.
        after: mean of its column over all queries with the hot-fix, 0 to 1.
        heads: (layer, head) of each head in which its column is redistributed.
    """

    name: str
    value: str
    protected: bool
    before: float
    after: float
    heads: tuple[tuple[int, int], ...]

    @property
    def mark(self) -> str:
        """A triangle and the number of heads where the field is redistributed; empty where it is not."""
        return f"\u25bc {counted(len(self.heads), 'head')}" if self.heads else ""

    @property
    def draws(self) -> str:
        """The attention it draws, "12.3 %", or "12.3 % \u2192 0.0 %" where the hot-fix changes it."""
        before, after = percent(self.before), percent(self.after)
        return before if before == after else f"{before} \u2192 {after}"


def field_rows(
    schema: RecordSchema, record: Record, inspection: Inspection, layer: int, head: int
) -> tuple[FieldRow, ...]:
    """The fields of a record with the attention they draw in one map.

    Args:
        schema: the fields, whose order the rows keep.
        record: a valid record.
        inspection: what was found in it.
        layer: number of the map's layer.
        head: number of the map's head.
    """
    before = inspection.original.trace.maps[layer][head].mean(0)
    after = inspection.patched.trace.maps[layer][head].mean(0)
    protected = {attribute.name for attribute in schema.protected}
    rows = []
    for name in schema.names:
        key = schema.key(name)
        heads = tuple((column.layer, column.head) for column in inspection.flags.columns if column.key == key)
        value = str(record[name])
        rows.append(FieldRow(name, value, name in protected, float(before[key]), float(after[key]), heads))
    return tuple(rows)


def what_if_sentences(record: Record, inspection: Inspection, flips: Sequence[WhatIf]) -> tuple[str, ...]:
    """For each protected attribute, whether it decides the answer, without and with AtPatch.

    Args:
        record: the person as they are.
        inspection: what was found in that record.
        flips: what `what_if` returned for it.
    """
    sentences = []
    for name in dict.fromkeys(flip.attribute for flip in flips):
        own = [flip for flip in flips if flip.attribute == name]
        before = [flip for flip in own if flip.original.index != inspection.original.prediction.index]
        after = [flip for flip in own if flip.patched.index != inspection.patched.prediction.index]
        sentences.append(_sentence(name, record, before, after, inspection))
    return tuple(sentences)


def _sentence(
    name: str, record: Record, before: Sequence[WhatIf], after: Sequence[WhatIf], inspection: Inspection
) -> str:
    title = name[:1].upper() + name[1:]
    if not before and not after:
        sentence = f"{title} does not decide this answer: it stays the same with any other value."
        redistributed = {inspection.layout.key_names[column.key] for column in inspection.flags.columns}
        return sentence + (" It is flagged, though, and redistributed, too." if name in redistributed else "")
    if before:
        text = (
            f"{title} decides this answer: with {_values(before)} instead of {record[name]} it would be "
            f"{before[0].original.label} instead of {inspection.original.prediction.label}."
        )
    else:
        text = f"{title} does not decide this answer in the model as it is."
    if after and before:
        return f"{text} With AtPatch it still decides: with {_values(after)} it would be {after[0].patched.label}."
    if after:
        return f"{text} With AtPatch it does: with {_values(after)} it would be {after[0].patched.label}."
    return f"{text} With AtPatch it would be {inspection.patched.prediction.label} either way."


def what_if_rows(record: Record, inspection: Inspection, flips: Sequence[WhatIf]) -> list[tuple[str, str, str]]:
    """The answers for the person as they are, then for every flip.

    Args:
        record: the person as they are.
        inspection: what was found in that record.
        flips: what `what_if` returned for it.

    Returns:
        (who, answer without AtPatch, answer with AtPatch) each.
    """
    rows = [("as it is", answer(inspection.original.prediction), answer(inspection.patched.prediction))]
    for flip in flips:
        changed = flip.original.index != inspection.original.prediction.index
        changed_after = flip.patched.index != inspection.patched.prediction.index
        rows.append(
            (
                f"{flip.attribute}: {flip.value} instead of {record[flip.attribute]}",
                f"{answer(flip.original)}{_MARK if changed else ''}",
                f"{answer(flip.patched)}{_MARK if changed_after else ''}",
            )
        )
    return rows


_MARK = " \u25c0 another answer"


def _values(flips: Sequence[WhatIf]) -> str:
    values = [str(flip.value) for flip in flips[:_MOST_VALUES]]
    more = len(flips) - len(values)
    return listed([*values, *([f"{more} others"] if more else [])]).replace(" and ", " or ")
