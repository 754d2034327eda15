"""What analysts say about attention columns: kept, compared, exchanged, and learned from.

An **answer** is what one annotator says about one input of one subject: a verdict for each column that was judged, what
is said about the rest (benign, or nothing), and a state (draft, submitted, discarded). A column that nobody judged is
neither benign nor over-attended, wherever labels are counted, compared or learnt from. Nothing is ever overwritten: a
change is a further *revision* of the answer, and the highest revision is the one that counts. What a detector suggested
is kept beside the verdict, never in its place.

    store = LabelStore.open()                       # .atpatch/labels.sqlite, or ATPATCH_DATABASE_URL
    store.enqueue(subject, NewInput(content, "image", 50, "shirt.png", "a file"))
    for entry in store.queue(subject.fingerprint, "ada"):
        ...
"""

from __future__ import annotations

from ..extras import need

need("labels", "Labels, and training from them,")

from .contract import (  # noqa: E402
    Answer,
    ColumnVerdict,
    NewAnswer,
    NewInput,
    QueueEntry,
    Rest,
    State,
    SubjectRef,
    SuggestedColumn,
    Suggestion,
    Verdict,
)
from .store import LabelStore  # noqa: E402

__all__ = [
    "Answer",
    "ColumnVerdict",
    "LabelStore",
    "NewAnswer",
    "NewInput",
    "QueueEntry",
    "Rest",
    "State",
    "SubjectRef",
    "SuggestedColumn",
    "Suggestion",
    "Verdict",
]
