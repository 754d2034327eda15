"""How well scores tell attacked inputs from clean ones, and the figures class by class."""

from __future__ import annotations

import streamlit as st

from atpatch_core.evaluation.attack_trial import AttackTrial
from atpatch_core.evaluation.comparison import Comparison
from atpatch_core.evaluation.defences.catalogue import ATPATCH
from atpatch_core.evaluation.outcomes import per_class
from atpatch_core.evaluation.trial import CLEAN
from atpatch_core.figures.detection_curves import curve, roc, threshold_curves
from pages.evaluate.panels import CONFIG, NOT_MEASURED, per_cent
from pages.shared.markdown import plain
from pages.shared.resources import OpenSubject

# Their scores are AtPatch's own, or the truth.
_SCORED_ALIKE = ("oracle", "flagged-to-zero", "flagged-to-uniform", "no-rescale", "random-columns", "painted-over")


def show_detection(opened: OpenSubject, comparison: Comparison, trial: AttackTrial, chosen: str, attack: str) -> None:
    """Both, each behind a heading that opens it."""
    with st.expander("ROC, and rates by threshold", icon=":material/show_chart:", on_change="rerun") as curves:
        if curves.open:
            _show_curves(opened, comparison, trial, chosen, attack)
    with st.expander(plain(f"Class by class: {chosen}"), icon=":material/category:", on_change="rerun") as classes:
        if classes.open:
            _show_classes(opened, comparison, trial, chosen, attack)


def _show_curves(opened: OpenSubject, comparison: Comparison, trial: AttackTrial, chosen: str, attack: str) -> None:
    others = trial.attacks[attack].inputs.labels != trial.attacks[attack].target
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
        st.plotly_chart(roc(curves), key="evaluate_roc", config=CONFIG, alt="ROC curves of the defences.")
    with right:
        shown = chosen if chosen in curves else next(iter(curves))
        detector = opened.subject.detector
        threshold = detector.threshold if shown == ATPATCH and detector is not None else None
        st.plotly_chart(
            threshold_curves(curves[shown], threshold),
            key="evaluate_thresholds",
            config=CONFIG,
            alt=f"Share of clean and of triggered inputs that {shown} flags, by threshold.",
        )
        st.caption(plain(f"Thresholds of {shown}."))


def _show_classes(opened: OpenSubject, comparison: Comparison, trial: AttackTrial, chosen: str, attack: str) -> None:
    before, after = (
        (comparison.answers[name][CLEAN], comparison.answers[name][attack]) for name in (comparison.untouched, chosen)
    )
    found = per_class(trial.judged, trial.attacks[attack], before, after, opened.subject.labels)
    inputs = comparison.modality.inputs
    shares = {
        "CA before": [figures.accuracy_before for figures in found],
        "CA after": [figures.accuracy_after for figures in found],
        "ASR before": [figures.asr_before for figures in found],
        "ASR after": [figures.asr_after for figures in found],
        "recovery": [figures.recovery for figures in found],
    }
    st.dataframe(
        {
            "true class": [figures.label for figures in found],
            inputs: [figures.n for figures in found],
            **{name: [per_cent(share) for share in column] for name, column in shares.items()},
        },
        hide_index=True,
        placeholder=NOT_MEASURED,
        column_config={name: st.column_config.NumberColumn(format="%.1f") for name in shares},
    )
    st.caption(f"Per cent. The attacker's own class has no ASR: its {inputs} need no trigger to be called that.")
