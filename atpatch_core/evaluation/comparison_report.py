"""A comparison as JSON, as CSV, as a Markdown table, and in a sentence: one row for each defence and attack."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..files.spreadsheet import as_csv
from .comparison import Comparison, Run
from .metrics import Metric
from .rates import Rate
from .report import without_nan
from .sentences import attack_sentence, fairness_sentence

_NOT_SHOWN = "\u2013"
_INTERVAL = ("", "_low", "_high")


@dataclass(frozen=True)
class Row:
    """One defence under one attack, averaged over the seeds. What is not measured is `None`.

    Attributes:
        defence: its name.
        family: how to read the row (see `Method`).
        attack: name of the attack or of the protected attribute; empty without one.
        rates: by the names of the metrics.
        spread: their standard deviations over the seeds.
    """

    defence: str
    family: str
    attack: str
    rates: dict[str, Rate | None]
    spread: dict[str, float | None]


def rows(comparison: Comparison, attack: str | None = None) -> list[Row]:
    """Every defence under every attack, or the one named; without attacks, every defence once."""
    found = []
    for defence, first in comparison.runs[0].defences.items():
        for name in first.attacks or ("",):
            if attack not in (None, name):
                continue
            rates, deviations = {}, {}
            for metric in comparison.modality.metrics:
                of_runs = [_rate(run, defence, name, metric) for run in comparison.runs]
                known = [rate for rate in of_runs if rate is not None and not math.isnan(rate.value)]
                rates[metric.name] = averaged(known) if known else None
                deviations[metric.name] = spread(known)
            found.append(Row(defence, comparison.families.get(defence, ""), name, rates, deviations))
    return found


def averaged(rates: Sequence[Rate]) -> Rate:
    """The mean of the rates of several seeds, with the mean of their intervals.

    Seeds share their inputs, so more of them make the interval steadier but not narrower.
    """
    value, low, high = np.mean([(rate.value, rate.low, rate.high) for rate in rates], axis=0).tolist()
    return Rate(value, low, high, rates[0].n)


def spread(rates: Sequence[Rate]) -> float | None:
    """The standard deviation over the seeds, or `None` of a single one."""
    return float(np.std([rate.value for rate in rates], ddof=1)) if len(rates) > 1 else None


def comparison_as_json(comparison: Comparison) -> dict[str, Any]:
    """Every figure; a rate is {value, low, high, n}, with several seeds also their `spread`. Single runs come last."""
    table = []
    for row in rows(comparison):
        plain: dict[str, Any] = {"defence": row.defence, "attack": row.attack or None}
        for name, rate in row.rates.items():
            plain[name] = None if rate is None else without_nan(asdict(rate)) | {"spread": row.spread[name]}
        table.append(plain)
    return {
        "n": comparison.n,
        "defender_n": comparison.defender_n,
        "false_positive_rate_wanted": comparison.false_positive_rate,
        "seeds": [run.seed for run in comparison.runs],
        "unavailable": dict(comparison.unavailable),
        "table": table,
        "runs": [_run_as_json(run, comparison.modality.metrics) for run in comparison.runs],
    }


def comparison_as_csv(comparison: Comparison) -> str:
    """All figures with their intervals.

    One row for each defence and attack, with the spread of every figure over seeds; of records, one row for each
    defence, with the figures that the page shows, those by a protected attribute under its name.
    """
    if comparison.kind == "record":
        return _fairness_as_csv(comparison)
    names = [metric.name for metric in comparison.modality.metrics]
    table: list[Sequence[str | float | None]] = [
        ["defence", "attack", "n", "seeds", *(name + part for name in names for part in (*_INTERVAL, "_spread"))]
    ]
    for row in rows(comparison):
        cells: list[str | float | None] = [row.defence, row.attack, comparison.n, len(comparison.runs)]
        for name in names:
            cells += (*_values(row.rates[name]), row.spread[name])
        table.append(cells)
    return as_csv(table)


def comparison_as_markdown(
    comparison: Comparison, names: Sequence[str] | None = None, attacks: Sequence[str] | None = None
) -> str:
    """A table for each attack, in per cent with 95 % intervals. The least harm that needs no truth is bold.

    Args:
        comparison: what was measured.
        names: of the metrics to show; by default those that the modality reports.
        attacks: names of the attacks to show; all by default.
    """
    modality = comparison.modality
    metrics, initial = [modality.metric(name) for name in names or modality.reported], modality.metric(modality.before)
    found = [row for row in rows(comparison) if attacks is None or row.attack in attacks]
    blocks = []
    for attack in dict.fromkeys(row.attack for row in found):
        group = [row for row in found if row.attack == attack]
        best = least_harm(group)
        before = _text(initial, group[0])
        title = "**Without an attack**" if before == _NOT_SHOWN else f"**{attack}** ({initial.heading}: {before} %)"
        head = ["defence", *(metric.heading for metric in metrics)]
        lines = [title, "", f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
        for row in group:
            cells = {metric.name: _text(metric, row) for metric in metrics}
            if row is best and "harm" in cells:
                cells["harm"] = f"**{cells['harm']}**"
            label = f"*{row.defence}* (bound)" if row.family == "bound" else row.defence
            lines.append(f"| {label} | {' | '.join(cells.values())} |")
        blocks.append("\n".join(lines))
    notes = [f"* {name} could not be used: {reason}" for name, reason in comparison.unavailable.items()]
    return "\n\n".join([*blocks, *(["\n".join(notes)] if notes else [])]) + "\n"


def table_cells(comparison: Comparison) -> list[tuple[str, ...]]:
    """A heading and rows for a terminal: defence, attack, and the figures of the Markdown table."""
    metrics = [comparison.modality.metric(name) for name in comparison.modality.reported]
    head = ("defence", "attack", *(metric.heading for metric in metrics))
    cells = [(row.defence, row.attack, *(_text(metric, row) for metric in metrics)) for row in rows(comparison)]
    return [head, *cells]


def sentence(comparison: Comparison, attack: str) -> str:
    """What AtPatch makes of `attack` (or of a protected attribute), for a person."""
    group = rows(comparison, attack)
    by_family = {row.family: row.rates for row in group}
    before, own = by_family["none"], by_family.get("atpatch")
    if comparison.kind == "record":
        return fairness_sentence(attack, comparison.n, before, own)
    rival = least_harm([row for row in group if row.family in ("columns", "peer")])
    best = None if rival is None else (rival.defence, rival.rates)
    return attack_sentence(attack, comparison.modality.inputs, before, own, best)


def least_harm(group: Sequence[Row]) -> Row | None:
    """The row with the least harm among those that can be had without knowing the truth."""
    harms = [(row, row.rates.get("harm")) for row in group if row.family != "bound"]
    usable = [(row, harm.value) for row, harm in harms if harm is not None]
    return min(usable, key=lambda pair: pair[1], default=(None, 0.0))[0]


def _rate(run: Run, defence: str, attack: str, metric: Metric) -> Rate | None:
    figures = run.defences.get(defence)
    if figures is None or (metric.under_attack and not attack):
        return None
    return (figures.attacks[attack].rates if metric.under_attack else figures.rates).get(metric.name)


def _run_as_json(run: Run, metrics: Sequence[Metric]) -> dict[str, Any]:
    defences = {}
    for name, figures in run.defences.items():
        attacks = {
            attack: {**_plain(under.rates, metrics, under_attack=True), "n": under.n}
            for attack, under in figures.attacks.items()
        }
        defences[name] = {**_plain(figures.rates, metrics, under_attack=False), "attacks": attacks}
    plain: dict[str, Any] = without_nan({"seed": run.seed, "defences": defences})
    return plain


def _plain(rates: dict[str, Rate], metrics: Sequence[Metric], under_attack: bool) -> dict[str, Any]:
    names = [metric.name for metric in metrics if metric.under_attack == under_attack]
    return {name: asdict(rates[name]) if name in rates else None for name in names}


def _fairness_as_csv(comparison: Comparison) -> str:
    shown = [comparison.modality.metric(name) for name in comparison.modality.shown]
    common = [metric.name for metric in shown if not metric.under_attack]
    each = [metric.name for metric in shown if metric.under_attack]
    names = [*common, *(f"{attribute}_{name}" for attribute in comparison.attacks for name in each)]
    table: list[Sequence[str | float | None]] = [
        ["defence", "n", *(name + part for name in names for part in _INTERVAL)]
    ]
    found = {(row.defence, row.attack): row.rates for row in rows(comparison)}
    for defence in comparison.runs[0].defences:
        by_attribute = [found[defence, attribute] for attribute in comparison.attacks]
        rates = [by_attribute[0][name] for name in common] + [of_it[name] for of_it in by_attribute for name in each]
        table.append([defence, comparison.n, *(value for rate in rates for value in _values(rate))])
    return as_csv(table)


def _values(rate: Rate | None) -> tuple[float | None, float | None, float | None]:
    return (None, None, None) if rate is None else (rate.value, rate.low, rate.high)


def _text(metric: Metric, row: Row) -> str:
    rate, deviation = row.rates[metric.name], row.spread[metric.name]
    if rate is None:
        return _NOT_SHOWN
    scale, digits = metric.scale, metric.digits
    value = f"{scale * rate.value:.{digits}f}"
    if deviation is not None and round(scale * deviation, digits) > 0:
        value += f" \u00b1 {scale * deviation:.{digits}f}"
    return f"{value} [{scale * rate.low:.{digits}f}, {scale * rate.high:.{digits}f}]"
