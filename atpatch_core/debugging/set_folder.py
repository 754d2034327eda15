"""A debugging set in its folder: written as a whole, and read only if it is.

provenance.json     what it was made from, what was found; written last, so that only a whole set can be read

What else is in the folder is said in `image_set.py`, `text_set.py` and `record_set.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
from safetensors import SafetensorError

from ..errors import InputError
from ..files.json_files import read_object
from ..files.whole_files import replacing, write_whole_text
from ..subjects.fingerprint import fingerprint
from ..subjects.subject import Subject

FORMAT = 1
LONGEST_ORIGIN = 10_000  # characters
_PROVENANCE = "provenance.json"
_UNSOUND = (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError, SafetensorError)

Input = TypeVar("Input")


def enough(inputs: Sequence[Input], least: int, most: int, called: str) -> list[Input]:
    """The first inputs, of which there must be enough.

    Args:
        inputs: what was given.
        least: how many are needed.
        most: how many to take.
        called: what they are called in the message.

    Raises:
        InputError: there are fewer than `least`.
    """
    if len(inputs) < least:
        raise InputError(f"{len(inputs)} {called} are too few: give at least {least}, better {most:,}.")
    return list(inputs[:most])


def made_from(subject: Subject, seed: int) -> dict[str, Any]:
    """What the provenance of a set begins with."""
    return {
        "format": FORMAT,
        "kind": subject.kind,
        "model": fingerprint(subject.model),
        "subject": subject.name,
        "seed": seed,
    }


def today() -> str:
    """The date in UTC, as it is written down."""
    return datetime.now(UTC).date().isoformat()


@contextmanager
def writable(folder: Path, what_is_kept: str = "") -> Iterator[None]:
    """Inside, what can't be written raises `InputError`; `what_is_kept` is added to its sentence."""
    try:
        yield
    except OSError as error:
        raise InputError(
            f"The debugging set can't be written to {folder} ({error.strerror or 'the disk refused'}): make room and "
            f"start again{what_is_kept}."
        ) from error


@contextmanager
def new_set(folder: Path, provenance: Mapping[str, Any]) -> Iterator[None]:
    """Inside, write all files of a set but its provenance, which is written at the end. Raises `OSError`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _PROVENANCE).unlink(missing_ok=True)
    yield
    write_whole_text(folder / _PROVENANCE, json.dumps(provenance, indent=1, ensure_ascii=False) + "\n")


@contextmanager
def stored_set(folder: Path, unsound: str) -> Iterator[dict[str, Any]]:
    """The provenance of a finished set, to read its files inside.

    Args:
        folder: a debugging set.
        unsound: what a set with a wrong file is called in the message.

    Raises:
        InputError: there is no finished set, or something is wrong with its provenance or with a file read inside.
    """
    if not (folder / _PROVENANCE).is_file():
        raise InputError(f"{folder} holds no finished debugging set: make one with `atpatch debug-set`.")
    try:
        yield read_object(folder / _PROVENANCE)
    except _UNSOUND as error:
        raise InputError(
            f"The debugging set in {folder} is {unsound}: make it again with `atpatch debug-set`."
        ) from error


def write_table(file: Path, columns: Mapping[str, Any], schema: pa.Schema | None = None) -> None:
    """Write a Parquet file as a whole.

    Args:
        file: where to.
        columns: the values of each column, by its name.
        schema: the types of the columns; guessed by default.

    Raises:
        OSError: the disk refuses.
    """
    with replacing(file) as whole:
        pq.write_table(pa.table(columns, schema), whole, compression="zstd")
