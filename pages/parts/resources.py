"""What sessions share: loaded subjects, samples, stored uploads, and the last few inspections.

Everything here is read only; a hot-fix lives in the call that opened it, so one model serves every session.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import streamlit as st

import atpatch_core as atpatch
from atpatch_core.attribution_pace import Pace, measure_pace
from atpatch_core.figures.wording import unique
from atpatch_core.inspection import Column, Inspection
from atpatch_core.machine import leave_cores_free
from atpatch_core.uploads import UploadStore, digest_of
from atpatch_core.versions.folder import SHIPPED, active_version, version_folder

from .view import View

_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class OpenSubject:
    """A loaded subject; `key` changes with any file of the model and of the version of the detector that it has."""

    key: str
    subject: atpatch.Subject


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


@dataclass(frozen=True)
class OpenInput:
    """An input as a subject reads it; `digest` is the SHA-256 of its file."""

    digest: str
    value: Any
    title: str


def subject_folders() -> dict[str, Path]:
    """The model folders to choose from, by name: those in `ATPATCH_MODELS`, or in `sample_models` beside the app."""
    folder = models_folder()
    return {path.name: path for path in atpatch.list_subjects(folder)}


def models_folder() -> Path:
    """Where the model folders are looked for."""
    return Path(os.environ.get("ATPATCH_MODELS") or _ROOT / "sample_models")


def open_subject(folder: Path, version: str | None = None) -> OpenSubject:
    """The subject in a folder with a version of its detector (the active one if `None`), loaded once and again when its
    files change. Raises `AtPatchError`.
    """
    used = active_version(folder) if version is None else version
    files = {path for path in folder.rglob("*") if path.is_file() and not _is_about_versions(path.relative_to(folder))}
    if used not in (None, SHIPPED):
        files.update(path for path in version_folder(folder, used).iterdir() if path.is_file())
    stamps = [(str(path.relative_to(folder)), path.stat().st_mtime_ns, path.stat().st_size) for path in sorted(files)]
    key = digest_of(f"{folder.resolve()}|{used}|{stamps}".encode())
    return OpenSubject(key, _load(folder, used, key))


def _is_about_versions(path: Path) -> bool:
    """Whether a file in a model's folder is of some version of its detector, or says which one is active."""
    return path.parts[:2] in (("atpatch", "versions"), ("atpatch", "active.json"))


def samples(opened: OpenSubject) -> dict[str, Sample]:
    """The samples that a subject can read, by id, its very own first; those whose file is missing are left out."""
    folder = Path(os.environ.get("ATPATCH_SAMPLES") or _ROOT / "assets" / "samples")
    try:
        entries = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    found = {}
    for entry in entries if isinstance(entries, list) else []:
        if not (isinstance(entry, Mapping) and isinstance(entry.get("id"), str) and isinstance(entry.get("file"), str)):
            continue
        path = folder / Path(entry["file"]).name
        if path.is_file():
            title = str(entry.get("title") or entry["id"])
            kind, subject = str(entry.get("kind", "image")), entry.get("subject")
            sample = Sample(entry["id"], path, title, bool(entry.get("triggered")), kind, subject)
            if kind == opened.subject.kind and subject in (None, opened.subject.name):
                found[sample.id] = sample
    own_first = sorted(found.values(), key=lambda sample: sample.subject is None)
    # Select boxes tell their options apart by what they show.
    titles = unique([sample.title for sample in own_first])
    return {one.id: replace(one, title=title) for one, title in zip(own_first, titles, strict=True)}


def uploads() -> UploadStore:
    """The store of uploaded files: in `ATPATCH_UPLOADS`, or in `.atpatch/uploads` beside the app."""
    return UploadStore(Path(os.environ.get("ATPATCH_UPLOADS") or _ROOT / ".atpatch" / "uploads"))


def read_input(opened: OpenSubject, content: bytes, title: str) -> OpenInput:
    """The input in a file's bytes. Raises `InputError`."""
    digest = digest_of(content)
    return OpenInput(digest, _read(opened.subject, opened.key, content, digest), title)


def inspect(
    opened: OpenSubject, one: OpenInput, threshold: float | None, columns: tuple[Column, ...]
) -> atpatch.Inspection:
    """The inspection of an input, from memory if it was one of the last few. Raises `AtPatchError`."""
    return _inspect(opened.subject, one.value, opened.key, one.digest, threshold, columns)[0]


def seconds_a_run(opened: OpenSubject, one: OpenInput, threshold: float | None, columns: tuple[Column, ...]) -> float:
    """About how long the model takes for this input once, told from its inspection. Raises `AtPatchError`."""
    return _inspect(opened.subject, one.value, opened.key, one.digest, threshold, columns)[1] / 2


def causal_check(opened: OpenSubject, one: OpenInput, columns: tuple[Column, ...]) -> tuple[atpatch.CausalEffect, ...]:
    """What redistributing each column alone does. Raises `AtPatchError`."""
    return _causal_check(opened.subject, one.value, opened.key, one.digest, columns)


def attribution_pace(opened: OpenSubject, one: OpenInput, target: int, keys: int) -> Pace:
    """How long attributions of inputs with so many `keys` take, told from a first step. Raises `AtPatchError`."""
    return _attribution_pace(opened.subject, one.value, target, opened.key, keys)


def maps_key(view: View, opened: OpenSubject, one: OpenInput) -> tuple[object, ...]:
    """What the maps on the page depend on, whether AtPatch is on or off: for the caches of what is drawn from them."""
    return opened.key, one.digest, view.threshold, view.columns, view.whole_words


# Arguments that start with an underscore are not part of a cache's key.


@st.cache_resource(max_entries=4, show_spinner="Loading the model\u2026")
def _load(_folder: Path, _version: str | None, key: str) -> atpatch.Subject:
    leave_cores_free()
    return atpatch.load(_folder, _version)


@st.cache_resource(max_entries=4, show_spinner=False)
def _read(_subject: atpatch.Subject, key: str, _content: bytes, digest: str) -> Any:
    return _subject.read(_content)


@st.cache_resource(max_entries=8, show_spinner="Reading the attention maps\u2026")
def _inspect(
    _subject: atpatch.Subject, _value: Any, key: str, digest: str, threshold: float | None, columns: tuple[Column, ...]
) -> tuple[Inspection, float]:
    began = time.monotonic()
    inspection = atpatch.inspect(_subject, _value, threshold=threshold, columns=columns)
    return inspection, time.monotonic() - began


@st.cache_resource(max_entries=32, show_spinner="Redistributing one column at a time\u2026")
def _causal_check(
    _subject: atpatch.Subject, _value: Any, key: str, digest: str, columns: tuple[Column, ...]
) -> tuple[atpatch.CausalEffect, ...]:
    return atpatch.causal_check(_subject, _value, columns)


@st.cache_resource(max_entries=32, show_spinner="Trying one step\u2026")
def _attribution_pace(_subject: atpatch.Subject, _value: Any, _target: int, key: str, keys: int) -> Pace:
    return measure_pace(_subject, _value, _target)
