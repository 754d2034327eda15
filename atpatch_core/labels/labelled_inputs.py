"""Labelled inputs, as they are read from label stores: what is learnt from, and what versions are judged on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..column import Column
from ..errors import LabelError
from ..subjects.fingerprint import fingerprint
from ..subjects.subject import Subject
from .contract import Answer, Rest, State, Verdict
from .majority import by_majority
from .store import LabelStore


@dataclass(frozen=True)
class LabelledInput:
    """An input and what was decided about its columns.

    Attributes:
        value: the input as its subject reads it.
        verdicts: about its columns.
        digest: SHA-256 of its file; empty if it comes from no file.
        complete: whether every column was judged: those without a verdict were called benign as the rest.
        answers: what the verdicts were decided from; only where it comes from a label store.
        columns: how many its maps have in all heads of all layers; only where it comes from a label store.
    """

    value: Any
    verdicts: Mapping[Column, Verdict]
    digest: str = ""
    complete: bool = False
    answers: tuple[Answer, ...] = ()
    columns: int = 0

    @property
    def over_attended(self) -> bool:
        """Whether any of its columns is."""
        return Verdict.OVER_ATTENDED in self.verdicts.values()

    @property
    def clean(self) -> bool:
        """Whether every column was judged, and all of them benign. An input may be neither clean nor over-attended."""
        return self.complete and all(verdict is Verdict.BENIGN for verdict in self.verdicts.values())


def labelled_inputs(store: LabelStore, subject: Subject) -> list[LabelledInput]:
    """Every input of a subject with a submitted answer. Raises `LabelError` or `InputError` if one can't be read."""
    return pooled_inputs([store], subject)


def pooled_inputs(stores: Sequence[LabelStore], subject: Subject) -> list[LabelledInput]:
    """Every input of a subject with a submitted answer in one of several stores.

    An annotator's answer that is in more than one of them counts once, the latest.

    Args:
        stores: the label stores.
        subject: the model.

    Raises:
        LabelError: an input is no longer in its queue, or a store can't be read.
        InputError: an input can't be read.
    """
    answers: dict[tuple[str, str], Answer] = {}
    for store in stores:
        for answer in store.answers(fingerprint(subject.model)):
            place = (answer.digest, answer.annotator)
            if place not in answers or answers[place].time < answer.time:
                answers[place] = answer
    given: dict[str, list[Answer]] = {}
    for answer in answers.values():
        if answer.state is State.SUBMITTED:
            given.setdefault(answer.digest, []).append(answer)
    heads = {known.fingerprint: known.heads for store in stores for known in store.subjects()}
    found = []
    for digest, some in given.items():
        content = next((kept for kept in (store.content(digest) for store in stores) if kept is not None), None)
        if content is None:
            continue
        verdicts, columns = by_majority(some), _keys_of(stores, some[0]) * sum(heads[some[0].fingerprint])
        complete = any(answer.rest is Rest.BENIGN for answer in some) or len(verdicts) == columns
        found.append(LabelledInput(subject.read(content), verdicts, digest, complete, tuple(some), columns))
    return found


def _keys_of(stores: Sequence[LabelStore], answer: Answer) -> int:
    """How many columns each map of an answer's input has."""
    for store in stores:
        known = store.stored_input(answer.fingerprint, answer.digest)
        if known is not None:
            return known.keys
    raise LabelError(f"The input {answer.digest[:8]} is no longer in its queue: send it to labelling again.")
