"""What joins the span of a trigger: what lowers the answer under suspicion, within the rounds and trials allowed."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from atpatch_core.detector.growth import Growth, Span, grow, growable

_GRID = (5, 5)
_GROWTH = Growth((0, 1), _GRID)


class _Model:
    """A model whose answer stands, at log-probability 0, while more than `enough` carriers are left alone.

    The scores of carriers are high, those of `decoys` higher. Counts how many trials each input costs.
    """

    def __init__(self, *carriers: set[int], enough: int = 0, decoys: frozenset[int] = frozenset()) -> None:
        self.carriers, self.enough, self.decoys = carriers, enough, decoys
        self.asked = [0] * len(carriers)

    def __call__(self, rows: Tensor, columns: Tensor) -> tuple[Tensor, Tensor]:
        sure, scores = [], torch.zeros(columns.shape)
        for place, (row, chosen) in enumerate(zip(rows.tolist(), columns, strict=True)):
            self.asked[row] += 1
            left = self.carriers[row] - set(chosen.nonzero().flatten().tolist())
            sure.append(0.0 if len(left) > self.enough else -6.0 + len(left))
            scores[place, list(left)] = 0.5
            scores[place, list(self.decoys)] = 0.6
        return torch.tensor(sure), scores.masked_fill(columns, 0.0)


def _grow(model: _Model, entry: list[set[int]], growth: Growth = _GROWTH, rows: int = 64) -> list[Span]:
    keys = 26 if growth.grid else 12
    flagged = torch.zeros(len(entry), keys, dtype=torch.bool)
    for row, columns in enumerate(entry):
        flagged[row, list(columns)] = True
    sure, scores = model(torch.arange(len(entry)), flagged)
    model.asked = [0] * len(entry)
    valid = torch.ones(len(entry), keys, dtype=torch.bool)
    return grow(flagged, sure, scores, growable(valid, growth.grid), growth, rows, model)


def _columns(span: Span) -> set[int]:
    return set(span.columns.nonzero().flatten().tolist())


def test_the_neighbour_that_carries_the_rest_joins_and_nothing_else() -> None:
    model = _Model({8, 9}, decoys=frozenset({20, 21}))
    (span,) = _grow(model, [{8}])
    assert _columns(span) == {8, 9}
    assert span.complete
    (found,) = span.rounds
    assert found.taken is not None
    assert found.tried[found.taken] == (9,)
    assert found.probabilities[found.taken] < 0.01
    assert max(found.probabilities) == 1.0
    assert len(found.tried) == span.rows == model.asked[0]


def test_where_the_answer_has_fallen_nothing_is_tried() -> None:
    model = _Model({8})
    (span,) = _grow(model, [{8}])
    assert (_columns(span), span.rounds, model.asked) == ({8}, [], [0])
    assert span.complete


def test_copies_that_each_hold_the_answer_are_found_as_a_group() -> None:
    (span,) = _grow(_Model({1, 5, 13, 21, 25}), [{13}])
    assert _columns(span) == {1, 5, 13, 21, 25}


def test_an_answer_that_depends_on_nothing_else_keeps_all_other_columns() -> None:
    model = _Model(set(range(1, 26)), enough=0, decoys=frozenset({3}))
    (span,) = _grow(model, [{3}])
    assert _columns(span) == {3}
    assert span.rounds[-1].taken is None
    assert span.complete


def test_each_round_looks_from_where_the_last_one_came_to() -> None:
    class Line(_Model):
        def __call__(self, rows: Tensor, columns: Tensor) -> tuple[Tensor, Tensor]:
            sure, scores = super().__call__(rows, columns)
            for place, chosen in enumerate(columns):
                sure[place] = -0.7 * sum(bool(chosen[key]) for key in (7, 8, 9, 10))
            return sure, torch.zeros_like(scores)

    growth = replace(_GROWTH, fall=0.5, believed=0.05)
    (span,) = _grow(Line(set()), [{7}], growth)
    assert _columns(span) == {7, 8, 9, 10}
    assert len(span.rounds) == 4
    (short,) = _grow(Line(set()), [{7}], replace(growth, rounds=2))
    assert _columns(short) == {7, 8, 9}


def test_what_the_model_added_itself_never_joins() -> None:
    (patches,) = _grow(_Model({0, 7}), [{7}])
    assert 0 not in _columns(patches)
    (words,) = _grow(_Model({0, 11, 1, 10}, enough=1), [{1, 10}], Growth((0,), None))
    assert _columns(words) == {1, 10}


def test_trials_are_bounded_and_it_is_said() -> None:
    model = _Model({1, 25})
    (span,) = _grow(model, [{13}], rows=3)
    assert model.asked == [3]
    assert not span.complete
    (none,) = _grow(_Model({1, 25}), [{13}], rows=0)
    assert (_columns(none), none.complete, none.rounds) == ({13}, False, [])


carriers = st.sets(st.integers(1, 25), max_size=6)


@given(st.lists(st.tuples(carriers, st.sets(st.integers(1, 25), min_size=1, max_size=3)), min_size=1, max_size=3))
def test_inputs_do_not_depend_on_each_other_and_a_span_holds_its_entry(
    inputs: list[tuple[set[int], set[int]]],
) -> None:
    together = _grow(_Model(*(carried for carried, _ in inputs)), [entry for _, entry in inputs], rows=40)
    for (carried, entry), span in zip(inputs, together, strict=True):
        (alone,) = _grow(_Model(carried), [entry], rows=40)
        assert torch.equal(alone.columns, span.columns)
        assert alone.rounds == span.rounds
        assert entry <= _columns(span)
        assert span.rows <= 40
        assert len(span.rounds) <= _GROWTH.rounds


@pytest.mark.parametrize("wrong", [{"fall": 0.0}, {"fall_of_group": -1.0}, {"believed": 1.0}, {"believed": 0.0}])
def test_limits_that_let_everything_join_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="lower the probability"):
        Growth((0,), _GRID, **wrong)
