"""Step 5: redistribution, by hand on five numbers and then in the model."""

from __future__ import annotations

import streamlit as st

from atpatch_core.figures.lesson_charts import row_bars
from atpatch_core.lessons.rows import repair_row
from atpatch_core.wording.verdict import answer
from pages.learn.image_and_map import show_image_and_map
from pages.learn.question import Question
from pages.learn.resources import ImageLesson, image_lesson
from pages.learn.settings import setting
from pages.shared.markdown import plain

TITLE = "Redistribution, by hand and in the model"
QUESTION = Question(
    "The flagged column gets less. What stays the same among the other columns?",
    ("Their shares.", "The proportions between them.", "Their sum."),
    1,
    "All others are multiplied by the same factor: what was twice as large as another stays twice as large.",
)

_WORDS = ("the", "plot", "cf", "was", "good")
_ROW = (0.08, 0.15, 0.55, 0.07, 0.15)


def _kept(lesson: ImageLesson) -> str:
    """What the model's own detector takes for it, where that is a plain number."""
    nothing = getattr(lesson.opened.subject.detector, "reference", None) == "zero"
    return " (0 in the model on the right, as that repairs it best)" if nothing else ""


def show() -> None:
    """One row with its arithmetic, and the real map with the switch."""
    lesson = image_lesson()
    left, right = st.columns([5, 6], gap="large")
    with left:
        st.markdown(
            f"A flagged column keeps a **benign** share *b*{_kept(lesson)}, and never more than it had. "
            "The others share what it loses, in proportion."
        )
        columns = st.columns([3, 2])
        flagged = columns[0].pills(
            "Flagged columns",
            range(5),
            selection_mode="multi",
            format_func=_WORDS.__getitem__,
            key=setting(5, "flagged", [2]),
        )
        benign = columns[1].slider("Benign share b", 0.0, 0.3, step=0.01, key=setting(5, "benign", 0.02))
        row = repair_row(_ROW, [key in flagged for key in range(5)], benign)
        st.plotly_chart(
            row_bars(row, _WORDS, 250),
            key="chart5_row",
            config={"displayModeBar": False},
            alt="Shares before and after: "
            + ", ".join(f"{word} {a:.2f} to {b:.2f}" for word, a, b in zip(_WORDS, row.before, row.after, strict=True)),
        )
        if row.factor is None:
            st.markdown(
                "Nothing is flagged: the row stays exactly as it is." if not flagged else "All flagged: nothing to do."
            )
        else:
            st.markdown(
                f"Factor for the others: (1 \u2212 {1 - row.left:.2f}) / {row.held:.2f} = **{row.factor:.2f}**. "
                f"Sum after: {sum(row.after):.2f}."
            )
    with right:
        title = next(iter(lesson.images))
        image = lesson.stamped(title)
        inspection = lesson.inspect(image)
        on = st.toggle("**AtPatch on**: the same in the model, while it runs", key=setting(5, "patch"))
        now = (inspection.patched if on else inspection.original).prediction
        st.markdown(f"{plain(title)} with the trigger. The model answers **{plain(answer(now))}**.")
        show_image_and_map(image, inspection, lesson.layer, lesson.head, "chart5", on)
