"""A detector that learns from verdicts, on maps in which it is known what draws too much attention."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from atpatch_core import Column
from atpatch_core.detector.training import LayerExamples, train_network
from atpatch_core.errors import LabelError
from atpatch_core.labels import Answer, ColumnVerdict, Rest, State, Verdict
from atpatch_core.labels.examples import examples_of, label_masks
from atpatch_core.labels.fitting import fit
from atpatch_core.labels.labelled_inputs import LabelledInput
from atpatch_core.labels.majority import by_majority
from atpatch_core.labels.training import RECIPE, TEXT_RECIPE

OVER, BENIGN, UNSURE = Verdict.OVER_ATTENDED, Verdict.BENIGN, Verdict.UNSURE
KEYS = 6


def _answer(annotator: str, rest: Rest = Rest.UNJUDGED, **said: Verdict) -> Answer:
    verdicts = tuple(ColumnVerdict(Column(0, 0, int(key[1:])), verdict) for key, verdict in said.items())
    return Answer("a" * 64, "b" * 64, annotator, State.SUBMITTED, verdicts, rest=rest, revision=1)


def test_the_majority_decides_and_a_tie_leaves_the_column_out() -> None:
    answers = [
        _answer("ada", c0=OVER, c1=OVER, c2=OVER, c3=UNSURE, c4=BENIGN),
        _answer("bo", c0=OVER, c1=BENIGN, c2=UNSURE, c3=BENIGN),
        _answer("cy", c0=BENIGN, c3=BENIGN),
    ]
    said = {column.key: verdict for column, verdict in by_majority(answers).items()}
    assert said == {0: OVER, 1: UNSURE, 2: UNSURE, 3: BENIGN, 4: BENIGN}


def test_who_says_that_the_rest_is_benign_votes_on_what_only_others_name() -> None:
    answers = [
        _answer("ada", rest=Rest.BENIGN, c0=OVER),
        _answer("bo", c1=OVER, c2=UNSURE, c3=BENIGN),
        _answer("cy", c1=OVER, c4=OVER),
    ]
    said = {column.key: verdict for column, verdict in by_majority(answers).items()}
    # Of c0 nobody else said anything; on c1 two outvote the rest; on c2 and c4 it is one against one.
    assert said == {0: OVER, 1: OVER, 2: UNSURE, 3: BENIGN, 4: UNSURE}


@pytest.mark.parametrize(
    ("verdicts", "complete", "over_attended", "clean"),
    [
        ({Column(0, 0, 0): BENIGN}, False, False, False),
        ({Column(0, 0, 0): BENIGN}, True, False, True),
        ({}, True, False, True),
        ({Column(0, 0, 0): UNSURE}, True, False, False),
        ({Column(0, 0, 0): OVER}, True, True, False),
        ({Column(0, 0, 0): OVER}, False, True, False),
    ],
)
def test_an_input_is_clean_only_if_all_of_it_was_judged_benign(
    verdicts: dict[Column, Verdict], complete: bool, over_attended: bool, clean: bool
) -> None:
    one = LabelledInput(None, verdicts, complete=complete)
    assert (one.over_attended, one.clean) == (over_attended, clean)


def test_what_nobody_judged_is_left_out_whatever_else_was_said() -> None:
    masks = label_masks([{Column(0, 0, 1): BENIGN}, {Column(0, 1, 2): OVER}], [False, False], [2], KEYS)
    ((over, left_out),) = masks
    assert (~left_out).nonzero().tolist() == [[0, 0, 1], [1, 1, 2]]
    assert over.nonzero().tolist() == [[1, 1, 2]]
    maps = torch.rand(2, 2, KEYS, KEYS).softmax(-1)
    assert not examples_of(maps, over, left_out).benign.any()


def test_what_nobody_judged_is_benign_where_the_rest_was_called_so() -> None:
    hijacked, clean = {Column(0, 1, 2): OVER, Column(1, 0, 3): BENIGN}, {Column(0, 0, 0): UNSURE}
    masks = label_masks([hijacked, clean], [False, True], [2, 1], KEYS)
    (over, left_out), (over_second, left_out_second) = masks
    assert over.nonzero().tolist() == [[0, 1, 2]]
    assert not left_out[0, 1, 2]
    assert left_out[0].sum() == 2 * KEYS - 1
    assert left_out[1].nonzero().tolist() == [[0, 0]]
    assert not over_second.any()
    assert not left_out_second[0, 0, 3]
    assert left_out_second[0].sum() == KEYS - 1


def test_inputs_that_are_neither_clean_nor_over_attended_choose_no_threshold() -> None:
    """Half of the inputs are hijacked, but nobody judged the column that is: they must not count as false alarms."""
    torch.set_num_threads(1)
    maps, said = _maps(60, 40)
    for number in range(20, 40):
        said[number] = {Column(1, 0, 0): BENIGN}  # somewhere else
    complete = [number >= 40 for number in range(60)]
    examples = {1: examples_of(maps, *label_masks(said, complete, [2, 2], KEYS)[1])}
    fitted = fit(examples, replace(RECIPE, epochs=30), 0.01)
    assert fitted.auroc > 0.95
    assert (fitted.scores[20:40] > fitted.threshold).mean() > 0.9
    assert (fitted.scores[40:] > fitted.threshold).mean() < 0.1
    unjudged = {1: examples_of(maps, *label_masks(said, [False] * 60, [2, 2], KEYS)[1])}
    with pytest.raises(LabelError, match="every column is judged benign"):
        fit(unjudged, RECIPE, 0.01)


def test_a_batch_without_a_column_known_to_be_benign_teaches_all_the_same() -> None:
    maps, said = _maps(9, 4)
    masks = label_masks(said, [number >= 4 for number in range(9)], [2, 2], KEYS)
    network = train_network(examples_of(maps, *masks[1]), replace(RECIPE, epochs=2, batch_size=1))
    valid = torch.ones(9, KEYS, dtype=torch.bool)
    assert network(maps, valid, valid).isfinite().all()


def _maps(count: int, hijacked: int, seed: int = 0) -> tuple[Tensor, list[dict[Column, Verdict]]]:
    """Maps of two heads; in the first `hijacked` inputs, some column of head 1 draws most of the attention."""
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(count, 2, KEYS, KEYS, generator=generator) * 0.3
    said: list[dict[Column, Verdict]] = []
    for number in range(count):
        key = int(torch.randint(1, KEYS, (1,), generator=generator))
        if number < hijacked:
            logits[number, 1, :, key] += 3
        said.append({Column(1, 1, key): OVER if number < hijacked else BENIGN})
    return logits.softmax(-1), said


def _complete(count: int, hijacked: int) -> list[bool]:
    """The annotator says that the rest is benign where nothing is over-attended."""
    return [number >= hijacked for number in range(count)]


def test_a_detector_learns_where_and_in_which_layer_from_verdicts() -> None:
    torch.set_num_threads(1)
    maps, said = _maps(40, 12)
    noise = torch.rand(40, 2, KEYS, KEYS, generator=torch.Generator().manual_seed(1)).softmax(-1)
    masks = label_masks(said, _complete(40, 12), [2, 2], KEYS)
    steps: list[tuple[int, int]] = []
    fitted = fit(
        {0: examples_of(noise, *masks[0]), 1: examples_of(maps, *masks[1])},
        replace(RECIPE, epochs=30),
        0.01,
        lambda _, done, total: steps.append((done, total)),
    )
    assert list(fitted.networks) == [1]
    assert fitted.auroc > 0.95
    assert steps[-1][0] == steps[-1][1]
    fresh, truth = _maps(60, 20, seed=5)
    valid = torch.ones(60, KEYS, dtype=torch.bool)
    scores = fitted.networks[1](fresh, valid, valid)
    flagged = (scores >= fitted.threshold).flatten(1).any(1)
    assert flagged[:20].float().mean() > 0.9
    assert flagged[20:].float().mean() < 0.15
    for number in range(20):
        (column,) = truth[number]
        assert divmod(int(scores[number].flatten().argmax()), KEYS) == (column.head, column.key)


@pytest.mark.parametrize("hijacked", [0, 2, 40])
def test_too_little_to_learn_from_is_said(hijacked: int) -> None:
    maps, said = _maps(40, hijacked)
    with pytest.raises(LabelError, match="too little to learn from"):
        fit({1: examples_of(maps, *label_masks(said, _complete(40, hijacked), [2, 2], KEYS)[1])}, RECIPE, 0.01)


def test_of_layers_of_texts_that_tell_as_well_the_last_is_watched_and_padding_does_not_count() -> None:
    torch.set_num_threads(1)
    maps, said = _maps(40, 12)
    wide = torch.nn.functional.pad(maps, (0, 3, 0, 3))
    wide[:, :, :, KEYS:] = 0.9  # whatever is behind the text
    valid = torch.arange(KEYS + 3).expand(40, -1) < KEYS
    masks = label_masks(said, _complete(40, 12), [2, 2], KEYS + 3)

    def examples(layer: int) -> LayerExamples:
        return replace(examples_of(wide, *masks[1]), key_valid=valid, query_valid=valid)

    recipe = replace(TEXT_RECIPE, epochs=6)
    fitted = fit({layer: examples(layer) for layer in (0, 1, 2)}, recipe, 0.01)
    assert list(fitted.networks) == [2]
    assert fitted.auroc > 0.95
    fresh, truth = _maps(60, 20, seed=5)
    scores = fitted.networks[2](fresh, *[torch.ones(60, KEYS, dtype=torch.bool)] * 2).amax(1)
    assert (scores.amax(-1) >= fitted.threshold)[:20].float().mean() > 0.9
    for number in range(20):
        (column,) = truth[number]
        assert int(scores[number].argmax()) == column.key
