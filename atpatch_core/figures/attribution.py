"""Attributions as bars, as heat on the image, and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from PIL import Image
from torch import Tensor

from ..column import Column
from ..inspection.attribution import Attribution, answer_rollout
from ..inspection.results import Inspection
from ..layout import Layout, patch_boxes
from ..wording.phrases import percent, unique
from .colours import ORIGINAL, REDISTRIBUTED, difference_colours
from .image import outlined_image
from .plotting import go

_LONGEST_NAME = 22  # characters beside a bar
_MOST_OPAQUE = 0.8  # the image still shows through at the strongest attribution
# Near the ends of the scale; the opacity of the tint shows how much.
_AGAINST, _FOR = 30, 225
# Areas under the curve from which on two views agree, and more or less agree. Chosen, not measured: half way from
# chance (0.5) to perfect (1), and clear of chance. Higher ones would call less an agreement.
_CLEAR, _LEANS = 0.75, 0.6


def top_keys(before: Attribution, after: Attribution | None = None, most: int = 10) -> tuple[int, ...]:
    """The keys with the largest attributions in either direction.

    Args:
        before: the attribution without AtPatch.
        after: the attribution with AtPatch, if there is one; the larger of the two counts.
        most: the most keys to return; 10 by default.

    Returns:
        Numbers of columns, the strongest first.
    """
    sizes = before.values.abs().numpy()
    if after is not None:
        sizes = np.maximum(sizes, after.values.abs().numpy())
    return tuple(int(key) for key in np.argsort(-sizes, kind="stable")[:most])


def attribution_bars(
    before: Attribution, after: Attribution | None, layout: Layout, flagged: Sequence[Column], most: int = 10
) -> go.Figure:
    """Two bars for each of the strongest keys, without and with AtPatch; to the right is for the class.

    Args:
        before: the attribution without AtPatch.
        after: the attribution with AtPatch; `None` for one bar each.
        layout: names the keys.
        flagged: columns whose keys get a triangle before their name.
        most: the most keys to show; 10 by default.
    """
    keys = top_keys(before, after, most)
    every_name = unique(layout.key_names)
    names = [_marked(_short(every_name[key]), key, flagged) for key in keys]
    figure = go.Figure()
    for attribution, name, colour, pattern in (
        (before, "Without AtPatch", ORIGINAL, ""),
        (after, "With AtPatch", REDISTRIBUTED, "/"),
    ):
        if attribution is None:
            continue
        values = [float(attribution.values[key]) for key in keys]
        figure.add_bar(
            x=values,
            y=list(range(len(keys))),
            orientation="h",
            name=name,
            marker={
                "color": colour,
                "pattern": {"shape": pattern, "solidity": 0.3, "bgcolor": colour, "fgcolor": "#ffffff", "size": 6},
            },
            text=[signed(value) for value in values],
            textposition="outside",
            cliponaxis=False,
            customdata=[(escape(every_name[key]), signed(value)) for key, value in zip(keys, values, strict=True)],
            hovertemplate="%{customdata[0]}: %{customdata[1]}<extra>" + name + "</extra>",
        )
    shown = [
        float(attribution.values[key]) for attribution in (before, after) if attribution is not None for key in keys
    ]
    lowest, highest = min(0.0, *shown), max(0.0, *shown)
    room = 0.18 * (highest - lowest) or 1.0
    figure.update_layout(
        barmode="group",
        bargap=0.25,
        height=90 + 38 * len(keys),
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "traceorder": "normal"},
    )
    figure.add_vline(x=0, line={"color": "#8a9099", "width": 1})
    left = lowest - (room if lowest < 0 else 0)
    figure.update_xaxes(range=[left, highest + room], visible=False, fixedrange=True)
    figure.update_yaxes(
        tickvals=list(range(len(keys))),
        ticktext=[escape(name) for name in names],
        range=[len(keys) - 0.5, -0.5],
        showgrid=False,
        zeroline=False,
        automargin=True,
        fixedrange=True,
    )
    return figure


def heat_images(
    image: Image.Image, inspection: Inspection, attributions: Sequence[Attribution]
) -> tuple[Image.Image, ...]:
    """Tint the image once for each attribution: red over patches that speak for the class, blue over those against it.

    All share one scale (square root); patches whose columns are redistributed are outlined.

    Args:
        image: the image.
        inspection: what was found in it.
        attributions: at least one.

    Returns:
        An enlarged RGB copy for each.
    """
    strongest = max(float(attribution.values.abs().max()) for attribution in attributions) or 1.0
    return tuple(_heat(image, inspection, attribution.values / strongest) for attribution in attributions)


def _heat(image: Image.Image, inspection: Inspection, shares: Tensor) -> Image.Image:
    shown = outlined_image(image, inspection.layout, ())
    pixels = np.asarray(shown, dtype=np.float32).copy()
    against, support = (difference_colours()[place].astype(np.float32) for place in (_AGAINST, _FOR))
    for key, (left, top, right, bottom) in patch_boxes(inspection.layout, shown.width, shown.height).items():
        share = float(shares[key])
        opacity = _MOST_OPAQUE * abs(share) ** 0.5
        box = pixels[top : bottom + 1, left : right + 1]
        box[:] = (1 - opacity) * box + opacity * (support if share > 0 else against)
    tinted = Image.fromarray(pixels.round().astype(np.uint8))
    return outlined_image(tinted, inspection.layout, inspection.flags.columns)


def signed(value: float) -> str:
    """+1.23 or \u22121.23, and 0.00 without a sign."""
    text = f"{abs(value):.2f}"
    return text if float(text) == 0 else ("+" if value > 0 else "\u2212") + text


def agreement_sentence(share: float | None, unit: str) -> str:
    """What the agreement of attribution and detector means, in a sentence or two.

    Args:
        share: the area under the ROC curve, as `agreement` returns it.
        unit: what one key is called ("patch", "word").
    """
    if share is None:
        return f"Attribution can't be compared with the flags here: none or every {unit} is flagged."
    pairs = f"of two {unit}s, a flagged one and another, the flagged one has the larger attribution"
    if unit.endswith("ch"):
        pairs = pairs.replace(f"{unit}s", f"{unit}es")
    if share >= _CLEAR:
        return f"Attribution, which knows nothing of the flags, agrees: {pairs} in {percent(share)} of all cases."
    if share >= _LEANS:
        return f"Attribution agrees, but not clearly: {pairs} in {percent(share)} of all cases; chance is 50\u00a0%."
    return (
        f"Attribution does not agree: {pairs} in only {percent(share)} of all cases; chance is 50\u00a0%. "
        "Look at the causal check before you trust the flag."
    )


@dataclass(frozen=True)
class RolloutRow:
    """One key in a table of the attention rollout.

    Attributes:
        name: its name, with a triangle before it if its column is redistributed.
        before: its share of the rollout without AtPatch, in percent.
        after: its share of the rollout with AtPatch, in percent.
    """

    name: str
    before: str
    after: str


def rollout_rows(inspection: Inspection, most: int = 5) -> tuple[RolloutRow, ...]:
    """The keys with the largest rollout without AtPatch.

    Args:
        inspection: what was found in an input.
        most: the most keys to return; 5 by default.

    Raises:
        InputError: the maps allow no rollout, see `attention_rollout`.
    """
    before, after = (answer_rollout(passed.trace) for passed in (inspection.original, inspection.patched))
    names = unique(inspection.layout.key_names)
    top = before.argsort(descending=True, stable=True)[:most].tolist()
    return tuple(
        RolloutRow(
            _marked(names[key], key, inspection.flags.columns), percent(float(before[key])), percent(float(after[key]))
        )
        for key in top
    )


def _marked(name: str, key: int, columns: Sequence[Column]) -> str:
    return f"\u25bc {name}" if any(column.key == key for column in columns) else name


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "\u2026"
