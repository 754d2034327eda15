"""What must be said about how far an input was looked at: the bound of a search, a cleared flag, an unusual length."""

from __future__ import annotations

from ..inspection import Following, Inspection
from .wording import counted, listed

_MOST_NAMES = 5


def search_notes(inspection: Inspection) -> tuple[str, ...]:
    """Sentences of plain text, none where nothing is out of the ordinary."""
    notes = []
    if inspection.following is not None:
        notes.append(_cost(inspection.following))
    if _is_longer(inspection):
        kind = "text" if inspection.layout.unit == "word" else "input"
        notes.append(
            f"This {kind} has {_keys(inspection)} tokens, more than any that the detector's threshold was chosen on "
            f"({inspection.calibrated_keys}): in such a one a trigger stands out less and may be missed."
        )
    return tuple(notes)


def cleared_sentence(inspection: Inspection) -> str | None:
    """What to say of flags that the answer turned out not to hang on; `None` if there were none."""
    following = inspection.following
    if following is None or not following.cleared:
        return None
    names = list(dict.fromkeys(f"\u201c{inspection.layout.key_names[key]}\u201d" for key in following.cleared))
    more = len(names) - _MOST_NAMES
    shown = names[:_MOST_NAMES] + ([f"{more} more"] if more > 0 else [])
    one = len(names) == 1
    return (
        f"{listed(shown)} {'draws' if one else 'draw'} unusual attention, but the answer does not hang on "
        f"{'it' if one else 'them'}: with {'it' if one else 'them'} redistributed the model is as sure as before, so "
        "nothing is redistributed."
    )


def _cost(following: Following) -> str:
    took = f"{counted(following.forwards, 'more forward pass')}".replace("passs", "passes")
    said = f"Following {'it' if len(following.cleared) == 1 else 'the flags'} took {took} ({following.seconds:.1f} s)"
    if following.complete:
        return f"{said}."
    return f"{said}, the most for an input of this length: repaired as far as looked."


def _keys(inspection: Inspection) -> int:
    return len(inspection.layout.key_names)


def _is_longer(inspection: Inspection) -> bool:
    return inspection.calibrated_keys is not None and _keys(inspection) > inspection.calibrated_keys
