"""Where the versions of a detector are, and which one is active.

    MODEL/atpatch/detector.json, detector.safetensors     the version that came with the model, "shipped"
    MODEL/atpatch/versions/NAME/                          further ones, each a detector folder with a version.json
    MODEL/atpatch/active.json                             which one is active now, and which were before

A version never changes once it is there. `active.json` is the only thing that does, and it is replaced as a whole: who
loads the model sees either the version before or the one after.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .. import limits
from ..detector.storage import load_detector, save_detector
from ..detector.trained import TrainedDetector
from ..digest import digest_of
from ..errors import DetectorError
from ..files.damaged import DamagedError
from ..files.json_files import read_object
from ..files.whole_files import new_folder, write_whole_text

SHIPPED = "shipped"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_ROOM = "atpatch"
_VERSIONS = "versions"
_MOST_REMEMBERED = 100  # versions that were active before, to roll back to


@dataclass(frozen=True)
class DetectorVersion:
    """One version of a subject's detector.

    Attributes:
        name: of the version.
        folder: where it is.
        active: whether `load` takes it.
        made: when it was saved, as text.
        notes: what was written down when it was saved.
    """

    name: str
    folder: Path
    active: bool
    made: str
    notes: str


def list_versions(model: Path) -> tuple[DetectorVersion, ...]:
    """All versions beside a model, the shipped one first, then by date; damaged ones included.

    Args:
        model: folder of the model.

    Example:
        >>> [(version.name, version.active) for version in list_versions(Path("sample_models/fashion-vit-badnets"))]
        [('shipped', True)]
    """
    active = active_version(model)
    found = []
    if (model / _ROOM / "detector.json").is_file():
        found.append(DetectorVersion(SHIPPED, model / _ROOM, active == SHIPPED, "", "Came with the model."))
    folder = model / _ROOM / _VERSIONS
    names = [path for path in folder.iterdir() if _NAME.fullmatch(path.name)] if folder.is_dir() else []
    further = []
    for path in names:
        if (path / "detector.json").is_file():
            about = _read_json(path / "version.json")
            further.append(
                DetectorVersion(path.name, path, active == path.name, _text_in(about, "made"), _text_in(about, "notes"))
            )
    return (*found, *sorted(further, key=lambda version: (version.made, version.name)))


def active_version(model: Path) -> str | None:
    """The name of the version that `load` takes, or `None` if there is no detector."""
    name = _read_json(model / _ROOM / "active.json").get("version")
    if isinstance(name, str) and name != SHIPPED and _folder(model, name) is not None:
        return name
    return SHIPPED if (model / _ROOM / "detector.json").is_file() else None


def active_folder(model: Path) -> Path | None:
    """The detector folder of the active version, or `None` if there is no detector.

    If there should be one (`atpatch/` without any version), its folder is returned all the same: loading it says what
    is missing.
    """
    name, room = active_version(model), model / _ROOM
    if name is None:
        return room if room.is_dir() and not (room / _VERSIONS).is_dir() else None
    return version_folder(model, name)


def version_folder(model: Path, name: str) -> Path:
    """The detector folder of a version.

    Args:
        model: folder of the model.
        name: of the version.

    Raises:
        DetectorError: there is none of this name.
    """
    folder = _folder(model, name)
    if folder is None:
        known = ", ".join(version.name for version in list_versions(model)) or "none"
        raise DetectorError(f"{model.name} has no detector version {name[:64]!r}; there are: {known}.")
    return folder


def version_label(model: Path, name: str) -> str:
    """The name with the first digits of the files' SHA-256, which sets a retrained version apart from the last one."""
    folder = version_folder(model, name)
    files = [(folder / file).read_bytes() for file in ("detector.json", "detector.safetensors")]
    return f"{name} {digest_of(b''.join(files))[:8]}"


def name_in(label: str) -> str:
    """The name in a `version_label`."""
    return label.partition(" ")[0]


def check_name(model: Path, name: str) -> None:
    """Check that a new version can have this name.

    Args:
        model: folder of the model.
        name: of the new version.

    Raises:
        DetectorError: it can't, or there is such a version already.
    """
    if not _NAME.fullmatch(name) or name == SHIPPED or name.endswith("."):
        raise DetectorError(
            f"A version's name has 1 to 64 letters, digits, dots, dashes and underscores, and is not {SHIPPED!r}."
        )
    if (model / _ROOM / _VERSIONS / name).exists():
        raise DetectorError(f"There is already a version {name}: choose another name.")


def save_version(detector: TrainedDetector, model: Path, name: str, notes: str = "") -> DetectorVersion:
    """Keep a detector as a new version, which does not become active.

    Args:
        detector: what to keep.
        model: folder of the model it was made for.
        name: of the new version: letters, digits, ".", "_" and "-", at most 64.
        notes: what a colleague should know about it; may be empty.

    Returns:
        The version, which is complete; if anything fails, it is not there at all.

    Raises:
        DetectorError: the name is taken or not allowed, or the folder can't be written.
    """
    check_name(model, name)
    made = datetime.now(UTC).isoformat(timespec="seconds")
    folder = model / _ROOM / _VERSIONS
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with new_folder(folder / name) as unfinished:  # fails if somebody takes the name meanwhile
            save_detector(detector, unfinished)
            about = {"made": made, "notes": notes[: limits.DETECTORS.note]}
            write_whole_text(unfinished / "version.json", json.dumps(about, indent=2) + "\n")
    except OSError as error:
        raise DetectorError(f"The version {name} can't be kept beside the model ({error.strerror}).") from error
    return DetectorVersion(name, folder / name, False, made, notes[: limits.DETECTORS.note])


def load_version(model: Path, name: str, made_for: str) -> TrainedDetector:
    """Read a version.

    Args:
        model: folder of the model.
        name: of the version.
        made_for: fingerprint of the model's weights.

    Raises:
        DetectorError: it is missing, damaged or made for other weights.
    """
    detector = load_detector(version_folder(model, name))
    if detector.fingerprint != made_for:
        raise DetectorError(f"The version {name} was made for other weights than this model's: train one for this one.")
    return detector


def activate(model: Path, name: str, made_for: str) -> None:
    """Make a version the one that `load` takes.

    Args:
        model: folder of the model.
        name: of the version.
        made_for: fingerprint of the model's weights.

    Raises:
        DetectorError: the version is missing, damaged or made for other weights, or the folder can't be written.
    """
    load_version(model, name, made_for)
    before = active_version(model)
    if name != before:
        remembered = [*_before(model), *([] if before is None else [before])]
        _write_active(model, name, remembered[-_MOST_REMEMBERED:])


def roll_back(model: Path, made_for: str) -> str:
    """Make the version that was active before the present one active again.

    Args:
        model: folder of the model.
        made_for: fingerprint of the model's weights.

    Returns:
        Its name.

    Raises:
        DetectorError: there was none, or it can't be used any more.
    """
    before = [name for name in _before(model) if _folder(model, name) is not None]
    if not before:
        raise DetectorError(f"{model.name} has had no other active detector version: there is nothing to roll back to.")
    name: str = before.pop()
    load_version(model, name, made_for)
    _write_active(model, name, before)
    return name


def can_roll_back(model: Path) -> str | None:
    """The version that `roll_back` would make active, or `None`."""
    before = [name for name in _before(model) if _folder(model, name) is not None]
    return before[-1] if before else None


def _folder(model: Path, name: str) -> Path | None:
    if name == SHIPPED:
        folder = model / _ROOM
    elif _NAME.fullmatch(name):
        folder = model / _ROOM / _VERSIONS / name
    else:
        return None
    return folder if (folder / "detector.json").is_file() else None


def _before(model: Path) -> list[str]:
    before = _read_json(model / _ROOM / "active.json").get("before")
    return [name for name in before if isinstance(name, str)] if isinstance(before, list) else []


def _write_active(model: Path, name: str, before: list[str]) -> None:
    path = model / _ROOM / "active.json"
    content = {"version": name, "before": before, "since": datetime.now(UTC).isoformat(timespec="seconds")}
    try:
        write_whole_text(path, json.dumps(content, indent=2) + "\n")
    except OSError as error:
        raise DetectorError(f"The choice can't be written beside the model ({error.strerror}).") from error


def _text_in(about: dict[str, Any], name: str) -> str:
    """What was written down as `name`, or nothing where it is no text."""
    value = about.get(name)
    return value[: limits.DETECTORS.note] if isinstance(value, str) else ""


def _read_json(path: Path) -> dict[str, Any]:
    try:
        return read_object(path)
    except (OSError, DamagedError):
        return {}
