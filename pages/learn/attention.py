"""Step 1: what attention is, on a map of five words whose numbers can be moved."""

from __future__ import annotations

import numpy as np
import streamlit as st

from atpatch_core.figures.small_map import small_map_svg
from atpatch_core.lessons.rows import rows_from_scores
from pages.learn.question import Question
from pages.learn.settings import setting

TITLE = "Attention: who looks at whom"
QUESTION = Question(
    "You raise one score in a row. What happens to the other shares of that row?",
    ("They stay as they are.", "They fall, because the row still sums to 1.", "They fall in all other rows, too."),
    1,
    "Each row is a share-out of the same whole. What one key wins, the others in that row lose.",
)

_WORDS = ("the", "plot", "was", "really", "good")
# Where the sliders start: each word looks at itself, and a little more at "good".
_SCORES = (
    (1.0, 0.5, 0.0, 0.0, 0.0),
    (0.5, 1.0, 0.0, 0.0, 1.0),
    (0.0, 0.5, 1.0, 0.0, 0.5),
    (0.0, 0.0, 0.0, 1.0, 1.5),
    (0.0, 1.0, 0.0, 0.5, 1.0),
)
_HIJACKED, _HIJACKED_KEY = 6.0, 2


def show() -> None:
    """Sliders for one row at a time, and the map."""
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.markdown(
            "A Transformer cuts its input into pieces. Each of its **heads** decides how much every piece (the "
            "*query*) takes from each of them, itself included (the *key*): the higher a key's *score*, the larger its "
            "share. Those shares are one **row** of an attention map, and a row always sums to 1. A **column** is the "
            "attention that one piece draws."
        )
        chosen = st.segmented_control(
            "Change the scores of this row",
            range(5),
            format_func=_WORDS.__getitem__,
            key=setting(1, "row", 1),
            required=True,
        )
        row = 0 if chosen is None else chosen
        hijacked = st.toggle("Every row looks at \u201cwas\u201d: a hijacked column", key=setting(1, "hijack"))
        # Row by row, so that the words stay in order for the Tab key and on a phone.
        places = [place for _ in range(3) for place in st.columns(2)]
        for key, word in enumerate(_WORDS):
            places[key].slider(
                word,
                -3.0,
                6.0,
                step=0.5,
                format="%.1f",
                key=setting(1, f"{row}_{key}", _SCORES[row][key]),
                disabled=hijacked and key == _HIJACKED_KEY,
                help=f"Set to {_HIJACKED:g} in every row." if hijacked and key == _HIJACKED_KEY else None,
            )
    scores = np.array([[_score(query, key) for key in range(5)] for query in range(5)])
    if hijacked:
        scores[:, _HIJACKED_KEY] = _HIJACKED
    shares = rows_from_scores(scores)
    with right:
        st.image(
            small_map_svg(shares, _WORDS, row),
            width="content",
            alt="Attention map of five words. "
            + " ".join(
                f"{name}: " + ", ".join(f"{word} {share:.2f}" for word, share in zip(_WORDS, line, strict=True)) + "."
                for name, line in zip(_WORDS, shares.tolist(), strict=True)
            ),
        )


def _score(row: int, key: int) -> float:
    return float(st.session_state.get(setting(1, f"{row}_{key}"), _SCORES[row][key]))
