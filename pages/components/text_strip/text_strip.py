"""A text in pieces that can be pointed at, with the mouse or the arrow keys.

The text comes from outside: it is written with `textContent` and `setAttribute` only, and never parsed as HTML. Each
word is isolated, so that one that is written from right to left can't rearrange the others.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from atpatch_core.figures.text import TextPiece

_HTML = """
<div class="strip" role="group" aria-label="The text, piece by piece: arrow keys move"></div>
<div class="told" aria-live="polite"></div>
"""

_CSS = """
.strip {
  max-height: 22rem; overflow: auto; padding: 1.1rem 0.6rem 0.5rem; line-height: 2.2; overflow-wrap: anywhere;
  border: 1px solid var(--st-border-color); border-radius: 0.5rem; font-size: 1.05rem;
}
.strip .piece { position: relative; border-radius: 3px; padding: 1px 0; outline: 1px solid transparent; }
.strip .special { color: color-mix(in srgb, var(--st-text-color) 72%, transparent); font-size: 0.85em; }
.strip .gap { color: color-mix(in srgb, var(--st-text-color) 72%, transparent); }
.strip .flagged {
  font-weight: 700; padding: 1px 4px; margin: 0 1px; white-space: nowrap;
  outline: 2px solid #d97706; background: #d977062e;
}
.strip .labelled::before {
  content: "\\25bc " attr(data-label); position: absolute; left: -2px; bottom: calc(100% + 3px); font-size: 0.66rem;
  line-height: 1; font-weight: 600; white-space: nowrap;
}
.strip .piece:focus-visible { outline: 3px solid var(--st-primary-color); }
.strip .asking { text-decoration: underline; text-decoration-thickness: 2px; }
.strip .asked { background: color-mix(in srgb, var(--st-primary-color) 28%, transparent); }
.told { min-height: 2.6em; padding-top: 0.3rem; font-size: 0.85rem; overflow-wrap: anywhere; }
.strip, .told { color: var(--st-text-color); }
"""

_JS = """
export default function (component) {
  const { data, parentElement } = component;
  const strip = parentElement.querySelector(".strip");
  const told = parentElement.querySelector(".told");
  strip.setAttribute("dir", data.direction);
  const pieces = [];
  const clear = () => {
    for (const piece of pieces) piece.classList.remove("asking", "asked");
  };
  const ask = (number) => {
    clear();
    pieces[number].classList.add("asking");
    for (const other of data.pieces[number].attends) pieces[other].classList.add("asked");
    told.textContent = data.pieces[number].told;
  };
  const shown = document.createDocumentFragment();
  let word;
  data.pieces.forEach((one, number) => {
    one.before.split("\\n").forEach((gap, line) => {
      if (line > 0) shown.appendChild(document.createElement("br"));
      const between = document.createElement("span");
      between.className = "gap";
      between.textContent = gap;
      shown.appendChild(between);
    });
    if (number === 0 || one.word === null || one.word !== data.pieces[number - 1].word) {
      word = document.createElement("bdi");
      shown.appendChild(word);
    }
    const piece = document.createElement("span");
    // Neighbours with the same label are one find, and are labelled once.
    const before = number > 0 ? data.pieces[number - 1].label : "";
    const label = one.label === before ? "" : one.label;
    piece.className = "piece" + (one.special ? " special" : "") + (one.label ? " flagged" : "");
    if (label) piece.classList.add("labelled");
    piece.textContent = one.text;
    piece.setAttribute("title", one.title);
    piece.setAttribute("role", "img");
    piece.setAttribute("aria-label", one.title);
    if (one.label) piece.setAttribute("data-label", one.label);
    piece.tabIndex = number === 0 ? 0 : -1;
    piece.onmouseenter = () => ask(number);
    piece.onclick = () => ask(number);
    piece.onfocus = () => ask(number);
    piece.onkeydown = (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      const next = step ? pieces[number + step] : undefined;
      if (!next) return;
      event.preventDefault();
      piece.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    };
    pieces.push(piece);
    word.appendChild(piece);
  });
  strip.replaceChildren(shown);
  strip.onmouseleave = clear;
  told.textContent = "";
}
"""

_component = st.components.v2.component("atpatch_text", html=_HTML, css=_CSS, js=_JS)


def text_strip(key: str, pieces: Sequence[tuple[TextPiece, str, str]], direction: str) -> None:
    """Show pieces, each with its description and what is told when it is pointed at; `direction` is "ltr" or "rtl"."""
    data = {
        "direction": direction,
        "pieces": [
            {
                "text": piece.text,
                "before": piece.before,
                "word": piece.word,
                "special": piece.special,
                "label": piece.label,
                "title": title,
                "told": told,
                "attends": [other for other, _ in piece.attends],
            }
            for piece, title, told in pieces
        ],
    }
    _component(key=key, data=data)
