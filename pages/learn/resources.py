"""The shipped models and inputs that the tour runs on."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from PIL import Image

from atpatch_core import Column, InputError, Inspection, SubjectError, causal_check, inspect
from atpatch_core.evaluation.datasets import read_images
from atpatch_core.lessons.image_scores import ImageScores, score_images
from atpatch_core.lessons.stamping import known_trigger, spread, stamp
from atpatch_core.subjects.detector_versions import SHIPPED, list_versions
from atpatch_core.triggers.patch import PatchTrigger
from pages.shared.resources import OpenSubject, open_subject, samples, subject_folders

_IMAGES, _RECORDS = "fashion-vit-badnets", "adult-tabular-sex"
_SCORED = 400


@dataclass(frozen=True)
class ImageLesson:
    """A backdoored model for images, its trigger, the head that reads it, and clean images by their titles."""

    opened: OpenSubject
    trigger: PatchTrigger
    layer: int
    head: int
    images: dict[str, Image.Image]

    def stamped(self, title: str) -> Image.Image:
        """An image with the trigger where the model learnt it."""
        return stamp(self.images[title], self.trigger, 1.0, self.trigger.row or 0, self.trigger.column or 0)

    def spread(self, title: str, strength: int) -> Image.Image:
        """An image with the trigger blended over all of it, `strength` in per cent."""
        return spread(self.images[title], self.trigger, strength / 100)

    def inspect(self, image: Image.Image) -> Inspection:
        """The model on an image, as it is and with AtPatch."""
        return inspect(self.opened.subject, image)


def image_lesson() -> ImageLesson:
    """What the lessons on images need. Raises `AtPatchError` when it is not installed."""
    opened = _opened(_IMAGES)
    return _image_lesson(opened, opened.key)


def record_subject() -> OpenSubject:
    """The model for records that is unfair on purpose. Raises `AtPatchError` when it is not installed."""
    return _opened(_RECORDS)


def image_scores(lesson: ImageLesson) -> ImageScores:
    """The detector's scores of held-out images, clean and triggered. Raises `AtPatchError`."""
    return _image_scores(lesson, lesson.opened.key)


def deciding_columns(lesson: ImageLesson, title: str, strength: int) -> tuple[int, int]:
    """How many columns of the lesson's layer change the answer to a spread trigger when they alone are redistributed,
    and of how many. Raises `AtPatchError`.
    """
    return _deciding_columns(lesson, lesson.opened.key, title, strength)


def _opened(name: str) -> OpenSubject:
    folders = subject_folders()
    if name not in folders:
        raise SubjectError(f"This step needs the model {name}: run `python -m sample_models build {name}`.")
    # The tour is about the detector that comes with the model, whatever has been trained and put to work since.
    shipped = SHIPPED if SHIPPED in {version.name for version in list_versions(folders[name])} else None
    return open_subject(folders[name], shipped)


# Arguments that start with an underscore are not part of a cache's key; nothing that is kept is ever written to.


@st.cache_resource(max_entries=2, show_spinner=False)
def _image_lesson(_opened: OpenSubject, key: str) -> ImageLesson:
    trigger = known_trigger(_opened.subject)
    images = {
        sample.title: _opened.subject.read(sample.path.read_bytes())
        for sample in samples(_opened).values()
        if not sample.triggered
    }
    if not images:
        raise InputError("The sample images are missing: put the folder assets/samples back.")
    first = next(iter(images.values()))
    stamped = stamp(first, trigger, 1.0, trigger.row or 0, trigger.column or 0)
    flagged = inspect(_opened.subject, stamped).flags.columns
    layer, head = (flagged[0].layer, flagged[0].head) if flagged else (0, 0)
    return ImageLesson(_opened, trigger, layer, head, images)


@st.cache_resource(max_entries=2, show_spinner="Scoring 400 images, clean and with the trigger\u2026")
def _image_scores(_lesson: ImageLesson, key: str) -> ImageScores:
    images = read_images(_lesson.opened.subject.folder / "eval" / "images.parquet")[:_SCORED]
    return score_images(_lesson.opened.subject, images, _lesson.trigger)


@st.cache_data(max_entries=64, show_spinner=False)
def _deciding_columns(_lesson: ImageLesson, key: str, title: str, strength: int) -> tuple[int, int]:
    image = _lesson.spread(title, strength)
    heads, keys = _lesson.inspect(image).flags.flagged[_lesson.layer].shape
    columns = [Column(_lesson.layer, head, key) for head in range(heads) for key in range(keys)]
    effects = causal_check(_lesson.opened.subject, image, columns)
    return sum(effect.label_after != effect.label_before for effect in effects), len(columns)
