"""The verdict, the picture with what was flagged, and what the model answers with and without AtPatch."""

from __future__ import annotations

import streamlit as st
from PIL import Image

from atpatch_core import Column, Inspection, Layout
from atpatch_core.figures.picture import outlined_picture, patch_boxes
from atpatch_core.figures.png import as_png
from atpatch_core.figures.probabilities import probability_bars
from atpatch_core.figures.verdict import answer, split_columns, verdict
from atpatch_core.figures.wording import counted, listed

from . import state
from .resources import OpenSubject, Picture
from .text import plain
from .view import View

_TOGGLE = "patch"


def show_verdict(view: View, opened: OpenSubject, inspection: Inspection) -> None:
    """The sentence that says what is wrong and what helps."""
    sentence = plain(verdict(inspection, opened.subject.detector is not None))
    if not inspection.flags.any:
        st.info(sentence, icon=":material/check_circle:")
    elif view.patch:
        st.success(sentence, icon=":material/healing:")
    else:
        st.warning(sentence, icon=":material/flag:")


def show_answer(view: View, inspection: Inspection) -> None:
    """What the model answers now, in large letters, and the switch that changes it."""
    now = inspection.patched if view.patch else inspection.original
    with st.container(border=True):
        st.caption("The model answers now")
        st.header(plain(answer(now.prediction)), anchor=False)
        st.toggle(
            "**AtPatch on**" if view.patch else "**Switch AtPatch on**",
            key=state.bound(_TOGGLE, view.patch),
            on_change=_switch,
        )
        st.caption(_explanation(view, inspection))


def show_probabilities(view: View, inspection: Inspection) -> None:
    """Both predictions as bars."""
    st.plotly_chart(
        probability_bars(inspection.original.prediction, inspection.patched.prediction, view.patch),
        key="probabilities",
        config={"displayModeBar": False},
        alt=f"Class probabilities. Without AtPatch: {answer(inspection.original.prediction)}. "
        f"With AtPatch: {answer(inspection.patched.prediction)}.",
    )


def show_picture(picture: Picture, inspection: Inspection) -> None:
    """The picture, with the patches outlined whose columns are redistributed, and what can't be outlined in words."""
    columns, layout = inspection.flags.columns, inspection.layout
    detected, _ = split_columns(inspection.flags)
    places = patch_boxes(layout, *picture.image.size)
    outlined = [column for column in columns if column.key in places]
    elsewhere = sorted({layout.key_names[column.key] for column in columns if column.key not in places})
    st.image(
        _outlined(picture.image, layout, columns, picture.digest),
        width="content",
        alt=f"{picture.title}; patches outlined: {len({column.key for column in outlined})}",
    )
    caption = plain(picture.title)
    if outlined:
        what = "what draws too much attention" if detected else "what was chosen by hand"
        caption += f". Outlined: {what}, named by layer (L) and head (H)."
    if elsewhere:
        caption += plain(f" Not part of the picture: {listed(elsewhere[:6])}.")
    st.caption(caption)


def _explanation(view: View, inspection: Inspection) -> str:
    columns = counted(len(inspection.flags.columns), "column")
    detected, _ = split_columns(inspection.flags)
    if not inspection.flags.any:
        return "There is nothing to redistribute, so the answer is the same with AtPatch on or off."
    if view.patch:
        return f"The attention of {columns} is redistributed while the model runs. Its weights are unchanged."
    if not detected:
        return f"This is the model as it is. AtPatch would redistribute the attention of {columns} while it runs."
    return (
        "This is the model as it is: it looks far too much at what is outlined. AtPatch redistributes the attention of "
        f"{columns} while the model runs; its weights stay unchanged."
    )


@st.cache_data(max_entries=16, show_spinner=False)
def _outlined(_image: Image.Image, layout: Layout, columns: tuple[Column, ...], digest: str) -> bytes:
    return as_png(outlined_picture(_image, layout, columns))


def _switch() -> None:
    state.update(patch=st.session_state[_TOGGLE])
