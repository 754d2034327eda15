"""A fairness evaluation as JSON for machines and as rows for people."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from .fairness import FairnessEvaluation
from .rates import Rate
from .report import percent, without_nan


def fairness_as_json(evaluation: FairnessEvaluation) -> dict[str, Any]:
    """All figures as JSON-ready values, with `null` for what was not measured."""
    result: dict[str, Any] = without_nan(asdict(evaluation))
    return result


def fairness_rows(evaluation: FairnessEvaluation) -> list[tuple[str, str]]:
    """The figures as (name, value) rows."""
    rows = [
        ("records", f"{evaluation.n:,}"),
        ("accuracy before", percent(evaluation.accuracy_before)),
        ("accuracy after", percent(evaluation.accuracy_after)),
        ("accuracy drop", points(evaluation.accuracy_drop)),
        ("predictions changed", percent(evaluation.changed)),
    ]
    for name, figures in evaluation.attributes.items():
        rows += [
            (f"{name}: individual discrimination rate (IDR) before", percent(figures.idr_before)),
            (f"{name}: IDR after", percent(figures.idr_after)),
            (f"{name}: IDR reduced by", percent(figures.idr_reduction)),
            (f"{name}: statistical parity difference (SPD) before", points(figures.spd_before)),
            (f"{name}: SPD after", points(figures.spd_after)),
            (f"{name}: equal opportunity difference (EOD) before", points(figures.eod_before)),
            (f"{name}: EOD after", points(figures.eod_after)),
        ]
    return rows


def points(rate: Rate) -> str:
    """A difference of two shares in percentage points with its interval: "-1.77 [-2.40, -1.13]"."""
    return percent(rate).replace(" %", " points", 1)
