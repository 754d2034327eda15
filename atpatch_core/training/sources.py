"""What a detector learns from: labels of annotators, debugging sets, or both."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..debugging.image_set import ImageDebuggingData, load_image_set
from ..debugging.sets import ImageDebuggingSet
from ..debugging.text_set import TextDebuggingData, load_text_set
from ..errors import DetectorError, InputError, LabelError
from ..figures.wording import counted
from ..labels.exchange import SUFFIXES, import_labels
from ..labels.store import LabelStore
from ..labels.training import LabelledInput, pooled_inputs
from ..subjects.fingerprint import fingerprint
from ..subjects.subject import Subject

STORE = "store"


@dataclass(frozen=True)
class Sources:
    """Where to learn from.

    Each of `labels` is `STORE` (the label store in `ATPATCH_DATABASE_URL` or `.atpatch/labels.sqlite`), the address of
    a database, or an exported .jsonl or .parquet file; `debugging_sets` are folders made by `atpatch debug-set`. Raises
    `InputError` when there is nothing in either.
    """

    labels: tuple[str, ...] = ()
    debugging_sets: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        if not self.labels and not self.debugging_sets:
            raise InputError("A detector learns from something: name labels, a debugging set, or both.")

    @property
    def names(self) -> tuple[str, ...]:
        """What tells these sources from others, in one order whatever the order they were named in."""
        labels = {str(Path(one).resolve()) if one.endswith(SUFFIXES) else one for one in self.labels}
        return (*sorted(labels), "|", *sorted({str(one.resolve()) for one in self.debugging_sets}))


def read_labels(places: Sequence[str], subject: Subject) -> list[LabelledInput]:
    """Every input of `subject` that is labelled in any of the places (see `Sources`); answers in two count once.

    Raises `LabelError` when a place can't be read, or a file has rows that can't be used.
    """
    with ExitStack() as opened:
        return pooled_inputs([opened.enter_context(_store(one)) for one in dict.fromkeys(places)], subject)


def read_debugging_sets(folders: Sequence[Path], subject: Subject) -> ImageDebuggingData:
    """Debugging sets as one. Raises `DetectorError` for one of another model, `InputError` for one that can't be read.

    Pictures in more than one set count as often as they are there.
    """
    found = []
    for folder in folders:
        data = load_image_set(folder)
        if data.provenance["model"] != fingerprint(subject.model):
            raise DetectorError(f"The debugging set in {folder} was made for another model: make one for this model.")
        found.append(data)
    first, *others = found
    for one in others:
        first = ImageDebuggingData(
            pairs=_joined(first.pairs, one.pairs),
            tuning=_joined(first.tuning, one.tuning),
            benign=np.concatenate([first.benign, one.benign]),
            provenance=first.provenance,
        )
    return first


def read_text_set(sources: Sources, subject: Subject) -> TextDebuggingData:
    """The debugging set of a text model, from which alone a detector for texts is trained.

    Raises `InputError` when there is more to learn from or it can't be read, `DetectorError` for one of another model.
    """
    if sources.labels or len(sources.debugging_sets) > 1:
        raise InputError("A detector for texts learns from one debugging set, or from labels: name one of the two.")
    data = load_text_set(sources.debugging_sets[0])
    if data.provenance["model"] != fingerprint(subject.model):
        raise DetectorError(
            f"The debugging set in {sources.debugging_sets[0]} was made for another model: make one for this model."
        )
    return data


@contextmanager
def _store(place: str) -> Iterator[LabelStore]:
    if not place.endswith(SUFFIXES):
        with LabelStore.open(None if place == STORE else place) as store:
            yield store
        return
    with (
        tempfile.TemporaryDirectory(prefix="atpatch-labels-") as folder,
        LabelStore.open(f"sqlite:///{Path(folder) / 'labels.sqlite'}") as store,
    ):
        report = import_labels(store, Path(place))
        if report.refused:
            one = report.problems[0]
            raise LabelError(
                f"{counted(report.refused, 'row')} of {Path(place).name} can't be used; in row {one.row}, {one.field}: "
                f"{one.problem}"
            )
        yield store


def _joined(one: ImageDebuggingSet, other: ImageDebuggingSet) -> ImageDebuggingSet:
    return ImageDebuggingSet(
        np.concatenate([one.clean, other.clean]),
        np.concatenate([one.triggered, other.triggered]),
        np.concatenate([one.covered, other.covered]),
        one.origin if other.origin == one.origin else f"{one.origin}; {other.origin}",
    )
