"""Read the list of sample inputs, `index.json`: what it names, if it is sound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atpatch_core import limits
from atpatch_core.errors import InputError
from atpatch_core.files.damaged import DamagedError
from atpatch_core.files.json_files import read_json
from atpatch_core.files.values import listed, mapping, text

INDEX = "index.json"
_KINDS = ("image", "text", "record")
_MOST_FIELDS = 30


@dataclass(frozen=True)
class Sample:
    """An input that comes with the dashboard; `triggered` says that it carries a backdoor's trigger.

    `kind` ("image", "text", "record") says which subjects can read it; `subject` names the only one, if it is so.
    """

    id: str
    path: Path
    title: str
    triggered: bool
    kind: str
    subject: str | None


def read_samples(folder: Path) -> tuple[Sample, ...]:
    """The samples that the list in `folder` names, in order; without a list, none; those without a file are left out.

    Raises `InputError` when the list is damaged.
    """
    path = folder / INDEX
    if not path.exists():
        return ()
    try:
        entries = listed(read_json(path), limits.SAMPLES.samples)
        found = [_sample(mapping(entry, _MOST_FIELDS), folder) for entry in entries]
        if len({sample.id for sample in found}) != len(found):
            raise DamagedError("Two samples have the same id.")
        return tuple(sample for sample in found if _is_there(sample.path))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"The list of samples {path} is damaged: copy it again, or remove it.") from error


def _sample(entry: Mapping[str, Any], folder: Path) -> Sample:
    longest = limits.SAMPLES.name
    name, file = text(entry["id"], longest, least=1), text(entry["file"], longest, least=1)
    title = text(entry.get("title") or name, longest, least=1)
    kind, subject, triggered = entry.get("kind", "image"), entry.get("subject"), entry.get("triggered", False)
    if kind not in _KINDS or not isinstance(triggered, bool) or Path(file).name != file or file in (".", ".."):
        raise DamagedError("A sample is of no known kind, or lies elsewhere.")
    return Sample(name, folder / file, title, triggered, kind, None if subject is None else text(subject, longest, 1))


def _is_there(path: Path) -> bool:
    try:
        return path.is_file() and path.stat().st_size <= limits.SAMPLES.bytes
    except OSError:  # a name that the disk can't have
        return False
