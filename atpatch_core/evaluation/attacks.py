"""The attacks a subject is known to carry, kept beside its evaluation data."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .. import limits
from ..errors import InputError
from ..files.damaged import DamagedError
from ..files.json_files import read_object
from ..files.values import listed, mapping, number, shown, text, whole
from ..files.whole_files import write_whole_text
from ..subjects.subject import Subject
from ..triggers.patch import PATTERNS, PatchTrigger
from ..triggers.spread import BlendedTrigger, CornerPatches, WarpTrigger
from ..triggers.text import StyleTrigger, TextTrigger

Trigger = PatchTrigger | CornerPatches | BlendedTrigger | WarpTrigger | TextTrigger | StyleTrigger
_MOST_FIELDS = 20
_KINDS: dict[str, type[Trigger]] = {
    "patch": PatchTrigger,
    "corner-patches": CornerPatches,
    "blended": BlendedTrigger,
    "warp": WarpTrigger,
    "text": TextTrigger,
    "style": StyleTrigger,
}


def save_attacks(attacks: Mapping[str, Trigger], path: Path) -> None:
    """Write named triggers as JSON, each with its kind."""
    write_whole_text(path, json.dumps(attacks_as_data(attacks), indent=2) + "\n")


def attacks_as_data(attacks: Mapping[str, Trigger]) -> dict[str, Any]:
    """Named triggers for JSON, each with its kind."""
    names = {made: kind for kind, made in _KINDS.items()}
    return {name: {"kind": names[type(attack)], **asdict(attack)} for name, attack in attacks.items()}


def attacks_from_data(named: Mapping[str, Any]) -> dict[str, Trigger]:
    """Named triggers from JSON (without a kind, they are patches). Raises `ValueError`, `KeyError` or `TypeError`."""
    if len(named) > limits.ATTACKS.attacks:
        raise DamagedError(f"It names more than {limits.ATTACKS.attacks} attacks.")
    return {text(name, limits.ATTACKS.name, least=1): _trigger(fields) for name, fields in named.items()}


def load_attacks(path: Path) -> dict[str, Trigger]:
    """Read named triggers from JSON (without a kind, they are patches).

    Args:
        path: what `save_attacks` wrote; a missing file means no known attack.

    Raises:
        InputError: the file is not what `save_attacks` writes, or names a trigger that can't be put anywhere.
    """
    if not path.exists():
        return {}
    try:
        return attacks_from_data(read_object(path))
    except (KeyError, ValueError, TypeError, AttributeError, OSError) as error:
        raise InputError(f"{path} does not describe attacks; write it with save_attacks.") from error


def attacks_of(subject: Subject) -> dict[str, Trigger]:
    """The attacks that a subject is known to carry, by name. Raises `InputError`, also for those of another model."""
    path = subject.folder / "eval" / "attacks.json"
    attacks = load_attacks(path)
    for name, trigger in attacks.items():
        if isinstance(trigger, TextTrigger | StyleTrigger) != (subject.kind == "text"):
            raise InputError(f"{path} describes an attack {shown(name)} on inputs of another kind: remove it.")
        if trigger.target >= len(subject.labels):
            raise InputError(
                f"{path} describes an attack {shown(name)} that wants class {trigger.target}, but the model has "
                f"classes 0 to {len(subject.labels) - 1}: remove it."
            )
    return attacks


def _trigger(fields: object) -> Trigger:
    """A trigger from what `asdict` made of it, with every field of the right kind. Raises `ValueError`, `KeyError`."""
    values = dict(mapping(fields, _MOST_FIELDS))
    kind = _KINDS[text(values.pop("kind", "patch"), limits.ATTACKS.name)]
    known = {option.name for option in dataclasses.fields(kind)}
    if not set(values) <= known or "target" not in values:
        raise DamagedError("It has a field too many, or names no target.")
    return kind(**{name: _READ[name](value, kind) for name, value in values.items()})


def _strength(value: object, kind: type[Trigger]) -> float:
    return number(value, 0, 1 if kind is BlendedTrigger else limits.ATTACKS.strength)


def _pieces(value: object, kind: type[Trigger]) -> tuple[str, ...]:
    found = tuple(text(piece, limits.ATTACKS.piece, least=1) for piece in listed(value, limits.ATTACKS.pieces))
    if not found or not all(piece.strip() for piece in found):
        raise DamagedError("It has nothing to insert.")
    return found


def _one_of(known: Collection[str]) -> Callable[[object, type[Trigger]], str]:
    def read(value: object, kind: type[Trigger]) -> str:
        if value not in known:
            raise DamagedError(f"{shown(value)} is none of {', '.join(known)}.")
        return str(value)

    return read


def _place(value: object, kind: type[Trigger]) -> int | None:
    return None if value is None else whole(value, 0, limits.IMAGES.side)


# How the fields of all triggers are read.
_READ: dict[str, Callable[[object, type[Trigger]], Any]] = {
    "target": lambda value, kind: whole(value, 0, limits.ATTACKS.classes),
    "size": lambda value, kind: whole(value, 1, limits.ATTACKS.size),
    "pattern": _one_of(PATTERNS),
    "row": _place,
    "column": _place,
    "pattern_seed": lambda value, kind: whole(value),
    "step": lambda value, kind: whole(value, 1, limits.ATTACKS.size),
    "copies": lambda value, kind: whole(value, 1, 4),
    "strength": _strength,
    "control": lambda value, kind: whole(value, 1, limits.ATTACKS.control),
    "pieces": _pieces,
    "place": _one_of(("anywhere", "edge")),
}
