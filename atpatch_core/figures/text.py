"""A text as its tokens: what stands where, which parts are flagged, and what each attends to most."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ..inspection.results import Inspection
from ..subjects.text_files import visible
from ..wording.phrases import percent
from .evidence import drawn

_MOST_LABELS = 3  # keys that a piece attends to most


@dataclass(frozen=True)
class TextPiece:
    """One column of a text's maps as it is shown.

    Attributes:
        key: number of the column.
        word: number of the word it is a part of; `None` for what the model added.
        text: what to show.
        before: what stands between it and the piece before: spaces, line breaks, or characters that the model does not
            read.
        special: whether the model added it itself.
        heads: (layer, head) of each head in which its column is redistributed.
        plainest: the one of them where it scores highest, and of those that score alike, draws most.
        attends: the keys that it attends to most in one map, with how much (0 to 1).
    """

    key: int
    word: int | None
    text: str
    before: str
    special: bool
    heads: tuple[tuple[int, int], ...]
    plainest: tuple[int, int] | None
    attends: tuple[tuple[int, float], ...]

    @property
    def label(self) -> str:
        """Where it is redistributed, short: "L5 · H3 +2"; empty if it is not."""
        if self.plainest is None:
            return ""
        layer, head = self.plainest
        return f"L{layer}\u00b7H{head}" + (f" +{len(self.heads) - 1}" if len(self.heads) > 1 else "")


def text_pieces(text: str, inspection: Inspection, layer: int, head: int, patched: bool) -> tuple[TextPiece, ...]:
    """The pieces of a text, in order.

    Args:
        text: the text.
        inspection: what was found in it.
        layer: number of the layer of the map in use.
        head: number of the head of the map in use.
        patched: whether to read `attends` from that map with AtPatch.
    """
    layout = inspection.layout
    heads: dict[int, list[tuple[int, int]]] = {}
    for column in inspection.flags.columns:
        heads.setdefault(column.key, []).append((column.layer, column.head))
    attention = (inspection.patched if patched else inspection.original).trace.maps[layer][head]
    best, keys = attention.topk(min(_MOST_LABELS, attention.shape[-1]), dim=-1)
    pieces: list[TextPiece] = []
    read = 0
    for key, name in enumerate(layout.key_names):
        span = None if layout.spans is None else layout.spans[key]
        before = " " if span is None else visible_gap(text[read : max(read, span[0])])
        if pieces and pieces[-1].special and not before.endswith((" ", "\n")):
            before += " "
        read = read if span is None else max(read, span[1])
        pieces.append(
            TextPiece(
                key=key,
                word=None if layout.words is None else layout.words[key],
                text=name if span is None else visible(text[span[0] : span[1]]).strip() or name,
                before=before,
                special=layout.special[key],
                heads=tuple(heads.get(key, ())),
                plainest=_plainest(inspection, heads.get(key, ()), key),
                attends=tuple(zip(keys[key].tolist(), best[key].tolist(), strict=True)),
            )
        )
    return tuple(pieces)


def _plainest(inspection: Inspection, places: Sequence[tuple[int, int]], key: int) -> tuple[int, int] | None:
    """Where a column scores highest, and of the places where it scores alike, draws most in the untouched model."""

    def score_and_draw(place: tuple[int, int]) -> tuple[float, float]:
        layer, head = place
        scores = inspection.flags.scores[layer]
        share = drawn(inspection.original.trace.maps[layer][head], inspection.layout)[key]
        return -1.0 if scores is None else float(scores[head, key]), float(share)

    return max(places, key=score_and_draw, default=None)


def visible_gap(gap: str) -> str:
    """What stands between two pieces: line breaks and single spaces stay, hidden characters are spelled out."""
    return "".join("\n" if character == "\n" else visible(character) for character in gap)


def attends_sentence(piece: TextPiece, names: Sequence[str]) -> str:
    """ "From “was” to “cf” 62.0 %, “the” 5.1 %, “[SEP]” 3.0 %"; `names` are those of all columns."""
    parts = [f"\u201c{names[key]}\u201d {percent(share)}" for key, share in piece.attends]
    return f"From \u201c{names[piece.key]}\u201d to {', '.join(parts)}"


def direction(text: str) -> Literal["ltr", "rtl"]:
    """Which way most letters of `text` run."""
    classes = [unicodedata.bidirectional(character) for character in text[:10_000]]
    right = sum(kind in ("R", "AL") for kind in classes)
    return "rtl" if right > classes.count("L") else "ltr"
