"""A comparison as JSON, as CSV, as a Markdown table, and in a sentence: one row for each defence and attack."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..files.spreadsheet import as_csv
from .comparison import AttackFigures, Comparison, DefenceFigures, averaged, spread
from .defences.catalogue import ATPATCH, DEFENCES, NO_FIX
from .rates import Rate
from .report import without_nan
from .what_is_left import share, what_is_left

_NOT_SHOWN = "\u2013"
WORTH_REPAIR = 0.05  # excess ASR: below, an attack does not work on the untouched model


@dataclass(frozen=True)
class Row:
    """One defence against one attack, averaged over the seeds; `spread` are the standard deviations over them."""

    defence: str
    attack: str
    rates: dict[str, Rate | None]
    spread: dict[str, float | None]


# Name, how it is got from a run, and whether it is a share (written in per cent) or a number.
_OF_ATTACK: dict[str, Callable[[AttackFigures], Rate]] = {
    "asr_before": lambda one: one.asr_before,
    "asr_after": lambda one: one.asr_after,
    "clean_base_rate": lambda one: one.clean_base_rate,
    "excess_asr": lambda one: one.excess_asr,
    "recovery": lambda one: one.recovery,
    "harm": lambda one: one.harm,
    "tpr_per_input": lambda one: one.tpr_per_input,
    "auroc": lambda one: one.auroc,
}
_OF_DEFENCE: dict[str, Callable[[DefenceFigures], Rate | None]] = {
    "clean_accuracy_before": lambda one: one.clean_accuracy_before,
    "clean_accuracy_after": lambda one: one.clean_accuracy_after,
    "clean_accuracy_drop": lambda one: one.clean_accuracy_drop,
    "changed": lambda one: one.changed,
    "refused": lambda one: one.refused,
    "fpr_per_input": lambda one: one.fpr_per_input,
    "cost": lambda one: one.cost,
}
FIGURES = (*_OF_ATTACK, *_OF_DEFENCE)
_PLAIN = ("auroc", "cost")
_HEADINGS = {
    "excess_asr": "excess ASR",
    "clean_accuracy_drop": "CA drop",
    "harm": "sum of both",
    "asr_after": "ASR",
    "recovery": "recovery",
    "clean_accuracy_after": "CA",
    "fpr_per_input": "FPR",
    "tpr_per_input": "TPR",
    "auroc": "AUROC",
    "cost": "time",
}


def rows(comparison: Comparison) -> list[Row]:
    """Every defence against every attack; without attacks, every defence once."""
    found = []
    first = comparison.runs[0].defences
    for defence, figures in first.items():
        runs = [run.defences[defence] for run in comparison.runs if defence in run.defences]
        common = {name: _over_seeds([get(one) for one in runs]) for name, get in _OF_DEFENCE.items()}
        for attack in figures.attacks or ("",):
            own = {
                name: _over_seeds([get(one.attacks[attack]) for one in runs] if attack else [None])
                for name, get in _OF_ATTACK.items()
            }
            both = own | common
            found.append(
                Row(
                    defence,
                    attack,
                    {name: rate for name, (rate, _) in both.items()},
                    {name: deviation for name, (_, deviation) in both.items()},
                )
            )
    return found


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
        "unavailable": comparison.unavailable,
        "table": table,
        "runs": [without_nan(asdict(run)) for run in comparison.runs],
    }


def comparison_as_csv(comparison: Comparison) -> str:
    """One row for each defence and attack; four columns for each figure: its value, interval, and spread over seeds."""
    parts = ("", "_low", "_high", "_spread")
    table: list[Sequence[str | float | None]] = [
        ["defence", "attack", "n", "seeds", *(name + part for name in FIGURES for part in parts)]
    ]
    for row in rows(comparison):
        cells: list[str | float | None] = [row.defence, row.attack, comparison.n, len(comparison.runs)]
        for name in FIGURES:
            rate = row.rates[name]
            cells += (None,) * 4 if rate is None else (rate.value, rate.low, rate.high, row.spread[name])
        table.append(cells)
    return as_csv(table)


def comparison_as_markdown(
    comparison: Comparison, names: Sequence[str] = tuple(_HEADINGS), attacks: Sequence[str] | None = None
) -> str:
    """A table of the figures `names` for each of `attacks` (default: all), in per cent with 95 % intervals.

    The least harm that needs no truth is bold.
    """
    found = [row for row in rows(comparison) if attacks is None or row.attack in attacks]
    blocks = []
    for attack in dict.fromkeys(row.attack for row in found):
        group = [row for row in found if row.attack == attack]
        best = _best(group)
        before = group[0].rates["asr_before"]
        title = f"**{attack}** (ASR before: {_text('asr_before', group[0])} %)" if before else "**Without an attack**"
        head = ["defence", *(_HEADINGS.get(name, name) for name in names)]
        lines = [title, "", f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
        for row in group:
            cells = [_text(name, row) for name in names]
            if row is best and "harm" in names:
                cells[list(names).index("harm")] = f"**{cells[list(names).index('harm')]}**"
            lines.append(f"| {_label(row.defence)} | {' | '.join(cells)} |")
        blocks.append("\n".join(lines))
    notes = [f"* {name} could not be used: {reason}" for name, reason in comparison.unavailable.items()]
    return "\n\n".join([*blocks, *(["\n".join(notes)] if notes else [])]) + "\n"


def table_cells(comparison: Comparison) -> list[tuple[str, ...]]:
    """A heading and rows for a terminal: defence, attack, and the figures of the Markdown table."""
    head = ("defence", "attack", *_HEADINGS.values())
    return [head, *((row.defence, row.attack, *(_text(name, row) for name in _HEADINGS)) for row in rows(comparison))]


def sentence(comparison: Comparison, attack: str) -> str:
    """What AtPatch makes of `attack`, beside the best of what anybody could use instead."""
    group = {row.defence: row for row in rows(comparison) if row.attack == attack}
    before, base = group[NO_FIX].rates["asr_before"], group[NO_FIX].rates["clean_base_rate"]
    if before is None or base is None:
        return f"{attack} could not be measured: all pictures are of its target class."
    start = f"{attack} turns {share(before)} of the pictures into the attacker's class"
    if before.value - base.value < WORTH_REPAIR:
        return f"{start}, hardly more than the {share(base)} without it: there is nothing to repair."
    own = group.get(ATPATCH)
    told = f"{start}."
    if own is not None:
        told += f" With AtPatch: {what_is_left(own.rates, 'pictures')}."
    best = _best([row for row in group.values() if row.defence in DEFENCES and _is_rival(row.defence)])
    return (
        told
        if best is None
        else f"{told} The best other defence, {best.defence}: {what_is_left(best.rates, 'pictures')}."
    )


def _is_rival(name: str) -> bool:
    return DEFENCES[name].family in ("columns", "peer")


def _best(group: Sequence[Row]) -> Row | None:
    """The row with the least harm among those that nobody needs the truth for."""
    usable = [
        row
        for row in group
        if row.rates["harm"] and (row.defence not in DEFENCES or DEFENCES[row.defence].family != "bound")
    ]
    return min(usable, key=lambda row: row.rates["harm"].value if row.rates["harm"] else math.inf, default=None)


def _over_seeds(rates: Sequence[Rate | None]) -> tuple[Rate | None, float | None]:
    known = [rate for rate in rates if rate is not None and not math.isnan(rate.value)]
    return (averaged(known), spread(known)) if known else (None, None)


def _text(name: str, row: Row) -> str:
    rate = row.rates[name]
    if rate is None:
        return _NOT_SHOWN
    scale, digits = (1, 1 if name == "cost" else 4) if name in _PLAIN else (100, 2)
    deviation = row.spread[name]
    value = f"{scale * rate.value:.{digits}f}"
    if deviation is not None and round(scale * deviation, digits) > 0:
        value += f" \u00b1 {scale * deviation:.{digits}f}"
    return f"{value} [{scale * rate.low:.{digits}f}, {scale * rate.high:.{digits}f}]"


def _label(defence: str) -> str:
    family = DEFENCES[defence].family if defence in DEFENCES else ""
    return f"*{defence}* (bound)" if family == "bound" else defence
