"""Step 4: scores, threshold, and what a false alarm in fifty means when triggers are rare."""

from __future__ import annotations

import streamlit as st

from atpatch_core.figures.lesson_charts import alarm_bars, lesson_roc, pairs_won, rates_at
from atpatch_core.lessons.base_rate import expected_alarms
from atpatch_core.wording.phrases import percent
from pages.learn.question import Question
from pages.learn.resources import image_lesson, image_scores
from pages.learn.settings import setting

TITLE = "The detector, and the base-rate trap"
QUESTION = Question(
    "99.9 % of triggered inputs are found, 2 % of clean ones raise a false alarm, 1 input in 100 is triggered. "
    "Of three alarms, how many are real?",
    ("All three, nearly always.", "About two.", "About one."),
    2,
    "Of 10,000 inputs 100 are triggered and 9,900 are not: 99.9 real alarms meet 198 false ones. That is why AtPatch "
    "calibrates its threshold for few false alarms per input.",
)


def show() -> None:
    """The ROC of the shipped detector with its threshold, and a calculator beside it."""
    lesson = image_lesson()
    scores = image_scores(lesson)
    detector = lesson.opened.subject.detector
    calibrated = 1.0 if detector is None else detector.threshold
    trained, untrained = pairs_won(scores)
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown(
            "The detector scores every column. **The highest score decides** whether an image raises an alarm. Here "
            f"are {len(scores.detector_clean)} held-out images, clean and triggered. Of a clean and a triggered one, "
            f"it scores the triggered one higher in {percent(trained)} of cases. Going by the brightest column alone "
            f"would be right in {percent(untrained)}; a coin in 50\u00a0%."
        )
        threshold = st.slider(
            f"Threshold (calibrated: {calibrated:.3f})",
            0.0,
            1.0,
            step=0.001,
            format="%.3f",
            key=setting(4, "threshold", calibrated),
        )
        true, false = rates_at(scores, threshold)
        st.plotly_chart(
            lesson_roc(scores, threshold, 250),
            key="chart4_roc",
            config={"displayModeBar": False},
            alt=f"ROC curve; at this threshold {percent(true)} of triggered and {percent(false)} of clean images "
            "are flagged",
        )
        st.markdown(f"Flagged: **{percent(true)}** of the triggered, **{percent(false)}** of the clean images.")
    with right:
        st.markdown("**The base-rate trap.** Most inputs are clean, so even rare false alarms pile up:")
        found = st.slider(
            "Triggered inputs found (TPR)", 50.0, 100.0, step=0.1, format="%.1f %%", key=setting(4, "tpr", 99.9)
        )
        wrong = st.slider(
            "Clean inputs flagged (FPR)", 0.0, 10.0, step=0.05, format="%.2f %%", key=setting(4, "fpr", 2.0)
        )
        rare = st.select_slider(
            "Triggered inputs: 1 in", (2, 5, 10, 20, 50, 100, 200, 500, 1_000, 10_000), key=setting(4, "rare", 100)
        )
        alarms = expected_alarms(found / 100, wrong / 100, 1 / rare)
        st.plotly_chart(
            alarm_bars(alarms),
            key="chart4_alarms",
            config={"displayModeBar": False},
            alt=f"{alarms.right:.0f} real and {alarms.false:.0f} false alarms",
        )
        precision = alarms.precision
        real = "There is no alarm." if precision is None else f"**{percent(precision)} of the alarms are real.**"
        st.markdown(f"Of {alarms.inputs:,} inputs: {real}")
