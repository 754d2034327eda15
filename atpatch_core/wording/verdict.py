"""The sentences above everything else: what is wrong with this input, and what AtPatch makes of it.

They name the parts of the input; `found_sentence` says separately in which heads those were found.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ..column import Column
from ..inspection.results import Flags, Inspection, Prediction
from ..layout import Layout
from .parts import parts_in_words
from .phrases import counted, listed, percent
from .search_notes import cleared_sentence, following_sentence, length_sentence
from .thresholds import other_threshold, threshold_sentence

_MOST_HEADS = 4  # of a layer that are named; more are counted
_MOST_LAYERS = 3  # that are named; more are counted


def verdict(inspection: Inspection, calibrated: float | None) -> str:
    """A few sentences of plain text on an inspection.

    Args:
        inspection: what was found in an input.
        calibrated: the detector's own threshold; `None` without a detector.

    Example:
        >>> import atpatch_core as atpatch
        >>> from pathlib import Path
        >>> subject = atpatch.load("sample_models/fashion-vit-badnets")
        >>> image = subject.read(Path("assets/samples/ankle-boot.png").read_bytes())
        >>> verdict(atpatch.inspect(subject, image), subject.detector.threshold).split(":")[0]
        'Nothing flagged'
    """
    return " ".join(verdict_sentences(inspection, calibrated))


def verdict_sentences(inspection: Inspection, calibrated: float | None) -> tuple[str, ...]:
    """What was found, what comes of it, and each limit within which that holds: a sentence or two each.

    Columns that reach the threshold, or were followed from one that does, count as flagged; whatever else is
    redistributed was chosen by hand.

    Args:
        inspection: what was found in an input.
        calibrated: the detector's own threshold; `None` without a detector.
    """
    sentences = (
        _finding(inspection, calibrated),
        cleared_sentence(inspection),
        _outcome(inspection, calibrated),
        following_sentence(inspection),
        length_sentence(inspection),
        inspection.layout.notice,
        threshold_sentence(inspection, calibrated),
    )
    return tuple(sentence for sentence in sentences if sentence)


def found_sentence(inspection: Inspection) -> str:
    """How many columns are redistributed, in which heads, and whether the detector or a person chose them."""
    detected, chosen = split_columns(inspection.flags)
    clauses = []
    if detected:
        clauses.append(f"{counted(len(detected), 'map column')} flagged in {_places(detected, inspection.flags)}")
    if chosen:
        number = str(len(chosen)) if detected else counted(len(chosen), "map column")
        clauses.append(f"{number} chosen by hand in {_places(chosen, inspection.flags)}")
    return f"{', and '.join(clauses)}." if clauses else ""


def answer(prediction: Prediction) -> str:
    """The most probable class and how probable it is: "Sneaker 96.1 %"."""
    return f"{prediction.label} {percent(prediction.confidence)}"


def split_columns(flags: Flags) -> tuple[tuple[Column, ...], tuple[Column, ...]]:
    """The redistributed columns that the detector flagged, and those that were only chosen by hand."""
    columns = flags.columns
    found = {column for column in columns if column in flags.followed or flags.reaches(column)}
    return tuple(column for column in columns if column in found), tuple(
        column for column in columns if column not in found
    )


def column_name(column: Column, layout: Layout) -> str:
    """The full name of one column: "layer 0 \u00b7 head 1 \u00b7 row 6, column 6".

    Args:
        column: the column.
        layout: names the keys of its input.
    """
    return f"layer {column.layer} \u00b7 head {column.head} \u00b7 {layout.key_names[column.key]}"


def heads_in_words(layer: int, heads: Collection[int]) -> str:
    """Some heads of a layer: "layer 2 \u00b7 heads 0, 3 and 5 to 11"."""
    return f"layer {layer} \u00b7 {'head' if len(heads) == 1 else 'heads'} {listed(_runs(sorted(heads)))}"


def _runs(numbers: Sequence[int]) -> list[str]:
    """Three and more that follow each other are put together."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return [
        text
        for run in runs
        for text in ([f"{run[0]} to {run[-1]}"] if len(run) > 2 else [str(number) for number in run])
    ]


def _finding(inspection: Inspection, calibrated: float | None) -> str:
    detected, chosen = split_columns(inspection.flags)
    sentences = []
    if detected:
        what, many = parts_in_words(detected, inspection)
        sentences.append(f"{what[0].upper()}{what[1:]} {_is_wrong(inspection, calibrated, many)}.")
    if chosen:
        sentences.append(f"{'Also chosen' if detected else 'Chosen'} by hand: {parts_in_words(chosen, inspection)[0]}.")
    return " ".join(sentences)


def _is_wrong(inspection: Inspection, calibrated: float | None, many: bool) -> str:
    other = other_threshold(inspection.flags, calibrated)
    if calibrated is not None and other is not None and other < calibrated:
        # With a lower threshold than the calibrated one, to be flagged says little.
        return "are flagged" if many else "is flagged"
    how = "attention like attributes that decide" if inspection.layout.unit == "field" else "far too much attention"
    return f"{'draw' if many else 'draws'} {how}"


def _outcome(inspection: Inspection, calibrated: float | None) -> str:
    before, after = inspection.original.prediction, inspection.patched.prediction
    if not inspection.flags.any:
        if inspection.following is not None and inspection.following.cleared:
            return f"AtPatch leaves this input untouched; the prediction stays {answer(after)}."
        if calibrated is not None:
            return (
                f"Nothing flagged: AtPatch leaves this input untouched; the prediction stays {answer(after)}. "
                "That is no proof that the input is clean."
            )
        return (
            "There is no detector for this model, so nothing is flagged: choose columns by hand to see what "
            f"redistributing them does. The prediction is {answer(before)}."
        )
    if before.index == after.index:
        return (
            f"With AtPatch the prediction stays {after.label} "
            f"({percent(before.confidence)} before, {percent(after.confidence)} after)."
        )
    return f"With AtPatch the prediction goes from {answer(before)} to {answer(after)}."


def _places(columns: Sequence[Column], flags: Flags) -> str:
    heads = {
        layer: sorted({column.head for column in columns if column.layer == layer})
        for layer in range(len(flags.flagged))
    }
    layers = [layer for layer, some in heads.items() if some]
    if len(layers) > _MOST_LAYERS:
        return f"{len(layers)} layers"
    if len(layers) > 1 and all(len(heads[layer]) == len(flags.flagged[layer]) for layer in layers):
        return f"all heads of layers {listed([str(layer) for layer in layers])}"
    return listed([_few_heads(layer, heads[layer]) for layer in layers])


def _few_heads(layer: int, heads: Sequence[int]) -> str:
    return f"layer {layer} \u00b7 {len(heads)} heads" if len(heads) > _MOST_HEADS else heads_in_words(layer, heads)
