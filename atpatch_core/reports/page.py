"""A report as one HTML file that needs nothing else: no network, no script, figures inside.

Everything that comes from outside (names of models, classes, columns; texts, titles) is escaped, and the page's policy
allows no script at all and no style but its own, should anything ever slip through.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from html import escape

from ..figures.causal_table import causal_table
from ..figures.record import field_rows, what_if_rows, what_if_sentences
from ..figures.redistributed import MOST_ROWS, redistributed_parts, why_redistributed
from ..figures.span_rounds import span_caption, span_rows
from ..figures.text import direction, text_pieces
from ..wording.phrases import counted, score_text
from ..wording.verdict import answer, column_name, found_sentence, heads_in_words, verdict
from .findings import Findings
from .paper import PaperFigure

_STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; color: #1f2430; background: #fff; max-width: 52rem; margin: 2rem auto;
  padding: 0 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.7rem; margin-bottom: 0.2rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
.verdict { border-left: 6px solid #d97706; background: #fdf3e3; padding: 0.8rem 1rem; font-size: 1.1rem; }
.verdict.none { border-color: #6b7280; background: #f3f4f6; }
table { border-collapse: collapse; width: 100%; font-size: 0.92rem; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 0.6rem; border-bottom: 1px solid #d5d9e0; }
.wide { overflow-x: auto; overflow-wrap: break-word; }
.wide td { min-width: 4.5rem; }
tbody th { min-width: 8rem; }
figure { margin: 1.2rem 0; } figure img { max-width: 100%; height: auto; display: block; }
figcaption, .quiet { color: #4b5563; font-size: 0.9rem; }
.text { border: 1px solid #d5d9e0; border-radius: 6px; padding: 0.8rem; white-space: pre-wrap; line-height: 2; }
.text mark { background: #fbe3bd; outline: 2px solid #d97706; font-weight: 600; padding: 0 3px; }
.text .added { color: #4b5563; font-size: 0.85em; }
summary { margin: 0.8rem 0; cursor: pointer; }
code { font-size: 0.9em; }
@media print { body { margin: 0; max-width: none; } figure, table { break-inside: avoid; } }
"""
_MAPS = (
    "An attention map has a row for each part of the input that looks (query) and a column for each part that is "
    "looked at (key). Each head of each layer of the model has its own map. A column that is flagged or chosen by hand "
    "is redistributed while the model runs: it gives up its attention, to what clean inputs leave such a column or to "
    "nothing, and the other columns get it in proportion."
)
_LIMITS = (
    "Attention is evidence, not proof: a column that draws much attention need not decide anything, which is what the "
    "causal check is for. And nothing flagged is no certificate: triggers that are spread over the whole input, a way "
    "of writing, and backdoors that need no attention leave no column that stands out."
)


def report_page(found: Findings, figures: Sequence[PaperFigure], layer: int, head: int) -> str:
    """The report as an HTML page.

    Args:
        found: what was found in an input.
        figures: the figures to show in it.
        layer: number of the layer of the map that a text or a record is shown with.
        head: number of its head.
    """
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode("ascii")
    policy = f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    title = f"{found.subject}: {found.title}"
    inspection = found.inspection
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>AtPatch report \u00b7 {escape(title)}</title><style>{_STYLE}</style></head><body><main>",
        f"<h1>AtPatch report</h1><p class='quiet'>{escape(title)}</p>",
        f"<p class='verdict{'' if inspection.flags.any else ' none'}'>"
        f"{escape(verdict(inspection, found.calibrated))}</p>",
        f"<p>{_MAPS}</p>",
        *_input(found, layer, head),
        *(_figure(figure) for figure in figures),
        *_flagged(found),
        *_span(found),
        *_causal(found),
        *_facts(found),
        f"<h2>What this can't show</h2><p>{_LIMITS}</p>",
        "</main></body></html>",
    ]
    return "\n".join(parts)


def _input(found: Findings, layer: int, head: int) -> Iterable[str]:
    if found.kind == "text":
        yield "<h2>The text</h2>"
        yield f'<div class="text" dir="{direction(found.value)}">{_text(found, layer, head)}</div>'
        yield "<p class='quiet'>Marked: what is redistributed. Grey: added by the model.</p>"
        if found.inspection.layout.notice is not None:
            yield f"<p class='quiet'>{escape(found.inspection.layout.notice)}</p>"
    if found.schema is not None:
        yield "<h2>The record</h2>"
        rows = field_rows(found.schema, found.value, found.inspection, layer, head)
        yield _table(
            ("Field", "Value", f"Draws in layer {layer}, head {head}", "Redistributed in"),
            [(row.name + " (protected)" * row.protected, row.value, row.draws, row.mark) for row in rows],
        )
        yield "<h2>What if a protected attribute were another one?</h2>"
        yield from (
            f"<p>{escape(sentence)}</p>" for sentence in what_if_sentences(found.value, found.inspection, found.flips)
        )
        rows_of = what_if_rows(found.value, found.inspection, found.flips)
        yield _table(("Person", "Without AtPatch", "With AtPatch"), rows_of)


def _text(found: Findings, layer: int, head: int) -> str:
    parts = []
    for piece in text_pieces(found.value, found.inspection, layer, head, False):
        words = f"<bdi>{escape(piece.text)}</bdi>"
        if piece.heads:
            words = f"<mark>\u25bc\u00a0{words}</mark>"
        parts.append(escape(piece.before) + (f'<span class="added">{words}</span>' if piece.special else words))
    return "".join(parts)


def _figure(figure: PaperFigure) -> str:
    source = "data:image/svg+xml;base64," + base64.b64encode(figure.svg()).decode("ascii")
    return (
        f'<figure><h2>{escape(figure.title)}</h2><img src="{source}" alt="{escape(figure.alt)}">'
        f"<figcaption>{escape(figure.alt)}.</figcaption></figure>"
    )


def _flagged(found: Findings) -> Iterable[str]:
    inspection = found.inspection
    yield "<h2>Redistributed columns</h2>"
    if not inspection.flags.any:
        yield "<p>None: the input is left untouched.</p>"
        return
    yield f"<p>{escape(found_sentence(inspection))}</p>"
    chosen = set(found.by_hand)
    rows = []
    for column in inspection.flags.columns:
        reasons = dict.fromkeys([why_redistributed(inspection.flags, column), *["chosen by hand"] * (column in chosen)])
        score = _score(inspection.flags.score(column))
        rows.append((column_name(column, inspection.layout), score, " and ".join(reasons)))
    table = _table(("Column", "Score", "Why"), rows)
    if len(rows) <= MOST_ROWS:
        yield table
        return
    yield _table(
        ("Part of the input", "Heads in which it is redistributed", "Highest score"),
        [
            (part.name, f"{part.heads} in {counted(part.layers, 'layer')}", _score(part.highest))
            for part in redistributed_parts(inspection)
        ],
    )
    yield "<details><summary>In which heads</summary>"
    yield _table(
        ("Part of the input", "Heads"),
        [
            (part.name, "; ".join(heads_in_words(*place) for place in part.places))
            for part in redistributed_parts(inspection)
        ],
    )
    yield "</details>"
    yield f"<details><summary>Each of the {len(rows):,} columns</summary>{table}</details>"


def _score(score: float | None) -> str:
    return "none" if score is None else score_text(score)


def _span(found: Findings) -> Iterable[str]:
    rows = span_rows(found.inspection)
    if not rows:
        return
    yield f"<h2>How the trigger was followed</h2><p>{escape(span_caption(found.inspection))}</p>"
    yield _table(
        ("Step", "Redistributed, too", f"Probability of {found.inspection.original.prediction.label}", "Tried"),
        [(row.step, row.joined, row.probability, str(row.trials or "")) for row in rows],
    )


def _causal(found: Findings) -> Iterable[str]:
    if not found.effects:
        return
    table = causal_table(found.inspection, found.effects)
    yield (
        "<h2>Causal check</h2><p>Each row redistributes one column and nothing else, the last row all that are listed "
        "above.</p>"
    )
    yield _table(
        ("Column", "Answer before", "Answer with this redistributed", "Changes the answer"),
        [
            (effect.column, effect.before, effect.after, "yes" if effect.changes else "no")
            for effect in (*table.alone, table.together)
        ],
    )
    yield from (f"<p>{escape(note)}</p>" for note in table.notes)


def _facts(found: Findings) -> Iterable[str]:
    flags = found.inspection.flags
    calibrated = "" if found.calibrated is None else f" (calibrated: {found.calibrated:.6g})"
    yield "<h2>How this was made</h2>"
    yield _table(
        (),
        [
            ("Model", found.subject),
            ("What it does", found.summary),
            ("Its weights, SHA-256", found.weights),
            ("Detector", found.detector or "none"),
            ("Threshold", f"{flags.threshold:.6g}{calibrated}"),
            ("Input", found.title),
            ("Its file, SHA-256", found.digest),
            ("Answer without AtPatch", answer(found.inspection.original.prediction)),
            ("Answer with AtPatch", answer(found.inspection.patched.prediction)),
            ("Versions", ", ".join(f"{name} {number}" for name, number in found.versions.items())),
            ("Made", found.made),
        ],
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    top = "".join(f"<th scope='col'>{escape(name)}</th>" for name in head)
    body = "".join(
        "<tr>"
        + "".join(
            f"<th scope='row'>{escape(cell)}</th>" if number == 0 else f"<td>{escape(cell)}</td>"
            for number, cell in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    table = f"<table>{f'<thead><tr>{top}</tr></thead>' if top else ''}<tbody>{body}</tbody></table>"
    # Two columns may break anywhere, as checksums must. More would lose their words on a telephone: they scroll.
    return f"<div class='wide' tabindex='0'>{table}</div>" if top else table
