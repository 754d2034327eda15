"""Where the names of marks in a chart go, so that they lie neither on marks nor on each other.

A chart is as wide as its screen lets it be, and labels do not grow with it: places are good that are so in a small
chart and in a large one. Libraries for this (adjustText, textalloc) move labels in a Matplotlib figure of one size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

_LETTER, _LINE = 5.6, 14.0  # pixels, of type that is 11 pixels high
_DISTANCES = (4.0, 14.0, 26.0, 40.0, 56.0, 74.0, 94.0, 120.0)  # pixels from the edge of a mark to its label
_ANGLES = np.arange(16) * np.pi / 8
_STEPS = np.linspace(0.2, 1.0, 9)[None, :, None]  # along a line from a mark to its label, to see what it crosses
# How bad is a pixel away from the mark, a pixel on something, one outside the chart, and a step of a line on another
# mark and on another label or its line.
_FAR, _COVERED, _OUTSIDE, _ON_MARK, _ON_LABEL = 4.0, 8.0, 40.0, 150.0, 40.0
_ROUNDS = 3  # in each of which every label may choose again; more take longer


@dataclass(frozen=True)
class Mark:
    """A mark in a chart.

    Attributes:
        name: what its label says.
        x: from the left, in widths of the chart.
        y: from the top, in heights of the chart.
        radius: how far it reaches around its middle, in pixels.
    """

    name: str
    x: float
    y: float
    radius: float


@dataclass(frozen=True)
class Label:
    """A label for one mark, or for several that lie on each other.

    Attributes:
        names: the names of the marks, one a line.
        mark: the mark it stands beside.
        right: from the middle of the mark to that of the label, in pixels.
        down: from the middle of the mark to that of the label, in pixels.
        near: whether it needs no line to its mark.
    """

    names: tuple[str, ...]
    mark: Mark
    right: float
    down: float
    near: bool


def text_size(names: Sequence[str]) -> tuple[float, float]:
    """About how wide and high `names` are, one a line, in pixels."""
    return _LETTER * max(map(len, names)) + _LETTER, _LINE * len(names)


@lru_cache(maxsize=64)  # a page is drawn many times over, with the same marks
def label_places(marks: tuple[Mark, ...], sizes: tuple[tuple[float, float], ...]) -> tuple[Label, ...]:
    """Find a place for the label of each group of marks that overlap.

    Each label takes the best of some places around its mark, and may choose again once all others are placed. Who comes
    first makes a difference, so two orders are tried.

    Args:
        marks: the marks of one chart.
        sizes: (width, height) in pixels in which the chart may appear, the smallest first.
    """
    groups = _groups(marks, sizes[0])
    tried = [_placed(marks, order, sizes) for order in (groups, groups[::-1])]
    return tuple(min(tried, key=lambda placed: placed[1])[0])


def _placed(
    marks: Sequence[Mark], groups: Sequence[Sequence[int]], sizes: Sequence[tuple[float, float]]
) -> tuple[list[Label], float]:
    """The labels of `groups`, placed one after the other for a few rounds, and how bad their places are."""
    labels: dict[int, Label] = {}
    costs: dict[int, float] = {}
    for _ in range(_ROUNDS):
        for number, members in enumerate(groups):
            others = [label for group, label in labels.items() if group != number]
            labels[number], costs[number] = _best(marks, members, others, sizes)
    return list(labels.values()), sum(costs.values())


def _best(
    marks: Sequence[Mark], members: Sequence[int], others: Sequence[Label], sizes: Sequence[tuple[float, float]]
) -> tuple[Label, float]:
    """The best place for the names of the marks `members` beside `others`, and how bad it is."""
    mark, names = marks[members[0]], tuple(marks[member].name for member in members)
    box = np.array(text_size(names))
    offsets, distances = _choices(max(marks[member].radius for member in members), box)
    cost = _FAR * distances
    for size in sizes:
        boxes = np.concatenate([_boxes(marks, size), *(_drawn(other, size) for other in others)])
        crossing = np.full(len(boxes), _ON_LABEL)
        crossing[: len(marks)] = _ON_MARK
        crossing[list(members)] = 0.0  # where the line begins
        cost += _cost(np.array([mark.x, mark.y]) * size, offsets, box, boxes, crossing, np.array(size))
    best = int(cost.argmin())
    near = bool(distances[best] == _DISTANCES[0])
    right, down = offsets[best].tolist()
    return Label(names, mark, right, down, near), float(cost[best])


def _boxes(marks: Sequence[Mark], size: tuple[float, float]) -> np.ndarray:
    """Middles and sizes of squares around all marks, `[marks, 4]` in pixels."""
    width, height = size
    squares = [(mark.x * width, mark.y * height, 2 * mark.radius, 2 * mark.radius) for mark in marks]
    return np.array(squares).reshape(-1, 4)


def _drawn(label: Label, size: tuple[float, float]) -> np.ndarray:
    """What a label adds to the boxes of a chart: itself, and a few pixels of its line."""
    middle, offset = np.array([label.mark.x, label.mark.y]) * size, np.array([label.right, label.down])
    text = np.concatenate([middle + offset, text_size(label.names)])[None]
    if label.near:
        return text
    line = middle + _STEPS[0] * offset
    return np.concatenate([text, np.concatenate([line, np.full_like(line, 3.0)], axis=1)])


def _groups(marks: Sequence[Mark], size: tuple[float, float]) -> list[list[int]]:
    """The places of marks whose middles lie on another one."""
    groups: list[list[int]] = []
    for number, mark in enumerate(marks):
        for group in groups:
            near = marks[group[0]]
            away = max(abs(mark.x - near.x) * size[0], abs(mark.y - near.y) * size[1])
            if away < max(mark.radius, near.radius):
                group.append(number)
                break
        else:
            groups.append([number])
    return groups


def _choices(radius: float, box: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Middles of labels around a mark, `[choices, 2]` in pixels from it, and how far their edges are from its own."""
    around = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], -1)
    distances = np.repeat(_DISTANCES, len(around))
    around = np.tile(around, (len(_DISTANCES), 1))
    return around * (radius + distances)[:, None] + np.clip(2 * around, -1, 1) * box / 2, distances


def _cost(
    middle: np.ndarray, offsets: np.ndarray, box: np.ndarray, boxes: np.ndarray, crossing: np.ndarray, size: np.ndarray
) -> np.ndarray:
    """How bad each choice is, `[choices]`: what it covers, what of it is outside, and what its line crosses.

    `crossing` says how bad a step of the line on each of `boxes` is.
    """
    places = middle + offsets
    covered = _shared(places, box, boxes).sum(1)
    outside = box.prod() - _shared(places, box, np.concatenate([size / 2, size])[None])[:, 0]
    line = middle + _STEPS * offsets[:, None]
    hits = (np.abs(line[:, :, None] - boxes[:, :2]) < boxes[:, 2:] / 2).all(-1)
    cost: np.ndarray = _COVERED * covered + _OUTSIDE * outside + (hits * crossing).sum((1, 2))
    return cost


def _shared(places: np.ndarray, box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """The area that a box at each of `places` (`[n, 2]`) shares with each of `boxes` (`[m, 4]`): `[n, m]`."""
    apart = np.abs(places[:, None] - boxes[:, :2])
    sides = np.minimum((box + boxes[:, 2:]) / 2 - apart, np.minimum(box, boxes[:, 2:]))
    area: np.ndarray = sides.clip(min=0).prod(-1)
    return area
