"""What a comparison found: the verdict, the trade-off, the table, curves, classes, and the inputs behind it all."""

from __future__ import annotations

import streamlit as st

from atpatch_core.evaluation.comparison import CLEAN, Comparison
from atpatch_core.evaluation.comparison_report import (
    Row,
    comparison_as_csv,
    comparison_as_markdown,
    rows,
    sentence,
)
from atpatch_core.evaluation.defences.catalogue import ATPATCH, DEFENCES, NO_FIX
from atpatch_core.evaluation.outcomes import per_class
from atpatch_core.figures.detection_curves import curve, roc, threshold_curves
from atpatch_core.figures.tradeoff import Place
from pages.evaluate.inputs import show_inputs
from pages.evaluate.panels import NOT_MEASURED, csv_button, file_stem, interval, per_cent, show_tradeoff, show_verdict
from pages.evaluate.settings import Settings
from pages.shared.markdown import plain

_SHOWN = {
    "excess_asr": "excess ASR",
    "clean_accuracy_drop": "CA drop",
    "asr_after": "ASR",
    "recovery": "recovery",
    "clean_accuracy_after": "CA",
    "fpr_per_input": "FPR",
    "tpr_per_input": "TPR",
}
_MEANING = {
    "excess ASR": "Excess attack success rate: how much more often other pictures get the attacker's class than "
    "without any trigger. 0 is best.",
    "CA drop": "What the defence costs in clean accuracy, the accuracy on clean pictures. 0 is best.",
    "ASR": "Attack success rate: attacked pictures of other classes that get the attacker's class.",
    "recovery": "Attacked pictures that get their true class.",
    "CA": "Clean accuracy: accuracy on clean pictures.",
    "FPR": "False-positive rate: clean pictures that are flagged.",
    "TPR": "True-positive rate: attacked pictures that are flagged.",
}
# Their scores are AtPatch's own, or the truth.
_SCORED_ALIKE = ("oracle", "flagged-to-zero", "flagged-to-uniform", "no-rescale", "random-columns", "painted-over")
_CONFIG = {"displayModeBar": False}


def show_results(settings: Settings, comparison: Comparison) -> None:
    """Everything about one attack at a time."""
    attacks = list(comparison.attacks)
    attack = attacks[0]
    if len(attacks) > 1:
        attack = st.segmented_control("Attack", attacks, default=attacks[0], required=True, key="evaluate_attack")
    show_verdict(sentence(comparison, attack))
    for name, reason in comparison.unavailable.items():
        st.warning(plain(f"{name} could not be used: {reason}"), icon=":material/info:")
    if comparison.defender_n * comparison.false_positive_rate < 1:
        st.caption(
            f"Other defences set their thresholds on {comparison.defender_n:,} further pictures: too few to hold false "
            f"alarms to {100 * comparison.false_positive_rate:g} %, so they may raise more. More pictures help."
        )
    group = [row for row in rows(comparison) if row.attack == attack]
    chosen = _show_table(group)
    _show_downloads(settings, comparison)
    st.caption(
        f"ASR is the attack success rate, over the {comparison.runs[0].defences[NO_FIX].attacks[attack].n:,} attacked "
        f"pictures that are not of the attacker's class; CA is the accuracy on {comparison.n:,} clean pictures. A "
        "defence that detects nothing itself has no FPR, TPR or AUROC."
    )
    left, right = st.columns([1, 1], gap="medium")
    with left:
        st.header("What is left, and what it costs", anchor=False)
        _show_tradeoff(group)
    with right:
        st.header(plain(f"The inputs behind {chosen}"), anchor=False)
        show_inputs(settings, comparison, chosen, attack)
    with st.expander("ROC, and rates by threshold", icon=":material/show_chart:", on_change="rerun") as curves:
        if curves.open:
            _show_curves(settings, comparison, chosen, attack)
    with st.expander(plain(f"Class by class: {chosen}"), icon=":material/category:", on_change="rerun") as classes:
        if classes.open:
            _show_classes(settings, comparison, chosen, attack)


def _show_tradeoff(group: list[Row]) -> None:
    places = []
    for row in group:
        excess, drop, took = (row.rates[name] for name in ("excess_asr", "clean_accuracy_drop", "cost"))
        if excess is not None and drop is not None:
            cost = None if took is None else took.value
            places.append(Place(row.defence, DEFENCES[row.defence].family, excess.value, drop.value, cost))
    show_tradeoff(
        places,
        "evaluate_tradeoff",
        "Excess attack success over the drop of clean accuracy",
        "The larger the mark, the longer the defence takes.",
    )


def _show_table(group: list[Row]) -> str:
    """The table, and the name of the defence whose row is selected in it (AtPatch, if none is)."""
    cells: dict[str, list[object]] = {"defence": [row.defence for row in group]}
    for name, heading in _SHOWN.items():
        cells[heading] = [None if (rate := row.rates[name]) is None else per_cent(rate.value) for row in group]
        if name == "excess_asr":
            cells["95 % interval"] = [None if (rate := row.rates[name]) is None else interval(rate) for row in group]
        if name == "excess_asr" and any(row.spread[name] is not None for row in group):
            cells["\u00b1 over runs"] = [None if (one := row.spread[name]) is None else 100 * one for row in group]
    cells["AUROC"] = [None if (rate := row.rates["auroc"]) is None else rate.value for row in group]
    cells["time"] = [None if (rate := row.rates["cost"]) is None else rate.value for row in group]
    event = st.dataframe(
        cells,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key="evaluate_table",
        placeholder=NOT_MEASURED,
        column_config={
            heading: st.column_config.NumberColumn(format="%.2f", help=_MEANING.get(heading))
            for heading in cells
            if heading not in ("defence", "95 % interval", "AUROC", "time")
        }
        | {
            "defence": st.column_config.TextColumn(pinned=True),
            "AUROC": st.column_config.NumberColumn(
                format="%.4f", help="Area under the ROC curve: how well its scores tell attacked from clean."
            ),
            "time": st.column_config.NumberColumn(format="%.1f \u00d7", help="Of one answer, against the model alone."),
        },
    )
    picked = event["selection"]["rows"]
    names = [row.defence for row in group]
    if picked and picked[0] < len(names):
        return names[picked[0]]
    return ATPATCH if ATPATCH in names else names[-1]


def _show_downloads(settings: Settings, comparison: Comparison) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Shares in per cent, AUROC from 0 to 1. Select a row to see its inputs below.", width="content")
        csv_button(settings.opened, "defences", lambda: comparison_as_csv(comparison))
        st.download_button(
            "Markdown",
            lambda: comparison_as_markdown(comparison),
            f"{file_stem(settings.opened)}-defences.md",
            on_click="ignore",
            icon=":material/download:",
        )


def _show_curves(settings: Settings, comparison: Comparison, chosen: str, attack: str) -> None:
    others = comparison.attacks[attack].inputs.labels != comparison.attacks[attack].target
    curves = {}
    for name, answers in comparison.answers.items():
        clean, bad = answers[CLEAN].scores, answers[attack].scores
        if clean is not None and bad is not None and name not in _SCORED_ALIKE and len(set(clean.tolist())) > 1:
            curves[name] = curve(clean, bad[others])
    if not curves:
        st.markdown("None of these defences gives inputs a score.")
        return
    left, right = st.columns(2, gap="medium")
    with left:
        st.plotly_chart(roc(curves), key="evaluate_roc", config=_CONFIG, alt="ROC curves of the defences.")
    with right:
        one = chosen if chosen in curves else next(iter(curves))
        detector = settings.opened.subject.detector
        threshold = detector.threshold if one == ATPATCH and detector is not None else None
        st.plotly_chart(
            threshold_curves(curves[one], threshold),
            key="evaluate_thresholds",
            config=_CONFIG,
            alt=f"Share of clean and of triggered inputs that {one} flags, by threshold.",
        )
        st.caption(plain(f"Thresholds of {one}."))


def _show_classes(settings: Settings, comparison: Comparison, chosen: str, attack: str) -> None:
    found = per_class(comparison, chosen, attack, settings.labels)
    st.dataframe(
        {
            "true class": [one.label for one in found],
            "pictures": [one.n for one in found],
            "CA before": [per_cent(one.accuracy_before) for one in found],
            "CA after": [per_cent(one.accuracy_after) for one in found],
            "ASR before": [per_cent(one.asr_before) for one in found],
            "ASR after": [per_cent(one.asr_after) for one in found],
            "recovery": [per_cent(one.recovery) for one in found],
        },
        hide_index=True,
        placeholder=NOT_MEASURED,
        column_config={
            heading: st.column_config.NumberColumn(format="%.1f")
            for heading in ("CA before", "CA after", "ASR before", "ASR after", "recovery")
        },
    )
    st.caption("Per cent. The attacker's own class has no ASR: its pictures need no trigger to be called that.")
