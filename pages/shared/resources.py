"""What sessions share: loaded subjects, samples, stored uploads, and the last few inspections.

Everything here is read only; a hot-fix lives in the call that opened it, so one model serves every session.
"""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import streamlit as st

import atpatch_core as atpatch
from atpatch_core import AtPatchError
from atpatch_core.column import Column
from atpatch_core.digest import digest_of
from atpatch_core.errors import SubjectError
from atpatch_core.explained import explained
from atpatch_core.inspection.attribution_pace import Pace, measure_pace
from atpatch_core.inspection.results import Inspection
from atpatch_core.machine import leave_cores_free
from atpatch_core.subjects.config_checks import shown_name
from atpatch_core.subjects.detector_versions import active_version
from atpatch_core.subjects.stamp import stamp
from atpatch_core.wording.phrases import unique
from pages.shared.folders import models_folder, samples_folder, uploads_folder
from pages.shared.samples import Sample, read_samples
from pages.shared.uploads import UploadStore


@dataclass(frozen=True)
class OpenSubject:
    """A loaded subject; `key` changes with any file of the model and of the version of the detector that it has, which
    is called `version`.
    """

    key: str
    subject: atpatch.Subject
    version: str | None = None


@dataclass(frozen=True)
class OpenInput:
    """An input as a subject reads it; `digest` is the SHA-256 of its file."""

    digest: str
    value: Any
    title: str


def subject_folders() -> dict[str, Path]:
    """The model folders to choose from, by name: those in `ATPATCH_MODELS`, or in `sample_models` beside the app."""
    folders = atpatch.list_subjects(models_folder())
    # Names that differ only in what is no text must not hide each other.
    return dict(zip(unique([shown_name(folder) for folder in folders]), folders, strict=True))


def open_subject(folder: Path, version: str | None = None) -> OpenSubject:
    """The subject in a folder with a version of its detector (the active one if `None`), loaded once and again when its
    files change. Raises `AtPatchError`.
    """
    used = active_version(folder) if version is None else version
    try:
        key = stamp(folder, used)
    except OSError as error:
        raise SubjectError(
            f"{shown_name(folder)} can't be read ({error.strerror or 'the disk refused'}): check its permissions."
        ) from error
    return OpenSubject(key, _load(folder, used, key), used)


def samples(opened: OpenSubject) -> dict[str, Sample]:
    """The samples that a subject can read, by id, its very own first; those whose file is missing are left out.

    None where the list is damaged, as `samples_problem` says.
    """
    try:
        listed = read_samples(samples_folder())
    except AtPatchError:
        return {}
    name = opened.subject.name
    found = [sample for sample in listed if sample.kind == opened.subject.kind and sample.subject in (None, name)]
    own_first = sorted(found, key=lambda sample: sample.subject is None)
    # Select boxes tell their options apart by what they show.
    titles = unique([sample.title for sample in own_first])
    return {sample.id: replace(sample, title=title) for sample, title in zip(own_first, titles, strict=True)}


def samples_problem() -> str | None:
    """Why there are no samples, if their list is damaged."""
    try:
        read_samples(samples_folder())
    except AtPatchError as error:
        return str(error)
    return None


def uploads() -> UploadStore:
    """The store of uploaded files: in `ATPATCH_UPLOADS`, or in `.atpatch/uploads` beside the app."""
    return UploadStore(uploads_folder())


def read_input(opened: OpenSubject, content: bytes, title: str) -> OpenInput:
    """The input in a file's bytes. Raises `InputError`."""
    digest = digest_of(content)
    return OpenInput(digest, _read(opened.subject, opened.key, content, digest), title)


def inspect(
    opened: OpenSubject, opened_input: OpenInput, threshold: float | None, columns: tuple[Column, ...]
) -> atpatch.Inspection:
    """The inspection of an input, from memory if it was one of the last few. Raises `AtPatchError`."""
    return _inspect(opened.subject, opened_input.value, opened.key, opened_input.digest, threshold, columns)[0]


def seconds_a_run(
    opened: OpenSubject, opened_input: OpenInput, threshold: float | None, columns: tuple[Column, ...]
) -> float:
    """About how long the model takes for this input once, told from its inspection. Raises `AtPatchError`."""
    return _inspect(opened.subject, opened_input.value, opened.key, opened_input.digest, threshold, columns)[1] / 2


def causal_check(
    opened: OpenSubject, opened_input: OpenInput, columns: tuple[Column, ...]
) -> tuple[atpatch.CausalEffect, ...]:
    """What redistributing each column alone does. Raises `AtPatchError`."""
    return _causal_check(opened.subject, opened_input.value, opened.key, opened_input.digest, columns)


def attribution_pace(opened: OpenSubject, opened_input: OpenInput, target: int, keys: int) -> Pace:
    """How long attributions of inputs with so many `keys` take, told from a first step. Raises `AtPatchError`."""
    return _attribution_pace(opened.subject, opened_input.value, target, opened.key, keys)


# Arguments that start with an underscore are not part of a cache's key.


@st.cache_resource(max_entries=4, show_spinner="Loading the model\u2026")
def _load(_folder: Path, _version: str | None, key: str) -> atpatch.Subject:
    leave_cores_free()
    return atpatch.load(_folder, _version)


@st.cache_resource(max_entries=4, show_spinner=False)
def _read(_subject: atpatch.Subject, key: str, _content: bytes, digest: str) -> Any:
    with _explained(_subject):
        return _subject.read(_content)


@st.cache_resource(max_entries=8, show_spinner="Reading the attention maps\u2026")
def _inspect(
    _subject: atpatch.Subject, _value: Any, key: str, digest: str, threshold: float | None, columns: tuple[Column, ...]
) -> tuple[Inspection, float]:
    began = time.monotonic()
    with _explained(_subject):
        inspection = atpatch.inspect(_subject, _value, threshold=threshold, columns=columns)
    return inspection, time.monotonic() - began


@st.cache_resource(max_entries=32, show_spinner="Redistributing one column at a time\u2026")
def _causal_check(
    _subject: atpatch.Subject, _value: Any, key: str, digest: str, columns: tuple[Column, ...]
) -> tuple[atpatch.CausalEffect, ...]:
    with _explained(_subject):
        return atpatch.causal_check(_subject, _value, columns)


@st.cache_resource(max_entries=32, show_spinner="Trying one step\u2026")
def _attribution_pace(_subject: atpatch.Subject, _value: Any, _target: int, key: str, keys: int) -> Pace:
    with _explained(_subject):
        return measure_pace(_subject, _value, _target)


def _explained(subject: atpatch.Subject) -> AbstractContextManager[None]:
    """A model that opens and then fails must not take the page with it, on which another one can be chosen."""
    return explained(f"{subject.name} fails on this input", "choose another input, or save the model again")
