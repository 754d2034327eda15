"""The attacks a subject is known to carry, kept beside its evaluation data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..spread_triggers import BlendedTrigger, CornerPatches, WarpTrigger
from ..text_triggers import StyleTrigger, TextTrigger
from ..triggers import PatchTrigger
from ..whole_files import write_whole_text

Trigger = PatchTrigger | CornerPatches | BlendedTrigger | WarpTrigger | TextTrigger | StyleTrigger
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
    names = {made: kind for kind, made in _KINDS.items()}
    plain = {name: {"kind": names[type(attack)], **asdict(attack)} for name, attack in attacks.items()}
    write_whole_text(path, json.dumps(plain, indent=2) + "\n")


def load_attacks(path: Path) -> dict[str, Trigger]:
    """Read named triggers from JSON (without a kind, they are patches); a missing file means no known attack.

    Raises `InputError` when the file is not what `save_attacks` writes.
    """
    if not path.exists():
        return {}
    try:
        return {str(name): _trigger(fields) for name, fields in json.loads(path.read_text()).items()}
    except (KeyError, json.JSONDecodeError, TypeError, AttributeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} does not describe attacks; write it with save_attacks.") from error


def _trigger(fields: Mapping[str, Any]) -> Trigger:
    """A trigger from what `asdict` made of it; JSON turns tuples into lists."""
    settings: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in fields.items() if name != "kind"
    }
    return _KINDS[str(fields.get("kind", "patch"))](**settings)
