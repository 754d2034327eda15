"""Choosing between settings that a few predictions can't tell apart."""

from __future__ import annotations

from atpatch_core.debugging.tuning import Choice, least_left


def _tried(*won_back: float, watched: tuple[int, ...] = (0,)) -> list[Choice]:
    kinds = ("mean", "uniform", "low-quantile", "zero")
    return [Choice(watched, kind, 0.5, won, 0.0) for kind, won in zip(kinds, won_back, strict=True)]


def test_of_references_that_do_alike_the_one_that_leaves_least_is_taken() -> None:
    assert least_left(_tried(0.88, 0.88, 0.89, 0.88), hijacked=100).reference == "zero"


def test_a_reference_that_does_clearly_worse_is_not_taken() -> None:
    assert least_left(_tried(0.88, 0.89, 0.88, 0.5), hijacked=100).reference == "low-quantile"


def test_with_many_predictions_small_differences_count() -> None:
    assert least_left(_tried(0.88, 0.89, 0.88, 0.87), hijacked=100_000).reference == "uniform"


def test_layers_are_never_changed_for_a_reference() -> None:
    tried = [*_tried(0.9, 0.9, 0.9, 0.9), *_tried(0.89, 0.89, 0.89, 0.89, watched=(1,))]
    assert least_left(tried, hijacked=50).watched == (0,)
