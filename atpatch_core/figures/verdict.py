"""The sentence above everything else: what is wrong with this input, and what AtPatch makes of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from ..inspection import Column, Flags, Inspection, Layout, Prediction
from .scores import ranked_columns
from .wording import counted, listed, percent

_MOST_HEADS = 4
_MOST_LAYERS = 3
_MOST_KEYS = 3
_MOST_TOKENS = 12  # of a phrase that is spelt out


def verdict(inspection: Inspection, has_detector: bool) -> str:
    """One or two sentences of plain text on an inspection of a model with or without a detector.

    Columns that reach the threshold or were followed from one that does count as flagged; what else is redistributed
    was chosen by hand.
    """
    before, after = inspection.original.prediction, inspection.patched.prediction
    if not inspection.flags.any:
        if has_detector:
            return (
                f"Nothing flagged: AtPatch leaves this input untouched; the prediction stays {answer(after)}. "
                "That is no proof that the input is clean."
            )
        return (
            "There is no detector for this model, so nothing is flagged: choose columns by hand to see what "
            f"redistributing them does. The prediction is {answer(before)}."
        )
    detected, chosen = split_columns(inspection.flags)
    what, many = _keys(inspection.flags, inspection.layout)
    found = f"{counted(len(detected), 'map column')} flagged in {_places(detected, inspection.flags)}"
    if not chosen:
        how = "attention like attributes that decide" if inspection.layout.unit == "field" else "far too much attention"
        draws = f"{what[0].upper()}{what[1:]} {'draw' if many else 'draws'} {how}: {found}."
        return f"{draws} {_change(before, after)}"
    number = str(len(chosen)) if detected else counted(len(chosen), "map column")
    by_hand = f"{number} chosen by hand in {_places(chosen, inspection.flags)}"
    return f"{f'{found}, and {by_hand}' if detected else by_hand}: {what}. {_change(before, after)}"


def answer(prediction: Prediction) -> str:
    """The most probable class and how probable it is: "Sneaker 96.1 %"."""
    return f"{prediction.label} {percent(prediction.confidence)}"


def split_columns(flags: Flags) -> tuple[tuple[Column, ...], tuple[Column, ...]]:
    """The redistributed columns that the detector flagged, and those that were only chosen by hand."""
    columns = flags.columns
    found = {column for column in columns if column in flags.followed or flags.reaches(column)}
    return tuple(one for one in columns if one in found), tuple(one for one in columns if one not in found)


def column_name(column: Column, layout: Layout) -> str:
    """The full name of one column: "layer 0 · head 1 · row 6, column 6"."""
    return f"layer {column.layer} \u00b7 head {column.head} \u00b7 {layout.key_names[column.key]}"


def _places(columns: Sequence[Column], flags: Flags) -> str:
    heads = {layer: sorted({one.head for one in columns if one.layer == layer}) for layer in range(len(flags.flagged))}
    layers = [layer for layer, some in heads.items() if some]
    if len(layers) > _MOST_LAYERS:
        return f"{len(layers)} layers"
    if len(layers) > 1 and all(len(heads[layer]) == len(flags.flagged[layer]) for layer in layers):
        return f"all heads of layers {listed([str(layer) for layer in layers])}"
    return listed([_heads(layer, heads[layer]) for layer in layers])


def _heads(layer: int, heads: Sequence[int]) -> str:
    if len(heads) > _MOST_HEADS:
        return f"layer {layer} \u00b7 {len(heads)} heads"
    return f"layer {layer} \u00b7 {'head' if len(heads) == 1 else 'heads'} {listed([str(head) for head in heads])}"


def _keys(flags: Flags, layout: Layout) -> tuple[str, bool]:
    """What the redistributed columns stand for, in words, and whether that is a plural."""
    keys = sorted({column.key for column in flags.columns})
    many = len(keys) > 1
    phrase = _phrase(keys, layout)
    if phrase:
        return f"the words \u201c{phrase}\u201d", many
    if layout.unit == "field":
        keys = list(dict.fromkeys(column.key for column in ranked_columns(flags)))
    ordinary = [layout.key_names[key] for key in keys if not layout.special[key]]
    special = [layout.key_names[key] for key in keys if layout.special[key]]
    times = Counter(ordinary)
    if len(times) + len(special) > _MOST_KEYS:
        # A word may be read in parts.
        parts_of = (key if layout.words is None else layout.words[key] for key in keys if not layout.special[key])
        unit = "patches" if layout.grid is not None else f"{layout.unit}s"
        return listed([f"{len(set(parts_of))} different {unit}", *special]), many
    parts = []
    if layout.grid is None:
        names = [f"\u201c{name}\u201d" + (f" ({times[name]} times)" if times[name] > 1 else "") for name in times]
        parts += [f"the {layout.unit}{'s' if len(times) > 1 else ''} {listed(names)}"] if times else []
        many = len(times) + len(special) > 1
    elif ordinary:
        places = listed([name if number == 0 else f"at {name}" for number, name in enumerate(ordinary)])
        parts.append(f"the {'patch' if len(ordinary) == 1 else 'patches'} at {places}")
        if len(ordinary) == 1:
            parts[-1] += f" ({_region(next(key for key in keys if not layout.special[key]), layout)})"
    return listed(parts + special), many


def _region(key: int, layout: Layout) -> str:
    """Where in the picture a patch lies, in everyday words: "bottom right"."""
    assert layout.grid is not None
    rows, columns = layout.grid
    row, column = divmod(key - sum(layout.special), columns)
    upright = ("top", "", "bottom")[3 * row // rows]
    across = ("left", "", "right")[3 * column // columns]
    return " ".join(filter(None, (upright, across))) or "middle"


def _phrase(keys: Sequence[int], layout: Layout) -> str:
    """Neighbouring tokens of a text as they are read, if there are several and no others are redistributed."""
    if layout.words is None or len(keys) < 2 or keys[-1] - keys[0] != len(keys) - 1:
        return ""
    if len(keys) > _MOST_TOKENS or any(layout.words[key] is None for key in keys):
        return ""
    text = layout.key_names[keys[0]]
    for before, key in pairwise(keys):
        text += ("" if _touch(before, key, layout) else " ") + layout.key_names[key]
    return text


def _touch(before: int, key: int, layout: Layout) -> bool:
    """Whether nothing stands between two tokens in the text, as before a full stop."""
    ends, starts = (None if layout.spans is None else layout.spans[one] for one in (before, key))
    return ends is not None and starts is not None and ends[1] == starts[0]


def _change(before: Prediction, after: Prediction) -> str:
    if before.index == after.index:
        return (
            f"With AtPatch the prediction stays {after.label} "
            f"({percent(before.confidence)} before, {percent(after.confidence)} after)."
        )
    return f"With AtPatch the prediction goes from {answer(before)} to {answer(after)}."
