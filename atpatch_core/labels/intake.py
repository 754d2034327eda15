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
    """How the label store knows a subject; any inspection of it tells how many heads it has."""
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
    """Queue the input in a file's bytes; returns whether it is new in the queue.

    `detector` is the version of the subject's detector. `inspection` is one with the calibrated threshold and nothing
    chosen by hand, if it was made already. Raises `InputError` for bytes that are no input of this subject, and
    `LabelError` when they can't be kept.
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
