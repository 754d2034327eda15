"""A detector that learns from verdicts, on maps in which it is known what draws too much attention."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from atpatch_core import Column
from atpatch_core.detector.training import LayerExamples
from atpatch_core.errors import LabelError
from atpatch_core.labels import Answer, ColumnVerdict, State, Verdict
from atpatch_core.labels.training import RECIPE, TEXT_RECIPE, by_majority, examples_of, fit, label_masks

OVER, BENIGN, UNSURE = Verdict.OVER_ATTENDED, Verdict.BENIGN, Verdict.UNSURE
KEYS = 6


def _answer(annotator: str, **said: Verdict) -> Answer:
    verdicts = tuple(ColumnVerdict(Column(0, 0, int(key[1:])), verdict) for key, verdict in said.items())
    return Answer("a" * 64, "b" * 64, annotator, State.SUBMITTED, verdicts, revision=1)


def test_the_majority_decides_and_a_tie_leaves_the_column_out() -> None:
    answers = [
        _answer("ada", c0=OVER, c1=OVER, c2=OVER, c3=UNSURE, c4=BENIGN),
        _answer("bo", c0=OVER, c1=BENIGN, c2=UNSURE, c3=BENIGN),
        _answer("cy", c0=BENIGN, c3=BENIGN),
    ]
    said = {column.key: verdict for column, verdict in by_majority(answers).items()}
    assert said == {0: OVER, 1: UNSURE, 2: UNSURE, 3: BENIGN, 4: BENIGN}


def test_what_nobody_judged_is_benign_only_where_nothing_is_over_attended() -> None:
    hijacked, clean = {Column(0, 1, 2): OVER, Column(1, 0, 3): BENIGN}, {Column(0, 0, 0): UNSURE}
    (over, left_out), (over_second, left_out_second) = label_masks([hijacked, clean], [2, 1], KEYS)
    assert over.nonzero().tolist() == [[0, 1, 2]]
    assert not left_out[0, 1, 2]
    assert left_out[0].sum() == 2 * KEYS - 1
    assert left_out[1].nonzero().tolist() == [[0, 0]]
    assert not over_second.any()
    assert not left_out_second[0, 0, 3]
    assert left_out_second[0].sum() == KEYS - 1


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


def test_a_detector_learns_where_and_in_which_layer_from_verdicts() -> None:
    torch.set_num_threads(1)
    maps, said = _maps(40, 12)
    noise = torch.rand(40, 2, KEYS, KEYS, generator=torch.Generator().manual_seed(1)).softmax(-1)
    masks = label_masks(said, [2, 2], KEYS)
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
        fit({1: examples_of(maps, *label_masks(said, [2, 2], KEYS)[1])}, RECIPE, 0.01)


def test_of_layers_of_texts_that_tell_as_well_the_last_is_watched_and_padding_does_not_count() -> None:
    torch.set_num_threads(1)
    maps, said = _maps(40, 12)
    wide = torch.nn.functional.pad(maps, (0, 3, 0, 3))
    wide[:, :, :, KEYS:] = 0.9  # whatever is behind the text
    valid = torch.arange(KEYS + 3).expand(40, -1) < KEYS
    masks = label_masks(said, [2, 2], KEYS + 3)

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
