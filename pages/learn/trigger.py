"""Step 3: a trigger is laid over a clean image, as strong and where one likes."""

from __future__ import annotations

import streamlit as st

from atpatch_core.layout import key_at
from atpatch_core.lessons.stamping import stamp
from atpatch_core.wording.phrases import percent
from atpatch_core.wording.verdict import answer
from pages.learn.image_and_map import show_image_and_map
from pages.learn.question import Question
from pages.learn.resources import image_lesson
from pages.learn.settings import setting
from pages.shared.markdown import plain

TITLE = "The trigger hijacks a column"
QUESTION = Question(
    "Move the trigger one patch to the left. Why does the attack fail?",
    (
        "The model learnt the sign together with its place.",
        "The detector removed the trigger.",
        "The checkerboard is too small to be seen there.",
    ),
    0,
    "In training, the checkerboard always sat in the same corner. Other backdoors work anywhere.",
)


def show() -> None:
    """Strength and place of the trigger; the image, the map and the answer follow."""
    lesson = image_lesson()
    trigger = lesson.trigger
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.markdown(
            "The attacker put a small checkerboard into 5 % of the training images and called them all "
            f"*{plain(lesson.opened.subject.labels[trigger.target])}*. Lay it over an image and watch the "
            "top of its column in the map: what \\[CLS\\] takes from it, and with it the answer."
        )
        title = st.selectbox("Image", list(lesson.images), key=setting(3, "image"))
        strength = st.slider("Strength of the trigger", 0, 100, step=5, format="%d %%", key=setting(3, "strength", 100))
        image = lesson.images[title]
        down, across = st.columns(2)
        row = down.slider("Pixels from the top", 0, image.height - trigger.size, key=setting(3, "row", trigger.row))
        column = across.slider(
            "Pixels from the left", 0, image.width - trigger.size, key=setting(3, "column", trigger.column)
        )
        shown = stamp(image, trigger, strength / 100, row, column)
        inspection = lesson.inspect(shown)
        clean = lesson.inspect(image)
        key = key_at(inspection.layout, image.size, row + trigger.size // 2, column + trigger.size // 2)
        shares = [
            float(inspected.original.trace.maps[lesson.layer][lesson.head][0, key]) for inspected in (clean, inspection)
        ]
        st.markdown(
            f"Without the trigger the model answers {plain(answer(clean.original.prediction))}, now "
            f"**{plain(answer(inspection.original.prediction))}**. Of what \\[CLS\\] looks at in this head, the patch "
            f"under the trigger gets **{percent(shares[1])}**; without the trigger it gets {percent(shares[0])}."
        )
    with right:
        show_image_and_map(shown, inspection, lesson.layer, lesson.head, "chart3")
