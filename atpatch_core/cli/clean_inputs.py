"""Clean inputs that a command is given, of whatever kind the model takes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..evaluation.datasets import read_images
from ..evaluation.record_data import read_people
from ..evaluation.text_data import read_texts
from ..files.kept import Kept
from ..subjects.record import record_schema
from ..subjects.subject import Subject
from .output import tell_left_out

_READ: dict[str, Callable[[Path, Subject], Kept[Any]]] = {
    "image": lambda path, subject: read_images(path),
    "text": lambda path, subject: read_texts(path),
    "record": lambda path, subject: read_people(path, record_schema(subject)),
}


def read_clean(path: Path, subject: Subject) -> Kept[Any]:
    """The inputs in a file or folder; says on standard error which ones are left out.

    Args:
        path: images, texts or records, whichever the model takes.
        subject: the model.

    Raises:
        InputError: there are none, or they can't be read.
    """
    inputs = _READ[subject.kind](path, subject)
    tell_left_out(inputs.left_out, len(inputs))
    return inputs
