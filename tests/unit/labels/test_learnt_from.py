"""What labels teach is counted before anything is learnt from them."""

from __future__ import annotations

from atpatch_core import Column
from atpatch_core.figures.learnt_from import as_rows, in_sentences
from atpatch_core.labels import Answer, ColumnVerdict, Rest, State, Verdict
from atpatch_core.labels.labelled_inputs import LabelledInput
from atpatch_core.labels.learnt_from import AnnotatorShare, learnt_from
from atpatch_core.labels.majority import by_majority

OVER, BENIGN, UNSURE = Verdict.OVER_ATTENDED, Verdict.BENIGN, Verdict.UNSURE
COLUMNS = 100


def _input(*answers: tuple[str, dict[int, Verdict], Rest], layer: int = 0) -> LabelledInput:
    given = tuple(
        Answer(
            *("a" * 64, "b" * 64, name, State.SUBMITTED),
            tuple(ColumnVerdict(Column(layer, 0, key), verdict) for key, verdict in said.items()),
            rest=rest,
            revision=1,
        )
        for name, said, rest in answers
    )
    complete = any(one.rest is Rest.BENIGN for one in given)
    return LabelledInput(None, by_majority(given), complete=complete, answers=given, columns=COLUMNS)


def test_columns_are_counted_as_they_are_learnt_from() -> None:
    found = learnt_from(
        [
            _input(("ada", {0: OVER, 1: OVER, 2: UNSURE}, Rest.UNJUDGED), ("bo", {0: OVER, 1: BENIGN}, Rest.UNJUDGED)),
            _input(("ada", {0: BENIGN}, Rest.BENIGN)),
            _input(("bo", {5: BENIGN}, Rest.UNJUDGED)),
        ]
    )
    assert (found.inputs, found.over_attended_inputs, found.clean_inputs, found.other_inputs) == (3, 1, 1, 1)
    assert (found.over_attended, found.unsure, found.disputed) == (1, 1, 1)
    assert found.benign == COLUMNS + 1
    assert found.unjudged == (COLUMNS - 3) + (COLUMNS - 1)
    assert found.over_attended + found.benign + found.unsure + found.disputed + found.unjudged == 3 * COLUMNS
    assert found.annotators == (
        AnnotatorShare("ada", 2, 2, 1, COLUMNS - 1, 1, COLUMNS - 3),
        AnnotatorShare("bo", 2, 1, 2, 0, 0, (COLUMNS - 2) + (COLUMNS - 1)),
    )
    said = " ".join(in_sentences(found))
    assert "3 labelled inputs: 1 with an over-attended column, 1 of which every column was judged benign, 1" in said
    assert "196 unjudged columns, 1 unsure, and 1 about which annotators contradict each other" in said
    assert [name for name, _ in as_rows(found)] == [
        *("inputs", "learnt from", "not learnt from", "ada", "bo", "too little", "too little")
    ]


def test_what_is_too_little_is_said_and_nothing_once_it_is_enough() -> None:
    bad = [_input(("ada", {0: OVER}, Rest.UNJUDGED), layer=layer) for layer in (0, 0, 1)]
    clean = [_input(("ada", {0: BENIGN}, Rest.BENIGN)) for _ in range(3)]
    apart = learnt_from([*bad, *clean])
    assert len(apart.too_little) == 1
    assert "over-attended column in the same layer are needed, and there are 2." in apart.too_little[0]
    unsaid = learnt_from([bad[0]] * 3 + [_input(("ada", {0: BENIGN}, Rest.UNJUDGED))] * 9 + clean[:1])
    assert len(unsaid.too_little) == 1
    assert "every column was judged benign are needed, and there is 1" in unsaid.too_little[0]
    assert learnt_from([bad[0]] * 3 + clean).too_little == ()
