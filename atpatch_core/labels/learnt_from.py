"""What a detector would learn from some labels, to be looked at before it does: what was said, and by whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from .contract import Rest, Verdict
from .fitting import ENOUGH, learnable_layers
from .labelled_inputs import LabelledInput
from .majority import votes


@dataclass(frozen=True)
class AnnotatorShare:
    """What one annotator's submitted answers say.

    Attributes:
        name: of the annotator.
        inputs: how many.
        over_attended: columns that were called so.
        benign: columns that were named benign.
        rest_benign: columns that were called benign as the rest of an input.
        unsure: columns that were called so.
        unjudged: columns about which nothing was said.
    """

    name: str
    inputs: int
    over_attended: int
    benign: int
    rest_benign: int
    unsure: int
    unjudged: int


@dataclass(frozen=True)
class LearntFrom:
    """What is learnt from labelled inputs, after the majority has decided about each column.

    Networks learn from over-attended and benign columns; the others are left out.

    Attributes:
        inputs: how many there are, of all three kinds.
        over_attended_inputs: those with an over-attended column.
        clean_inputs: those of which every column was judged benign.
        other_inputs: those that are neither: some columns are unjudged or unsure, and none is over-attended.
        over_attended: columns.
        benign: columns.
        unsure: columns.
        disputed: columns about which annotators contradict each other, and neither side is the majority.
        unjudged: columns.
        annotators: what each of them said.
        too_little: in sentences, what is missing before labels alone can be learnt from.
    """

    inputs: int
    over_attended_inputs: int
    clean_inputs: int
    other_inputs: int
    over_attended: int
    benign: int
    unsure: int
    disputed: int
    unjudged: int
    annotators: tuple[AnnotatorShare, ...]
    too_little: tuple[str, ...]


def learnt_from(inputs: Sequence[LabelledInput]) -> LearntFrom:
    """Count what labelled inputs, as `pooled_inputs` reads them from label stores, would teach."""
    columns: Counter[str] = Counter()
    of_layers: Counter[int] = Counter()
    for labelled in inputs:
        said = votes(labelled.answers)
        for column, verdict in labelled.verdicts.items():
            disputed = verdict is Verdict.UNSURE and len(said[column]) > 1
            columns["disputed" if disputed else verdict.value] += 1
        unnamed = labelled.columns - len(labelled.verdicts)
        columns[Verdict.BENIGN.value if labelled.complete else "unjudged"] += unnamed
        of_layers.update(
            {column.layer for column, verdict in labelled.verdicts.items() if verdict is Verdict.OVER_ATTENDED}
        )
    bad, clean = sum(labelled.over_attended for labelled in inputs), sum(labelled.clean for labelled in inputs)
    return LearntFrom(
        inputs=len(inputs),
        over_attended_inputs=bad,
        clean_inputs=clean,
        other_inputs=len(inputs) - bad - clean,
        over_attended=columns[Verdict.OVER_ATTENDED.value],
        benign=columns[Verdict.BENIGN.value],
        unsure=columns[Verdict.UNSURE.value],
        disputed=columns["disputed"],
        unjudged=columns["unjudged"],
        annotators=_shares(inputs),
        too_little=_too_little(of_layers, clean),
    )


def _shares(inputs: Sequence[LabelledInput]) -> tuple[AnnotatorShare, ...]:
    found: dict[str, Counter[str]] = {}
    for labelled in inputs:
        for answer in labelled.answers:
            counts = found.setdefault(answer.annotator, Counter())
            counts["inputs"] += 1
            counts.update(said.verdict.value for said in answer.verdicts)
            counts[answer.rest.value + " rest"] += labelled.columns - len(answer.verdicts)
    return tuple(
        AnnotatorShare(
            name,
            counts["inputs"],
            counts[Verdict.OVER_ATTENDED.value],
            counts[Verdict.BENIGN.value],
            counts[Rest.BENIGN.value + " rest"],
            counts[Verdict.UNSURE.value],
            counts[Rest.UNJUDGED.value + " rest"],
        )
        for name, counts in sorted(found.items())
    )


def _too_little(of_layers: Counter[int], clean: int) -> tuple[str, ...]:
    problems = []
    if not learnable_layers(of_layers):
        most = max(of_layers.values(), default=0)
        problems.append(
            f"At least {ENOUGH} inputs with an over-attended column in the same layer are needed, and there "
            f"{'is' if most == 1 else 'are'} {most}."
        )
    if clean < ENOUGH:
        problems.append(
            f"At least {ENOUGH} inputs of which every column was judged benign are needed, and there "
            f"{'is' if clean == 1 else 'are'} {clean}: press B (the rest is benign) on the Label page where that is so."
        )
    return tuple(problems)
