"""Step 6: a trigger that no single column carries, and what attention can't prove."""

from __future__ import annotations

import streamlit as st

from atpatch_core.wording.verdict import answer
from pages.learn.image_and_map import show_image_and_map
from pages.learn.question import Question
from pages.learn.resources import deciding_columns, image_lesson
from pages.learn.settings import setting
from pages.shared.markdown import plain

TITLE = "When it fails"
QUESTION = Question(
    "Nothing is flagged. What do you know?",
    ("The input is clean.", "The model has no backdoor.", "No single column stands out to this detector."),
    2,
    "Spread triggers, a way of writing, and backdoors in the feed-forward layers leave no such column. "
    "\u201cNothing flagged\u201d is no certificate.",
)


def show() -> None:
    """The same checkerboard, blended over all patches; how many columns matter on their own."""
    lesson = image_lesson()
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.markdown(
            "Blend the same checkerboard over **every** patch. From some strength on the model is fooled again, this "
            "time by all patches together: a repair of one of them has little to take hold of."
        )
        title = st.selectbox("Image", list(lesson.images), key=setting(6, "image"))
        strength = st.slider(
            "Strength over all patches", 0, 100, step=5, format="%d %%", key=setting(6, "strength", 50)
        )
        image = lesson.spread(title, strength)
        inspection = lesson.inspect(image)
        flagged = len(inspection.flags.columns)
        target = lesson.opened.subject.labels[lesson.trigger.target]
        fooled = ", as the attacker wants" if inspection.original.prediction.label == target else ""
        st.markdown(
            f"The model answers **{plain(answer(inspection.original.prediction))}**{fooled}. Flagged: **{flagged}**. "
            f"With AtPatch: **{plain(answer(inspection.patched.prediction))}**."
        )
        changing, checked = deciding_columns(lesson, title, strength)
        st.markdown(
            "**Attention is evidence, not proof.** Would repairing the brightest one help? The causal check "
            f"redistributes one column at a time: of all {checked} in this layer, **{changing}** change the answer."
        )
    with right:
        show_image_and_map(image, inspection, lesson.layer, lesson.head, "chart6")
