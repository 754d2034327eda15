"""The attacks a subject is known to carry, kept beside its evaluation data."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from ..errors import InputError
from ..triggers import PatchTrigger


def save_attacks(attacks: dict[str, PatchTrigger], path: Path) -> None:
    """Write named triggers as JSON."""
    path.write_text(json.dumps({name: asdict(attack) for name, attack in attacks.items()}, indent=2) + "\n")


def load_attacks(path: Path) -> dict[str, PatchTrigger]:
    """Read named triggers from JSON; a missing file means no known attack.

    Raises `InputError` when the file is not what `save_attacks` writes.
    """
    if not path.exists():
        return {}
    try:
        return {str(name): PatchTrigger(**fields) for name, fields in json.loads(path.read_text()).items()}
    except (json.JSONDecodeError, TypeError, AttributeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} does not describe attacks; write it with save_attacks.") from error
