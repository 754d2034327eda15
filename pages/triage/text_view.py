"""Texts: pasted or uploaded, shown word by word with the flagged ones marked."""

from __future__ import annotations

import streamlit as st

from atpatch_core import Inspection
from atpatch_core.figures.text import attends_sentence, direction, text_pieces
from atpatch_core.wording.phrases import listed, unique
from atpatch_core.wording.verdict import split_columns
from pages.components.stale.stale import REGION, Typed
from pages.components.text_strip.text_strip import text_strip
from pages.shared import address
from pages.shared.markdown import plain
from pages.shared.resources import OpenInput, OpenSubject, uploads
from pages.shared.triage_address import View
from pages.triage import state
from pages.triage.own_input import take, take_file

SOURCES = ("Paste", "Upload")
HIJACKED = "Looks hijacked"
CULPRIT = "A hidden sign"
EXPLANATION = """
**The model** cuts the text into words and parts of words, and adds marks of its own such as [CLS] and [SEP]. In every
layer, each of its *heads* decides how much each word (the *query*) attends to every other word (the *key*). That table
of numbers is an **attention map**; one *column* of it is all the attention that one word draws.

**What it cannot see:** triggers that are a way of writing and not a word (a style, a sentence pattern), and backdoors
that need no attention. No column stands out then, and nothing is flagged.
"""

_LONGEST_SMALL = 600
_LONGEST_TYPED = 20_000  # bytes
_PASTED = "input_pasted"
_TYPED = "input_typed"
_LOOK = "input_look_pasted"
_UPLOAD = "input_text_file"


def show_source(source: str, opened: OpenSubject) -> None:
    """A field to paste into, or a file to upload."""
    if source == "Upload":
        st.file_uploader(
            "Text file in UTF-8, up to 2 MB",
            key=_UPLOAD,
            on_change=take_file,
            args=(_UPLOAD,),
        )
        return
    if _PASTED not in st.session_state:
        # A widget that is not shown is forgotten, and what was typed into it with it.
        st.session_state[_PASTED] = st.session_state.get(_TYPED) or _shown()
    with st.container(key=REGION):
        st.text_area("Paste or type a text", key=_PASTED, height=110, on_change=_keep_typed)
    st.button("Look at this text", key=_LOOK, on_click=_take_pasted, icon=":material/search:")


def typed(source: str, opened: OpenSubject, opened_input: OpenInput) -> Typed | None:
    """The field that a text is pasted into."""
    if source != "Paste":
        return None
    shown = [opened_input.value] if len(opened_input.value) <= _LONGEST_TYPED else []
    return Typed(
        (shown,),
        "For the text before your change: press Ctrl+Enter or \u201cLook at this text\u201d for the new one.",
        _LOOK,
    )


def show_input(view: View, opened: OpenSubject, opened_input: OpenInput, inspection: Inspection) -> None:
    """The text as the model reads it, with a mark and the place over every flagged word."""
    layer, head = view.layer or 0, view.head or 0
    layout = inspection.layout
    names = unique(layout.key_names)
    pieces = text_pieces(opened_input.value, inspection, layer, head, view.patch)
    text_strip(
        "text",
        [
            (
                piece,
                _describe(names[piece.key], piece.heads),
                attends_sentence(piece, names) + f" ({_map(layer, head)}).",
            )
            for piece in pieces
        ],
        direction(opened_input.value),
    )
    detected, _ = split_columns(inspection.flags)
    title = opened_input.title
    if title.startswith(
        ("your text", "an uploaded text", "a text from")
    ):  # our words; the name of a file stays as it is
        title = title[0].upper() + title[1:]
    parts = [f"{plain(title)}."]
    if any(piece.heads for piece in pieces):
        what = "what is flagged" if detected else "what was chosen by hand"
        parts.append(f"Marked \u25bc: {what}, named by layer (L) and head (H).")
    parts.append("Grey: added by the model. Point at a word to see what it attends to in the map that is open below.")
    st.caption(" ".join(parts))
    if layout.notice is not None:
        st.warning(plain(layout.notice), icon=":material/content_cut:")


def decided_by_flags(view: View, opened: OpenSubject, opened_input: OpenInput, inspection: Inspection) -> bool:
    """Whether the answer is another one with AtPatch."""
    return inspection.changes_answer


def show_small(opened_input: OpenInput, inspection: Inspection) -> None:
    """The text, with a mark before every word that is redistributed."""
    words = ""
    for piece in text_pieces(opened_input.value, inspection, 0, 0, False):
        if not piece.special:
            words += piece.before.replace("\n", " ") + ("\u25bc" if piece.heads else "") + piece.text
    words = words.strip()
    cut = words if len(words) <= _LONGEST_SMALL else words[:_LONGEST_SMALL] + "\u2026"
    st.markdown(plain(cut))


def _describe(name: str, heads: tuple[tuple[int, int], ...]) -> str:
    if not heads:
        return name
    return f"{name}, redistributed in {listed([_map(layer, head) for layer, head in heads])}"


def _map(layer: int, head: int) -> str:
    return f"layer {layer} \u00b7 head {head}"


def _keep_typed() -> None:
    st.session_state[_TYPED] = st.session_state[_PASTED]
    address.note_use()


def _shown() -> str:
    """The text that was brought and is shown below, to go on from; samples are chosen, not typed."""
    content = uploads().get(state.settled_view().upload or "")
    return "" if content is None or len(content) > _LONGEST_TYPED else content.decode("utf-8", "replace")


def _take_pasted() -> None:
    # A lone half of a character can be pasted, but is no text: it is left for the reader to refuse.
    take(str(st.session_state[_PASTED]).encode("utf-8", "surrogatepass"))
