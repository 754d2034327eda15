"""How far annotators agree, in sentences."""

from __future__ import annotations

from ..labels.agreement import Agreement
from ..labels.disagreements import Opinion
from ..wording.phrases import counted, percent


def agreement_in_words(found: Agreement) -> str:
    """How many columns were judged by two or more, by one only, how often they agree, and what the value is about."""
    parts = []
    if found.same is not None:
        parts.append(
            f"{counted(found.columns, 'column')} judged by two or more annotators; they all say the same about "
            f"{percent(found.same)} of them."
        )
    if found.judged_by_one:
        parts.append(f"{counted(found.judged_by_one, 'column')} judged by only one of those who answered the input.")
    if found.value is not None:
        parts.append(
            f"{found.measure} is about all {found.columns + found.judged_by_one}: not to judge is an answer, too."
        )
    return " ".join([*parts, found.note]).strip()


def opinion_in_words(opinion: Opinion) -> str:
    """ "over-attended", "benign (as the rest)" or "not judged"."""
    if opinion.verdict is None:
        return "not judged"
    return opinion.verdict.value if opinion.by_name else f"{opinion.verdict.value} (as the rest)"
