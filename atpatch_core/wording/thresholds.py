"""Another threshold than the calibrated one: whether it is, and what that does to a verdict."""

from __future__ import annotations

import math

from ..column import Column
from ..inspection.results import Flags, Inspection
from .parts import parts_in_words

_DIGITS = 3  # as many as `score_text` shows
_MOST_DIGITS = 16  # a float has no more
# Nearer than this, two thresholds are one that was written down with fewer digits.
_SAME = 1e-6


def other_threshold(flags: Flags, calibrated: float | None) -> float | None:
    """The threshold in use if it differs from the detector's own.

    Args:
        flags: hold the threshold in use.
        calibrated: the detector's own threshold; `None` without a detector.

    Returns:
        `None` if they are the same, or there is no detector.
    """
    if calibrated is None or math.isclose(flags.threshold, calibrated, rel_tol=_SAME):
        return None
    return flags.threshold


def threshold_texts(used: float, calibrated: float) -> tuple[str, str]:
    """Two thresholds as text, with three digits, or more if they would look the same, or like 0 or 1 without being it.

    Args:
        used: the threshold in use.
        calibrated: the detector's own threshold.

    Returns:
        The text of each, in that order.
    """
    for digits in range(_DIGITS, _MOST_DIGITS + 1):
        texts = _text(used, digits), _text(calibrated, digits)
        if texts[0] != texts[1] and all(
            text not in ("0", "1") or float(text) == value
            for text, value in zip(texts, (used, calibrated), strict=True)
        ):
            return texts
    return repr(used), repr(calibrated)


def threshold_sentence(inspection: Inspection, calibrated: float | None) -> str:
    """That the verdict holds for another threshold than the calibrated one, and what that one would flag.

    The model does not run again: this goes by the scores at hand.

    Args:
        inspection: what was found in an input.
        calibrated: the detector's own threshold; `None` without a detector.

    Returns:
        A sentence; empty if the threshold in use is the calibrated one.
    """
    used = other_threshold(inspection.flags, calibrated)
    if used is None or calibrated is None:
        return ""
    texts = threshold_texts(used, calibrated)
    sentence = f"This verdict holds for a threshold of {texts[0]}; the calibrated one is {texts[1]}"
    reaching = _reaching(inspection.flags, calibrated)
    if used < calibrated:
        return f"{sentence}{_of_the_flagged(inspection, reaching)}."
    hidden = [column for column in reaching if not inspection.flags.reaches(column)]
    if hidden:
        too = ", too" if len(hidden) < len(reaching) else ""
        return f"{sentence}, at which {parts_in_words(hidden, inspection)[0]} would be flagged{too}."
    return f"{sentence}." if reaching else f"{sentence}, at which nothing is flagged, either."


def _of_the_flagged(inspection: Inspection, reaching: list[Column]) -> str:
    flags = inspection.flags
    lower = [column for column in _reaching(flags, flags.threshold) if column not in set(reaching)]
    if not lower:
        return ", at which the same is flagged" if reaching else ", at which nothing is flagged, either"
    if not reaching:
        return ", which nothing here reaches"
    what, many = parts_in_words(reaching, inspection)
    only = "" if {column.key for column in reaching} >= {column.key for column in lower} else "only "
    return f", which {only}{what} {'reach' if many else 'reaches'}"


def _reaching(flags: Flags, threshold: float) -> list[Column]:
    return [
        Column(layer, int(head), int(key))
        for layer, scores in enumerate(flags.scores)
        if scores is not None
        for head, key in (scores >= threshold).nonzero().tolist()
    ]


def _text(value: float, digits: int) -> str:
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".")
