"""What a detector learns from: labels of annotators, debugging sets, or both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

from ..debugging.modalities import modality_of
from ..debugging.modality import DebuggingData
from ..errors import DetectorError, InputError, LabelError
from ..files.whole_files import scratch_folder
from ..labels.exchange import SUFFIXES, import_labels
from ..labels.labelled_inputs import LabelledInput, pooled_inputs
from ..labels.store import LabelStore
from ..subjects.fingerprint import fingerprint
from ..subjects.subject import Subject
from ..wording.phrases import counted

STORE = "store"


@dataclass(frozen=True)
class Sources:
    """Where to learn from.

    Attributes:
        labels: each is `STORE` (the label store in `ATPATCH_DATABASE_URL` or `.atpatch/labels.sqlite`), the address of
            a database, or an exported .jsonl or .parquet file; none by default.
        debugging_sets: folders made by `atpatch debug-set`; none by default.

    Raises:
        InputError: there is nothing in either.
    """

    labels: tuple[str, ...] = ()
    debugging_sets: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        if not self.labels and not self.debugging_sets:
            raise InputError("A detector learns from something: name labels, a debugging set, or both.")

    @property
    def names(self) -> tuple[str, ...]:
        """What tells these sources from others, in one order whatever the order they were named in."""
        labels = {str(Path(label).resolve()) if label.endswith(SUFFIXES) else label for label in self.labels}
        return (*sorted(labels), "|", *sorted({str(folder.resolve()) for folder in self.debugging_sets}))


def read_labels(places: Sequence[str], subject: Subject) -> list[LabelledInput]:
    """Every input of a subject that is labelled in any of several places; answers in two count once.

    Args:
        places: see `Sources`.
        subject: the model.

    Raises:
        LabelError: a place can't be read, or a file has rows that can't be used.
    """
    with ExitStack() as opened:
        return pooled_inputs([opened.enter_context(_store(fromkey)) for fromkey in dict.fromkeys(places)], subject)


def read_sets(folders: Sequence[Path], subject: Subject) -> DebuggingData:
    """Debugging sets as one, of the kind of data that the subject's modality reads.

    Inputs in more than one set count as often as they are there.

    Args:
        folders: at least one.
        subject: the model.

    Raises:
        DetectorError: a set is for another model.
        InputError: a set can't be read.
    """
    modality, found = modality_of(subject), list[DebuggingData]()
    for folder in folders:
        data = modality.load(folder)
        if data.provenance.get("model") != fingerprint(subject.model):
            raise DetectorError(f"The debugging set in {folder} was made for another model: make one for this model.")
        found.append(data)
    return reduce(modality.joined, found)


@contextmanager
def _store(place: str) -> Iterator[LabelStore]:
    if not place.endswith(SUFFIXES):
        with LabelStore.open(None if place == STORE else place) as store:
            yield store
        return
    with scratch_folder() as folder, LabelStore.open(f"sqlite:///{folder / 'labels.sqlite'}") as store:
        report = import_labels(store, Path(place))
        if report.refused:
            first = report.problems[0]
            raise LabelError(
                f"{counted(report.refused, 'row')} of {Path(place).name} can't be used; in row {first.row}, "
                f"{first.field}: {first.problem}"
            )
        yield store
