"""The labelled inputs that a subject's defences are compared on: its own evaluation data, or a file of somebody's."""

from __future__ import annotations

from pathlib import Path

from .. import limits
from ..digest import digest_of
from ..errors import InputError
from ..files.content import read_bytes
from ..subjects.record import record_schema
from ..subjects.subject import Subject
from .datasets import parse_labelled_images, read_labelled_images
from .labelled import Labelled
from .record_data import parse_labelled_records, read_labelled_records
from .text_data import read_labelled_texts


def own_file(subject: Subject) -> Path:
    """Where a subject's own evaluation data are, if it brings any."""
    return subject.folder / "eval" / f"{subject.kind}s.parquet"


def read_file(subject: Subject, file: Path) -> Labelled:
    """Labelled inputs from a file. Raises `InputError`."""
    if subject.kind == "record":
        return read_labelled_records(file, record_schema(subject), subject.labels)
    return (read_labelled_images if subject.kind == "image" else read_labelled_texts)(file, subject.labels)


def parse_upload(subject: Subject, content: bytes) -> Labelled:
    """Labelled images or records from the bytes of a file. Raises `InputError`, also for texts."""
    if subject.kind == "record":
        return parse_labelled_records(content, record_schema(subject), subject.labels)
    if subject.kind == "image":
        return parse_labelled_images(content, subject.labels)
    raise InputError("Texts are not compared from an uploaded file: use `atpatch evaluate` with texts of yours.")


def read_upload(subject: Subject, uploads: Path, digest: str) -> Labelled:
    """Labelled inputs from an uploaded file.

    Args:
        subject: the model that they are for.
        uploads: the folder of uploads.
        digest: SHA-256 of the file.

    Raises:
        InputError: the file is not there any more, or holds nothing that can be used.
    """
    try:
        content = read_bytes(uploads / digest, limits.TABLES.csv_bytes)
    except OSError:
        content = b""
    if digest_of(content) != digest:
        raise InputError("The file to compare on is no longer kept here: upload it again.")
    return parse_upload(subject, content)
