"""See where a Transformer over-attends, and repair it while it runs (AtPatch, arXiv 2601.21695).

import atpatch_core as atpatch

subject = atpatch.load("sample_models/fashion-vit-badnets")
picture = subject.read(open("suspicious.png", "rb").read())
result = atpatch.inspect(subject, picture)
print(result.flags.columns, result.original.prediction.label, "->", result.patched.prediction.label)

with atpatch.hotfix(subject):
    logits = subject.model(**subject.encode(picture)).logits
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
