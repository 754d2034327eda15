"""Clean inputs that a command is given, of whatever kind the model takes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..debugging.attribute_flips import record_schema
from ..evaluation.datasets import read_images
from ..evaluation.record_data import read_people
from ..evaluation.text_data import read_texts
from ..files.kept import Kept
from ..subjects.subject import Subject
from .output import tell_left_out

_READ: dict[str, Callable[[Path, Subject], Kept[Any]]] = {
    "image": lambda path, subject: read_images(path),
    "text": lambda path, subject: read_texts(path),
    "record": lambda path, subject: read_people(path, record_schema(subject)),
}


def read_clean(path: Path, subject: Subject) -> Kept[Any]:
    """The inputs in a file or folder; says which ones are left out. Raises `InputError` when there are none."""
    inputs = _READ[subject.kind](path, subject)
    tell_left_out(inputs.left_out, len(inputs))
    return inputs
