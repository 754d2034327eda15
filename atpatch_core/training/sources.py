"""What a detector learns from: labels of annotators, debugging sets, or both."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np

from ..debugging.attribute_flips import FlippedPairs
from ..debugging.image_set import ImageDebuggingData, load_image_set
from ..debugging.record_set import RecordDebuggingData, load_record_set
from ..debugging.sets import ImageDebuggingSet
from ..debugging.text_set import TextDebuggingData, TextDebuggingSet, load_text_set
from ..errors import DetectorError, InputError, LabelError
from ..figures.wording import counted
from ..labels.exchange import SUFFIXES, import_labels
from ..labels.store import LabelStore
from ..labels.training import LabelledInput, pooled_inputs
from ..subjects.fingerprint import fingerprint
from ..subjects.subject import Subject
from ..whole_files import scratch_folder

STORE = "store"


class _DebuggingData(Protocol):
    @property
    def provenance(self) -> dict[str, Any]: ...


_Data = TypeVar("_Data", bound=_DebuggingData)


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


def read_image_sets(folders: Sequence[Path], subject: Subject) -> ImageDebuggingData:
    """Debugging sets as one. Raises `DetectorError` for one of another model, `InputError` for one that can't be read.

    Pictures in more than one set count as often as they are there.
    """

    def both(one: ImageDebuggingData, other: ImageDebuggingData) -> ImageDebuggingData:
        return ImageDebuggingData(
            pairs=_joined_images(one.pairs, other.pairs),
            tuning=_joined_images(one.tuning, other.tuning),
            benign=np.concatenate([one.benign, other.benign]),
            provenance=one.provenance,
        )

    return reduce(both, _read(folders, subject, load_image_set))


def read_text_sets(folders: Sequence[Path], subject: Subject) -> TextDebuggingData:
    """The same for texts."""

    def both(one: TextDebuggingData, other: TextDebuggingData) -> TextDebuggingData:
        return TextDebuggingData(
            pairs=_joined_texts(one.pairs, other.pairs),
            tuning=_joined_texts(one.tuning, other.tuning),
            benign=(*one.benign, *other.benign),
            provenance=one.provenance,
        )

    return reduce(both, _read(folders, subject, load_text_set))


def read_record_sets(folders: Sequence[Path], subject: Subject) -> RecordDebuggingData:
    """The same for records."""

    def both(one: RecordDebuggingData, other: RecordDebuggingData) -> RecordDebuggingData:
        pairs = FlippedPairs(
            [*one.pairs.over_attending, *other.pairs.over_attending],
            [*one.pairs.clean, *other.pairs.clean],
            np.concatenate([one.pairs.hijacking, other.pairs.hijacking]),
            np.concatenate([one.pairs.distance, other.pairs.distance]),
            one.pairs.origin,
        )
        return RecordDebuggingData(pairs, (*one.tuning, *other.tuning), one.provenance)

    return reduce(both, _read(folders, subject, load_record_set))


def _read(folders: Sequence[Path], subject: Subject, load: Callable[[Path], _Data]) -> list[_Data]:
    found = []
    for folder in folders:
        data = load(folder)
        if data.provenance.get("model") != fingerprint(subject.model):
            raise DetectorError(f"The debugging set in {folder} was made for another model: make one for this model.")
        found.append(data)
    return found


@contextmanager
def _store(place: str) -> Iterator[LabelStore]:
    if not place.endswith(SUFFIXES):
        with LabelStore.open(None if place == STORE else place) as store:
            yield store
        return
    with scratch_folder() as folder, LabelStore.open(f"sqlite:///{folder / 'labels.sqlite'}") as store:
        report = import_labels(store, Path(place))
        if report.refused:
            one = report.problems[0]
            raise LabelError(
                f"{counted(report.refused, 'row')} of {Path(place).name} can't be used; in row {one.row}, {one.field}: "
                f"{one.problem}"
            )
        yield store


def _joined_images(one: ImageDebuggingSet, other: ImageDebuggingSet) -> ImageDebuggingSet:
    return ImageDebuggingSet(
        np.concatenate([one.clean, other.clean]),
        np.concatenate([one.triggered, other.triggered]),
        np.concatenate([one.covered, other.covered]),
        one.origin if other.origin == one.origin else f"{one.origin}; {other.origin}",
    )


def _joined_texts(one: TextDebuggingSet, other: TextDebuggingSet) -> TextDebuggingSet:
    return TextDebuggingSet(
        (*one.clean, *other.clean),
        (*one.hosts, *other.hosts),
        (*one.which, *(len(one.triggers) + trigger for trigger in other.which)),
        (*one.triggers, *other.triggers),
    )
