"""Step 2: a clean image, and where one head of the model looks."""

from __future__ import annotations

import streamlit as st

from atpatch_core.wording.verdict import answer
from pages.learn.image_and_map import show_image_and_map
from pages.learn.question import Question
from pages.learn.resources import image_lesson
from pages.learn.settings import setting
from pages.shared.markdown import plain

TITLE = "A clean image"
QUESTION = Question(
    "One column of a clean image's map is bright. What does that tell you?",
    ("The model has a backdoor.", "The image was tampered with.", "Not much: some columns are bright by nature."),
    2,
    "Many models park spare attention on one quiet patch or on a full stop (*attention sinks*). A detector has to "
    "learn what is normal in each head.",
)


def show() -> None:
    """Choose an image and a head."""
    lesson = image_lesson()
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.markdown(
            "This model tells clothes apart. It cuts an image into 7 \u00d7 7 patches and has 4 layers of 4 heads: 16 "
            "maps of 50 rows and 50 columns, one for each patch and one for \\[CLS\\], from which the answer is read."
        )
        title = st.selectbox("Image", list(lesson.images), key=setting(2, "image"))
        place = st.columns(2)
        inspection = lesson.inspect(lesson.images[title])
        maps = inspection.original.trace.maps
        layer = place[0].selectbox("Layer", range(len(maps)), key=setting(2, "layer", lesson.layer))
        head = place[1].selectbox("Head", range(maps[layer].shape[0]), key=setting(2, "head", lesson.head))
        st.markdown(f"The model answers **{plain(answer(inspection.original.prediction))}**.")
    with right:
        show_image_and_map(lesson.images[title], inspection, layer, head, "chart2")
