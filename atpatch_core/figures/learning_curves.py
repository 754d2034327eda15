"""How a detector learns: the loss, and how well held-out inputs are separated, epoch by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ..detector.learning_curve import Epoch
from .plotting import go

_COLOURS = ("#2563eb", "#d97706", "#0f766e", "#be185d", "#7c3aed", "#6b7280")
_DASHES = ("solid", "dash", "dot", "dashdot")


def loss_curves(epochs: Sequence[Epoch]) -> go.Figure:
    """The loss of every network over its epochs."""
    figure = _lines(
        epochs, {name: [epoch.loss for epoch in mine] for name, mine in _by_network(epochs).items()}, "loss"
    )
    figure.update_yaxes(title="loss", rangemode="tozero")
    return figure


def auroc_curves(epochs: Sequence[Epoch]) -> go.Figure:
    """The area under the ROC curve over held-out inputs, over the epochs of every network that has any such inputs."""
    measured = [epoch for epoch in epochs if epoch.auroc is not None]
    areas = {name: [epoch.auroc or 0.0 for epoch in mine] for name, mine in _by_network(measured).items()}
    figure = _lines(measured, areas, "AUROC")
    lowest = min((epoch.auroc or 0.0 for epoch in measured), default=0.5)
    figure.update_yaxes(title="held-out AUROC", range=[min(0.48, lowest - 0.02), 1.02])
    return figure


def _by_network(epochs: Sequence[Epoch]) -> dict[str, list[Epoch]]:
    found: dict[str, list[Epoch]] = {}
    for epoch in epochs:
        found.setdefault(epoch.network, []).append(epoch)
    return found


def _lines(epochs: Sequence[Epoch], values: dict[str, list[float]], what: str) -> go.Figure:
    """One line a network: networks of one layer share a colour, and differ in their dashes."""
    figure = go.Figure()
    layers = list(dict.fromkeys(name.partition(",")[0] for name in values))
    seen: dict[str, int] = {}
    for name, mine in _by_network(epochs).items():
        layer = name.partition(",")[0]
        turn = seen[layer] = seen.get(layer, -1) + 1
        figure.add_scatter(
            x=[epoch.number for epoch in mine],
            y=values[name],
            mode="lines" if len(mine) > 1 else "markers",
            name=escape(name),
            line={
                "color": _COLOURS[layers.index(layer) % len(_COLOURS)],
                "dash": _DASHES[turn % len(_DASHES)],
                "width": 2,
            },
            hovertemplate=f"{escape(name)}<br>epoch %{{x}}: {what} %{{y:.4f}}<extra></extra>",
        )
    figure.update_layout(
        height=300,
        margin={"l": 8, "r": 16, "t": 8, "b": 8},
        showlegend=len(values) <= 8,
        legend={"orientation": "h", "x": 0, "y": -0.25, "yanchor": "top", "font": {"size": 11}},
    )
    figure.update_xaxes(
        title="epoch", fixedrange=True, range=[0.5, max((epoch.of for epoch in epochs), default=1) + 0.5]
    )
    figure.update_yaxes(fixedrange=True, automargin=True)
    return figure
