"""A button that copies the address of the page, which holds the whole view."""

from __future__ import annotations

import streamlit as st

_HTML = """
<button type="button">Copy link</button>
<span role="status" aria-live="polite"></span>
<input type="text" readonly aria-label="Link to this view" hidden>
"""

_CSS = """
button {
  font: inherit; font-size: 0.95rem; height: 2.5rem; padding: 0 0.9rem; cursor: pointer; color: var(--st-text-color);
  background: var(--st-background-color); border: 1px solid var(--st-border-color); border-radius: 0.5rem;
}
button:hover { border-color: var(--st-primary-color); }
button:focus-visible { outline: 3px solid var(--st-primary-color); outline-offset: 1px; }
span { margin-left: 0.5rem; font-size: 0.9rem; color: var(--st-text-color); }
input {
  display: block; width: 100%; margin-top: 0.4rem; font: inherit; font-size: 0.85rem; padding: 0.3rem;
  color: var(--st-text-color); background: var(--st-secondary-background-color);
  border: 1px solid var(--st-border-color);
}
input[hidden] { display: none; }
"""

# Pages that are not served over HTTPS or from this machine may not use the clipboard: then the link is there to select.
_JS = """
export default function (component) {
  const { parentElement } = component;
  const told = parentElement.querySelector("span");
  const field = parentElement.querySelector("input");
  parentElement.querySelector("button").onclick = async () => {
    const link = window.location.href;
    try {
      await navigator.clipboard.writeText(link);
      told.textContent = "Copied.";
      field.hidden = true;
    } catch {
      told.textContent = "Copy it from here:";
      field.hidden = false;
      field.value = link;
      field.focus();
      field.select();
    }
  };
}
"""

_component = st.components.v2.component("atpatch_copy_link", html=_HTML, css=_CSS, js=_JS)


def copy_link(key: str) -> None:
    """Show the button."""
    _component(key=key)
