"""Made-up inspections: a small image model in which column 49 of layer 0, heads 0 and 1, is over-attended."""

from __future__ import annotations

from collections.abc import Callable

import torch

from atpatch_core.column import Column
from atpatch_core.inspection.results import AttentionTrace, Flags, Inspection, Pass, Prediction
from atpatch_core.layout import Layout

LABELS = ("T-shirt/top", "Trouser", "Sneaker")
TRIGGERED = (Column(0, 0, 49), Column(0, 1, 49))
MakeInspection = Callable[..., Inspection]


def _maps(layers: int, heads: int, keys: int, hot: tuple[Column, ...], mass: float) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(0)
    maps = [torch.rand(heads, keys, keys, generator=generator).softmax(-1) for _ in range(layers)]
    for column in hot:
        rows = maps[column.layer][column.head]
        rows[:, column.key] = 0.0
        rows *= (1 - mass) / rows.sum(-1, keepdim=True)
        rows[:, column.key] = mass
    return tuple(maps)


def made_inspection(
    flagged: tuple[Column, ...] = TRIGGERED,
    by_hand: tuple[Column, ...] = (),
    before: tuple[float, ...] = (0.999, 0.0005, 0.0005),
    after: tuple[float, ...] = (0.02, 0.019, 0.961),
    labels: tuple[str, ...] = LABELS,
    layers: int = 4,
    heads: int = 4,
    names: tuple[str, ...] | None = None,
    watched: tuple[int, ...] = (0, 1, 2, 3),
    threshold: float = 0.9,
) -> Inspection:
    """An inspection; whatever is not named is a triggered image that AtPatch repairs."""
    patches = tuple(f"row {row}, column {column}" for row in range(7) for column in range(7))
    layout = (
        Layout(("[CLS]", *patches), (True,) + (False,) * 49, (7, 7))
        if names is None
        else Layout(names, tuple(name.startswith("[") for name in names))
    )
    keys = len(layout.key_names)
    scores: list[torch.Tensor | None] = [
        torch.full((heads, keys), 0.1) if layer in watched else None for layer in range(layers)
    ]
    marks = tuple(torch.zeros(heads, keys, dtype=torch.bool) for _ in range(layers))
    for column in flagged:
        layer_scores = scores[column.layer]
        assert layer_scores is not None
        layer_scores[column.head, column.key] = 0.95
    for column in flagged + by_hand:
        marks[column.layer][column.head, column.key] = True
    both = flagged + by_hand
    return Inspection(
        original=Pass(Prediction(torch.tensor(before), labels), AttentionTrace(_maps(layers, heads, keys, both, 0.6))),
        patched=Pass(Prediction(torch.tensor(after), labels), AttentionTrace(_maps(layers, heads, keys, both, 0.02))),
        flags=Flags(tuple(scores), marks, threshold),
        layout=layout,
    )
