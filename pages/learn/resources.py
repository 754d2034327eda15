"""The shipped models and inputs that the tour runs on."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from PIL import Image

from atpatch_core import Column, InputError, Inspection, SubjectError, causal_check, inspect
from atpatch_core.evaluation.datasets import read_images
from atpatch_core.lessons.picture_scores import PictureScores, score_pictures
from atpatch_core.lessons.stamping import known_trigger, spread, stamp
from atpatch_core.triggers import PatchTrigger
from atpatch_core.versions.folder import SHIPPED, list_versions
from pages.shared.resources import OpenSubject, open_subject, samples, subject_folders

_PICTURES, _RECORDS = "fashion-vit-badnets", "adult-tabular-sex"
_SCORED = 400


@dataclass(frozen=True)
class PictureLesson:
    """A backdoored model for pictures, its trigger, the head that reads it, and clean pictures by their titles."""

    opened: OpenSubject
    trigger: PatchTrigger
    layer: int
    head: int
    pictures: dict[str, Image.Image]

    def stamped(self, title: str) -> Image.Image:
        """A picture with the trigger where the model learnt it."""
        return stamp(self.pictures[title], self.trigger, 1.0, self.trigger.row or 0, self.trigger.column or 0)

    def spread(self, title: str, strength: int) -> Image.Image:
        """A picture with the trigger blended over all of it, `strength` in per cent."""
        return spread(self.pictures[title], self.trigger, strength / 100)

    def inspect(self, picture: Image.Image) -> Inspection:
        """The model on a picture, as it is and with AtPatch."""
        return inspect(self.opened.subject, picture)


def picture_lesson() -> PictureLesson:
    """What the lessons on pictures need. Raises `AtPatchError` when it is not installed."""
    opened = _opened(_PICTURES)
    return _picture_lesson(opened, opened.key)


def record_subject() -> OpenSubject:
    """The model for records that is unfair on purpose. Raises `AtPatchError` when it is not installed."""
    return _opened(_RECORDS)


def picture_scores(lesson: PictureLesson) -> PictureScores:
    """The detector's scores of held-out pictures, clean and triggered. Raises `AtPatchError`."""
    return _picture_scores(lesson, lesson.opened.key)


def deciding_columns(lesson: PictureLesson, title: str, strength: int) -> tuple[int, int]:
    """How many columns of the lesson's layer change the answer to a spread trigger when they alone are redistributed,
    and of how many. Raises `AtPatchError`.
    """
    return _deciding_columns(lesson, lesson.opened.key, title, strength)


def _opened(name: str) -> OpenSubject:
    folders = subject_folders()
    if name not in folders:
        raise SubjectError(f"This step needs the model {name}: run `python -m sample_models build {name}`.")
    # The tour is about the detector that comes with the model, whatever has been trained and put to work since.
    shipped = SHIPPED if SHIPPED in {one.name for one in list_versions(folders[name])} else None
    return open_subject(folders[name], shipped)


# Arguments that start with an underscore are not part of a cache's key; nothing that is kept is ever written to.


@st.cache_resource(max_entries=2, show_spinner=False)
def _picture_lesson(_opened: OpenSubject, key: str) -> PictureLesson:
    trigger = known_trigger(_opened.subject)
    pictures = {
        one.title: _opened.subject.read(one.path.read_bytes()) for one in samples(_opened).values() if not one.triggered
    }
    if not pictures:
        raise InputError("The sample pictures are missing: put the folder assets/samples back.")
    first = next(iter(pictures.values()))
    stamped = stamp(first, trigger, 1.0, trigger.row or 0, trigger.column or 0)
    flagged = inspect(_opened.subject, stamped).flags.columns
    layer, head = (flagged[0].layer, flagged[0].head) if flagged else (0, 0)
    return PictureLesson(_opened, trigger, layer, head, pictures)


@st.cache_resource(max_entries=2, show_spinner="Scoring 400 pictures, clean and with the trigger\u2026")
def _picture_scores(_lesson: PictureLesson, key: str) -> PictureScores:
    pictures = read_images(_lesson.opened.subject.folder / "eval" / "images.parquet")[:_SCORED]
    return score_pictures(_lesson.opened.subject, pictures, _lesson.trigger)


@st.cache_data(max_entries=64, show_spinner=False)
def _deciding_columns(_lesson: PictureLesson, key: str, title: str, strength: int) -> tuple[int, int]:
    picture = _lesson.spread(title, strength)
    heads, keys = _lesson.inspect(picture).flags.flagged[_lesson.layer].shape
    columns = [Column(_lesson.layer, head, key) for head in range(heads) for key in range(keys)]
    effects = causal_check(_lesson.opened.subject, picture, columns)
    return sum(effect.label_after != effect.label_before for effect in effects), len(columns)
