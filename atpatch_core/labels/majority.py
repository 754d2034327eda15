"""What several annotators say about a column is decided by majority."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from ..inspection import Column
from .contract import Answer, Rest, Verdict


def votes(answers: Sequence[Answer]) -> dict[Column, Counter[Verdict]]:
    """What was said about each column that any answer names; "the rest is benign" is a vote for benign."""
    named = [{given.column: given.verdict for given in answer.verdicts} for answer in answers]
    said: dict[Column, Counter[Verdict]] = {column: Counter() for verdicts in named for column in verdicts}
    for answer, verdicts in zip(answers, named, strict=True):
        for column, given in said.items():
            if column in verdicts:
                given[verdicts[column]] += 1
            elif answer.rest is Rest.BENIGN:
                given[Verdict.BENIGN] += 1
    return said


def by_majority(answers: Iterable[Answer]) -> dict[Column, Verdict]:
    """One verdict for each column that any answer names: what most say; "unsure" where as many say the opposite.

    An answer that calls the rest benign does so for columns that only others name.
    """
    said = votes(list(answers))
    decided = {}
    for column, given in said.items():
        over, benign = given[Verdict.OVER_ATTENDED], given[Verdict.BENIGN]
        if max(over, benign) <= given[Verdict.UNSURE] or over == benign:
            decided[column] = Verdict.UNSURE
        else:
            decided[column] = Verdict.OVER_ATTENDED if over > benign else Verdict.BENIGN
    return decided
