"""What a fix does to triggered inputs that *are* of the target class, which ASR leaves out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from atpatch_core.debugging.answers import answers
from atpatch_core.evaluation.rates import proportion
from atpatch_core.subjects.subject import Subject


def of_the_target(subject: Subject, clean: Sequence[Any], triggered: Sequence[Any], target: int) -> dict[str, Any]:
    """Their accuracy without a trigger, and with trigger and fix.

    A fix that merely turned every flagged answer around would show here. `clean` and `triggered` are the same inputs,
    all of the class `target`.
    """
    found = {
        "accuracy_without_trigger": answers(subject, clean) == target,
        "accuracy_with_trigger_and_fix": answers(subject, triggered, subject.detector) == target,
    }
    return {name: dict(vars(proportion(hits))) for name, hits in found.items()}
