"""What the parts of the Detector page share: trainings, versions, inputs to judge on, and scores that were worked out.

Scores belong to a version's files and to inputs; both are part of what the caches go by.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st

from atpatch_core import AtPatchError, Subject
from atpatch_core.debugging.image_set import load_image_set
from atpatch_core.debugging.record_set import load_record_set
from atpatch_core.detector.trained import TrainedDetector
from atpatch_core.digest import digest_of
from atpatch_core.errors import InputError
from atpatch_core.files.json_files import read_object
from atpatch_core.labels.labelled_inputs import LabelledInput, labelled_inputs
from atpatch_core.subjects.detector_versions import load_version, version_label
from atpatch_core.training import STORE, TrainingStore
from atpatch_core.versions import held_out as judged_on
from atpatch_core.versions.embedding import ColumnEmbedding, embed_columns
from atpatch_core.versions.held_out import ColumnTruth, HeldOut
from atpatch_core.versions.judgement import Confusion, input_scores
from atpatch_core.versions.readiness import Readiness, taught_by, threshold_chosen_on
from atpatch_core.versions.standing import Candidate, standing_on
from pages.shared.folders import OWN, debugging_sets_folder, trainings_folder
from pages.shared.label_store import fingerprint_of, label_store
from pages.shared.resources import OpenSubject

TEST, LABELS, SET = "test", "labels", "set:"


@dataclass(frozen=True)
class Version:
    """A loaded version; `label` changes with its files."""

    name: str
    label: str
    detector: TrainedDetector

    @property
    def learnt_from(self) -> frozenset[str]:
        """The digests of the labelled inputs that its networks learnt from."""
        return taught_by(self.detector)

    @property
    def chosen_on(self) -> frozenset[str]:
        """The titles of the held-out inputs that its threshold was chosen on."""
        return threshold_chosen_on(self.detector)


def training_store() -> TrainingStore:
    """The trainings in `ATPATCH_TRAININGS`, or in `.atpatch/trainings` beside the app."""
    return TrainingStore(trainings_folder())


def label_source() -> str:
    """The label store of this app, as trainings name it; an address with a password is not written down."""
    return STORE if os.environ.get("ATPATCH_DATABASE_URL") else f"sqlite:///{OWN / 'labels.sqlite'}"


def debugging_sets(opened: OpenSubject) -> dict[str, Path]:
    """The finished debugging sets of this model in `ATPATCH_DEBUG_SETS`, or in `.atpatch/debug-sets`, by name."""
    folder = debugging_sets_folder()
    found = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        try:
            about = read_object(path / "provenance.json")
        except (OSError, AtPatchError):
            continue
        if about.get("model") == fingerprint_of(opened):
            found[path.name] = path
    return found


def open_version(opened: OpenSubject, name: str) -> Version:
    """A version of the subject's detector. Raises `DetectorError`."""
    folder, made_for = opened.subject.folder, fingerprint_of(opened)
    label = version_label(folder, name)
    return Version(name, label, _version(folder, name, made_for, f"{made_for} {label}"))


def labelled(opened: OpenSubject) -> list[LabelledInput]:
    """The labelled inputs of this model. Raises `LabelError`."""
    made_for, store = fingerprint_of(opened), label_store()
    return _labelled(opened.subject, made_for, store.newest(made_for))


def inputs_to_judge_on(opened: OpenSubject, data: str, *versions: Version) -> HeldOut:
    """The inputs that `data` names (`TEST`, `LABELS`, or `SET` and a debugging set's name), for these `versions`.

    Labelled inputs that any of them learnt from are left out, and inputs that chose its threshold. Raises
    `AtPatchError`.
    """
    found = _inputs(opened, data, frozenset().union(*(version.learnt_from for version in versions)))
    return found.without(frozenset().union(*(version.chosen_on for version in versions)))


def readiness_of(opened: OpenSubject, version: Version) -> tuple[Readiness, str]:
    """How a version stands, and on what it was judged (see `_judging_data`). Raises `AtPatchError`."""
    data = _judging_data(opened)
    return standing_on(inputs_to_judge_on(opened, data, version), _candidate(opened, version, data))[0], data


def beside(opened: OpenSubject, version: Version, other: Version) -> tuple[Readiness, Confusion] | None:
    """How a version stands on inputs that neither of two has learnt from, and what the other does to the same inputs.

    `None` where there are too few of them.
    """
    data = _judging_data(opened)
    inputs = inputs_to_judge_on(opened, data, version, other)
    found, counts = standing_on(inputs, *(_candidate(opened, compared, data) for compared in (version, other)))
    return None if counts is None else (found, counts)


def _candidate(opened: OpenSubject, version: Version, data: str) -> Candidate:
    return Candidate(version.detector, lambda inputs: scores_of(opened, version, inputs, data))


def _judging_data(opened: OpenSubject) -> str:
    """The model's own test inputs, whose truth is known, or else labelled inputs.

    Not debugging sets: thresholds are chosen on them.
    """
    return TEST if judged_on.has_evaluation_data(opened.subject) else LABELS


def _inputs(opened: OpenSubject, data: str, learnt_from: frozenset[str]) -> HeldOut:
    made_for = fingerprint_of(opened)
    if data == TEST:
        return _test_inputs(opened.subject, made_for)
    if data == LABELS:
        return judged_on.from_labels(labelled(opened), learnt_from)
    folder = debugging_sets(opened).get(data.removeprefix(SET))
    if folder is None:
        raise InputError("This debugging set is no longer there: choose another one.")
    return _set_inputs(opened.subject, folder, str((folder / "provenance.json").stat().st_mtime_ns))


def scores_of(opened: OpenSubject, version: Version, inputs: HeldOut, data: str) -> np.ndarray:
    """The highest column score of each input, float64 `[n]`. Raises `AtPatchError`."""
    which = digest_of("|".join((data, str(len(inputs)), *inputs.titles)).encode())
    return _scores(opened.subject, version.detector, inputs, f"{fingerprint_of(opened)} {version.label}", which)


def embedding_of(opened: OpenSubject, version: Version, data: str, layer: int) -> ColumnEmbedding:
    """The columns of one layer as the version's network sees them. Raises `AtPatchError`."""
    made_for = fingerprint_of(opened)
    if data == TEST:
        inputs, truth = _known_columns(opened.subject, made_for)
    else:
        some = [
            labelled_input for labelled_input in labelled(opened) if labelled_input.digest not in version.learnt_from
        ] or labelled(opened)
        if not some:
            raise InputError("Nothing is labelled yet: submit answers on the Label page first.")
        heads = [version.detector.heads] * version.detector.layers
        keys = version.detector.keys
        if version.detector.any_length:
            keys = judged_on.most_columns(opened.subject, [labelled_input.value for labelled_input in some])
        inputs, truth = judged_on.labelled_columns(some, heads, keys)
    which = digest_of("|".join((data, str(layer), *inputs.titles)).encode())
    return _embedding(
        opened.subject, version.detector, layer, inputs, truth[layer], f"{made_for} {version.label}", which
    )


# Arguments that start with an underscore are not part of a cache's key.


@st.cache_resource(max_entries=8, show_spinner=False)
def _version(_folder: Path, _name: str, _made_for: str, key: str) -> TrainedDetector:
    return load_version(_folder, _name, _made_for)


@st.cache_resource(max_entries=4, show_spinner="Reading the labelled inputs\u2026")
def _labelled(_subject: Subject, key: str, newest: int) -> list[LabelledInput]:
    return labelled_inputs(label_store(), _subject)


@st.cache_resource(max_entries=4, show_spinner="Reading the test inputs\u2026")
def _test_inputs(_subject: Subject, key: str) -> HeldOut:
    return judged_on.evaluation_inputs(_subject)


@st.cache_resource(max_entries=4, show_spinner="Finding out which columns are hijacked\u2026")
def _known_columns(_subject: Subject, key: str) -> tuple[HeldOut, tuple[ColumnTruth, ...]]:
    return judged_on.known_columns(_subject)


@st.cache_resource(max_entries=2, show_spinner="Reading the debugging set\u2026")
def _set_inputs(_subject: Subject, folder: Path, stamp: str) -> HeldOut:
    if _subject.kind == "record":
        return judged_on.from_record_set(_subject, load_record_set(folder))
    return judged_on.from_debugging_set(load_image_set(folder))


@st.cache_resource(max_entries=16, show_spinner="Letting the detector look at the inputs\u2026")
def _scores(_subject: Subject, _detector: TrainedDetector, _inputs: HeldOut, key: str, which: str) -> np.ndarray:
    return input_scores(_subject, _detector, _inputs.inputs)


@st.cache_resource(max_entries=8, show_spinner="Laying out the columns\u2026")
def _embedding(
    _subject: Subject,
    _detector: TrainedDetector,
    _layer: int,
    _inputs: HeldOut,
    _truth: ColumnTruth,
    key: str,
    which: str,
) -> ColumnEmbedding:
    return embed_columns(_subject, _detector, _layer, _inputs, _truth)
