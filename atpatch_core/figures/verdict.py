"""The sentence above everything else: what is wrong with this input, and what AtPatch makes of it."""

from __future__ import annotations

from collections.abc import Sequence

from ..inspection import Column, Flags, Inspection, Layout, Prediction
from .wording import counted, listed, percent

_MOST_HEADS = 4
_MOST_LAYERS = 3
_MOST_KEYS = 3


def verdict(inspection: Inspection, has_detector: bool) -> str:
    """One or two sentences of plain text on an inspection of a model with or without a detector.

    Columns that reach the threshold count as flagged; what else is redistributed was chosen by hand.
    """
    before, after = inspection.original.prediction, inspection.patched.prediction
    if not inspection.flags.any:
        if has_detector:
            return f"Nothing flagged: AtPatch leaves this input untouched; the prediction stays {answer(after)}."
        return (
            "There is no detector for this model, so nothing is flagged: choose columns by hand to see what "
            f"redistributing them does. The prediction is {answer(before)}."
        )
    detected, chosen = split_columns(inspection.flags)
    parts = []
    if detected:
        parts.append(f"{counted(len(detected), 'column')} flagged in {_places(detected)}")
    if chosen:
        number = counted(len(chosen), "column") if not detected else str(len(chosen))
        parts.append(f"{number} chosen by hand in {_places(chosen)}")
    what = _keys(inspection.flags.columns, inspection.layout)
    return f"{', and '.join(parts)}: {what}. {_change(before, after)}"


def answer(prediction: Prediction) -> str:
    """The most probable class and how probable it is: "Sneaker 96.1 %"."""
    return f"{prediction.label} {percent(prediction.confidence)}"


def split_columns(flags: Flags) -> tuple[tuple[Column, ...], tuple[Column, ...]]:
    """The redistributed columns that the detector flagged, and those that were only chosen by hand."""
    detected = tuple(column for column in flags.columns if _reaches(flags, column))
    return detected, tuple(column for column in flags.columns if column not in detected)


def column_name(column: Column, layout: Layout) -> str:
    """The full name of one column: "layer 0 · head 1 · row 6, column 6"."""
    return f"layer {column.layer} \u00b7 head {column.head} \u00b7 {layout.key_names[column.key]}"


def _reaches(flags: Flags, column: Column) -> bool:
    scores = flags.scores[column.layer]
    return scores is not None and bool(scores[column.head, column.key] >= flags.threshold)


def _places(columns: Sequence[Column]) -> str:
    layers = sorted({column.layer for column in columns})
    if len(layers) > _MOST_LAYERS:
        return f"{len(layers)} layers"
    return listed([_heads(layer, sorted({c.head for c in columns if c.layer == layer})) for layer in layers])


def _heads(layer: int, heads: Sequence[int]) -> str:
    if len(heads) > _MOST_HEADS:
        return f"layer {layer} \u00b7 {len(heads)} heads"
    return f"layer {layer} \u00b7 {'head' if len(heads) == 1 else 'heads'} {listed([str(head) for head in heads])}"


def _keys(columns: Sequence[Column], layout: Layout) -> str:
    keys = sorted({column.key for column in columns})
    if len(keys) > _MOST_KEYS:
        return f"{len(keys)} different {'patches' if layout.grid is not None else layout.unit + 's'}"
    ordinary = [layout.key_names[key] for key in keys if not layout.special[key]]
    parts = []
    if layout.grid is None:
        parts += [f"the {layout.unit} \u201c{name}\u201d" for name in ordinary]
    elif ordinary:
        places = listed([name if number == 0 else f"at {name}" for number, name in enumerate(ordinary)])
        parts.append(f"the {'patch' if len(ordinary) == 1 else 'patches'} at {places}")
    return listed(parts + [layout.key_names[key] for key in keys if layout.special[key]])


def _change(before: Prediction, after: Prediction) -> str:
    if before.index == after.index:
        return (
            f"With AtPatch the prediction stays {after.label} "
            f"({percent(before.confidence)} before, {percent(after.confidence)} after)."
        )
    return f"With AtPatch the prediction goes from {answer(before)} to {answer(after)}."
