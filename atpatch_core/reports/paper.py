"""Figures for a paper: vector graphics and 300 dots per inch, black on white, drawn by Matplotlib.

Names of columns and classes come from outside. They are drawn as they are: nothing in them is read as mathematics.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.colors import ListedColormap, Normalize, PowerNorm, SymLogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from ..column import Column
from ..figures.atlas import draw_atlas
from ..figures.colours import ORIGINAL, REDISTRIBUTED, attention_colours, difference_colours
from ..figures.image import outlined_image
from ..figures.map_values import map_values
from ..figures.probabilities import shown_classes
from ..figures.scores import clear_of
from ..wording.phrases import percent, score_text
from ..wording.verdict import column_name
from .findings import Findings

_WIDTH = 7.1  # inches: both columns of a usual page
_DOTS = 300  # to the inch, as journals ask
_SIZE = 8  # points of type
_MOST_MAPS = 4  # single maps: all are in the overview
_MOST_SCORES = 12  # the highest
_LONGEST = 22  # characters of a name
_NUMBER = 0.08  # as wide as a score's number, on the axis of scores
_GREY = "#6b7280"


@dataclass(frozen=True)
class PaperFigure:
    """One figure for a paper, drawn.

    Attributes:
        name: for the name of its file.
        title: for a person.
        alt: what it shows, in words.
        figure: Matplotlib's figure.
    """

    name: str
    title: str
    alt: str
    figure: Figure

    def svg(self) -> bytes:
        """As a vector graphic, whose letters are shapes: it looks the same everywhere."""
        file = io.BytesIO()
        self.figure.set_dpi(_DOTS)  # of the images in it: with fewer, the letters in them lose their strokes
        FigureCanvasSVG(self.figure).print_svg(file, metadata={"Date": None})  # type: ignore[no-untyped-call]
        return file.getvalue()

    def png(self) -> bytes:
        """As pixels, 300 to the inch."""
        file = io.BytesIO()
        self.figure.set_dpi(_DOTS)
        FigureCanvasAgg(self.figure).print_png(file)  # type: ignore[no-untyped-call]
        return file.getvalue()


def paper_figures(found: Findings, layer: int, head: int) -> tuple[PaperFigure, ...]:
    """Draw all figures of a report: the input (if it is an image), both predictions, all maps, the scores, and single
    maps.

    Args:
        found: what was found in an input.
        layer: number of the layer of the first single map; the others are the first ones with flagged columns.
        head: number of its head.
    """
    inspection = found.inspection
    before, after = inspection.original.prediction, inspection.patched.prediction
    drawn = []
    if found.kind == "image":
        image = outlined_image(found.value, inspection.layout, inspection.flags.columns)
        drawn.append(
            PaperFigure(
                "input",
                "The input",
                "The image; outlined is what is redistributed",
                _raster(np.asarray(image), 3.4),
            )
        )
    drawn.append(
        PaperFigure(
            "predictions",
            "Predictions",
            f"Without AtPatch {before.label} {percent(before.confidence)}, "
            f"with AtPatch {after.label} {percent(after.confidence)}",
            _predictions(found),
        )
    )
    atlas = draw_atlas(inspection.original.trace, inspection.flags)
    drawn.append(
        PaperFigure(
            "all-maps",
            "All attention maps, without AtPatch",
            f"{len(inspection.original.trace.maps)} layers of attention maps; framed where columns are redistributed",
            _raster(atlas, _WIDTH),
        )
    )
    if any(scores is not None for scores in inspection.flags.scores):
        drawn.append(
            PaperFigure(
                "scores",
                "The highest detector scores",
                "The columns with the highest scores, against the threshold",
                _scores(found),
            )
        )
    places = [(layer, head), *((column.layer, column.head) for column in inspection.flags.columns)]
    for place in list(dict.fromkeys(places))[:_MOST_MAPS]:
        drawn.append(
            PaperFigure(
                f"map-layer{place[0]}-head{place[1]}",
                f"Layer {place[0]}, head {place[1]}",
                f"The attention map of layer {place[0]}, head {place[1]}: original, redistributed, difference",
                _map(found, *place),
            )
        )
    return tuple(drawn)


def _empty(height: float) -> Figure:
    return Figure(figsize=(_WIDTH, height), layout="constrained", facecolor="white")


def _raster(pixels: np.ndarray, width: float) -> Figure:
    figure = Figure(figsize=(width, width * pixels.shape[0] / pixels.shape[1]))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.imshow(pixels, interpolation="nearest")
    axes.set_axis_off()
    return figure


def _predictions(found: Findings) -> Figure:
    before, after = found.inspection.original.prediction, found.inspection.patched.prediction
    classes = shown_classes(before, after)
    figure = _empty(0.8 + 0.3 * len(classes))
    axes, places = figure.add_subplot(), np.arange(len(classes))
    for prediction, name, colour, hatch, shift in (
        (before, "without AtPatch", ORIGINAL, "", -0.2),
        (after, "with AtPatch", REDISTRIBUTED, "////", 0.2),
    ):
        values = [float(prediction.probabilities[number]) for number in classes]
        bars = axes.barh(places + shift, values, 0.38, color=colour, hatch=hatch, edgecolor="white", label=name)
        axes.bar_label(bars, [_share(value) for value in values], padding=2, fontsize=_SIZE - 1)
    axes.set_yticks(places, [_short(before.labels[number]) for number in classes], parse_math=False, fontsize=_SIZE)
    axes.set_xlim(0, 1.12)
    axes.set_xticks(np.linspace(0, 1, 6))
    axes.xaxis.set_major_formatter(PercentFormatter(1, 0, "\u00a0%"))
    axes.invert_yaxis()
    _bare(axes, "probability")
    axes.legend(frameon=False, fontsize=_SIZE, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    return figure


def _scores(found: Findings) -> Figure:
    flags, layout = found.inspection.flags, found.inspection.layout
    scored = [
        (score, Column(layer, head, key))
        for layer, scores in enumerate(flags.scores)
        if scores is not None
        for head, row in enumerate(scores.tolist())
        for key, score in enumerate(row)
    ]
    top = sorted(scored, key=lambda pair: (-pair[0], pair[1]))[:_MOST_SCORES]
    figure = _empty(0.8 + 0.22 * len(top))
    axes, places = figure.add_subplot(), np.arange(len(top))
    flagged = set(flags.columns)
    axes.barh(
        places, [score for score, _ in top], 0.7, color=[ORIGINAL if column in flagged else _GREY for _, column in top]
    )
    threshold = min(flags.threshold, 1.0)
    for place, (score, _) in enumerate(top):
        start = clear_of(score, _NUMBER, [threshold])
        axes.annotate(
            score_text(score),
            (start, place),
            (2, 0),
            textcoords="offset points",
            verticalalignment="center_baseline",
            fontsize=_SIZE - 1,
        )
    axes.set_yticks(
        places, [_short(column_name(column, layout), 60) for _, column in top], parse_math=False, fontsize=_SIZE - 1
    )
    axes.axvline(threshold, color=REDISTRIBUTED, linewidth=1)
    axes.set_xlim(0, 1.12)
    axes.invert_yaxis()
    _bare(axes, f"score (threshold {score_text(flags.threshold)}; flagged columns are orange)")
    return figure


def _map(found: Findings, layer: int, head: int) -> Figure:
    values = map_values(found.inspection, layer, head)
    attention, difference = ListedColormap(attention_colours() / 255), ListedColormap(difference_colours() / 255)
    change = values.largest_change
    panels: tuple[tuple[str, np.ndarray, ListedColormap, Normalize], ...] = (
        ("original", values.before, attention, PowerNorm(0.5, 0, values.strongest)),
        ("redistributed", values.after, attention, PowerNorm(0.5, 0, values.strongest)),
        ("difference", values.after - values.before, difference, SymLogNorm(change / 20, vmin=-change, vmax=change)),
    )
    figure = _empty(2.9)
    for number, (title, shown, colours, norm) in enumerate(panels):
        axes = figure.add_subplot(1, 3, number + 1)
        image = axes.imshow(shown, cmap=colours, norm=norm, interpolation="nearest", aspect="auto")
        axes.set_title(title, fontsize=_SIZE + 1)
        _name_axes(axes, values.ticks, shown.shape[0] == shown.shape[1])
        axes.set_xlabel("key (attended to)", fontsize=_SIZE)
        if number == 0:
            axes.set_ylabel("query (attending)", fontsize=_SIZE)
        above = axes.get_xaxis_transform()
        for place in values.marked:
            axes.plot(place, 1.03, "v", markersize=4, color="black", clip_on=False, transform=above)
        bar = figure.colorbar(image, ax=axes, location="bottom", shrink=0.9, aspect=30)
        bar.ax.tick_params(labelsize=_SIZE - 2)
        if title == "difference":
            # Its scale is logarithmic on both sides of zero, where the usual ticks crowd.
            bar.set_ticks([-change, -change / 10, 0, change / 10, change], labels=_signed(change))
            bar.minorticks_off()
    return figure


def _signed(change: float) -> list[str]:
    large, small = f"{change:.2g}", f"{change / 10:.2g}"
    return [f"\u2212{large}", f"\u2212{small}", "0", f"+{small}", f"+{large}"]


def _share(value: float) -> str:
    """In percent; nothing where that would be "0.0 %", beside bars that can't be seen."""
    text = percent(value)
    return "" if text == percent(0.0) else text


def _name_axes(axes: Axes, ticks: tuple[list[int], list[str]], square: bool) -> None:
    places, names = ticks
    axes.set_xticks(places, names, rotation=90, parse_math=False, fontsize=_SIZE - 2)
    if square:
        axes.set_yticks(places, names, parse_math=False, fontsize=_SIZE - 2)
    axes.tick_params(length=2)


def _bare(axes: Axes, across: str) -> None:
    axes.set_xlabel(across, fontsize=_SIZE)
    axes.tick_params(axis="x", labelsize=_SIZE - 1)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _short(name: str, longest: int = _LONGEST) -> str:
    return name if len(name) <= longest else name[: longest - 1] + "\u2026"
