"""Texts: pasted or uploaded, shown word by word with the flagged ones marked."""

from __future__ import annotations

import streamlit as st

from atpatch_core import Inspection
from atpatch_core.figures.text import attends_sentence, direction, text_pieces
from atpatch_core.figures.verdict import split_columns
from atpatch_core.figures.wording import listed, unique

from .bring import take, take_file
from .resources import OpenInput, OpenSubject
from .text import plain
from .text_strip import text_strip
from .view import View

NOUN = "text"
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
_PASTED = "input_pasted"
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
    with st.form("paste", border=False):
        st.text_area("Paste or type a text", key=_PASTED, height=110)
        st.form_submit_button("Look at this text", on_click=_take_pasted, icon=":material/search:")


def show_input(view: View, opened: OpenSubject, one: OpenInput, inspection: Inspection) -> None:
    """The text as the model reads it, with a mark and the place over every flagged word."""
    layer, head = view.layer or 0, view.head or 0
    layout = inspection.layout
    names = unique(layout.key_names)
    pieces = text_pieces(one.value, inspection, layer, head, view.patch)
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
        direction(one.value),
    )
    detected, _ = split_columns(inspection.flags)
    parts = [f"{plain(one.title[:1].upper() + one.title[1:])}."]
    if any(piece.heads for piece in pieces):
        what = "what draws too much attention" if detected else "what was chosen by hand"
        parts.append(f"Marked \u25bc: {what}, named by layer (L) and head (H).")
    parts.append("Grey: added by the model. Point at a word to see what it attends to in the map that is open below.")
    st.caption(" ".join(parts))
    if layout.notice is not None:
        st.warning(plain(layout.notice), icon=":material/content_cut:")


def decided_by_flags(view: View, opened: OpenSubject, one: OpenInput, inspection: Inspection) -> bool:
    """Whether the answer is another one with AtPatch."""
    return inspection.changes_answer


def show_small(one: OpenInput, inspection: Inspection) -> None:
    """The text, with a mark before every word that is redistributed."""
    words = ""
    for piece in text_pieces(one.value, inspection, 0, 0, False):
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


def _take_pasted() -> None:
    # A lone half of a character can be pasted, but is no text: it is left for the reader to refuse.
    take(str(st.session_state[_PASTED]).encode("utf-8", "surrogatepass"))
