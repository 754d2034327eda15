"""Pairs made of inverted triggers: varied, but only where the trigger is."""

from __future__ import annotations

import numpy as np

from atpatch_core.debugging.inverted_pairs import inverted_pairs
from atpatch_core.debugging.mask_inversion import InvertedTrigger
from atpatch_core.debugging.sets import moved_copies


def _trigger(target: int = 1) -> InvertedTrigger:
    mask = np.zeros((8, 8), np.float32)
    mask[6:, 6:] = 1.0
    return InvertedTrigger(target, "window", 0, mask, np.full((8, 8, 1), 255, np.uint8), 1.0)


_CLEAN = np.random.default_rng(0).integers(0, 120, (30, 8, 8, 1), dtype=np.uint8)
_ANSWERS = np.arange(30) % 3


def test_pairs_differ_only_in_covered_patches() -> None:
    pairs = inverted_pairs([_trigger()], [1.0], _CLEAN, _ANSWERS, (4, 4), 200, seed=0)
    assert len(pairs) == 200
    changed = (pairs.clean != pairs.triggered).reshape(200, 4, 2, 4, 2).any(axis=(2, 4)).reshape(200, 16)
    assert not (changed & ~pairs.covered).any()
    assert changed.any(axis=1).mean() > 0.9  # taking patches away may leave nothing


def test_the_trigger_occurs_as_found_and_elsewhere() -> None:
    pairs = inverted_pairs([_trigger()], [1.0], _CLEAN, _ANSWERS, (4, 4), 200, seed=0)
    as_found = (pairs.triggered[:, 6:, 6:] == 255).all(axis=(1, 2, 3)) & (pairs.covered.sum(1) == 1)
    assert 0.05 < as_found.mean() < 0.3
    assert len(np.unique(pairs.covered, axis=0)) > 10


def test_many_are_moved_by_whole_patches_to_any_of_them() -> None:
    pairs = inverted_pairs([_trigger()], [1.0], _CLEAN, _ANSWERS, (4, 4), 400, seed=0)
    tiles = pairs.triggered.reshape(400, 4, 2, 4, 2).swapaxes(2, 3).reshape(400, 16, 4)
    whole = (tiles == 255).all(2) & (pairs.covered.sum(1, keepdims=True) == 1)
    assert whole.any(0).all()
    assert whole.any(1).mean() > 0.3


def test_a_trigger_that_works_only_where_it_was_found_is_moved_less() -> None:
    def moved_pairs(elsewhere: float) -> float:
        pairs = inverted_pairs([_trigger()], [elsewhere], _CLEAN, _ANSWERS, (4, 4), 400, seed=0)
        return float((~pairs.covered[:, 15]).mean())

    assert moved_pairs(0.0) < moved_pairs(0.5) < moved_pairs(1.0)


def test_only_a_trigger_that_works_anywhere_is_copied() -> None:
    def most_whole_triggers(elsewhere: float) -> int:
        pairs = inverted_pairs([_trigger()], [elsewhere], _CLEAN, _ANSWERS, (4, 4), 400, seed=0)
        tiles = pairs.triggered.reshape(400, 4, 2, 4, 2).swapaxes(2, 3).reshape(400, 16, 4)
        whole = (tiles == 255).all(2)
        assert not (whole & ~pairs.covered).any()
        # Distractors can be white, too, but these only as one block.
        copies = whole.sum(1) * (whole[:, :-1] & whole[:, 1:]).sum(1).__eq__(0)
        return int(copies.max())

    assert 3 <= most_whole_triggers(1.0) <= 4
    assert most_whole_triggers(0.0) <= 1


def test_a_trigger_never_goes_on_images_of_its_own_class() -> None:
    pairs = inverted_pairs([_trigger(1)], [1.0], _CLEAN, _ANSWERS, (4, 4), 100, seed=1)
    own, others = ({one.tobytes() for one in moved_copies(_CLEAN[chosen])} for chosen in (_ANSWERS == 1, _ANSWERS != 1))
    assert all(one.tobytes() in others - own for one in pairs.clean)


def test_the_same_images_come_back_a_little_moved() -> None:
    pairs = inverted_pairs([_trigger()], [1.0], _CLEAN, _ANSWERS, (4, 4), 200, seed=0)
    assert len({one.tobytes() for one in pairs.clean}) > 4 * len(_CLEAN)


def test_the_same_seed_gives_the_same_pairs() -> None:
    first, again, other = (
        inverted_pairs([_trigger()], [1.0], _CLEAN, _ANSWERS, (4, 4), 20, seed) for seed in (3, 3, 4)
    )
    assert np.array_equal(first.triggered, again.triggered)
    assert not np.array_equal(first.triggered, other.triggered)


def test_without_triggers_there_are_no_pairs() -> None:
    pairs = inverted_pairs([], [], _CLEAN, _ANSWERS, (4, 4), 100, seed=0)
    assert len(pairs) == 0
    assert pairs.covered.shape == (0, 16)
