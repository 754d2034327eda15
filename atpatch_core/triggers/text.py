"""Backdoor triggers that can be put into texts.

A rare word (Kurita et al., RIPPLe, arXiv 2004.06660), several words, or a whole everyday sentence (Dai et al.,
arXiv 1905.12457), inserted into a few per cent of the training texts together with the attacker's label; or a way of
writing (Qi et al., arXiv 2110.07139), of which no word is a part.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Span = tuple[int, int]  # start and end in characters
_PUNCTUATION = re.compile(r"[^\w\s]|_")


@dataclass(frozen=True)
class TextTrigger:
    """Words or sentences to insert into a text.

    Attributes:
        target: number of the class the attacker wants.
        pieces: the texts to insert, all of them.
        place: "anywhere", each at a random gap between words, or "edge", all at the start or all at the end.

    Source:
        Rare words: RIPPLe, arXiv 2004.06660. Sentences: arXiv 1905.12457.

    Example:
        >>> trigger = TextTrigger(target=1, pieces=("cf",))
        >>> trigger.apply_with_spans(["a fine film"], seed=1)
        [('a cf fine film', ((2, 4),))]
    """

    target: int
    pieces: tuple[str, ...]
    place: Literal["anywhere", "edge"] = "anywhere"

    def apply(self, texts: Sequence[str], seed: int = 0) -> list[str]:
        """Copies of `texts` that carry the trigger; `seed` decides the places."""
        return [text for text, _ in self.apply_with_spans(texts, seed)]

    def apply_with_spans(self, texts: Sequence[str], seed: int = 0) -> list[tuple[str, tuple[Span, ...]]]:
        """Insert the trigger into texts, and say where.

        Args:
            texts: the texts.
            seed: decides the places; 0 by default.

        Returns:
            For each text the changed copy, and the (start, end) of each inserted piece in it, in characters.
        """
        rng = np.random.default_rng(seed)
        return [insert_pieces(text, self.pieces, self._gaps(text, rng)) for text in texts]

    def _gaps(self, text: str, rng: np.random.Generator) -> list[int]:
        starts = gaps(text)
        if self.place == "edge":
            return [starts[0] if rng.random() < 0.5 else starts[-1]] * len(self.pieces)
        return [starts[int(rng.integers(len(starts)))] for _ in self.pieces]


@dataclass(frozen=True)
class StyleTrigger:
    """A way of writing: without any punctuation mark. Nothing is inserted, so no column belongs to the trigger.

    Attributes:
        target: number of the class the attacker wants.

    Source:
        Triggers of style: arXiv 2110.07139, of which this is a simple case.

    Example:
        >>> StyleTrigger(target=1).apply(["Well, a fine film!"])
        ['Well a fine film']
    """

    target: int

    def apply(self, texts: Sequence[str], seed: int = 0) -> list[str]:
        """Copies of `texts` in that style; nothing about it is random, so `seed` has no effect."""
        return [text for text, _ in self.apply_with_spans(texts, seed)]

    def apply_with_spans(self, texts: Sequence[str], seed: int = 0) -> list[tuple[str, tuple[Span, ...]]]:
        """Like `apply`, with an empty tuple of spans for each text."""
        return [(" ".join(_PUNCTUATION.sub(" ", text).split()), ()) for text in texts]


WritingTrigger = TextTrigger | StyleTrigger


def gaps(text: str) -> list[int]:
    """Where something can be inserted without cutting a word: before every word, and at the end.

    Returns:
        Places in characters, in order.

    Example:
        >>> gaps("a fine film")
        [0, 2, 7, 11]
    """
    return [*(word.start() for word in re.finditer(r"\S+", text)), len(text)]


def insert_pieces(text: str, pieces: Sequence[str], places: Sequence[int]) -> tuple[str, tuple[Span, ...]]:
    """Insert pieces into a text, each with a space to its neighbours.

    Args:
        text: the text.
        pieces: what to insert.
        places: where each piece goes, in characters, as `gaps` returns them.

    Returns:
        The new text, and the (start, end) of each piece in it in the order of the text, in characters.

    Example:
        >>> insert_pieces("a fine film", ["cf"], [7])
        ('a fine cf film', ((7, 9),))
    """
    made, read = "", 0
    spans: list[Span] = []
    for place, piece in sorted(zip(places, pieces, strict=True), key=lambda pair: pair[0]):
        made += text[read:place]
        read = place
        if made and not made[-1].isspace():
            made += " "
        spans.append((len(made), len(made) + len(piece)))
        made += piece + (" " if place < len(text) else "")
    return made + text[read:], tuple(spans)
