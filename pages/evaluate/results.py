"""What a comparison found: the verdict, the table, the trade-off, and the inputs behind it all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from atpatch_core.evaluation.attack_trial import AttackTrial
from atpatch_core.evaluation.comparison import Comparison
from atpatch_core.evaluation.comparison_report import (
    Row,
    comparison_as_csv,
    comparison_as_markdown,
    rows,
    sentence,
)
from atpatch_core.evaluation.metrics import Metric
from atpatch_core.figures.tradeoff import Place, tradeoff
from pages.evaluate.behind import show_behind
from pages.evaluate.detection import show_detection
from pages.evaluate.panels import CONFIG, interval, per_cent, selected_row
from pages.evaluate.wording import WORDS, Words
from pages.shared.markdown import plain
from pages.shared.resources import OpenSubject

_FORMATS = {"share": "%.2f", "difference": "%.2f", "area": "%.4f", "factor": "%.1f \u00d7"}


def show_results(opened: OpenSubject, comparison: Comparison) -> None:
    """Everything about one attack, or protected attribute, at a time."""
    words = WORDS[comparison.kind]
    attack = comparison.attacks[0]
    if len(comparison.attacks) > 1:
        attack = st.segmented_control(
            words.attack, comparison.attacks, default=attack, required=True, key="evaluate_attack"
        )
    verdict = sentence(comparison, attack)
    (st.info if "nothing to repair" in verdict else st.success)(plain(verdict), icon=":material/gavel:")
    for name, reason in comparison.unavailable.items():
        st.warning(plain(f"{name} could not be used: {reason}"), icon=":material/info:")
    if comparison.defender_n * comparison.false_positive_rate < 1:
        st.caption(
            f"Other defences set their thresholds on {comparison.defender_n:,} further {comparison.modality.inputs}: "
            f"too few to hold false alarms to {100 * comparison.false_positive_rate:g} %, so they may raise more. More "
            f"{comparison.modality.inputs} help."
        )
    group = rows(comparison, attack)
    chosen = _show_table(comparison, group)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(words.legend, width="content")
        _show_downloads(opened, comparison, words)
    attacked = comparison.runs[0].defences[comparison.untouched].attacks[attack].n
    st.caption(words.measured.format(attacked=attacked, count=comparison.n))
    left, right = st.columns([1, 1], gap="medium")
    with left:
        st.header("What is left, and what it costs", anchor=False)
        _show_tradeoff(comparison, group, attack, words)
    with right:
        st.header(plain(f"The {words.group} behind {chosen}"), anchor=False)
        show_behind(opened, words, comparison.outcomes(chosen, attack))
    if isinstance(comparison.trial, AttackTrial):
        show_detection(opened, comparison, comparison.trial, chosen, attack)
    if words.closing:
        st.caption(words.closing)


def _show_table(comparison: Comparison, group: Sequence[Row]) -> str:
    """The table, and the name of the defence whose row is selected in it (AtPatch, if none is)."""
    metrics = [comparison.modality.metric(name) for name in comparison.modality.shown]
    cells: dict[str, list[object]] = {"defence": [row.defence for row in group]}
    for metric in metrics:
        cells[metric.heading] = [_cell(metric, row) for row in group]
        if metric is metrics[0]:
            rates = [row.rates[metric.name] for row in group]
            cells["95 % interval"] = [None if rate is None else interval(rate) for rate in rates]
            spreads = [row.spread[metric.name] for row in group]
            if any(spread is not None for spread in spreads):
                cells["\u00b1 over runs"] = [None if spread is None else 100 * spread for spread in spreads]
    columns: dict[str, Any] = {
        metric.heading: st.column_config.NumberColumn(format=_FORMATS[metric.unit], help=metric.meaning)
        for metric in metrics
    }
    columns["defence"] = st.column_config.TextColumn(pinned=True)
    columns["\u00b1 over runs"] = st.column_config.NumberColumn(format="%.2f")
    picked = selected_row(cells, "evaluate_table", column_config=columns)
    if picked is not None:
        return group[picked].defence
    return next((row.defence for row in group if row.family == "atpatch"), group[-1].defence)


def _cell(metric: Metric, row: Row) -> float | None:
    rate = row.rates[metric.name]
    if rate is None:
        return None
    return per_cent(rate.value) if metric.unit in ("share", "difference") else rate.value


def _show_tradeoff(comparison: Comparison, group: Sequence[Row], attack: str, words: Words) -> None:
    """The chart of what is left over what is lost."""
    left, lost = (comparison.modality.metric(name) for name in (comparison.modality.left, comparison.modality.lost))
    places = []
    for row in group:
        kept, price, took = row.rates[left.name], row.rates[lost.name], row.rates.get("cost")
        if kept is not None and price is not None:
            places.append(Place(row.defence, row.family, kept.value, price.value, None if took is None else took.value))
    about = f"{left.heading} for {attack}" if comparison.kind == "record" else left.heading
    st.plotly_chart(
        tradeoff(places, about, lost.heading, words.bound),
        key="evaluate_tradeoff",
        config=CONFIG,
        alt=f"{about} over {lost.heading}, one mark for each defence. "
        + " ".join(f"{place.name}: {100 * place.left:.2f} over {100 * place.lost:.2f}." for place in places),
    )
    timed = any(place.cost is not None for place in places)
    st.caption(f"Bottom left is best.{' The larger the mark, the longer the defence takes.' if timed else ''}")


def _show_downloads(opened: OpenSubject, comparison: Comparison, words: Words) -> None:
    stem = f"{opened.subject.name.replace('/', '-')}-{words.file}"
    st.download_button(
        "CSV",
        lambda: comparison_as_csv(comparison),
        f"{stem}.csv",
        "text/csv",
        on_click="ignore",
        help="All figures with their 95 % intervals.",
        icon=":material/download:",
    )
    st.download_button(
        "Markdown",
        lambda: comparison_as_markdown(comparison),
        f"{stem}.md",
        on_click="ignore",
        icon=":material/download:",
    )
