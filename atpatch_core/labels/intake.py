"""Put inputs into the queue: read them, look at their maps, and keep what the detector says."""

from __future__ import annotations

from ..inspection.inspect import inspect
from ..inspection.results import Inspection
from ..subjects.fingerprint import fingerprint
from ..subjects.subject import Subject
from .contract import NewInput, SubjectRef
from .store import LabelStore
from .suggestion import suggest, trace_fingerprint


def subject_ref(subject: Subject, inspection: Inspection) -> SubjectRef:
    """How the label store knows a subject; any inspection of it shows how many heads it has."""
    heads = tuple(int(attention.shape[0]) for attention in inspection.original.trace.maps)
    return SubjectRef(subject.name, fingerprint(subject.model), subject.kind, heads)


def send_to_labelling(
    store: LabelStore,
    subject: Subject,
    content: bytes,
    title: str,
    source: str,
    detector: str | None,
    inspection: Inspection | None = None,
) -> bool:
    """Queue an input.

    Args:
        store: the label store.
        subject: the model.
        content: the bytes of the input's file.
        title: what it is, for people.
        source: where it came from, for people.
        detector: the version of the subject's detector; `None` if it has none.
        inspection: of this input, with the calibrated threshold and nothing chosen by hand; made if it is not given.

    Returns:
        Whether the input is new in the queue.

    Raises:
        InputError: the bytes are no input of this subject.
        LabelError: the input can't be kept.
    """
    found = inspection or inspect(subject, subject.read(content))
    new = NewInput(
        content=content,
        kind=subject.kind,
        keys=int(found.original.trace.maps[0].shape[-1]),
        title=title,
        source=source,
        trace=trace_fingerprint(found.original.trace),
    )
    return store.enqueue(subject_ref(subject, found), new, suggest(found, detector))
