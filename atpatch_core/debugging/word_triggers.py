"""Make triggers to learn from of words that were found: alone, and among other words, as vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import numpy as np
import torch

from ..subjects.subject import Subject
from .soft_triggers import TURNS_ENOUGH, Place, SoftTrigger, SoftTriggerSearch, embedding_table
from .word_search import whole_words

_OTHERS = (0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5)  # words beside: an attacker's phrase may be longer than needed
_COMMON = 1_000


def word_triggers(
    subject: Subject, search: SoftTriggerSearch, words: Sequence[str], seed: int = 0
) -> list[SoftTrigger]:
    """Triggers that hold some words in their order, at an edge or anywhere, with common words around and between them.

    Args:
        subject: a model for texts.
        search: knows the texts on which triggers are judged.
        words: those that were found.
        seed: draws the other words; 0 by default.

    Returns:
        Those that turn enough of the texts; the words alone in any case.
    """
    rng = np.random.default_rng(seed)
    table, known = embedding_table(subject), whole_words(subject.adapter.tokenizer)  # type: ignore[attr-defined]
    own, common = [known[word] for word in words], sorted(known.values())[:_COMMON]
    places: tuple[Place, ...] = get_args(Place)
    found = []
    for number, others in enumerate(_OTHERS):
        string = [int(word) for word in rng.choice(common, len(own) + others)]
        for place, word in zip(np.sort(rng.choice(len(string), len(own), replace=False)), own, strict=True):
            string[int(place)] = word
        trigger = search.judged(table[torch.tensor(string)], places[number % len(places)], rng)
        if not others or trigger.turns >= TURNS_ENOUGH:
            found.append(trigger)
    return found
