"""See where a Transformer over-attends, and repair it while it runs (AtPatch, arXiv 2601.21695).

    >>> from pathlib import Path
    >>> import atpatch_core as atpatch
    >>> subject = atpatch.load("sample_models/fashion-vit-badnets")
    >>> image = subject.read(Path("assets/samples/ankle-boot-triggered.png").read_bytes())
    >>> result = atpatch.inspect(subject, image)
    >>> result.original.prediction.label, result.patched.prediction.label
    ('T-shirt/top', 'Ankle boot')
    >>> result.flags.columns
    (Column(layer=0, head=0, key=49), Column(layer=0, head=1, key=49))
    >>> with atpatch.hotfix(subject):
    ...     logits = subject.model(**subject.encode(image)).logits
    >>> subject.labels[int(logits.argmax())]
    'Ankle boot'

Each name has a reference of its own: `help(atpatch.inspect)`.
"""

from __future__ import annotations

from .attention import capture, hotfix
from .column import Column
from .errors import AtPatchError, DetectorError, HotfixError, InputError, SubjectError
from .inspection.inspect import CausalEffect, causal_check, inspect
from .inspection.results import AttentionTrace, Flags, Inspection, Pass, Prediction
from .layout import Layout
from .subjects.loading import list_subjects, load
from .subjects.subject import Subject

__all__ = [
    "AtPatchError",
    "AttentionTrace",
    "CausalEffect",
    "Column",
    "DetectorError",
    "Flags",
    "HotfixError",
    "InputError",
    "Inspection",
    "Layout",
    "Pass",
    "Prediction",
    "Subject",
    "SubjectError",
    "capture",
    "causal_check",
    "hotfix",
    "inspect",
    "list_subjects",
    "load",
]
