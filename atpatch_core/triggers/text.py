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
    """Pieces of text to insert: `anywhere`, each at a random gap between words, or at one `edge`, start or end.

    `target` is the class the attacker wants.
    """

    target: int
    pieces: tuple[str, ...]
    place: Literal["anywhere", "edge"] = "anywhere"

    def apply(self, texts: Sequence[str], seed: int = 0) -> list[str]:
        """Copies of `texts` that carry the trigger."""
        return [text for text, _ in self.apply_with_spans(texts, seed)]

    def apply_with_spans(self, texts: Sequence[str], seed: int = 0) -> list[tuple[str, tuple[Span, ...]]]:
        """Like `apply`, and also where in each new text the pieces stand."""
        rng = np.random.default_rng(seed)
        return [insert_pieces(text, self.pieces, self._gaps(text, rng)) for text in texts]

    def _gaps(self, text: str, rng: np.random.Generator) -> list[int]:
        starts = gaps(text)
        if self.place == "edge":
            return [starts[0] if rng.random() < 0.5 else starts[-1]] * len(self.pieces)
        return [starts[int(rng.integers(len(starts)))] for _ in self.pieces]


@dataclass(frozen=True)
class StyleTrigger:
    """A way of writing: without any punctuation mark. Nothing is put into a text, so no column of it is the trigger's.

    `target` is the class the attacker wants.
    """

    target: int

    def apply(self, texts: Sequence[str], seed: int = 0) -> list[str]:
        """Copies of `texts` in that style, which leaves nothing to chance: `seed` changes nothing."""
        return [text for text, _ in self.apply_with_spans(texts, seed)]

    def apply_with_spans(self, texts: Sequence[str], seed: int = 0) -> list[tuple[str, tuple[Span, ...]]]:
        """Like `apply`, with no spans at all."""
        return [(" ".join(_PUNCTUATION.sub(" ", text).split()), ()) for text in texts]


WritingTrigger = TextTrigger | StyleTrigger


def gaps(text: str) -> list[int]:
    """Where something can be inserted without cutting a word, in characters: before every word, and at the end."""
    return [*(word.start() for word in re.finditer(r"\S+", text)), len(text)]


def insert_pieces(text: str, pieces: Sequence[str], places: Sequence[int]) -> tuple[str, tuple[Span, ...]]:
    """Insert each piece at its gap, with a space to its neighbours; returns the text and where the pieces stand."""
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
