"""Every kind of input that has debugging sets."""

from __future__ import annotations

from ..subjects.subject import Subject
from .image_lesson import IMAGES
from .modality import Modality
from .record_lesson import RECORDS
from .text_lesson import TEXTS

MODALITIES: dict[str, Modality] = {"image": IMAGES, "text": TEXTS, "record": RECORDS}


def modality_of(subject: Subject) -> Modality:
    """That of a subject's inputs."""
    return MODALITIES[subject.kind]
